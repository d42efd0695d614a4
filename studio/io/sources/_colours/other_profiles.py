"""Colour profiles in files that FFmpeg and OpenCV read without them: Photoshop, JPEG 2000, AVIF of many bits, BMP, GIF.

Sources: Adobe Photoshop File Formats Specification (resource 1039); ISO/IEC 15444-1, I.5.3.3; Microsoft, BITMAPV5HEADER
(for BMP); ICC.1:2022, B.7 (for GIF).
"""

from __future__ import annotations

import io
import struct
from functools import partial
from pathlib import Path

from studio.io.sources._colours.icc import to_srgb
from studio.io.sources._colours.screens import HLG, PQ, Further
from studio.io.sources._files.iso import Parts, colours_by_number, properties, within

# Profiles stand in front of the picture's values; none is larger than this in any file but a BMP.
_HEAD = 1 << 24
_PSD, _JP2, _GIFS = b"8BPS", b"\0\0\0\x0cjP  ", (b"GIF87a", b"GIF89a")
_RESOURCE, _MOST_RESOURCES, _PROFILE = b"8BIM", 4096, 1039
_OF_GIF = b"\x21\xff\x0bICCRGBG1012"


def further_of_file(path: Path) -> Further | None:
    """What is to be done to the colours of a picture by the profile in its file; None where that has none."""
    try:
        with path.open("rb") as file:
            profile = other_profile_of(file.read(_HEAD))
    except OSError:
        return None
    return partial(to_srgb, profile=profile) if profile else None


def other_profile_of(data: bytes) -> bytes | None:
    """The profile in a file of one of these kinds, whose content, or a long beginning of it, is `data`; or None."""
    try:
        if data.startswith(_PSD):
            return _of_psd(data)
        if data.startswith(_JP2):
            file = Parts(io.BytesIO(data))
            found = (file.at(start, end - start) for start, end in within(file, (0, len(data)), b"jp2h", b"colr"))
            return next((each[3:] for each in found if each[:1] in (b"\2", b"\3")), None)
        if data[4:8] == b"ftyp":
            file = Parts(io.BytesIO(data))
            own = (file.at(start, end - start) for kind, start, end in properties(file, len(data)) if kind == b"colr")
            profile = next((each[4:] for each in own if each[:4] in (b"prof", b"rICC")), None)
            return None if colours_by_number(data)[1] in (PQ, HLG) else profile
        if data.startswith(b"BM"):
            return _of_bmp(data)
        return _of_gif(data) if data[:6] in _GIFS else None
    except (struct.error, IndexError):
        return None


def _of_psd(data: bytes) -> bytes | None:
    place = 26
    place += 4 + int(struct.unpack_from(">I", data, place)[0])
    (length,) = struct.unpack_from(">I", data, place)
    place, end = place + 4, place + 4 + length
    for _ in range(_MOST_RESOURCES):
        if place + 12 > end or data[place : place + 4] != _RESOURCE:
            return None
        (number,) = struct.unpack_from(">H", data, place + 4)
        # Its name, of an even length with that.
        place += 6 + (1 + data[place + 6] + 1) // 2 * 2
        (size,) = struct.unpack_from(">I", data, place)
        place += 4
        if number == _PROFILE:
            return data[place : place + size]
        place += size + size % 2
    return None


def _of_bmp(data: bytes) -> bytes | None:
    (length,) = struct.unpack_from("<I", data, 14)
    if length < 124 or data[14 + 56 : 14 + 60] != b"DEBM":
        return None
    place, size = struct.unpack_from("<II", data, 14 + 112)
    return data[14 + place : 14 + place + size] or None


def _of_gif(data: bytes) -> bytes | None:
    place = data.find(_OF_GIF)
    if place < 0:
        return None
    place, blocks = place + len(_OF_GIF), list[bytes]()
    while place < len(data) and data[place]:
        blocks.append(data[place + 1 : place + 1 + data[place]])
        place += 1 + data[place]
    return b"".join(blocks) or None
