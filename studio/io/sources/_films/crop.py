"""How pictures are cropped where only the container says so: Matroska's PixelCrop, ISO's clean aperture (`clap`).

FFmpeg's own program obeys both, and PyAV hands on neither. Only headers are read, and no more than so many.

Sources: RFC 9559 (Matroska), ISO/IEC 14496-12 (`tkhd`, `clap`, `pasp`).
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from fractions import Fraction
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from studio.io.sources._files.iso import Parts, boxes, properties, tracks, within
from studio.model.declared.size import Size

_SEGMENT, _TRACKS, _TRACK, _VIDEO = 0x18538067, 0x1654AE6B, 0xAE, 0xE0
_BOTTOM, _TOP, _LEFT, _RIGHT = 0x54AA, 0x54BB, 0x54CC, 0x54DD
# An entry of a list of codecs, and what stands in it before its own boxes.
_BEFORE_ENTRIES, _BEFORE_BOXES = 8, 78


class Crop(NamedTuple):
    """The part of stored pictures that is shown.

    Attributes:
        left: columns that are cut off on the left.
        top: rows that are cut off above.
        size: of what is left.
        aspect: width / height of its pixels, where FFmpeg reckons it from what is stored; else None.
    """

    left: int
    top: int
    size: Size
    aspect: Fraction | None = None


def crop_of_film(path: Path, number: int, track: int, stored: Size) -> Crop | None:
    """How the container of a film crops its pictures; None where it does not, or by numbers that make no sense.

    Args:
        path: of the film.
        number: which of its video streams, from 0.
        track: what the container calls that stream.
        stored: size of its frames as they are decoded.
    """
    try:
        with path.open("rb") as opened:
            end, file = opened.seek(0, 2), Parts(opened)
            if file.at(0, 4) == b"\x1aE\xdf\xa3":
                return _of_matroska(file, end, number, stored)
            return _of_film(file, end, track, stored) or _of_item(file, end, stored)
    except (OSError, struct.error, IndexError):
        return None


def crop_of_picture(data: bytes, stored: Size) -> Crop | None:
    """How an AVIF crops its primary picture; None where it does not.

    Args:
        data: content of the file.
        stored: size of the picture as it is decoded, before it is turned.
    """
    try:
        return _of_item(Parts(io.BytesIO(data)), len(data), stored)
    except (struct.error, IndexError):
        return None


# Matroska: an element is an identifier, a length and its content.


def _of_matroska(file: Parts, end: int, number: int, stored: Size) -> Crop | None:
    tracks = _elements(file, [(0, end)], _SEGMENT, _TRACKS, _TRACK, _VIDEO)
    span = next(islice(tracks, number, None), None)
    if span is None:
        return None
    sides = dict.fromkeys((_TOP, _BOTTOM, _LEFT, _RIGHT), 0)
    for kind, start, ends in _parts(file, *span):
        if kind in sides:
            sides[kind] = int.from_bytes(file.at(start, min(ends - start, 8)), "big")
    if not any(sides.values()):
        return None
    height, width = stored
    size = Size(height - sides[_TOP] - sides[_BOTTOM], width - sides[_LEFT] - sides[_RIGHT])
    return Crop(sides[_LEFT], sides[_TOP], size) if min(size) > 0 else None


def _elements(file: Parts, spans: list[tuple[int, int]], *kinds: int) -> Iterator[tuple[int, int]]:
    """Where the contents of all elements lie that are reached by these kinds, one in the other; of the first two of
    them there is one.
    """
    kind, *inner = kinds
    found = ((start, end) for span in spans for one, start, end in _parts(file, *span) if one == kind)
    for span in islice(found, 1) if kind in (_SEGMENT, _TRACKS) else found:
        yield from _elements(file, [span], *inner) if inner else (span,)


def _parts(file: Parts, place: int, end: int) -> Iterator[tuple[int, int, int]]:
    """Kind, begin and end of each element's content."""
    while True:
        head = file.at(place, 12)
        if place >= end or len(head) < 2 or not head[0]:
            return
        wide = 9 - head[0].bit_length()
        after = head[wide:]
        if wide > 4 or not after or not after[0]:
            return
        long = 9 - after[0].bit_length()
        length = int.from_bytes(after[:long], "big") & ((1 << 7 * long) - 1)
        start = place + wide + long
        if start > end:
            return
        # All ones: to the end of what it stands in, as it was sent while it was filmed.
        ends = end if length == (1 << 7 * long) - 1 else start + length
        yield int.from_bytes(head[:wide], "big"), start, min(ends, end)
        place = ends


# ISO: boxes.


def _of_film(file: Parts, end: int, track: int, stored: Size) -> Crop | None:
    for number, header, span in tracks(file, end):
        codecs = next(within(file, span, b"mdia", b"minf", b"stbl", b"stsd"), None)
        entry = None if codecs is None else next(boxes(file, codecs[0] + _BEFORE_ENTRIES, codecs[1]), None)
        if number != track or entry is None:
            continue
        own = {kind: (start, ends) for kind, start, ends in boxes(file, entry[1] + _BEFORE_BOXES, entry[2])}
        if b"clap" not in own:
            return None
        crop = _of_aperture(file.at(own[b"clap"][0], 32), stored)
        whole = Size.from_wh(struct.unpack(">H2xH2x", header[-8:]))
        if crop is None or b"pasp" in own or not min(whole) or whole == stored:
            return crop
        # The whole track is as large as it says; FFmpeg takes that for the size of what is stored.
        square = Fraction(crop.size.height, whole.height) * Fraction(whole.width, crop.size.width)
        return crop._replace(aspect=square)
    return None


def _of_item(file: Parts, end: int, stored: Size) -> Crop | None:
    """By the properties of the primary picture of a HEIF file, of which AVIF is a kind."""
    place = next((start for kind, start, _ in properties(file, end) if kind == b"clap"), None)
    return None if place is None else _of_aperture(file.at(place, 32), stored)


def _of_aperture(data: bytes, stored: Size) -> Crop | None:
    """By a box `clap`: width and height of what is shown, and how far its centre lies from that of what is stored."""
    numbers = struct.unpack(">IIIIiIiI", data)
    if not all(numbers[1::2]):
        return None
    across, rows, right, down = (Fraction(*numbers[place : place + 2]) for place in range(0, 8, 2))
    left, top = round((stored.width - across) / 2 + right), round((stored.height - rows) / 2 + down)
    size = Size(round(rows), round(across))
    inside = left >= 0 and top >= 0 and left + size.width <= stored.width and top + size.height <= stored.height
    return Crop(left, top, size) if inside and min(size) > 0 and size != stored else None
