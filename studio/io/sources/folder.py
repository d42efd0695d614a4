"""A folder of pictures as a film."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np

from studio.errors import StudioError
from studio.io.resize import resized
from studio.io.sources._still import Still
from studio.io.sources.base import HAIR, BaseSource, Frame, Reading, Source, SourceInfo, folder_at, rate_text
from studio.io.sources.image import OTHER_SUFFIXES, SUFFIXES, read_any_still
from studio.model.declared.size import Size
from studio.model.networks.picture import DeepPicture

_SUFFIXES = (*SUFFIXES, *OTHER_SUFFIXES)

DEFAULT_RATE = Fraction(25)
"""Frames per second when none is asked for."""


def natural_key(path: Path) -> tuple[tuple[int, int, str], ...]:
    """Sort key by which img2 comes before img10; letters compare without case."""
    parts = re.findall(r"([0-9]+)|([^0-9]+)", path.name)
    return tuple((0, int(digits), digits) if digits else (1, 0, text.lower()) for digits, text in parts)


class PicturesSource(BaseSource):
    """Picture files in a given order, at a constant rate, each read when it is its turn.

    All are brought to the size of the first. One that cannot be read is passed over: the one before it stays for its
    time, and `warning` names it.
    """

    def __init__(self, paths: Sequence[Path], fps: Fraction) -> None:
        """Read the first picture that can be read.

        Args:
            paths: at least one.
            fps: frames per second, above 0.

        Raises:
            StudioError: when none can be read: what is said of the first.
        """
        self._paths, self._fps, self._closed = paths, fps, False
        self._begins, first = self._first()
        size, count = Size.of(first), len(paths)
        self.info = SourceInfo(
            size, fps, count, float(count / fps), False, f"{count} pictures {size.typed} {rate_text(fps)}"
        )

    def _first(self) -> tuple[int, DeepPicture]:
        refused: StudioError | None = None
        for place in range(len(self._paths)):
            try:
                return place, self._read(place, Reading()).picture
            except StudioError as error:
                refused = refused or error
        assert refused is not None, "there is at least one path"
        raise refused

    def _read(self, place: int, reading: Reading) -> Still:
        return read_any_still(self._paths[place], reading)

    def __iter__(self) -> Iterator[Frame]:
        """Give the pictures in order: see `frames`."""
        return self.frames()

    def frames(self, start: float = 0.0) -> Iterator[Frame]:
        """Give the pictures from the one shown at `start` seconds; those before are not read."""
        self.warning = None
        broken: list[str] = []
        first = min(max(0, math.floor(start * float(self._fps) + HAIR)), len(self._paths) - 1)
        shown: DeepPicture | None = None
        for index, path in enumerate(self._paths[first:], first):
            if self._closed:
                return
            try:
                still = self._read(index, self.reading)
                shown = resized(still.picture, self.info.size, "linear")
                self.warning = self.warning or still.warning
            except StudioError as error:
                broken.append(path.name)
                rest = f", nor can {len(broken) - 1} others" if len(broken) > 1 else ""
                self.warning = f"{error}; the picture before it stays{rest}"
                if shown is None:
                    near = max(index - 1, 0) if index > self._begins else self._begins
                    shown = self._near(near)
            yield Frame(shown, float(index / self._fps), index, float(1 / self._fps))

    def _near(self, place: int) -> DeepPicture:
        """The last picture up to this place that can be read, at the size of all."""
        for near in (*reversed(range(place + 1)), self._begins):
            try:
                return resized(self._read(near, self.reading).picture, self.info.size, "linear")
            except StudioError:
                continue
        return np.zeros((*self.info.size, 3), np.uint8)

    def close(self) -> None:
        """End a running iteration at its next picture."""
        self._closed = True


def listed(paths: Iterable[Path]) -> list[Path]:
    """Those that are files and not hidden, in natural order."""
    # The name itself comes last, so that a1 and A1, 1 and 01 have one order everywhere.
    return sorted(
        (path for path in paths if not path.name.startswith(".") and path.is_file()),
        key=lambda path: (natural_key(path), path.name),
    )


class FolderKind:
    """A path to a folder."""

    name = "folder"
    order = 20

    def match(self, spec: str) -> bool:
        """Whether `spec` is a folder."""
        return folder_at(spec) is not None

    def open(self, spec: str, fps: Fraction | None) -> Source:
        """Open the folder's pictures at `fps` frames per second, 25 when None; hidden and other files are passed over.

        Raises:
            StudioError: when it cannot be listed, or holds no picture that can be read.
        """
        folder = Path(spec)
        try:
            found = listed(path for path in folder.iterdir() if path.suffix.lower() in _SUFFIXES)
        except OSError as error:
            raise StudioError(f"the folder {folder} cannot be listed ({error.strerror}); check its rights") from error
        if not found:
            raise StudioError(
                f"the folder {folder} holds no pictures; it should have files ending in {', '.join(_SUFFIXES)}"
            )
        return PicturesSource(found, fps or DEFAULT_RATE)


KIND = FolderKind()
