"""Time alone, for networks that are fed vectors: "latent", "latent:loop,seed=3,seconds=8"."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator
from fractions import Fraction
from itertools import count
from typing import get_args

import numpy as np

from studio.errors import StudioError
from studio.io.sources.base import HAIR, BaseSource, Frame, Source, SourceInfo, rate_text
from studio.model.declared.size import Size
from studio.model.networks.latent import LARGEST_SEED, MOST_SECONDS, Kind, LatentPath

WORD = "latent"
"""What the source is called that is time alone."""

_FPS = Fraction(25)
_SIDE = 256


class LatentSource(BaseSource):
    """Black pictures at a constant rate, for as long as a path of vectors is.

    Networks that take vectors alone look at the time of each; see `studio.model.networks.latent`.

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


def latent_path(text: str) -> LatentPath:
    """The path that a text describes, behind ``latent:`` and in ``--latent``: "walk", "loop,seed=3,seconds=8",
    "between,seed=1,to=2".

    Raises:
        StudioError: saying which word or number is wrong.
    """
    kind, *settings = text.split(",") if text else ["walk"]
    if kind not in get_args(Kind):
        raise StudioError(f'"{kind}" is no way for a vector to move; give {", ".join(get_args(Kind))}.')
    found: dict[str, float] = {}
    for setting in settings:
        key, _, value = setting.partition("=")
        if key not in ("seed", "to", "seconds", "pace") or key in found:
            raise StudioError(f'"{setting}" is not understood; give seed=3, to=4, seconds=8 or pace=2, each once.')
        found[key] = _seed(key, value) if key in ("seed", "to") else _seconds(key, value)
    if "to" in found and kind != "between":
        raise StudioError(f'"to" goes with "between" alone; leave it out of "{text}".')
    if "pace" in found and kind == "between":
        raise StudioError(
            f'"pace" goes with "walk" and "loop"; "between" goes by its seconds: leave it out of "{text}".'
        )
    seed = int(found.get("seed", 0))
    return LatentPath(
        "walk" if kind == "walk" else "loop" if kind == "loop" else "between",
        seed,
        int(found.get("to", seed + 1)),
        found.get("seconds", 8.0),
        found.get("pace", 2.0),
    )


def path_of_source(spec: str) -> LatentPath | None:
    """The path that a source's name asks for, "latent" or "latent:loop,seed=3"; None where it is another source.

    Raises:
        StudioError: saying what of the path is wrong.
    """
    word, _, rest = spec.partition(":")
    return latent_path(rest) if word == WORD else None


def path_given(spec: str) -> LatentPath | None:
    """The path that a source's name settles; None where that is left to the preset, as "latent" alone leaves it.

    Raises:
        StudioError: saying what of the path is wrong.
    """
    return None if spec == WORD else path_of_source(spec)


def _seed(key: str, text: str) -> int:
    if not re.fullmatch(r"\d{1,10}", text) or int(text) > LARGEST_SEED:
        raise StudioError(f'{key}="{text}" is no seed; give a whole number from 0 to {LARGEST_SEED}.')
    return int(text)


def _seconds(key: str, text: str) -> float:
    try:
        found = float(text)
    except ValueError:
        found = math.nan
    if not 0.01 <= found <= MOST_SECONDS:
        raise StudioError(f'{key}="{text}" is out of range; give seconds from 0.01 to {MOST_SECONDS:g}.')
    return found


KIND = LatentKind()
