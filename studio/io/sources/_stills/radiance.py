"""Radiance pictures (.hdr, .pic) held in any of eight ways: FFmpeg takes each for one that begins at the top left."""

from __future__ import annotations

import contextlib
from pathlib import Path

import numpy as np

from studio.io.sources._colours.primaries import XYZ, from_places
from studio.io.sources._colours.screens import LINEAR, Colours
from studio.io.sources._files.radiance_order import order_of
from studio.io.sources._films.convert import RgbConverter
from studio.io.sources._still import Still, remark_of
from studio.io.sources.base import Reading, undecodable
from studio.model.networks.shape import Array

_OTHER = b"#?RADIANCE\nFORMAT=32-bit_rle_rgbe\n\n-Y %d +X %d\n"


def read_radiance(path: Path, data: bytes, reading: Reading) -> Still:
    """Decode a Radiance picture.

    Args:
        path: of the file, for messages.
        data: its content, of which `order_of` knows the order.
        reading: how it is read.

    Raises:
        StudioError: when it is damaged or cut off.
    """
    import av

    order = order_of(data)
    assert order is not None, "its header has been read"
    colours = Colours(XYZ if order.is_xyz else 2, LINEAR)
    convert = RgbConverter(
        order.size, colours=colours, tone_map=reading.tone_map, turn=order.turn, matrix=_matrix(order.primaries)
    )
    try:
        decoder = av.CodecContext.create("hdr", "r")
        frames = decoder.decode(av.Packet(_OTHER % order.size + data[order.begins :]))
        picture = convert(frames[0])
    except (av.FFmpegError, ValueError, IndexError) as error:
        raise undecodable(path) from error
    return Still(picture, remark_of(path, convert.remark))


def _matrix(primaries: tuple[float, ...] | None) -> Array | None:
    """From light of stated primaries to that of BT.709's; None where none are stated, or those of no screen."""
    if primaries is None:
        return None
    red, green, blue, white = zip(primaries[::2], primaries[1::2], strict=True)
    with contextlib.suppress(ZeroDivisionError, np.linalg.LinAlgError):
        matrix = from_places((red, green, blue, white))
        return matrix if np.isfinite(matrix).all() else None
    return None
