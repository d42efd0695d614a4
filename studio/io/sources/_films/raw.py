"""Raw pictures in containers that have no name for their format: whoever writes them names another one."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import TYPE_CHECKING

from studio.io.sources._files.header import read_header
from studio.io.sources._films.opening import open_film
from studio.model.declared.size import Size

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.video.stream import VideoStream

# Rows may be filled up to a multiple of so many pixels, and a palette follow.
_FILLED, _BEHIND = 32, 1024
# What FFmpeg calls what decodes a kind, where that is not the kind's own name.
_DECODERS = {"PNM": "ppm", "TGA": "targa"}
# The version of X's dumps of windows.
_XWD = 7
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
            first = next((packet for packet in packets if packet.size), None)
        except av.FFmpegError:
            return ""
        if first is None:
            return ""
        content, left = bytes(first), container.size - (first.pos or 0)
    bits, size, stored = context.format.padded_bits_per_pixel, Size(context.height, context.width), len(content)
    if kind := _file_of(content, size):
        decoder = _DECODERS.get(kind, kind.lower())
        return (
            f"{path} holds whole {kind} files and calls them raw pictures: its writer had no name for them in such a "
            f"film; take them out by `ffmpeg -c:v {decoder} -i {path.name} -c:v ffv1 film.mkv`"
        )
    filled = (size.width + _FILLED - 1) // _FILLED * _FILLED
    coded = context.bits_per_coded_sample or bits
    least = size.pixels * (min(bits, coded) if context.format.has_palette else bits) // 8
    most = filled * size.height * bits // 8 + _BEHIND
    # Where the file ends within it, it is cut off.
    if least <= stored <= most or stored <= left < least:
        return ""
    return (
        f"{path} calls its raw pictures {context.format.name}, and they have {stored} bytes each, not {least}: its "
        f"writer had no name for their format in such a file; write it as FFV1, or raw in Matroska"
    )


def _file_of(content: bytes, size: Size) -> str:
    """The kind of picture file that a raw picture is, with a head of its own; empty where it is none."""
    # Version 7, and width and height as its fifth and sixth number.
    version, *sides = struct.unpack_from(">4xI8x2I", content.ljust(24, b"\0"))
    if version == _XWD and Size.from_wh((sides[0], sides[1])) == size:
        return "XWD"
    if content.startswith(b"P7\nWIDTH"):
        return "PAM"
    header = read_header(content)
    return header.kind.upper() if header is not None and header.size == size else ""


def doubt_of(container: InputContainer, stream: VideoStream) -> str:
    """What is said of raw pictures whose format may be another one with as many bytes; empty of most."""
    if container.format.name != "nut" or stream.codec_context.codec_tag != _ANY:
        return ""
    return "its raw pictures are called rgb555le, as is whatever NUT has no name for; if they look wrong, write FFV1"
