"""What a brush on the filter sheet is set to."""

from __future__ import annotations

from typing import Literal

from studio.model.declared.param import Declared, param, seed


class Brush(Declared):
    """Settings of the round brush, which the window holds and every stroke keeps."""

    mode: Literal["add", "set", "multiply", "erase", "smooth", "noise"] = param(
        "add", doc="What the brush does to a weight"
    )
    radius: float = param(2.0, lo=0.5, hi=1024.0, unit="px", doc="Radius of the brush")
    hardness: float = param(0.5, lo=0.0, hi=1.0, doc="Part of the radius that is covered fully; the rest fades out")
    opacity: float = param(1.0, lo=0.0, hi=1.0, doc="Cover at the brush's centre, under full pressure")
    value: float = param(0.1, lo=-100.0, hi=100.0, doc="What is added, set or multiplied by; the size of noise")
    repeat: Literal["none", "row", "column", "all"] = param(
        "none", doc="Which other selected kernels get the stroke too: those of the same row, of the same column, or all"
    )
    mirror: Literal["none", "horizontal", "vertical", "both"] = param(
        "none", doc="How each kernel gets its mirror image too: left to right, top to bottom, or both"
    )
    seed: int = seed("Which noise (mode noise only)")
