"""TIFFs that OpenCV refuses or, worse, misreads: other colours, numbers, layouts and compressions than cameras write.

tifffile reads what numbers a file holds; Pillow, by libtiff, and OpenCV, by OpenJPEG, the compressions that it has not.
"""

from __future__ import annotations

import io
import logging
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from studio.errors import StudioError
from studio.io.sources._colours.icc import inks_to_srgb, profile_of
from studio.io.sources._files.header import directories_of_tiff, tags_of_tiff
from studio.io.sources._files.pillow import open_picture
from studio.io.sources._stills.tiff_jpeg2000 import JPEG2000, read_jpeg2000
from studio.io.sources._stills.tiff_unpacked import unpacked
from studio.io.sources.base import undecodable

_BITS, _COMPRESSION, _COLOURS, _PLANES, _TILES, _FORMAT, _DNG = 258, 259, 262, 284, 322, 339, 50706
_ORIENTATION, _SAMPLES, _EXTRA, _PROFILE = 274, 277, 338, 34675
ASSOCIATED, UNASSOCIATED = 1, 2
"""TIFF's words for colours that are multiplied by their opacity, and for those that are not; 0 is no opacity."""
_WHITE_IS_ZERO, _PALETTE, _INKS, _LAB, _ICC_LAB = 0, 3, 5, 8, 9
# Colours and compressions of which OpenCV gives the right values.
_USUAL_COLOURS = (0, 1, 2, 3, 5, 6)
_USUAL_COMPRESSIONS = (1, 2, 3, 4, 5, 6, 7, 8, 32773, 32946)
# What Pillow's libtiff unpacks and tifffile alone does not: LZW, JPEG, Zstandard.
_OF_LIBTIFF = (2, 3, 4, 5, 7, 34925, 50000)
# What tifffile unpacks where imagecodecs is installed: LZW, LERC, JPEG XL and XR, WebP, PNG, LZMA, Zstandard ...
_OF_IMAGECODECS = (5, 34887, 50002, 52546, 34934, 22610, 34933, 34925, 50000, 34926, 50001, 34927)
_LIBRARY = "with `pip install imagecodecs` the studio reads it as well"
_MOST_CHANNELS = 16
# Colours of a sensor, and compressions of the cameras of Sony, Pentax and Nikon.
_RAW, _RAW_COMPRESSIONS = (32803, 34892), (32767, 65535, 34713)
# CIE L*a*b* to linear light: XYZ under D50 to BT.709's primaries under D65, by Bradford's adaptation.
_D50 = np.array([0.96422, 1.0, 0.82521])
_TO_BT709 = np.array(
    [[3.1338561, -1.6168667, -0.4906146], [-0.9787684, 1.9161415, 0.0334540], [0.0719453, -0.2289914, 1.4052427]]
)


def is_odd(data: bytes) -> bool:
    """Whether a TIFF is of a kind that OpenCV misreads.

    Args:
        data: content of the file.
    """
    tags = tags_of_tiff(data)
    colours, bits = tags.get(_COLOURS, 1), tags.get(_BITS, 1)
    samples, extra = tags.get(_SAMPLES, 1), tags.get(_EXTRA, 0)
    return (
        # Opacity of inks it leaves out; colours it multiplies by theirs before a profile is followed.
        (extra == UNASSOCIATED and samples > 4)
        or (samples == 2 and _has_odd_greys(tags))
        or (extra in (ASSOCIATED, UNASSOCIATED) and samples in (2, 4) and profile_of(data) is not None)
        or (colours == _PALETTE and bits < 8)
        or colours not in _USUAL_COLOURS
        or tags.get(_COMPRESSION, 1) not in _USUAL_COMPRESSIONS
        or (tags.get(_PLANES, 1) == 2 and bits != 8)
        or (colours == _WHITE_IS_ZERO and bits > 8)
        or (tags.get(_FORMAT, 1) == 3 and bits == 16)
        or bits not in (1, 2, 4, 8, 16, 32, 64)
        or (tags.get(_FORMAT, 1) != 3 and bits > 16)
        or is_raw(data)
    )


def _has_odd_greys(tags: dict[int, int]) -> bool:
    """Whether OpenCV takes these greys for others, or leaves out their opacity or half of their bits, which is better
    than nothing.
    """
    if _TILES in tags:
        return True
    is_odd = tags.get(_BITS, 1) > 8 or tags.get(_COLOURS, 1) == _WHITE_IS_ZERO or tags.get(_PLANES, 1) == 2
    return is_odd and (tags.get(_EXTRA) == UNASSOCIATED or tags.get(_COMPRESSION, 1) not in _OF_LIBTIFF)


