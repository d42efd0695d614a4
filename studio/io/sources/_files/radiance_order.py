"""How a Radiance picture (.hdr, .pic) is stored, by its first lines.

Source: Radiance's File Formats, by G. Ward: lines of text up to an empty one, then the order of pixels, as "-Y 480 +X
640": the first axis is that of scanlines, and a minus by Y is from the top down.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from studio.model.declared.size import Size

_ORDER = re.compile(rb"([-+])([XY]) +(\d{1,9}) +([-+])([XY]) +(\d{1,9})\s*$")
_STARTS, _MOST = (b"#?RADIANCE", b"#?RGBE"), 1 << 16
_XYZ = re.compile(rb"^FORMAT *= *32-bit_rle_xyze\s*$", re.MULTILINE)
_PRIMARIES = re.compile(rb"^PRIMARIES *=((?: *[-+\d.eE]{1,20}){8})\s*$", re.MULTILINE)
# Radiance's own, which all programs but it take for BT.709's.
_USUAL = (0.640, 0.330, 0.290, 0.600, 0.150, 0.060, 1 / 3, 1 / 3)


class Stored(NamedTuple):
    """How pixels are stored.

    Attributes:
        size: scanlines, and pixels in each.
        turn: for `base.orient`.
        begins: where the pixels do.
        is_xyz: whether they are CIE XYZ rather than RGB.
        primaries: x and y of red, green, blue and white, where they are stated and others than Radiance's own.
    """

    size: Size
    turn: tuple[bool, bool, bool]
    begins: int
    is_xyz: bool
    primaries: tuple[float, ...] | None


def order_of(data: bytes) -> Stored | None:
    """What a Radiance picture says; None of any other file, and of one that says it wrongly."""
    if not data.startswith(_STARTS):
        return None
    blank = re.search(rb"\n\r?\n", data[:_MOST])
    end = data.find(b"\n", blank.end(), _MOST) if blank else -1
    found = _ORDER.match(data[blank.end() : end]) if blank and end > 0 else None
    if blank is None or found is None or found[2] == found[5]:
        return None
    by_rows = found[2] == b"Y"
    across, down = (found[4], found[1]) if by_rows else (found[1], found[4])
    turn = (not by_rows, across == b"-", down == b"+")
    lines, size = data[: blank.end()], Size(int(found[3]), int(found[6]))
    return Stored(size, turn, end + 1, _XYZ.search(lines) is not None, _primaries(lines))


def _primaries(lines: bytes) -> tuple[float, ...] | None:
    stated = _PRIMARIES.search(lines)
    try:
        numbers = tuple(map(float, stated[1].split())) if stated else ()
    except ValueError:
        return None
    is_other = len(numbers) == 8 and any(abs(own - usual) > 0.002 for own, usual in zip(numbers, _USUAL, strict=True))
    return numbers if is_other else None
