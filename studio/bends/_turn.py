"""Angles, as shaders are told them."""

from __future__ import annotations

import math


def turn_numbers(degrees: float) -> dict[str, float]:
    """Cosine and sine of an angle in degrees; whole quarters are exact."""
    quarter, rest = divmod(degrees, 90.0)
    cosine, sine = (math.cos(math.radians(rest)), math.sin(math.radians(rest))) if rest else (1.0, 0.0)
    for _ in range(int(quarter) % 4):
        cosine, sine = -sine, cosine
    return {"COSINE": cosine, "SINE": sine}
