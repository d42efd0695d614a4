"""A folder of pictures as a film."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

from studio.errors import StudioError
from studio.io.resize import resized
from studio.io.sources.base import HAIR, BaseSource, Frame, Source, SourceInfo, folder_at, rate_text
from studio.io.sources.image import SUFFIXES, read_picture

DEFAULT_RATE = Fraction(25)
"""Frames per second when none is asked for."""


def natural_key(path: Path) -> tuple[tuple[int, int, str], ...]:
    """Sort key by which img2 comes before img10; letters compare without case."""
    parts = re.findall(r"([0-9]+)|([^0-9]+)", path.name)
    return tuple((0, int(digits), digits) if digits else (1, 0, text.lower()) for digits, text in parts)


class FolderSource(BaseSource):
    """The pictures of a folder in natural order, at a constant rate, each read when it is its turn.

    All are brought to the size of the first. Hidden files and other kinds of file are passed over.
    """

    def __init__(self, folder: Path, fps: Fraction) -> None:
        """List the folder and read its first picture.

        Args:
            folder: an existing folder.
            fps: frames per second, above 0.

        Raises:
            StudioError: when it cannot be listed, holds no picture, or the first cannot be read.
        """
        try:
            found = [path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES]
        except OSError as error:
            raise StudioError(f"the folder {folder} cannot be listed ({error.strerror}); check its rights") from error
        # The name itself comes last, so that a1 and A1, 1 and 01 have one order everywhere.
        self._paths = sorted(
            (path for path in found if not path.name.startswith(".") and path.is_file()),
            key=lambda path: (natural_key(path), path.name),
        )
        if not self._paths:
            raise StudioError(
                f"the folder {folder} holds no pictures; it should have files ending in {', '.join(SUFFIXES)}"
            )
        height, width = read_picture(self._paths[0]).shape[:2]
        count = len(self._paths)
        self._closed = False
        self._fps = fps
        self.info = SourceInfo(
            width, height, fps, count, float(count / fps), False, f"{count} pictures {width}x{height} {rate_text(fps)}"
        )

    def __iter__(self) -> Iterator[Frame]:
        """Give the pictures in natural order: see `frames`."""
        return self.frames()

    def frames(self, start: float = 0.0) -> Iterator[Frame]:
        """Give the pictures in natural order from the one shown at `start` seconds; those before are not read.

        Raises:
            StudioError: when a picture cannot be read; the message names it.
        """
        first = min(max(0, math.floor(start * float(self._fps) + HAIR)), len(self._paths) - 1)
        for index, path in enumerate(self._paths[first:], first):
            if self._closed:
                return
            picture = resized(read_picture(path), (self.info.height, self.info.width), "linear")
            yield Frame(picture, float(index / self._fps), index, float(1 / self._fps))

    def close(self) -> None:
        """End a running iteration at its next picture."""
        self._closed = True


class FolderKind:
    """A path to a folder."""

    name = "folder"
    order = 20

    def match(self, spec: str) -> bool:
        """Whether `spec` is a folder."""
        return folder_at(spec) is not None

    def open(self, spec: str, fps: Fraction | None) -> Source:
        """Open the folder at `fps` frames per second, 25 when None.

        Raises:
            StudioError: when it cannot be listed, holds no picture, or the first cannot be read.
        """
        return FolderSource(Path(spec), fps or DEFAULT_RATE)


KIND = FolderKind()
