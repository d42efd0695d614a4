"""Autoencoders of latent diffusion (R. Rombach et al. 2022) and VQGAN (P. Esser et al. 2021).

They are named by taming-transformers and Stable Diffusion, or by diffusers. Of a distribution its mean is taken; of a
codebook the nearest row.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from studio.io.importers._draft import Weight
from studio.io.importers.architectures.base import Architecture, Sketch, Tensors
from studio.model.declared.size import Size

_EPS = 1e-6
_GROUPS = 32


@dataclass(frozen=True)
class _Names:
    """What either calls the parts of one half, "encoder." or "decoder."."""

    at: str
    theirs: bool

    def block(self, level: int, number: int, *, up: bool) -> str:
        if self.theirs:
            return f"{self.at}{'up' if up else 'down'}_blocks.{level}.resnets.{number}"
        return f"{self.at}{'up' if up else 'down'}.{level}.block.{number}"

    def attention(self, level: int, number: int, *, up: bool) -> str:
        if self.theirs:
            return f"{self.at}{'up' if up else 'down'}_blocks.{level}.attentions.{number}"
        return f"{self.at}{'up' if up else 'down'}.{level}.attn.{number}"

    def sampled(self, level: int, *, up: bool) -> str:
        if self.theirs:
            return f"{self.at}{'up' if up else 'down'}_blocks.{level}.{'up' if up else 'down'}samplers.0.conv"
        return f"{self.at}{'up' if up else 'down'}.{level}.{'up' if up else 'down'}sample.conv"

    def middle(self, number: int) -> str:
        return f"{self.at}mid_block.resnets.{number}" if self.theirs else f"{self.at}mid.block_{number + 1}"

    @property
    def middle_attention(self) -> str:
        return f"{self.at}mid_block.attentions.0" if self.theirs else f"{self.at}mid.attn_1"

    @property
    def norm(self) -> str:
        return f"{self.at}conv_norm_out" if self.theirs else f"{self.at}norm_out"


def _is_theirs(tensors: Tensors) -> bool:
    return "decoder.mid_block.resnets.0.conv1.weight" in tensors


def _matches(tensors: Tensors) -> bool:
    middle = "decoder.mid_block.resnets.0.conv1.weight" if _is_theirs(tensors) else "decoder.mid.block_1.conv1.weight"
    return {"encoder.conv_in.weight", "decoder.conv_in.weight", middle, "decoder.conv_out.weight"} <= tensors.keys()


def _build(s: Sketch) -> str:
    theirs = _is_theirs(s.tensors)
    x = _encoded(s, _Names("encoder.", theirs), s.input(s.channels("encoder.conv_in")))
    x = s.conv("quant_conv", x) if s.has("quant_conv.weight") else x
    wide = s.channels("post_quant_conv") if s.has("post_quant_conv.weight") else s.channels("decoder.conv_in")
    if s.has("quantize.embedding.weight"):
        x = _nearest(s, "quantize.embedding.weight", x)
    elif s.draft.shapes[x].channels == 2 * wide:
        x = s.op("SliceChannels", x, name="mean", start=0, end=wide)
    x = s.conv("post_quant_conv", x) if s.has("post_quant_conv.weight") else x
    # Critics and perceptual losses that lie beside it.
    s.used |= {name for name in s.tensors if name.startswith(("loss.", "model_ema.", "logvar"))}
    return _decoded(s, _Names("decoder.", theirs), x)


def _encoded(s: Sketch, n: _Names, x: str) -> str:
    x, level = s.conv(f"{n.at}conv_in", x), 0
    while s.has(f"{n.block(level, 0, up=False)}.conv1.weight"):
        x = _level(s, n, x, level, up=False)
        down = n.sampled(level, up=False)
        if s.has(f"{down}.weight"):
            x = s.op("Pad", x, name=f"{down}.pad", padding=(0, 1, 0, 1), mode="constant")
            x = s.conv(down, x, stride=2, padding=0)
        level += 1
    return _ended(s, n, _middle(s, n, x))


def _decoded(s: Sketch, n: _Names, x: str) -> str:
    x = _middle(s, n, s.conv(f"{n.at}conv_in", x))
    count = next(k for k in range(99) if not s.has(f"{n.block(k, 0, up=True)}.conv1.weight"))
    for level in range(count) if n.theirs else reversed(range(count)):
        x = _level(s, n, x, level, up=True)
        up = n.sampled(level, up=True)
        if s.has(f"{up}.weight"):
            x = s.conv(up, s.op("Upsample", x, name=f"{up}.up", scale_factor=2, mode="nearest"))
    return _ended(s, n, x)


def _level(s: Sketch, n: _Names, x: str, level: int, *, up: bool) -> str:
    number = 0
    while s.has(f"{(at := n.block(level, number, up=up))}.conv1.weight"):
        x = _block(s, at, x)
        looks = n.attention(level, number, up=up)
        if any(s.has(f"{looks}.{norm}.weight") for norm in ("norm", "group_norm")):
            x = _attention(s, looks, x)
        number += 1
    return x


def _middle(s: Sketch, n: _Names, x: str) -> str:
    x = _block(s, n.middle(0), x)
    if any(s.has(f"{n.middle_attention}.{norm}.weight") for norm in ("norm", "group_norm")):
        x = _attention(s, n.middle_attention, x)
    return _block(s, n.middle(1), x)


def _ended(s: Sketch, n: _Names, x: str) -> str:
    return s.conv(f"{n.at}conv_out", s.op("SiLU", _norm(s, n.norm, x), name=f"{n.norm}.act"))


def _norm(s: Sketch, name: str, x: str) -> str:
    channels = s.draft.shapes[x].channels
    tensors = {key: s.take(f"{name}.{key}") for key in ("weight", "bias")}
    said = {"num_groups": math.gcd(_GROUPS, channels), "num_channels": channels, "eps": _EPS}
    return s.draft.add("GroupNorm", x, name=name, tensors=tensors, **said)


def _block(s: Sketch, at: str, x: str) -> str:
    y = x
    for k in (1, 2):
        y = s.conv(f"{at}.conv{k}", s.op("SiLU", _norm(s, f"{at}.norm{k}", y), name=f"{at}.act{k}"))
    for name in ("nin_shortcut", "conv_shortcut"):
        x = s.conv(f"{at}.{name}", x) if s.has(f"{at}.{name}.weight") else x
    return s.op("Add", x, y, name=f"{at}.add")


def _attention(s: Sketch, at: str, x: str) -> str:
    """Every place looks at every other."""
    channels = s.draft.shapes[x].channels
    norm = "group_norm" if s.has(f"{at}.group_norm.weight") else "norm"
    y = _norm(s, f"{at}.{norm}", x)
    words = next(row for row in _PARTS if s.has(f"{at}.{row[0]}.weight"))
    query, key, value = (_by_place(s, f"{at}.{name}", y) for name in words[:3])
    key = s.op("Rearrange", key, name=f"{at}.keys", pattern="c y x -> c 1 (y x)")
    value = s.op("Rearrange", value, name=f"{at}.values", pattern="c y x -> (y x) 1 c")
    scores = s.op("Affine", s.op("MatMul", query, key, name=f"{at}.scores"), name=f"{at}.scaled", scale=channels**-0.5)
    seen = s.op("MatMul", s.op("Softmax2d", scores, name=f"{at}.shares"), value, name=f"{at}.seen")
    return s.op("Add", x, _by_place(s, f"{at}.{words[3]}", seen), name=f"{at}.add")


_PARTS = (
    ("q", "k", "v", "proj_out"),
    ("to_q", "to_k", "to_v", "to_out.0"),
    ("query", "key", "value", "proj_attn"),
)


def _by_place(s: Sketch, name: str, x: str) -> str:
    """A matrix at every place, saved as one or as a convolution."""
    weight = s.take(f"{name}.weight")
    if weight.values.ndim == 4:
        return s.conv(name, x)
    out, count = weight.values.shape
    tensors = {"weight": Weight(weight.values.reshape(out, count, 1, 1), weight.origin), "bias": s.take(f"{name}.bias")}
    return s.draft.add("Conv2d", x, name=name, tensors=tensors, in_channels=count, out_channels=out, kernel_size=1)


def _nearest(s: Sketch, name: str, x: str) -> str:
    """At every place the row of a codebook that lies nearest."""
    book = s.take(name)
    count, width = book.values.shape
    # The nearest is that of the largest 2 x·e - |e|².
    weight = Weight(2 * book.values.reshape(count, width, 1, 1))
    bias = Weight(-np.square(book.values.astype(np.float64)).sum(1).astype(np.float32))
    sizes = {"in_channels": width, "out_channels": count, "kernel_size": 1}
    near = s.draft.add("Conv2d", x, name="quantize.near", tensors={"weight": weight, "bias": bias}, **sizes)
    most = s.op("Amax", near, name="quantize.most", dim="channels")
    hot = s.op("CompareMaps", near, most, name="quantize.hot", how="eq")
    turned = Weight(np.ascontiguousarray(book.values.T).reshape(width, count, 1, 1))
    sizes = {"in_channels": count, "out_channels": width, "kernel_size": 1, "bias": False}
    return s.draft.add("Conv2d", hot, name="quantize", tensors={"weight": turned}, **sizes)


ARCHITECTURE = Architecture(
    "latent-autoencoder",
    "autoencoder of latent diffusion, VQGAN",
    _matches,
    _build,
    size=Size(128, 128),
    input_range=(-1.0, 1.0),
    output_range=(-1.0, 1.0),
)
