"""Still pictures."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np

from studio.errors import StudioError
from studio.io.sources._header import read_header
from studio.io.sources.base import BaseSource, Frame, Source, SourceInfo, check_size, file_at, orient
from studio.model.picture import Picture

SUFFIXES = (".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".bmp", ".dib", ".tif", ".tiff", ".webp", ".ppm", ".pgm", ".pnm")
"""Suffixes of pictures; GIF, AVIF and others are read as films, of one frame where they have one."""

_MAX_BYTES = 1 << 30


def read_picture(path: Path) -> Picture:
    """Decode the picture file `path`, upright as its EXIF orientation says.

    Sixteen bits are rounded to eight; floating point is taken as 0 to 1; grey becomes RGB; transparent pictures are
    laid over black.

    Returns:
        (H, W, 3) uint8 RGB.

    Raises:
        StudioError: when it cannot be read, is damaged, is no picture, or is larger than `base.MAX_SIDE` a side or
            `base.MAX_PIXELS`; that is found out before it is decoded.
    """
    import cv2

    try:
        if path.stat().st_size > _MAX_BYTES:
            raise StudioError(f"{path} is larger than {_MAX_BYTES >> 20} MiB: scale it down or save it compressed")
        data = path.read_bytes()
    except OSError as error:
        raise StudioError(f"{path} cannot be read ({error.strerror}); check the file and its rights") from error
    header = read_header(data)
    if header is None:
        raise StudioError(f"{path} is not a picture that can be read: it is damaged, cut off, or something else")
    check_size(header.width, header.height, path)
    try:
        # Unchanged, because only so the alpha channel survives; the orientation is then ours to apply.
        stored = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    except cv2.error as error:
        raise StudioError(f"{path} cannot be decoded ({error.err}); save it as PNG first") from error
    if stored is None:
        raise StudioError(f"{path} cannot be decoded: it is damaged or cut off; save it again")
    return orient(_rgb8(np.asarray(stored), path), *header.turn)


def _rgb8(stored: np.ndarray, path: Path) -> Picture:
    """uint8 RGB from what OpenCV gives: (H, W) or (H, W, 1 | 2 | 3 | 4), BGR order, 8 or 16 bits or floating point."""
    if stored.dtype == np.uint16:
        stored = ((stored.astype(np.uint32) * 255 + 32767) // 65535).astype(np.uint8)
    elif stored.dtype in (np.float32, np.float64):
        stored = np.round(np.clip(np.nan_to_num(stored), 0.0, 1.0) * 255).astype(np.uint8)
    elif stored.dtype != np.uint8:
        raise StudioError(f"{path} has pixels of type {stored.dtype}; save it with 8 or 16 bits a channel")
    planes = stored[:, :, None] if stored.ndim == 2 else stored
    channels = planes.shape[2]
    colours = planes[:, :, [0, 0, 0]] if channels < 3 else planes[:, :, 2::-1]
    if channels in (2, 4):
        colours = ((colours.astype(np.uint16) * planes[:, :, -1:] + 127) // 255).astype(np.uint8)
    return np.ascontiguousarray(colours, dtype=np.uint8)


class ImageSource(BaseSource):
    """One picture: iterating gives one frame. Holding it for a while is the caller's business."""

    def __init__(self, path: Path) -> None:
        """Decode the picture.

        Raises:
            StudioError: as for `read_picture`.
        """
        self._picture = read_picture(path)
        height, width = self._picture.shape[:2]
        self.info = SourceInfo(width, height, None, 1, None, False, f"{path.suffix[1:].lower()} {width}x{height}")

    def __iter__(self) -> Iterator[Frame]:
        """Give the one frame, at time 0."""
        yield Frame(self._picture, 0.0, 0)


class ImageKind:
    """A path to a file with a picture's suffix, or without one but with a picture's first bytes."""

    name = "picture"
    order = 10

    def match(self, spec: str) -> bool:
        """Whether `spec` is a picture file, judged by its suffix, else by its first bytes."""
        path = file_at(spec)
        if path is None or path.suffix.lower() in SUFFIXES:
            return path is not None
        try:
            with path.open("rb") as file:
                return read_header(file.read(1 << 16)) is not None
        except OSError:
            return False

    def open(self, spec: str, fps: Fraction | None) -> Source:  # noqa: ARG002 - a still has no rate
        """Decode the picture.

        Raises:
            StudioError: as for `read_picture`.
        """
        return ImageSource(Path(spec))


KIND = ImageKind()
