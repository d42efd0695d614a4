"""Cameras' JPEGs in Adobe RGB (1998): most hold no profile, and say so in their EXIF alone.

Sources: CIPA DC-009 (DCF), "R03" as the interoperability index; Adobe RGB (1998) Color Image Encoding, 4.3.
"""

from __future__ import annotations

from functools import cache

import numpy as np

from studio.io.sources._colours.primaries import from_places
from studio.io.sources._colours.shades import in_srgb
from studio.model.networks.picture import DeepPicture
from studio.model.networks.shape import Array

# Whole entries of EXIF, in both orders of bytes: the index, and the number for colours that some cameras write.
_ENTRIES = (
    b"\x01\0\x02\0\x04\0\0\0R03\0",
    b"\0\x01\0\x02\0\0\0\x04R03\0",
    b"\x01\xa0\x03\0\x01\0\0\0\x02\0",
    b"\xa0\x01\0\x03\0\0\0\x01\0\x02",
)
_EXIF, _LONGEST = b"Exif\0\0", 1 << 16
_PLACES = ((0.64, 0.33), (0.21, 0.71), (0.15, 0.06), (0.3127, 0.3290))
_GAMMA = 563 / 256


def is_adobe_rgb(data: bytes) -> bool:
    """Whether a JPEG's EXIF says that its colours are of Adobe RGB.

    Args:
        data: content of the file.
    """
    at = data.find(_EXIF, 0, _LONGEST)
    exif = data[at : at + _LONGEST] if at >= 0 else b""
    return any(entry in exif for entry in _ENTRIES)


def of_adobe_rgb(picture: DeepPicture) -> DeepPicture:
    """The picture, (H, W, 3) RGB of 8 or 16 bits, in sRGB."""
    return in_srgb(picture, (_light(int(np.iinfo(picture.dtype).max)),) * 3, from_places(_PLACES))


@cache
def _light(top: int) -> Array:
    return np.asarray((np.arange(top + 1) / top) ** _GAMMA, np.float32)
