"""Boxes of ISO's containers (MOV, MP4, HEIF): each is a length, a kind and its content, in which others may lie.

Sources: ISO/IEC 14496-12, and ISO/IEC 23008-12 for the properties of pictures.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from typing import BinaryIO

# No file has more parts before what is looked for.
_MOST_PARTS = 20_000


class Parts:
    """A file of which so many pieces are read, and no more."""

    def __init__(self, file: BinaryIO) -> None:
        self._file, self._left = file, _MOST_PARTS

    def at(self, place: int, length: int) -> bytes:
        """The bytes from a place on, fewer at the end of the file.

        Raises:
            struct.error: where more pieces are asked for than any whole file has.
        """
        self._left -= 1
        if self._left < 0:
            raise struct.error("no film has so many parts")
        self._file.seek(place)
        return self._file.read(length)


def colours_by_number(data: bytes) -> tuple[int, int]:
    """Primaries and curve, by H.273's numbers, of the primary picture of a HEIF file, as AVIF is one; 2 for none."""
    file = Parts(io.BytesIO(data))
    try:
        for kind, start, _ in properties(file, len(data)):
            if kind == b"colr" and file.at(start, 4) == b"nclx":
                return struct.unpack(">HH", file.at(start + 4, 4))
    except (struct.error, IndexError):
        pass
    return 2, 2


def properties(file: Parts, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Kind, begin and end of each property of the primary picture of a HEIF file.

    Raises:
        struct.error, IndexError: where the file is damaged.
    """
    meta = next(within(file, (0, end), b"meta"), None)
    if meta is None:
        return
    inside = (meta[0] + 4, meta[1])
    primary, ties = next(within(file, inside, b"pitm"), None), next(within(file, inside, b"iprp", b"ipma"), None)
    kept = next(within(file, inside, b"iprp", b"ipco"), None)
    if primary is None or ties is None or kept is None:
        return
    said = file.at(primary[0], 8)
    wanted = int.from_bytes(said[4:8] if said[:1] == b"\1" else said[4:6], "big")
    found = list(boxes(file, *kept))
    for place in _ties(file.at(ties[0], min(ties[1] - ties[0], 1 << 20)), wanted):
        if 0 < place <= len(found):
            yield found[place - 1]


def _ties(data: bytes, wanted: int) -> Iterator[int]:
    """Numbers, from 1, of the properties that a box `ipma` ties to a picture."""
    version, is_wide = data[0], bool(data[3] & 1)
    (count,) = struct.unpack_from(">I", data, 4)
    place = 8
    for _ in range(min(count, _MOST_PARTS)):
        item, many = struct.unpack_from(">HB" if version < 1 else ">IB", data, place)
        place += 3 if version < 1 else 5
        numbers = struct.unpack_from(f">{many}{'H' if is_wide else 'B'}", data, place)
        place += many * (2 if is_wide else 1)
        if item == wanted:
            # The highest bit says that the property must be understood.
            yield from (number & (0x7FFF if is_wide else 0x7F) for number in numbers)


def tracks(file: Parts, end: int) -> Iterator[tuple[int, bytes, tuple[int, int]]]:
    """Number, header and place of each track of a film.

    Raises:
        struct.error: where the file is damaged.
    """
    for span in within(file, (0, end), b"moov", b"trak"):
        about = next(within(file, span, b"tkhd"), None)
        if about is not None:
            header = file.at(about[0], min(about[1] - about[0], 128))
            (number,) = struct.unpack_from(">I", header, 20 if header[:1] == b"\1" else 12)
            yield number, header, span


def within(file: Parts, span: tuple[int, int], *kinds: bytes) -> Iterator[tuple[int, int]]:
    """Where the contents of all boxes lie that are reached by these kinds, one in the other."""
    kind, *inner = kinds
    for one, start, end in boxes(file, *span):
        if one == kind:
            yield from within(file, (start, end), *inner) if inner else ((start, end),)


def boxes(file: Parts, place: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Kind, begin and end of each box's content."""
    while True:
        head = file.at(place, 16)
        if place + 8 > end or len(head) < 8:
            return
        length, begins = int.from_bytes(head[:4], "big"), 8
        if length == 1:
            length, begins = int.from_bytes(head[8:], "big"), 16
        ends = place + length if length else end
        if ends < place + begins or ends > end:
            return
        yield head[4:8], place + begins, ends
        place = ends
