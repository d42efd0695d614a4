"""How many pictures a TIFF holds: scans of several pages, stacks of microscopes."""

from __future__ import annotations

import struct
from contextlib import suppress

_SMALLER = 254
_MOST = 10_000


def pages_of(data: bytes) -> int:
    """The pictures of a TIFF or BigTIFF, smaller copies of others left out; 1 where it cannot be told.

    Args:
        data: content of the file.
    """
    return max(len(_places(data)), 1)


def from_page(data: bytes, number: int) -> bytes:
    """The same TIFF as if a later picture were its first.

    Args:
        data: content of the file.
        number: of the picture, from 1; smaller copies of others are not counted.

    Raises:
        IndexError: where there are not so many.
    """
    if number == 1:
        return data
    order, offset, begins = _form(data)
    place = struct.pack(order + offset, _places(data)[number - 1])
    return data[:begins] + place + data[begins + len(place) :]


def _form(data: bytes) -> tuple[str, str, int]:
    """The order of bytes, the form of an offset, and where that of the first picture stands."""
    order = {b"II": "<", b"MM": ">"}.get(data[:2], "")
    if not order or len(data) < 16:
        raise ValueError("it is no TIFF")
    (version,) = struct.unpack_from(f"{order}H", data, 2)
    return (order, "Q", 8) if version == 43 else (order, "I", 4)


def _places(data: bytes) -> list[int]:
    """Where the lists of tags of its pictures begin, as far as they can be followed."""
    found: list[int] = []
    with suppress(struct.error, ValueError, OverflowError):
        order, offset, begins = _form(data)
        # Count of entries, one entry's size, where its value lies in it.
        count, size, value = ("Q", 20, 12) if offset == "Q" else ("H", 12, 8)
        (at,) = struct.unpack_from(order + offset, data, begins)
        seen = set[int]()
        while at and at not in seen and len(seen) < _MOST:
            seen.add(at)
            (entries,) = struct.unpack_from(order + count, data, at)
            start = at + struct.calcsize(order + count)
            smaller = 0
            for k in range(min(entries, 1000)):
                tag, kind = struct.unpack_from(f"{order}HH", data, start + k * size)
                if tag == _SMALLER:
                    (smaller,) = struct.unpack_from(order + ("H" if kind == 3 else "I"), data, start + k * size + value)
            found += [] if smaller & 1 else [at]
            (at,) = struct.unpack_from(order + offset, data, start + entries * size)
    return found
