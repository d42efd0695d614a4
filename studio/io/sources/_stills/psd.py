"""Photoshop documents (.psd, .psb): the picture of all layers together that they hold besides.

Source: Adobe Photoshop File Formats Specification.
"""

from __future__ import annotations

import struct
import zlib
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np

from studio.errors import StudioError
from studio.io.sources._colours.icc import inks_to_srgb, to_srgb
from studio.io.sources._colours.other_profiles import other_profile_of
from studio.io.sources._colours.screens import LINEAR, Colours
from studio.io.sources._films.convert import rgb_of
from studio.io.sources._still import Still, remark_of
from studio.io.sources._stills.odd_tiff import of_lab
from studio.io.sources.base import Reading, undecodable
from studio.model.declared.size import Size

_BITMAP, _GREY, _INDEXED, _RGB, _INKS, _DUOTONE, _LAB = 0, 1, 2, 3, 4, 8, 9
# How many channels each has, and of how many bits they may be.
_MODES = {
    _BITMAP: (1, (1,)),
    _GREY: (1, (8, 16, 32)),
    _INDEXED: (1, (8,)),
    _RGB: (3, (8, 16, 32)),
    _INKS: (4, (8, 16)),
    _DUOTONE: (1, (8, 16)),
    _LAB: (3, (8, 16)),
}
_RAW, _RLE, _ZIP = 0, 1, 2
_ROUNDING = 2 / 255
# Marks of documents of more than 8 bits: that what is transparent is kept, and where their layers are.
_TRANSPARENT, _LAYERS = (b"Mtrn", b"Mt16", b"Mt32"), (b"Lr16", b"Lr32")


class _Document(NamedTuple):
    """What a document says of itself.

    Attributes:
        channels: how many the picture has.
        height: of it.
        width: of it.
        depth: bits a value.
        mode: Photoshop's number for its colours.
        palette: (256, 3) of indexed colours; empty for others.
        is_transparent: whether the first channel behind the colours is opacity, over white; else it is a selection.
        is_large: whether it is one of the kind for large documents.
        begins: where the picture's values do.
    """

    channels: int
    height: int
    width: int
    depth: int
    mode: int
    palette: np.ndarray
    is_transparent: bool
    is_large: bool
    begins: int


