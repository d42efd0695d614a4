"""An MP4 whose index stands in front, so that a web page plays it while it loads.

As it was recorded          ftyp  free  mdat ...  moov        the index is complete only when the recording is
As a web page wants it      ftyp  moov  free  mdat ...        every place in the index moves on by the index's length
"""

from __future__ import annotations

import shutil
import struct
from pathlib import Path
from typing import BinaryIO

# Boxes that hold boxes, on the way to the places.
_NESTS = (b"moov", b"trak", b"mdia", b"minf", b"stbl")
_LARGEST = 4 * 2**30
_LONGEST_INDEX = 256 * 2**20


def put_index_in_front(path: Path, beside: Path) -> bool:
    """Write the film at `path` to `beside` with its index in front; False, and nothing done, where that cannot be.

    Args:
        path: a whole MP4.
        beside: on the same disk; what is there is written over.

    Raises:
        OSError: when the disk fails; part of the copy may lie there.
    """
    with path.open("rb") as film:
        boxes = _boxes(film, path.stat().st_size)
        kinds = [kind for kind, _, _ in boxes]
        if kinds.count(b"moov") != 1 or kinds[0] != b"ftyp" or b"mdat" not in kinds or b"moof" in kinds:
            return False
        place, length = next((at, size) for kind, at, size in boxes if kind == b"moov")
        end = boxes[0][1] + boxes[0][2]
        before = kinds.index(b"moov") < kinds.index(b"mdat")
        whole = path.stat().st_size
        room = shutil.disk_usage(path.parent).free
        if before or length > _LONGEST_INDEX or whole > _LARGEST or room < whole + (64 << 20):
            return False
        film.seek(place)
        index = bytearray(film.read(length))
        if not _moved(index, 0, length, length):
            return False
        with beside.open("wb") as target:
            film.seek(0)
            target.write(film.read(end))
            target.write(index)
            _copy(film, target, place - end)
            film.seek(place + length)
            shutil.copyfileobj(film, target, 1 << 20)
    return True


def _boxes(film: BinaryIO, whole: int) -> list[tuple[bytes, int, int]]:
    """(kind, place, length) of the outermost boxes; an empty kind where one is not understood."""
    found, place = [], 0
    while place + 8 <= whole:
        film.seek(place)
        length, kind = struct.unpack(">I4s", film.read(8))
        if length == 1:
            (length,) = struct.unpack(">Q", film.read(8))
        elif length == 0:
            length = whole - place
        if length < 8 or place + length > whole:
            return [(b"", 0, 0)]
        found.append((kind, place, length))
        place += length
    return found or [(b"", 0, 0)]


def _moved(index: bytearray, start: int, stop: int, by: int) -> bool:
    """Add to every place of a piece of the film; False where one would not fit."""
    at = start
    while at + 8 <= stop:
        length, kind = struct.unpack_from(">I4s", index, at)
        if length < 8 or at + length > stop:
            return False
        if kind in _NESTS and not _moved(index, at + 8, at + length, by):
            return False
        if kind in (b"stco", b"co64"):
            (count,) = struct.unpack_from(">I", index, at + 12)
            form = f">{count}{'I' if kind == b'stco' else 'Q'}"
            if 16 + struct.calcsize(form) > length:
                return False
            places = [place + by for place in struct.unpack_from(form, index, at + 16)]
            if kind == b"stco" and max(places, default=0) >= 1 << 32:
                return False
            struct.pack_into(form, index, at + 16, *places)
        at += length
    return True


def _copy(film: BinaryIO, target: BinaryIO, count: int) -> None:
    while count > 0:
        piece = film.read(min(count, 1 << 20))
        if not piece:
            return
        target.write(piece)
        count -= len(piece)
