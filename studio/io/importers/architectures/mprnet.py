"""MPRNet (S. W. Zamir et al. 2021): blur, rain and noise taken away in three stages, the first two on parts.

The authors' own names. The first stage sees four quarters of the picture, the second two halves, the third all of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from studio.io.importers.architectures._told import Told
from studio.io.importers.architectures.base import Architecture, Tensors
from studio.model.declared.size import Size

if TYPE_CHECKING:
    from torch import Tensor


def _matches(tensors: Tensors) -> bool:
    wanted = {"shallow_feat1.0.weight", "stage2_encoder.csff_enc1.weight", "sam12.conv1.weight", "tail.weight"}
    return wanted <= tensors.keys()


def _forward(t: Told, picture: Tensor) -> Tensor:
    import torch

    height, width = picture.shape[2] // 2, picture.shape[3] // 2
    halves = picture[:, :, :height], picture[:, :, height:]
    first, firsts, seconds = [], [], []
    for half in halves:
        parts = [_encoded(t, 1, _shallow(t, 1, part)) for part in (half[..., :width], half[..., width:])]
        first.append([torch.cat(pair, 3) for pair in zip(*parts, strict=True)])
        firsts.append(_decoded(t, 1, first[-1]))
    for half, encoded, decoded in zip(halves, first, firsts, strict=True):
        seen, _ = _attended(t, "sam12", decoded[0], half)
        x = t.conv("concat12", torch.cat([_shallow(t, 2, half), seen], 1))
        seconds.append(_encoded(t, 2, x, encoded, decoded))
    second = [torch.cat(pair, 2) for pair in zip(*seconds, strict=True)]
    decoded = _decoded(t, 2, second)
    seen, _ = _attended(t, "sam23", decoded[0], picture)
    x = t.conv("concat23", torch.cat([_shallow(t, 3, picture), seen], 1))
    return t.conv("tail", _whole(t, x, second, decoded)) + picture


def _shallow(t: Told, stage: int, x: Tensor) -> Tensor:
    return _block(t, f"shallow_feat{stage}.1", t.conv(f"shallow_feat{stage}.0", x))


def _block(t: Told, at: str, x: Tensor) -> Tensor:
    """Two convolutions, weighed by the means of their channels, and the start added."""
    from torch.nn import functional as F

    y = t.conv(f"{at}.body.2", F.prelu(t.conv(f"{at}.body.0", x), t.take(f"{at}.body.1.weight")))
    shares = t.conv(f"{at}.CA.conv_du.2", t.conv(f"{at}.CA.conv_du.0", y.mean((2, 3), keepdim=True)).relu())
    return y * shares.sigmoid() + x


def _row(t: Told, at: str, x: Tensor) -> Tensor:
    for k in range(t.count(f"{at}.{{}}.CA.conv_du.0.weight")):
        x = _block(t, f"{at}.{k}", x)
    return x


def _encoded(
    t: Told, stage: int, x: Tensor, encoded: list[Tensor] | None = None, decoded: list[Tensor] | None = None
) -> list[Tensor]:
    at = f"stage{stage}_encoder"
    found: list[Tensor] = []
    for level, down in ((1, ""), (2, "down12"), (3, "down23")):
        x = _row(t, f"{at}.encoder_level{level}", _resized(t, f"{at}.{down}.down.1", x, 0.5) if down else x)
        if encoded is not None and decoded is not None:
            x = x + t.conv(f"{at}.csff_enc{level}", encoded[level - 1])
            x = x + t.conv(f"{at}.csff_dec{level}", decoded[level - 1])
        found.append(x)
    return found


def _decoded(t: Told, stage: int, encoded: list[Tensor]) -> list[Tensor]:
    at = f"stage{stage}_decoder"
    found = [_row(t, f"{at}.decoder_level3", encoded[2])]
    for level in (2, 1):
        skip = _block(t, f"{at}.skip_attn{level}", encoded[level - 1])
        x = _resized(t, f"{at}.up{level + 1}{level}.up.1", found[0], 2) + skip
        found.insert(0, _row(t, f"{at}.decoder_level{level}", x))
    return found


def _resized(t: Told, name: str, x: Tensor, factor: float) -> Tensor:
    from torch.nn import functional as F

    return t.conv(name, F.interpolate(x, scale_factor=factor, mode="bilinear", align_corners=False))


def _attended(t: Told, at: str, x: Tensor, picture: Tensor) -> tuple[Tensor, Tensor]:
    """What a stage hands on, by the picture that it would make."""
    made = t.conv(f"{at}.conv2", x) + picture
    return t.conv(f"{at}.conv1", x) * t.conv(f"{at}.conv3", made).sigmoid() + x, made


def _whole(t: Told, x: Tensor, encoded: list[Tensor], decoded: list[Tensor]) -> Tensor:
    at = "stage3_orsnet"
    for level in (1, 2, 3):
        rest = f"{at}.orb{level}.body"
        y = _row(t, rest, x)
        x = t.conv(f"{rest}.{t.count(f'{rest}.{{}}.CA.conv_du.0.weight')}", y) + x
        for kind, maps in (("enc", encoded), ("dec", decoded)):
            y = maps[level - 1]
            if level == 2:
                y = _resized(t, f"{at}.up_{kind}1.up.1", y, 2)
            for k in range(2) if level == 3 else ():
                y = _resized(t, f"{at}.up_{kind}2.{k}.up.1", y, 2)
            x = x + t.conv(f"{at}.conv_{kind}{level}", y)
    return x


ARCHITECTURE = Architecture(
    "mprnet",
    "MPRNet restoration",
    _matches,
    forward=_forward,
    reads=("shallow_feat1.0.weight",),
    size=Size(64, 64),
)
