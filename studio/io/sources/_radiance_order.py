"""How a Radiance picture (.hdr, .pic) is stored, by its first lines.

Source: Radiance's File Formats, by G. Ward: lines of text up to an empty one, then the order of pixels, as "-Y 480 +X
640": the first axis is that of scanlines, and a minus by Y is from the top down.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from studio.model.size import Size

_ORDER = re.compile(rb"([-+])([XY]) +(\d{1,9}) +([-+])([XY]) +(\d{1,9})\s*$")
_STARTS, _MOST = (b"#?RADIANCE", b"#?RGBE"), 1 << 16
_XYZ = re.compile(rb"^FORMAT *= *32-bit_rle_xyze\s*$", re.MULTILINE)


class Stored(NamedTuple):
    """How pixels are stored.

    Attributes:
        size: scanlines, and pixels in each.
        turn: for `base.orient`.
        begins: where the pixels do.
        is_xyz: whether they are CIE XYZ rather than RGB.
    """

    size: Size
    turn: tuple[bool, bool, bool]
    begins: int
    is_xyz: bool


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
    return Stored(Size(int(found[3]), int(found[6])), turn, end + 1, _XYZ.search(data[: blank.end()]) is not None)
