"""The parts of a PNG: what each is called, and what it holds.

Source: W3C, Portable Network Graphics (third edition), 5.3. What stands behind the last one is none of the picture, as
the rest of a larger one that was cropped in place.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from fractions import Fraction

# No picture has more parts than this; walking millions of empty ones would take minutes.
_MOST_PARTS = 100_000
_VALUES = (b"IDAT", b"fdAT")


def claims_more(data: bytes) -> bool:
    """Whether a PNG says of a part of itself that it goes on past its end.

    Decoders believe it: a file of 61 bytes takes 4 GB of memory before it is refused.
    """
    if not data.startswith(b"\x89PNG\r\n\x1a\n"):
        return False
    # The check sum of the last may be missing.
    ends = [place + length for _, place, length in _parts(data)]
    return len(ends) == _MOST_PARTS or max(ends, default=0) > len(data)


def chunks_of_png(data: bytes) -> dict[bytes, bytes]:
    """Contents of the parts of a PNG by kind, of several of one kind the last; without those of its values."""
    return {kind: data[place : place + length] for kind, place, length in _parts(data) if kind not in _VALUES}


def lengths_of_png(data: bytes) -> list[Fraction]:
    """Seconds for which each picture of an animated PNG is shown; FFmpeg gives those without a length 1/15 s."""
    lengths = list[Fraction]()
    for kind, place, _ in _parts(data):
        if kind == b"fcTL" and place + 26 <= len(data):
            count, parts = struct.unpack_from(">HH", data, place + 20)
            lengths.append(Fraction(count, parts or 100) or Fraction(1, 15))
    return lengths


def _parts(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Kind of each part, where its content begins, and how long that is."""
    place = 8
    for _ in range(_MOST_PARTS):
        if place + 8 > len(data):
            return
        length, kind = struct.unpack_from(">I4s", data, place)
        yield kind, place + 8, length
        if kind == b"IEND":
            return
        place += 12 + length
