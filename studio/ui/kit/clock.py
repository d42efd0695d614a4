"""Times as people read them."""

from __future__ import annotations


def clock(seconds: float) -> str:
    """Minutes, seconds and tenths, cut off: "1:02.5"; from an hour on "1:00:02.5"."""
    # A hair more, so that 0.3, which binary fractions miss, is not read as 0.2.
    minutes, tenths = divmod(int(seconds * 10 + 1e-6), 600)
    hours, minutes = divmod(minutes, 60)
    rest = f"{tenths // 10:02d}.{tenths % 10}"
    return f"{hours}:{minutes:02d}:{rest}" if hours else f"{minutes}:{rest}"
