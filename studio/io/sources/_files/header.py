"""What a picture file says of itself in its first bytes: its kind, its size, how the camera was held.

Read before decoding, so that a picture of a gigapixel is refused without allocating it.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import NamedTuple

from studio.io.sources._files.cineon_head import head_of_cineon
from studio.io.sources._files.dpx_head import head_of
from studio.io.sources._files.png_parts import chunks_of_png
from studio.io.sources._files.radiance_order import order_of
from studio.io.sources._files.xpm_head import head_of_xpm
from studio.model.declared.size import Size

# Blanks and comments between the numbers: one way to match each, so that nothing is tried twice.
_PNM = re.compile(rb"P([1-6])(?:\s|#[^\n]*\n)+(\d{1,9})(?:\s|#[^\n]*\n)+(\d{1,9})\s")
# No picture has more parts than this; walking millions of empty ones would take minutes.
_MOST_PARTS = 100_000
_TIFF = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_MOST_ICONS = 1000
# The tag that names lists of tags apart, and how many of them, and lists in all, are followed.
_APART, _MOST_APART, _MOST_DIRECTORIES = 330, 1000, 10_000
# That of a colour profile, and the kinds of values that are bytes.
_PROFILE, _BYTES = 34675, (1, 7)
# TIFF's kinds of values that are integers.
_INTEGERS = {1: "B", 3: "H", 4: "I", 13: "I", 16: "Q"}
# EXIF orientation -> (transpose, flip_x, flip_y) of `base.orient`.
_EXIF = {
    2: (False, True, False),
    3: (False, True, True),
    4: (False, False, True),
    5: (True, False, False),
    6: (True, True, False),
    7: (True, True, True),
    8: (True, False, True),
}


@dataclass(frozen=True)
class Header:
    """What a picture file says of itself.

    Attributes:
        kind: "png", "jpeg", ...
        size: of the stored picture.
        turn: for `base.orient`.
        moves: whether there are several pictures, to be shown one after the other.
        colours: primaries and transfer by ITU-T H.273; 2 where the file names none.
        is_narrow: whether values have the range of video.
    """

    kind: str
    size: Size
    turn: tuple[bool, bool, bool] = (False, False, False)
    moves: bool = False
    colours: tuple[int, int] = (2, 2)
    is_narrow: bool = False


def read_header(data: bytes) -> Header | None:
    """Give the header of the picture file whose content is `data`, or None when it is of no kind known or cut off."""
    try:
        for read in (_png, _jpeg, _webp, _tiff, _bmp, _pnm, _tga, _icon, _radiance, _exr, _scan, _xpm, _psd):
            header = read(data)
            if header is not None:
                return header
    except (struct.error, IndexError):
        return None
    return None


def _png(data: bytes) -> Header | None:
    if not data.startswith(b"\x89PNG\r\n\x1a\n") or data[12:16] != b"IHDR":
        return None
    size = Size.from_wh(struct.unpack_from(">II", data, 16))
    chunks = chunks_of_png(data)
    turn = orientation_of(chunks[b"eXIf"]) if b"eXIf" in chunks else (False, False, False)
    moves = int.from_bytes(chunks.get(b"acTL", b"")[:4], "big") > 1
    named = chunks.get(b"cICP", b"")
    if len(named) != 4:
        return Header("png", size, turn, moves)
    return Header("png", size, turn, moves, (named[0], named[1]), is_narrow=not named[3])


def _jpeg(data: bytes) -> Header | None:
    if not data.startswith(b"\xff\xd8\xff"):
        return None
    turn, is_said = (False, False, False), False
    place = 2
    for _ in range(_MOST_PARTS):
        place = data.find(b"\xff", place)
        if place < 0:
            return None
        while data[place] == 0xFF:
            place += 1
        marker = data[place]
        if marker in (0x01, *range(0xD0, 0xDA)):
            if marker in (0xD9,):
                return None
            place += 1
            continue
        (length,) = struct.unpack_from(">H", data, place + 1)
        if marker == 0xE1 and data[place + 3 : place + 9] == b"Exif\0\0" and not is_said:
            # Of several the first counts, as for other readers.
            is_said, turn = True, orientation_of(data[place + 9 : place + 1 + length])
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            kind = "lossless jpeg" if marker == 0xC3 else "jpeg"
            return Header(kind, Size(*struct.unpack_from(">HH", data, place + 4)), turn)
        place += 1 + length
    return None


def _webp(data: bytes) -> Header | None:
    if data[:4] != b"RIFF" or data[8:12] != b"WEBP":
        return None
    kind = data[12:16]
    turn, moves = (False, False, False), False
    if kind == b"VP8X":
        moves = bool(data[20] & 2)
        size = Size.from_wh((1 + int.from_bytes(data[24:27], "little"), 1 + int.from_bytes(data[27:30], "little")))
        place = 12
        for _ in range(_MOST_PARTS):
            if place + 8 > len(data):
                break
            chunk, length = struct.unpack_from("<4sI", data, place)
            if chunk == b"EXIF":
                turn = orientation_of(data[place + 8 : place + 8 + length])
            place += 8 + length + length % 2
    elif kind == b"VP8L":
        (bits,) = struct.unpack_from("<I", data, 21)
        size = Size.from_wh((1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)))
    else:
        across, down = struct.unpack_from("<HH", data, 26)
        size = Size.from_wh((across & 0x3FFF, down & 0x3FFF))
    return Header("webp", size, turn, moves)


def _tiff(data: bytes) -> Header | None:
    if data[:4] not in _TIFF:
        return None
    tags = tags_of_tiff(data)
    if 256 not in tags or 257 not in tags:
        return None
    # OpenCV obeys the orientation of a TIFF by itself: it is for those that others read.
    return Header("tiff", Size.from_wh((tags[256], tags[257])), _EXIF.get(tags.get(274, 1), (False, False, False)))


def _bmp(data: bytes) -> Header | None:
    if data[:2] != b"BM":
        return None
    (length,) = struct.unpack_from("<I", data, 14)
    # A negative height means rows from the top.
    across, down = struct.unpack_from("<HH" if length == 12 else "<ii", data, 18)
    return Header("bmp", Size.from_wh((across, abs(down))))


def _pnm(data: bytes) -> Header | None:
    found = _PNM.match(data[:4096])
    return Header("pnm", Size.from_wh((int(found[2]), int(found[3])))) if found else None


def _tga(data: bytes) -> Header | None:
    """Only of greys with opacity, which FFmpeg takes for colours of 16 bits, and of 32 bits; it reads all others."""
    has_palette, kind, bits = data[1], data[2], data[16]
    if kind in (3, 11):
        is_such = not has_palette and not any(data[3:12]) and bits == 16 and data[17] & 0xCF == 8
    elif kind in (2, 10):
        is_such = not has_palette and not any(data[3:8]) and bits == 32 and data[17] & 0xCF in (0, 8)
    else:
        is_such = kind in (1, 9) and has_palette == 1 and data[7] == 32 and bits == 8 and data[17] & 0xCF in (0, 8)
    size = Size.from_wh(struct.unpack_from("<HH", data, 12))
    return Header("tga", size) if is_such and min(size) else None


def _is_short(data: bytes) -> bool:
    """Whether an icon of macOS has no more parts than one may: Pillow walks through millions of them."""
    place, count = 8, 0
    while place + 8 <= len(data) and count < _MOST_ICONS:
        place, count = place + max(8, int.from_bytes(data[place + 4 : place + 8])), count + 1
    return count < _MOST_ICONS


def _icon(data: bytes) -> Header | None:
    """Of the sizes of its pictures more is said where one is decoded."""
    count = int.from_bytes(data[4:6], "little")
    if data.startswith(b"icns"):
        return Header("icon", Size(1, 1)) if _is_short(data) else None
    if data[:4] not in (b"\0\0\1\0", b"\0\0\2\0") or not 0 < count < _MOST_ICONS:
        return None
    # Where its pictures lie, behind the list of them.
    places = (struct.unpack_from("<I", data, 18 + 16 * number)[0] for number in range(count))
    return Header("icon", Size(1, 1)) if all(place >= 6 + 16 * count for place in places) else None


def _radiance(data: bytes) -> Header | None:
    order = order_of(data)
    return Header("hdr", order.size, order.turn) if order else None


def _exr(data: bytes) -> Header | None:
    """Of its windows and parts more is said where it is decoded."""
    return Header("exr", Size(1, 1)) if data.startswith(b"v/1\x01") else None


def _scan(data: bytes) -> Header | None:
    """Of film: a DPX or a Cineon."""
    dpx = head_of(data)
    head = dpx or head_of_cineon(data)
    return Header("dpx" if dpx else "cineon", head.size, head.turn) if head else None


def _psd(data: bytes) -> Header | None:
    return Header("psd", Size(*struct.unpack_from(">II", data, 14))) if data.startswith(b"8BPS") else None


def _xpm(data: bytes) -> Header | None:
    head = head_of_xpm(data)
    return Header("xpm", head.size) if head else None


def orientation_of(exif: bytes) -> tuple[bool, bool, bool]:
    """How to turn a picture upright by its EXIF data: (transpose, flip_x, flip_y) for `base.orient`."""
    try:
        return _EXIF.get(tags_of_tiff(exif.removeprefix(b"Exif\0\0")).get(274, 1), (False, False, False))
    except struct.error:
        return False, False, False


class Directory(NamedTuple):
    """A list of tags of a TIFF.

    Attributes:
        place: where it begins.
        tags: those that hold integers: the first of each.
        apart: where the lists of other pictures begin that it names, as raw photographs and thumbnails are.
        following: where the next one in the row begins; 0 for none.
        length: bytes that it takes.
        profile: where the colour profile that it names begins, and how many bytes it has; (0, 0) where it names none.
    """

    place: int
    tags: dict[int, int]
    apart: list[int]
    following: int
    length: int
    profile: tuple[int, int]


def tags_of_tiff(data: bytes) -> dict[int, int]:
    """Tags of the first directory of a TIFF structure (EXIF is one) that hold integers: the first of each.

    BigTIFF is the same with counts and places of 64 bits.

    Raises:
        struct.error: where it is cut off.
    """
    return _directory(data, _first_place(data)).tags


def profile_of_tiff(data: bytes) -> bytes | None:
    """Content of the colour profile of a TIFF's first picture, empty where it has none; None of any other file."""
    if data[:4] not in _TIFF:
        return None
    first = next(directories_of_tiff(data), None)
    place, length = first.profile if first else (0, 0)
    return data[place : place + length]


