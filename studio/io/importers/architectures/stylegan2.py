"""The generator of StyleGAN2 (T. Karras et al. 2020), as rosinality's PyTorch version names it.

It is fed a vector z. A style scales the maps before each convolution, and a demodulation what comes out, so that the
kernels stay the file's own. The noise is that of the file, as with ``randomize_noise=False``; older files hold none.
"""

from __future__ import annotations

import math

import numpy as np

from studio.io.importers._draft import Weight
from studio.io.importers.architectures.base import Architecture, Sketch, Tensors
from studio.model.declared.size import Size

_SLOPE = 0.2
_GAIN = 2**0.5
_LEARNT_AT = 0.01  # the mapping's rate of learning, by which its weights are multiplied
_EPS = 1e-8


def _matches(tensors: Tensors) -> bool:
    wanted = {"style.1.weight", "input.input", "conv1.conv.modulation.weight", "to_rgb1.conv.weight"}
    return wanted <= tensors.keys() and tensors["input.input"].values.ndim == 4


def _build(s: Sketch) -> str:
    z = s.input(s.shape("style.1.weight")[1], Size(1, 1))
    w = _mapped(s, z)
    # Every modulation divides what it reads by the root of its length.
    w = s.op("Affine", w, name="w", scale=1 / math.sqrt(s.draft.shapes[w].channels))
    x = _given(s, "input.input", z)
    x = _styled(s, "conv1", x, w, "noises.noise_0")
    rgb, k = _to_rgb(s, "to_rgb1", x, w), 0
    while s.has(f"convs.{2 * k}.conv.weight"):
        x = _styled(s, f"convs.{2 * k}", x, w, f"noises.noise_{2 * k + 1}")
        x = _styled(s, f"convs.{2 * k + 1}", x, w, f"noises.noise_{2 * k + 2}")
        made = _to_rgb(s, f"to_rgbs.{k}", x, w)
        rgb = s.op("Add", made, _enlarged(s, f"to_rgbs.{k}.upsample", rgb), name=f"to_rgbs.{k}.add")
        k += 1
    s.draft.notes.append(
        "Its noise is the file's where that holds any, and the same in every picture. What demodulates is worked out "
        "of the kernels as they are in the file: a kernel that is scaled later is brighter by so much."
    )
    return rgb


def _mapped(s: Sketch, z: str) -> str:
    mean = s.op("Mean", s.op("Mul", z, z, name="style.0.squares"), name="style.0.mean", dim="channels")
    x = s.op("Mul", z, _root(s, mean, "style.0"), name="style.0")
    k = 1
    while s.has(f"style.{k}.weight"):
        x = s.op("Affine", x, name=f"style.{k}.fed", scale=1 / math.sqrt(s.draft.shapes[x].channels))
        x = s.op("LeakyReLU", s.linear(f"style.{k}", x), name=f"style.{k}.act", negative_slope=_SLOPE)
        x = s.op("Affine", x, name=f"style.{k}.gain", scale=_LEARNT_AT * _GAIN)
        k += 1
    return x


def _root(s: Sketch, x: str, at: str) -> str:
    return s.op("Pow", s.op("Affine", x, name=f"{at}.eps", shift=_EPS), name=f"{at}.root", exponent=-0.5)


def _given(s: Sketch, name: str, z: str) -> str:
    """A tensor of the file as a map."""
    held = s.take(name)
    shape = (1,) * (3 - held.values.ndim) + held.values.shape[-3:] if held.values.ndim > 1 else (held.values.size, 1, 1)
    tensors = {"map": Weight(held.values.reshape(shape[0], 1, *shape[1:]), held.origin)}
    sizes = {"channels": shape[0], "height": shape[1], "width": shape[2]}
    return s.draft.add("GivenMap", z, name=name, tensors=tensors, **sizes)


def _style(s: Sketch, at: str, w: str) -> tuple[str, Weight]:
    """What scales the maps that a convolution reads, and its kernels."""
    held = s.take(f"{at}.weight")
    kernels = Weight(held.values[0], held.origin)
    style = s.linear(f"{at}.modulation", w)
    scale = 1 / math.sqrt(float(np.prod(kernels.values.shape[1:])))
    return s.op("Affine", style, name=f"{at}.style", scale=scale), kernels