def read_odd(path: Path, data: bytes) -> np.ndarray:
    """The first picture of a TIFF, as it is stored: not turned upright.

    Args:
        path: of the file, for messages.
        data: its content.

    Returns:
        (H, W, 3 | 4) RGB, the fourth its opacity: uint8, uint16, or float32 from 0 to 1.

    Raises:
        StudioError: when its numbers, colours or compression cannot be read.
    """
    if is_raw(data):
        raise StudioError(f"{path} is a raw photograph; develop it first, and save it as TIFF, PNG or JPEG")
    found = _by_tifffile(path, data)
    if isinstance(found, np.ndarray):
        return found
    if found.colours in (_LAB, _ICC_LAB):
        return of_lab(found.values, path, icc=found.colours == _ICC_LAB)
    plain = _plain(found.values, found.bits, path)
    if found.colours == _INKS and plain.shape[2] >= 4:
        eight = plain if plain.dtype == np.uint8 else (plain.astype(np.uint32) // 257).astype(np.uint8)
        paper = inks_to_srgb(np.ascontiguousarray(eight[:, :, :4]), found.profile)
        return np.dstack([paper, eight[:, :, 4]]) if found.extra == UNASSOCIATED and eight.shape[2] > 4 else paper
    if found.colours not in (0, 1, 2):
        others = _by_pillow(data)
        if others is not None:
            return others
        raise StudioError(f"{path} has colours of a kind that cannot be read ({found.colours}); save it in RGB")
    own = 3 if found.colours == 2 else 1
    if plain.shape[2] < own:
        raise undecodable(path)
    if found.colours == _WHITE_IS_ZERO:
        # Its opacity is as that of others.
        greys = plain[:, :, :1]
        plain = np.dstack([1.0 - greys if plain.dtype.kind == "f" else ~greys, plain[:, :, 1:]]).astype(plain.dtype)
    rgb = plain[:, :, :3] if own == 3 else np.repeat(plain[:, :, :1], 3, axis=2)
    if plain.shape[2] <= own or (found.extra != UNASSOCIATED and not (found.extra == ASSOCIATED and found.profile)):
        return rgb
    opacity = plain[:, :, own]
    # A profile is of colours as they are before they are multiplied.
    return np.dstack([rgb if found.extra == UNASSOCIATED else divided(rgb, opacity), opacity])


class _Found(NamedTuple):
    """What a file holds: (H, W, C) values, bits of each, TIFF's numbers for their colours and for the first channel
    besides (0 where there is none), and a profile.
    """

    values: np.ndarray
    bits: int
    colours: int
    profile: bytes | None
    extra: int


def _by_tifffile(path: Path, data: bytes) -> _Found | np.ndarray:
    """What tifffile finds; where it has not the compression, the picture by Pillow."""
    import tifffile

    # What is wrong is said in a sentence of our own.
    logging.getLogger("tifffile").setLevel(logging.CRITICAL)
    try:
        with tifffile.TiffFile(io.BytesIO(data)) as file:
            page: Any = file.pages[0]
            if page.size > _MOST_CHANNELS * page.imagewidth * page.imagelength:
                raise ValueError("it has too many channels")
            values = _values(page, data)
            profile, extra = page.tags.get(_PROFILE), [int(sort) for sort in page.extrasamples]
            values = values[:, :, None] if values.ndim == 2 else values
            if values.ndim != 3:
                raise ValueError(f"it has {values.ndim} dimensions")
            return _Found(
                values, int(page.bitspersample), int(page.photometric), profile and profile.value, (*extra, 0)[0]
            )
    except Exception as error:  # whatever it is, the file is at fault, or of a kind that is not known here
        tags = tags_of_tiff(data)
        number = tags.get(_COMPRESSION, 1)
        found = _by_pillow(data) if number in _OF_LIBTIFF or tags.get(_BITS) in (2, 4) else None
        if found is not None:
            return found
        names = {int(each): each.name.replace("_", " ") for each in tifffile.COMPRESSION}
        how = f"its compression ({names.get(number, number)})" if number != 1 else "it"
        more = f"; {_LIBRARY}" if number in _OF_IMAGECODECS else ""
        raise StudioError(
            f"{path} cannot be decoded: {how} is damaged or of a kind that is not read here; "
            f"save it as PNG, or as TIFF with 8 or 16 bits, by Deflate or none{more}"
        ) from error


def _values(page: Any, data: bytes) -> np.ndarray:
    """(H, W) or (H, W, C) of what a page holds.

    Raises:
        Exception: of any kind, where neither tifffile nor libtiff unpacks it.
    """
    if int(page.compression) in JPEG2000:
        return read_jpeg2000(page, data)
    try:
        values = np.asarray(page.asarray())
    except Exception:  # noqa: BLE001 - whatever it is, it may be unpacked all the same
        return unpacked(page, data)
    return np.moveaxis(values, 0, -1) if page.axes.startswith("S") else values


def is_raw(data: bytes) -> bool:
    """Whether a TIFF is what a camera's sensor saw, in front of which a small preview may stand."""
    return data[8:10] == b"CR" or any(
        _DNG in each or each.get(_COLOURS) in _RAW or each.get(_COMPRESSION) in _RAW_COMPRESSIONS
        for each in (found.tags for found in directories_of_tiff(data, apart=True))
    )


def _plain(values: np.ndarray, bits: int, path: Path) -> np.ndarray:
    """Values of 8 or 16 bits, or float32."""
    if values.dtype.kind == "f":
        return np.asarray(values, np.float32)
    if values.dtype.kind == "b":
        return values.astype(np.uint8) * np.uint8(255)
    if values.dtype.kind != "u" or bits > 32:
        raise StudioError(f"{path} has pixels of type {values.dtype}; save it with 8 or 16 bits a channel")
    if bits in (8, 16):
        return values.astype(f"u{bits // 8}")
    top, kind = (255, np.uint8) if bits < 8 else (65535, np.uint16)
    if bits < 16:
        levels = np.rint(np.arange(1 << bits) * (top / ((1 << bits) - 1))).astype(kind)
        return np.asarray(levels.take(values, mode="clip"))
    return np.rint(values.astype(np.float64) * (top / ((1 << bits) - 1))).astype(kind)


def divided(rgb: np.ndarray, opacity: np.ndarray) -> np.ndarray:
    """Colours that were multiplied by their opacity, as they were before."""
    top = 1.0 if rgb.dtype.kind == "f" else float(np.iinfo(rgb.dtype).max)
    whole = np.minimum(rgb * (top / np.maximum(opacity, top * 1e-6)[:, :, None]), top)
    return np.asarray(whole if rgb.dtype.kind == "f" else np.rint(whole), rgb.dtype)


def of_lab(values: np.ndarray, path: Path, *, icc: bool) -> np.ndarray:
    """CIE L*a*b* under D50 as sRGB, (H, W, 3) uint16.

    Args:
        values: (H, W, 3 or more) of 8 or 16 bits. L is unsigned.
        path: of the file, for messages.
        icc: whether a and b are moved up, as ICC has them, and not signed.

    Raises:
        StudioError: when they are of another type.
    """
    if values.dtype.itemsize > 2 or values.dtype.kind == "f" or values.shape[2] < 3:
        raise StudioError(f"{path} has L*a*b* colours of type {values.dtype}; save it in RGB")
    deep = values.dtype.itemsize == 2
    stored = values[:, :, :3].astype(f"u{values.dtype.itemsize}")
    step = 256.0 if deep else 1.0
    light = stored[:, :, 0].astype(np.float64) * (100 / (65535 if deep else 255))
    if icc:
        a, b = (stored[:, :, place].astype(np.float64) / step - 128 for place in (1, 2))
    else:
        a, b = (stored[:, :, place].astype(f"i{stored.dtype.itemsize}") / step for place in (1, 2))
    y = (light + 16) / 116
    roots = np.stack([y + a / 500, y, y - b / 200], axis=-1)
    xyz = np.where(roots > 6 / 29, roots**3, (roots - 4 / 29) * (108 / 841)) * _D50
    rgb = np.clip(xyz @ _TO_BT709.T, 0, 1)
    screen = np.where(rgb <= 0.0031308, rgb * 12.92, 1.055 * np.maximum(rgb, 1e-9) ** (1 / 2.4) - 0.055)
    return np.asarray(np.rint(screen * 65535), np.uint16)


def _by_pillow(data: bytes) -> np.ndarray | None:
    """What Pillow makes of it, 8 bits a value; None where that is nothing."""
    try:
        with open_picture(data, ("TIFF",)) as image:
            if image.mode not in ("1", "L", "P", "RGB", "RGBA", "LA", "RGBX", "LAB"):
                return None
            # Whoever asks turns it upright.
            image.getexif()[_ORIENTATION] = 1
            image.load()
            if image.mode == "LAB":
                return of_lab(np.array(image), Path(), icc=False)
            return np.array(image.convert("RGBA" if "A" in image.getbands() else "RGB"))
    except Exception:  # noqa: BLE001 - whoever asks says what is wrong
        return None
