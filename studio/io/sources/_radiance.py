"""Radiance pictures (.hdr, .pic) held in any of eight ways: FFmpeg takes each for one that begins at the top left."""

from __future__ import annotations

from pathlib import Path

from studio.errors import StudioError
from studio.io.sources._colour import LINEAR, Colours
from studio.io.sources._convert import RgbConverter
from studio.io.sources._primaries import XYZ
from studio.io.sources._radiance_order import order_of
from studio.io.sources._still import Still
from studio.io.sources.base import Reading, orient

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
    convert = RgbConverter(order.size, colours=colours, tone_map=reading.tone_map)
    try:
        decoder = av.CodecContext.create("hdr", "r")
        frames = decoder.decode(av.Packet(_OTHER % order.size + data[order.begins :]))
        picture = orient(convert(frames[0]), *order.turn)
    except (av.FFmpegError, ValueError, IndexError) as error:
        raise StudioError(f"{path} cannot be decoded: it is damaged or cut off; save it again") from error
    return Still(picture, f"{path}: {convert.remark}" if convert.remark else None)
