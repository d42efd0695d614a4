"""How many pictures a TIFF holds: scans of several pages, stacks of microscopes."""

from __future__ import annotations

import struct

_SMALLER = 254
_MOST = 10_000


def pages_of(data: bytes) -> int:
    """The pictures of a TIFF or BigTIFF, smaller copies of others left out; 1 where it cannot be told.

    Args:
        data: content of the file.
    """
    try:
        return max(_count(data), 1)
    except (struct.error, ValueError, OverflowError):
        return 1


def _count(data: bytes) -> int:
    order = {b"II": "<", b"MM": ">"}.get(data[:2], "")
    if not order or len(data) < 16:
        return 1
    (version,) = struct.unpack_from(f"{order}H", data, 2)
    # Count of entries, one entry's size, where its value lies in it, an offset.
    count, size, value, offset = ("Q", 20, 12, "Q") if version == 43 else ("H", 12, 8, "I")
    (at,) = struct.unpack_from(order + offset, data, 8 if version == 43 else 4)
    found, seen = 0, set[int]()
    while at and at not in seen and len(seen) < _MOST:
        seen.add(at)
        (entries,) = struct.unpack_from(order + count, data, at)
        start = at + struct.calcsize(order + count)
        smaller = 0
        for k in range(min(entries, 1000)):
            tag, kind = struct.unpack_from(f"{order}HH", data, start + k * size)
            if tag == _SMALLER:
                (smaller,) = struct.unpack_from(order + ("H" if kind == 3 else "I"), data, start + k * size + value)
        found += not smaller & 1
        (at,) = struct.unpack_from(order + offset, data, start + entries * size)
    return found