def directories_of_tiff(data: bytes, *, apart: bool = False) -> Iterator[Directory]:
    """The lists of tags of a TIFF's pictures in their row, as far as they can be followed.

    Args:
        data: content of the file; one that is no TIFF has none.
        apart: whether the lists that those name come behind them, too.
    """
    if data[:4] not in _TIFF:
        return
    seen, left = set[int](), len(data)
    with suppress(struct.error):
        waiting = [_first_place(data)]
        # Lists that lie in each other would be walked for minutes.
        while waiting and len(seen) < _MOST_DIRECTORIES and left > 0:
            place = waiting.pop()
            if not place or place in seen:
                continue
            seen.add(place)
            found = _directory(data, place)
            yield found
            left -= found.length
            waiting.append(found.following)
            waiting += found.apart[::-1] if apart else []


def _first_place(data: bytes) -> int:
    big = data[2:4] in (b"+\0", b"\0+")
    return int(struct.unpack_from(_order(data) + ("Q" if big else "I"), data, 8 if big else 4)[0])


def _order(data: bytes) -> str:
    return "<" if data[:2] == b"II" else ">"


def _directory(data: bytes, place: int) -> Directory:
    order, big = _order(data), data[2:4] in (b"+\0", b"\0+")
    if place > len(data):
        raise struct.error("the directory lies past the end")
    (count,) = struct.unpack_from(order + ("Q" if big else "H"), data, place)
    start, length, inline = (place + 8, 20, 8) if big else (place + 2, 12, 4)
    tags, apart, profile = dict[int, int](), list[int](), (0, 0)
    for entry in range(start, start + length * min(count, _MOST_PARTS), length):
        tag, kind, many = struct.unpack_from(order + ("HHQ" if big else "HHI"), data, entry)
        if tag == _PROFILE and kind in _BYTES and many > inline and not profile[1]:
            (at,) = struct.unpack_from(order + ("Q" if big else "I"), data, entry + length - inline)
            profile = int(at), int(many)
        if kind not in _INTEGERS or many == 0:
            continue
        at = entry + length - inline
        if many * struct.calcsize(_INTEGERS[kind]) > inline:
            (at,) = struct.unpack_from(order + ("Q" if big else "I"), data, at)
        if at + struct.calcsize(_INTEGERS[kind]) <= len(data):
            # Of several entries of one kind the first counts, for libtiff and tifffile, too.
            tags.setdefault(tag, int(struct.unpack_from(order + _INTEGERS[kind], data, at)[0]))
        if tag == _APART and many < _MOST_APART and at + many * struct.calcsize(_INTEGERS[kind]) <= len(data):
            apart += struct.unpack_from(f"{order}{many}{_INTEGERS[kind]}", data, at)
    after = start + length * count
    following = struct.unpack_from(order + ("Q" if big else "I"), data, after)[0] if after + inline <= len(data) else 0
    return Directory(place, tags, apart, following, min(count, _MOST_PARTS) * length, profile)
