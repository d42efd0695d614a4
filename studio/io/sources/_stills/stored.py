"""What OpenCV leaves undone of some pictures: scales of PNM, opacity of TIFF and of grey PNG.

It gives values of a PNM as they are stored, whatever the largest is; an 8-bit TIFF with its opacity multiplied in
already; no opacity at all of a grey TIFF, nor of a PNG that names one grey as transparent.
"""

from __future__ import annotations

import re

import numpy as np

from studio.io.sources._files.header import Header, tags_of_tiff
from studio.io.sources._files.pillow import open_picture
from studio.io.sources._files.png_parts import chunks_of_png
from studio.io.sources._stills.odd_tiff import UNASSOCIATED

_LARGEST = re.compile(rb"P[2356](?:\s|#[^\n]*\n)+\d{1,9}(?:\s|#[^\n]*\n)+\d{1,9}(?:\s|#[^\n]*\n)+(\d{1,5})\s")
_SAMPLES, _EXTRA = 277, 338


def as_meant(stored: np.ndarray, data: bytes, header: Header) -> np.ndarray:
    """The values as the file means them: the largest is full, and opacity stands in the last channel where it has any.

    Args:
        stored: what OpenCV gives, (H, W) or (H, W, 1 to 4).
        data: content of the file.
        header: of it.

    Returns:
        The same, or an array of the same type with other values, or channels.
    """
    if header.kind == "pnm":
        return _scaled(stored, data)
    if header.kind == "png" and stored.ndim == 2:
        return _keyed(stored, data)
    if header.kind == "tiff":
        return _tiff(stored, data)
    return stored


def _scaled(stored: np.ndarray, data: bytes) -> np.ndarray:
    found = _LARGEST.match(data[:4096])
    largest = int(found[1]) if found else 0
    full = int(np.iinfo(stored.dtype).max) if stored.dtype in (np.uint8, np.uint16) else 0
    # Of numbers written as text it scales those of 8 bits itself.
    if not 0 < largest < full or (full == 255 and data[:2] in (b"P2", b"P3")):
        return stored
    return np.asarray((np.minimum(stored, largest).astype(np.uint32) * full + largest // 2) // largest, stored.dtype)


def _keyed(stored: np.ndarray, data: bytes) -> np.ndarray:
    chunks = chunks_of_png(data)
    head, key = chunks.get(b"IHDR", b""), chunks.get(b"tRNS", b"")
    if len(head) < 10 or head[9] != 0 or len(key) != 2:
        return stored
    bits, value = head[8], int.from_bytes(key, "big")
    if bits < 8:
        value = value * 255 // ((1 << bits) - 1)
    opacity = np.where(stored == value, 0, np.iinfo(stored.dtype).max).astype(stored.dtype)
    return np.dstack([stored, opacity])


def _tiff(stored: np.ndarray, data: bytes) -> np.ndarray:
    tags = tags_of_tiff(data)
    channels = 1 if stored.ndim == 2 else stored.shape[2]
    if channels == 4 and (stored.dtype == np.uint8 or tags.get(_EXTRA) != UNASSOCIATED):
        return stored[:, :, :3]
    if channels == 1 and stored.dtype == np.uint8 and tags.get(_SAMPLES) == 2 and _EXTRA in tags:
        opacity = _opacity(data)
        if opacity is not None and opacity.shape == stored.shape[:2]:
            return np.dstack([stored.reshape(opacity.shape), opacity])
    return stored


def _opacity(data: bytes) -> np.ndarray | None:
    try:
        with open_picture(data, ("TIFF",)) as image:
            return np.array(image.getchannel("A")) if "A" in image.getbands() else None
    except Exception:  # noqa: BLE001 - without it the picture is shown whole
        return None
