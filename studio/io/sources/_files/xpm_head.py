"""What an XPM picture says of itself, in its first string: width, height, colours, and characters of a pixel."""

from __future__ import annotations

import re
from typing import NamedTuple

from studio.model.declared.size import Size

_START, _LOOKED_AT = b"/* XPM */", 1 << 16
_SIZE = re.compile(rb'[^"]*"\s*(\d{1,9})\s+(\d{1,9})\s+(\d{1,9})\s+(\d{1,9})\b')


class XpmHead(NamedTuple):
    """What an XPM says.

    Attributes:
        size: of the picture.
        colours: how many there are.
        wide: characters by which a pixel is written.
    """

    size: Size
    colours: int
    wide: int


def head_of_xpm(data: bytes) -> XpmHead | None:
    """The first string of an XPM; None of any other file."""
    found = _SIZE.match(data[:_LOOKED_AT]) if data.startswith(_START) else None
    if found is None:
        return None
    across, down, colours, wide = map(int, found.groups())
    return XpmHead(Size(down, across), colours, wide)
