"""OpenEXR pictures: the finished one of all parts and layers, in its display window, in its primaries."""

from __future__ import annotations

import struct
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from studio.errors import StudioError
from studio.io.resize import resized
from studio.io.sources._colours.primaries import from_places
from studio.io.sources._colours.screens import LINEAR, Colours
from studio.io.sources._films.convert import RgbConverter
from studio.io.sources._films.opening import square_size
from studio.io.sources._still import Still
from studio.io.sources._stills.exr import Channel, Exr, Window
from studio.io.sources.base import Reading, check_size, undecodable
from studio.model.declared.size import Size
from studio.model.networks.picture import DeepPicture
from studio.model.networks.shape import Array

if TYPE_CHECKING:
    from av.video.codeccontext import VideoCodecContext

# x and y of red, green, blue and white, of BT.709.
_BT709 = (0.64, 0.33, 0.30, 0.60, 0.15, 0.06, 0.3127, 0.3290)
_NEAR = 0.001
# Compressions that FFmpeg has not, by their numbers.
_OTHER_COMPRESSIONS = {10: "HTJ2K", 11: "HTJ2K", 12: "Zstandard"}


def read_exr(path: Path, data: bytes, reading: Reading) -> Still:
    """Decode an OpenEXR picture.

    Args:
        path: of the file, for messages.
        data: its content.
        reading: how it is read.

    Raises:
        StudioError: when it holds no colours, is damaged, too large, or of a kind that cannot be read.
    """
    try:
        file = Exr(data)
    except (ValueError, struct.error) as error:
        raise undecodable(path) from error
    try:
        number, layer = file.shown()
    except ValueError as error:
        raise StudioError(f"{path} {error}") from error
    part = file.parts[number]
    try:
        stored, shown = part.window("dataWindow"), part.window("displayWindow")
        for window in (stored, shown):
            check_size(window.size, path)
        prefix = f"{layer}." if layer else ""
        own = {f"{prefix}{name}".upper() for name in "RGBAY"}
        _refuse(path, [channel for channel in part.channels if channel.name.upper() in own], part.value("compression"))
        if f"{prefix}RY" in part.names:
            raise StudioError(f"{path} holds luma and chroma (Y, RY, BY), which are not read; save it as R, G and B")
        alone, lacking = file.alone(number)
        picture = _decoded(alone, stored.size, layer, _matrix(part.chromaticities), reading)
        aspect = struct.unpack("<f", part.value("pixelAspectRatio") or struct.pack("<f", 1.0))[0]
    except (ValueError, struct.error, ZeroDivisionError) as error:
        raise undecodable(path) from error
    picture = _in_window(picture, stored, shown)
    size = square_size(shown.size, Fraction(aspect).limit_denominator(1000) if 0 < aspect < 100 else None)
    remark = Colours(transfer=LINEAR).remark(reading.tone_map)
    warning = f"{path} is damaged, and black in places" if lacking else None
    return Still(picture if size == shown.size else resized(picture, size, "linear"), f"{path}: {remark}", warning)


def _refuse(path: Path, channels: list[Channel], compression: bytes) -> None:
    """Say what cannot be read of those that are shown.

    Raises:
        StudioError: where that is anything.
    """
    if any(channel.steps != (1, 1) for channel in channels):
        raise StudioError(f"{path} holds channels of fewer pixels than it has, which are not read; save it without")
    if len({channel.kind for channel in channels}) > 1:
        raise StudioError(f"{path} holds R, G and B of several types, as half and float; save it with one")
    if (compression or b"\0")[0] in _OTHER_COMPRESSIONS:
        name = _OTHER_COMPRESSIONS[compression[0]]
        raise StudioError(f"{path} is compressed by {name}, which is not read here; save it with ZIP or PIZ")


def _decoded(data: bytes, size: Size, layer: str | None, matrix: Array | None, reading: Reading) -> DeepPicture:
    """All that is stored.

    Raises:
        ValueError: where it cannot be decoded.
    """
    import av

    context: VideoCodecContext = av.CodecContext.create("exr", "r")
    context.thread_type = "SLICE"
    if layer:
        context.options = {"layer": layer}
    convert = RgbConverter(size, colours=Colours(transfer=LINEAR), tone_map=reading.tone_map, matrix=matrix)
    try:
        frames = context.decode(av.Packet(data))
        return convert(frames[0])
    except (av.FFmpegError, IndexError) as error:
        raise ValueError("it cannot be decoded") from error


def _matrix(places: tuple[float, ...]) -> Array | None:
    """From light of these primaries to that of BT.709's; None where they are those, or none.

    Raises:
        ValueError, ZeroDivisionError: where they are those of no screen.
    """
    if not places or max(abs(own - usual) for own, usual in zip(places, _BT709, strict=True)) < _NEAR:
        return None
    try:
        red, green, blue, white = ((places[at], places[at + 1]) for at in range(0, 8, 2))
        matrix = from_places((red, green, blue, white))
    except np.linalg.LinAlgError as error:
        raise ValueError("its primaries make no sense") from error
    if not np.isfinite(matrix).all():
        raise ValueError("its primaries make no sense")
    return matrix


def _in_window(picture: DeepPicture, stored: Window, shown: Window) -> DeepPicture:
    """What of a picture lies in a window, black where it has nothing."""
    if stored == shown:
        return picture
    made = np.zeros((*shown.size, 3), picture.dtype)
    left, top = max(stored.left, shown.left), max(stored.top, shown.top)
    right, bottom = min(stored.right, shown.right) + 1, min(stored.bottom, shown.bottom) + 1
    if left < right and top < bottom:
        part = picture[top - stored.top : bottom - stored.top, left - stored.left : right - stored.left]
        made[top - shown.top : bottom - shown.top, left - shown.left : right - shown.left] = part
    return made
