"""Time alone, for networks that are fed vectors: "latent", "latent:loop,seed=3,seconds=8"."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction
from itertools import count

import numpy as np

from studio.errors import StudioError
from studio.io.sources.base import HAIR, BaseSource, Frame, Source, SourceInfo, rate_text
from studio.model.latent import WORD, LatentPath, path_of_source
from studio.model.size import Size

_FPS = Fraction(25)
_SIDE = 256


class LatentSource(BaseSource):
    """Black pictures at a constant rate, for as long as a path of vectors is.

    Networks that take vectors alone look at the time of each; see `studio.model.latent`.

    Attributes:
        path: the way that the vectors move.
    """

    def __init__(self, path: LatentPath, fps: Fraction) -> None:
        self.path = path
        frames = max(1, round(path.seconds * fps))
        text = f"{path.kind}, seed {path.seed}, {rate_text(fps)}"
        self.info = SourceInfo(Size(_SIDE, _SIDE), fps, frames, float(frames / fps), False, text)
        self._fps, self._count = fps, frames

    def __iter__(self) -> Iterator[Frame]:
        """Give the frames from the start."""
        return self.frames()

    def frames(self, start: float = 0.0) -> Iterator[Frame]:
        """Give the frames from the one shown at `start` seconds."""
        first = min(max(int(start * self._fps + HAIR), 0), self._count - 1)
        yield from self._from(range(first, self._count))

    def _from(self, numbers: Iterable[int]) -> Iterator[Frame]:
        black = np.zeros((_SIDE, _SIDE, 3), np.uint8)
        for index in numbers:
            yield Frame(black, float(index / self._fps), index, float(1 / self._fps))


class WalkSource(LatentSource):
    """A walk, which has no end: its seconds are how much of it a film gets."""

    def onwards(self, start: float) -> Iterator[Frame]:
        """Frames from a time past its seconds, without end."""
        yield from self._from(count(int(start * self._fps + HAIR)))


class LatentKind:
    """The spec "latent", and what follows it behind a colon."""

    name = WORD
    order = 2

    def match(self, spec: str) -> bool:
        """Whether `spec` begins with the word."""
        return spec.partition(":")[0] == WORD

    def open(self, spec: str, fps: Fraction | None) -> Source:
        """Open it.

        Raises:
            StudioError: when the path is not understood.
        """
        path = path_of_source(spec)
        if path is None:
            raise StudioError(f'"{spec}" is no path of vectors; give "latent" or "latent:loop,seed=3,seconds=8".')
        return (WalkSource if path.kind == "walk" else LatentSource)(path, fps or _FPS)


KIND = LatentKind()