def read_psd(path: Path, data: bytes, reading: Reading) -> Still:
    """Decode a document, laid over black where it is transparent.

    Args:
        path: of the file, for messages.
        data: its content.
        reading: how it is read.

    Raises:
        StudioError: when it is damaged, or its colours are of a kind that cannot be read.
    """
    try:
        document = _document(data)
        if document.mode not in _MODES:
            raise StudioError(
                f"{path} is a Photoshop document of several inks of its own; save it in RGB, CMYK or grey, or as PNG"
            )
        count, depths = _MODES[document.mode]
        if document.channels < count or document.depth not in depths:
            raise ValueError("no document of its mode has such channels")
        is_transparent = document.is_transparent and document.mode not in (_BITMAP, _INDEXED)
        planes = _planes(document, data, min(count + is_transparent, document.channels))
    except (struct.error, zlib.error, ValueError, IndexError, OverflowError) as error:
        raise undecodable(path) from error
    profile, values, opacity = other_profile_of(data), planes[:, :, :count], None
    if planes.shape[2] > count:
        opacity = planes[:, :, count]
        values = _without_white(values, opacity, is_lab=document.mode == _LAB)
    if document.mode == _INKS:
        eight = values if values.dtype == np.uint8 else (values.astype(np.uint32) // 257).astype(np.uint8)
        # It stores paper, of which ink leaves less.
        values, opacity = inks_to_srgb(np.ascontiguousarray(~eight), profile), _as_deep(opacity, np.uint8)
        profile = None
    elif document.mode == _LAB:
        values, opacity, profile = of_lab(values, path, icc=True), _as_deep(opacity, np.uint16), None
    elif document.mode == _INDEXED:
        values = document.palette[values[:, :, 0]]
    elif count == 1:
        values = np.repeat(values, 3, axis=2)
    shown = values if opacity is None else np.dstack([values, opacity])
    colours = Colours(transfer=LINEAR if shown.dtype.kind == "f" else 2)
    further = partial(to_srgb, profile=profile) if profile and shown.dtype.kind != "f" else None
    picture = rgb_of(shown, colours, reading.tone_map, further)
    return Still(picture, remark_of(path, colours.remark(reading.tone_map)))


def _document(data: bytes) -> _Document:
    version, channels, height, width, depth, mode = struct.unpack_from(">H6xHIIHH", data, 4)
    is_large, place = version == 2, 26
    (length,) = struct.unpack_from(">I", data, place)
    table = data[place + 4 : place + 4 + length]
    palette = np.zeros((256, 3), np.uint8)
    if mode == _INDEXED:
        palette[:] = np.frombuffer(table, np.uint8, 768).reshape(3, 256).T
    place += 4 + length
    place += 4 + int(struct.unpack_from(">I", data, place)[0])
    (length,) = struct.unpack_from(">Q" if is_large else ">I", data, place)
    place += 8 if is_large else 4
    layers = data[place : place + length]
    return _Document(
        channels, height, width, depth, mode, palette, _is_transparent(layers, is_large), is_large, place + length
    )


def _is_transparent(layers: bytes, is_large: bool) -> bool:
    """Whether the picture's opacity is kept: the number of layers is negative then."""
    if any(b"8BIM" + mark in layers for mark in _TRANSPARENT):
        return True
    size = 8 if is_large else 4
    for mark in _LAYERS:
        if (at := layers.find(b"8BIM" + mark)) >= 0:
            return bool(struct.unpack_from(">h", layers, at + 8 + size)[0] < 0)
    has_any = len(layers) > size + 2 and any(layers[:size])
    return has_any and bool(struct.unpack_from(">h", layers, size)[0] < 0)


def _planes(document: _Document, data: bytes, channels: int) -> np.ndarray:
    """(H, W, C) uint8, uint16 or float32 of the first channels."""
    high, across = document.height, document.width
    length = -(-across * document.depth // 8)
    (how,) = struct.unpack_from(">H", data, document.begins)
    packed, rows = data[document.begins + 2 :], high * channels
    if how == _RLE:
        counts = high * document.channels * (4 if document.is_large else 2)
        stored = _run_lengths(packed[counts:], Size(rows, length))
    elif how == _RAW:
        stored = np.frombuffer(packed, np.uint8, rows * length).reshape(rows, length)
    elif how == _ZIP:
        whole = zlib.decompressobj().decompress(packed, rows * length)
        stored = np.frombuffer(whole, np.uint8, rows * length).reshape(rows, length)
    else:
        raise ValueError("it is packed in another way")
    if document.depth == 1:
        values = (1 - np.unpackbits(stored, axis=1)[:, :across]) * np.uint8(255)
    else:
        kind = {8: ">u1", 16: ">u2", 32: ">f4"}[document.depth]
        values = np.ascontiguousarray(stored).view(kind)
    native = values.astype(values.dtype.newbyteorder("="))
    return np.ascontiguousarray(np.moveaxis(native.reshape(channels, high, across), 0, -1))


def _run_lengths(packed: bytes, size: Size) -> np.ndarray:
    from PIL import Image

    try:
        return np.array(Image.frombytes("L", size.wh, packed, "packbits", "L"))
    except Exception as error:  # Pillow says by several that it is damaged
        raise ValueError("it is damaged") from error


def _without_white(values: np.ndarray, opacity: np.ndarray, *, is_lab: bool) -> np.ndarray:
    """Colours that were laid over white, as they were before; the same where none were."""
    top = 1.0 if values.dtype.kind == "f" else float(np.iinfo(values.dtype).max)
    share, middle = opacity[:, :, None] / top, (top + 1) / 2 / top
    white = np.array([1.0, middle, middle]) if is_lab else 1.0
    colours = values / top - white * (1 - share)
    if (colours[:, :, 0] < -_ROUNDING).any():
        # Darker than what white shows through: ImageMagick stores them as they are.
        return values
    whole = np.clip(colours / np.maximum(share, 1e-6), 0.0, 1.0) * top
    return np.asarray(whole if values.dtype.kind == "f" else np.rint(whole), values.dtype)


def _as_deep(opacity: np.ndarray | None, kind: type) -> np.ndarray | None:
    if opacity is None or opacity.dtype == kind:
        return opacity
    return np.asarray(opacity.astype(np.uint32) * 257 if kind is np.uint16 else opacity // 257, kind)
