"""Raw pictures in containers that have no name for their format: whoever writes them names another one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from studio.io.sources._films.opening import open_film
from studio.model.size import Size

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.video.stream import VideoStream

# Rows may be filled up to a multiple of so many pixels, and a palette follow.
_FILLED, _BEHIND = 32, 1024
# What FFmpeg writes into NUT for every format that NUT has no name for.
_ANY = "RGB\x0f"


def misnamed(path: Path, stream: VideoStream, number: int) -> str:
    """What is wrong with raw pictures that have more or fewer bytes than their format makes; else nothing.

    Args:
        path: of the film.
        stream: of its pictures.
        number: which of the video streams it is.

    Raises:
        StudioError: when it cannot be read.
    """
    import av

    context = stream.codec_context
    if context.name != "rawvideo" or context.format is None:
        return ""
    with open_film(path) as container:
        packets = container.demux(container.streams.video[number])
        try:
            stored, begins = next(((packet.size, packet.pos or 0) for packet in packets if packet.size), (0, 0))
        except av.FFmpegError:
            return ""
        left = container.size - begins
    bits, size = context.format.padded_bits_per_pixel, Size(context.height, context.width)
    filled = (size.width + _FILLED - 1) // _FILLED * _FILLED
    coded = context.bits_per_coded_sample or bits
    least = size.pixels * (min(bits, coded) if context.format.has_palette else bits) // 8
    most = filled * size.height * bits // 8 + _BEHIND
    # Where the file ends within it, it is cut off.
    if not stored or least <= stored <= most or stored <= left < least:
        return ""
    return (
        f"{path} calls its raw pictures {context.format.name}, and they have {stored} bytes each, not {least}: its "
        f"writer had no name for their format in such a file; write it as FFV1, or raw in Matroska"
    )


def doubt_of(container: InputContainer, stream: VideoStream) -> str:
    """What is said of raw pictures whose format may be another one with as many bytes; empty of most."""
    if container.format.name != "nut" or stream.codec_context.codec_tag != _ANY:
        return ""
    return "its raw pictures are called rgb555le, as is whatever NUT has no name for; if they look wrong, write FFV1"
