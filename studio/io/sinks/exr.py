"""Numbered OpenEXR files, half floats of linear light: for compositing. White is 1."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from studio.errors import StudioError
from studio.io.sinks._pictures import open_pictures
from studio.io.sinks.base import Recording, Sink
from studio.model.declared.size import Size
from studio.model.networks.picture import DeepPicture

if TYPE_CHECKING:
    from studio.model.networks.shape import Array


def linear(picture: DeepPicture) -> Array:
    """(H, W, 3) float32, linear light of sRGB's values (IEC 61966-2-1), white 1."""
    values = picture.astype(np.float32) / np.float32(np.iinfo(picture.dtype).max)
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4).astype(np.float32)


def encode_exr(picture: DeepPicture) -> bytes:
    """(H, W, 3) RGB of 8 or 16 bits as an OpenEXR file.

    Raises:
        OSError: when it cannot be coded.
    """
    import av

    size = Size.of(picture)
    frame = av.VideoFrame(*size.wh, "gbrpf32le")
    light = linear(picture)
    for plane, channel in zip(frame.planes, (1, 2, 0), strict=True):
        target = np.ndarray(size, "<f4", memoryview(plane), strides=(plane.line_size, 4))
        np.copyto(target, light[:, :, channel])
    encoder = av.VideoCodecContext.create("exr", "w")
    encoder.height, encoder.width, encoder.pix_fmt = *size, "gbrpf32le"
    encoder.time_base = Fraction(1)  # a still has none, but it must be there
    encoder.options = {"compression": "zip16", "format": "half"}
    try:
        packets = [*encoder.encode(frame), *encoder.encode(None)]
    except av.FFmpegError as error:
        raise OSError(0, f"the picture cannot be coded as OpenEXR ({error})") from error
    return b"".join(bytes(packet) for packet in packets)


class Exr:
    """OpenEXR files, numbered by a pattern, in a folder, or one."""

    name = "exr"
    description = "OpenEXR files, half floats of linear light: for compositing, no sound"
    suffixes: tuple[str, ...] = ("", ".exr")
    order = 60
    depths = (16,)

    def match(self, path: Path) -> bool:
        """Whether the path is one of an .exr file, or of a pattern such as out/%05d.exr."""
        return path.suffix.lower() == ".exr"

    def open(self, recording: Recording) -> Sink:
        """Begin a recording; such files know no rate.

        Raises:
            StudioError: when the name ends like something else, or it cannot be begun there.
        """
        if recording.path.suffix.lower() not in ("", ".exr"):
            raise StudioError(
                f"exr cannot be recorded to {recording.path}: end its name in .exr, or in nothing for a folder"
            )
        return open_pictures(recording, encode_exr, "OpenEXR", ".exr", deep=True)


CODEC = Exr()