def _styled(s: Sketch, at: str, x: str, w: str, noise: str) -> str:
    conv = f"{at}.conv"
    style, kernels = _style(s, conv, w)
    out, count, kh, kw = kernels.values.shape
    sizes = {"in_channels": count, "out_channels": out, "kernel_size": (kh, kw), "bias": False}
    x = s.op("Mul", x, style, name=f"{conv}.styled")
    if s.has(f"{conv}.blur.kernel"):
        turned = Weight(np.ascontiguousarray(kernels.values.transpose(1, 0, 2, 3)), kernels.origin)
        x = s.draft.add("ConvTranspose2d", x, name=conv, tensors={"weight": turned}, **sizes, stride=(2, 2))
        taps = s.shape(f"{conv}.blur.kernel")[0]
        room = taps - 2 - (kh - 1)
        border = ((room + 1) // 2 + 1, room // 2 + 1)
        x = _smoothed(s, f"{conv}.blur", s.op("Pad", x, name=f"{conv}.pad", padding=(*border, *border)))
    else:
        x = s.draft.add("Conv2d", x, name=conv, tensors={"weight": kernels}, **sizes, padding=(kh // 2, kw // 2))
    x = s.op("Mul", x, _demodulation(s, conv, style, kernels), name=f"{conv}.demodulated")
    strength = s.take(f"{at}.noise.weight")
    tensors = {"weight": Weight(strength.values.reshape(1, 1, 1, 1), strength.origin)}
    one = {"in_channels": 1, "out_channels": 1, "kernel_size": 1, "bias": False}
    drawn = s.draft.add("Conv2d", _noise(s, noise, x), name=f"{at}.noise", tensors=tensors, **one)
    x = s.op("Add", x, drawn, name=f"{at}.noisy")
    x = s.op("Add", x, _given(s, f"{at}.activate.bias", w), name=f"{at}.biased")
    x = s.op("LeakyReLU", x, name=f"{at}.activate", negative_slope=_SLOPE)
    return s.op("Affine", x, name=f"{at}.gain", scale=_GAIN)


def _noise(s: Sketch, name: str, x: str) -> str:
    """The file's, else such as its authors draw, the same in every picture."""
    if s.has(name):
        return _given(s, name, x)
    return s.op("RandomMap", x, name=name, kind="gaussian", seed=int(name.rpartition("_")[2]), hold=0)


def _demodulation(s: Sketch, conv: str, style: str, kernels: Weight) -> str:
    """One over the length of each kernel as the style scales it."""
    lengths = np.square(kernels.values.astype(np.float64)).sum((2, 3)).astype(np.float32)
    squares = s.op("Mul", style, style, name=f"{conv}.squares")
    sizes = {"in_features": lengths.shape[1], "out_features": lengths.shape[0], "bias": False}
    summed = s.draft.add("Linear", squares, name=f"{conv}.lengths", tensors={"weight": Weight(lengths)}, **sizes)
    return _root(s, summed, conv)


def _to_rgb(s: Sketch, at: str, x: str, w: str) -> str:
    style, kernels = _style(s, f"{at}.conv", w)
    x = s.op("Mul", x, style, name=f"{at}.styled")
    out, count, kh, kw = kernels.values.shape
    bias = s.take(f"{at}.bias")
    tensors = {"weight": kernels, "bias": Weight(np.ravel(bias.values), bias.origin)}
    sizes = {"in_channels": count, "out_channels": out, "kernel_size": (kh, kw)}
    return s.draft.add("Conv2d", x, name=f"{at}.conv", tensors=tensors, **sizes)


def _smoothed(s: Sketch, at: str, x: str) -> str:
    """Each channel by the same kernel."""
    channels, kernel = s.draft.shapes[x].channels, s.take(f"{at}.kernel").values
    each = np.ascontiguousarray(np.broadcast_to(kernel[None, None, ::-1, ::-1], (channels, 1, *kernel.shape)))
    sizes = {"in_channels": channels, "out_channels": channels, "groups": channels, "bias": False}
    tensors = {"weight": Weight(each)}
    return s.draft.add("Conv2d", x, name=at, tensors=tensors, kernel_size=kernel.shape, **sizes)


def _enlarged(s: Sketch, at: str, x: str) -> str:
    """Twice as large, with zeros between, which the same kernel then smooths."""
    channels, kernel = s.draft.shapes[x].channels, s.take(f"{at}.kernel").values
    each = np.ascontiguousarray(np.broadcast_to(kernel[None, None], (channels, 1, *kernel.shape)))
    sizes = {"in_channels": channels, "out_channels": channels, "groups": channels, "bias": False}
    border = len(kernel) // 2 - 1
    return s.draft.add(
        "ConvTranspose2d", x, name=at, tensors={"weight": Weight(each)}, kernel_size=kernel.shape, stride=(2, 2),
        padding=(border, border), **sizes,
    )  # fmt: skip


ARCHITECTURE = Architecture(
    "stylegan2",
    "StyleGAN2 generator",
    _matches,
    _build,
    size=Size(1, 1),
    input_range=(-3.0, 3.0),
    output_range=(-1.0, 1.0),
)
