"""Super-resolution by CARN and CARN-M (N. Ahn et al. 2018), as its authors name them."""

from __future__ import annotations

import math
from collections.abc import Callable

from studio.io.importers.architectures.base import Architecture, Sketch, Tensors
from studio.model.declared.size import Size

Block = Callable[[str, str], str]


def _matches(tensors: Tensors) -> bool:
    return {"entry.weight", "b1.b1.body.0.weight", "b1.c1.body.0.weight", "c3.body.0.weight", "exit.weight"} <= (
        tensors.keys()
    )


def _build(s: Sketch) -> str:
    x = s.input(s.channels("entry"))
    x = s.conv("sub_mean.shifter", x) if s.has("sub_mean.shifter.weight") else x
    x = _cascade(s, "", s.conv("entry", x), lambda at, y: _cascade(s, f"{at}.", y, lambda own, z: _residual(s, own, z)))
    heads = [name for name in ("up4", "up3", "up2", "up") if _first(s, f"upsample.{name}.body") is not None]
    if len(heads) > 1:
        s.draft.notes.append("It has layers that enlarge 2, 3 and 4 times; those of 4 times were taken.")
        s.used |= {name for name in s.tensors if name.startswith(tuple(f"upsample.{head}." for head in heads[1:]))}
    x = s.conv("exit", _enlarged(s, f"upsample.{heads[0]}.body", x) if heads else x)
    return s.conv("add_mean.shifter", x) if s.has("add_mean.shifter.weight") else x


def _cascade(s: Sketch, at: str, x: str, made: Block) -> str:
    """Three blocks, each of which reads what all before it have made."""
    gathered, own = x, 1
    for k in (1, 2, 3):
        # CARN-M runs one block three times.
        own = k if any(name.startswith(f"{at}b{k}.") for name in s.tensors) else own
        gathered = s.op("Concat", gathered, made(f"{at}b{own}", x), name=f"{at}join{k}")
        x = s.relu(s.conv(f"{at}c{k}.body.0", gathered))
    return x


def _residual(s: Sketch, at: str, x: str) -> str:
    y, k = s.conv(f"{at}.body.0", x), 2
    while s.has(f"{at}.body.{k}.weight"):
        y, k = s.conv(f"{at}.body.{k}", s.relu(y)), k + 2
    return s.relu(s.op("Add", y, x, name=f"{at}.add"))


def _first(s: Sketch, at: str) -> int | None:
    """Where its first convolution stands: behind an enlarging, or before a shuffle of pixels."""
    return next((k for k in (0, 1) if s.has(f"{at}.{k}.weight")), None)


def _enlarged(s: Sketch, at: str, x: str) -> str:
    k = _first(s, at)
    shuffles, wide = k == 0, s.draft.shapes[x].channels
    while k is not None and s.has(f"{at}.{k}.weight"):
        if not shuffles:
            factor = 3 if at.endswith("up3.body") else 2
            x = s.op("Upsample", x, name=f"{at}.{k - 1}", scale_factor=factor, mode="nearest")
        x = s.relu(s.conv(f"{at}.{k}", x))
        if shuffles:
            factor = math.isqrt(s.draft.shapes[x].channels // wide)
            x = s.op("PixelShuffle", x, name=f"{at}.{k + 2}", upscale_factor=factor)
        k += 3
    return x


ARCHITECTURE = Architecture("carn", "CARN super-resolution", _matches, _build, size=Size(64, 64))
