"""Frames and rates as options of commands say them."""

from __future__ import annotations

import re
from fractions import Fraction

from studio.errors import StudioError


def frame_range(text: str) -> tuple[int, int | None]:
    """First frame, and the one past the last, of "A:B"; StudioError for what is no range."""
    found = re.fullmatch(r"(\d{0,12}):(\d{0,12})", text)
    if not found:
        raise StudioError(f'"{text}" is no range of frames; give A:B, such as 0:100, 50: or :25.')
    first, end = int(found[1] or 0), int(found[2]) if found[2] else None
    if end is not None and end <= first:
        raise StudioError(f'The range of frames "{text}" is empty; the second number must be larger than the first.')
    return first, end


def frame_rate(text: str) -> Fraction | None:
    """Frames a second, None where nothing is said; StudioError for what is no rate."""
    if not text:
        return None
    try:
        rate = Fraction(text)
    except (ValueError, ZeroDivisionError):
        raise StudioError(f'"{text}" is no frame rate; give 25, 29.97 or 30000/1001.') from None
    # Encoders count in 32 bits, and end the process where a frame lasts longer than that.
    if not Fraction(1, 100) <= rate <= 1000:
        raise StudioError(f"A frame rate of {text} is out of range; it may be 0.01 to 1000 a second.")
    return rate
