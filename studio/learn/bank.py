"""Pictures kept in memory, of which crops are cut."""

from __future__ import annotations

import contextlib
import itertools
import logging
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import ClassVar, NamedTuple

import numpy as np

from studio.errors import StudioError
from studio.io.resize import resized
from studio.io.sources import Frame, Source, open_source
from studio.io.sources.latent import WORD
from studio.model.declared.size import Size
from studio.model.networks.picture import Picture, shallow

log = logging.getLogger(__name__)

MOST_PICTURES = 600
MOST_BYTES = 400 * 2**20


_BEGIN_WITH = 4
"""Pictures of a camera."""
_LOOK_EVERY = 0.2
"""Seconds between two of its pictures."""


@dataclass(frozen=True)
class Cut:
    """Where a crop lies: the picture's number, the corner in parts of what is free, and whether it is mirrored."""

    number: int
    y: float
    x: float
    mirrored: bool


class Part(NamedTuple):
    """A crop of one of some pictures, in pixels.

    Attributes:
        pictures: those of the bank.
        number: which.
        top: its first row.
        left: its first column.
        mirrored: whether left and right change places.
        size: its own.
    """

    pictures: Sequence[Picture]
    number: int
    top: int
    left: int
    mirrored: bool
    size: Size

    def cut(self) -> Picture:
        """The crop, (height, width, 3) uint8."""
        height, width = self.size
        found = self.pictures[self.number][self.top : self.top + height, self.left : self.left + width]
        return np.ascontiguousarray(found[:, ::-1] if self.mirrored else found)


@dataclass
class Bank:
    """Pictures that a network learns from.

    Attributes:
        pictures: each (H, W, 3) uint8, the shorter side as long as crops are, or longer.
        name: of where they came from, for messages.
        count: of all pictures that there are.
        every: one of so many of them was taken.
        size: of the first as it is there; None where that is not known.
        endless: whether more come while a network learns.
    """

    pictures: list[Picture] = field(default_factory=list)
    name: str = ""
    count: int = 0
    every: int = 1
    size: Size | None = None
    endless: ClassVar[bool] = False

    def thin_out(self, every: int) -> None:
        """Keep one of so many pictures of the source: ``every`` times some power of two."""
        self.pictures, self.every = self.pictures[:: every // self.every], every

    def offer(self, fitting: Picture, rng: np.random.Generator) -> None:
        """Take a new picture in, as from a camera; where the bank is full it takes the place of any other."""
        if len(self.pictures) < MOST_PICTURES and self._size + fitting.nbytes <= MOST_BYTES:
            self.pictures.append(fitting)
        else:
            self.pictures[int(rng.integers(len(self.pictures)))] = fitting

    def close(self) -> None:
        """No more is learnt from it."""

    @property
    def _size(self) -> int:
        return sum(picture.nbytes for picture in self.pictures)

    def choose(self, rng: np.random.Generator, *, flips: bool) -> Cut:
        """A crop of any of the pictures, anywhere."""
        number, y, x = int(rng.integers(len(self.pictures))), float(rng.random()), float(rng.random())
        return Cut(number, y, x, bool(rng.random() < 0.5) and flips)

    def cut(self, where: Cut, size: Size) -> Picture:
        """That crop, (height, width, 3) uint8."""
        return self.part(where, size).cut()

    def part(self, where: Cut, size: Size) -> Part:
        """Where that crop lies."""
        whole = Size.of(self.pictures[where.number])
        top, left = round(where.y * (whole.height - size.height)), round(where.x * (whole.width - size.width))
        return Part(self.pictures, where.number, top, left, where.mirrored, size)


@dataclass
class LiveBank(Bank):
    """Pictures of a camera, which goes on looking while a network learns.

    Args:
        source: the camera, which is closed with the bank.
        frames: what it sees, without end.
        fitting: makes a picture as large as those that are kept.
    """

    endless: ClassVar[bool] = True

    source: Source | None = None
    frames: Iterator[Frame] = field(default_factory=lambda: iter(()))
    fitting: Callable[[Picture], Picture] = lambda picture: picture
    _newest: deque[Picture] = field(default_factory=lambda: deque(maxlen=1))
    _closed: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        threading.Thread(target=self._look, name="look", daemon=True).start()

    def choose(self, rng: np.random.Generator, *, flips: bool) -> Cut:
        """See `Bank.choose`; what has come since the last is taken in."""
        with contextlib.suppress(IndexError):
            self.offer(self._newest.popleft(), rng)
        return super().choose(rng, flips=flips)

    def close(self) -> None:
        """See `Bank.close`."""
        self._closed.set()

    def _look(self) -> None:
        try:
            while not self._closed.wait(_LOOK_EVERY):
                frame = next(self.frames, None)
                if frame is None:
                    break
                self._newest.append(self.fitting(shallow(frame.picture)))
        except BaseException:
            log.exception("The camera that is learnt from has failed")
        finally:
            if self.source is not None:
                self.source.close()


def covering(picture: Picture, size: Size, zoom: float = 1.0) -> Picture:
    """The picture as small as it can be and still hold a crop of this size, or so many times larger."""
    scale = zoom * max(wanted / length for wanted, length in zip(size, picture.shape[:2], strict=True))
    sides = (max(wanted, round(n * scale)) for wanted, n in zip(size, picture.shape[:2], strict=True))
    return resized(picture, Size(*sides))


def open_pictures(spec: str) -> Source:
    """A source that has pictures.

    Raises:
        StudioError: where it cannot be opened, or is time alone.
    """
    if spec.partition(":")[0] == WORD:
        raise StudioError(
            f'"{spec}" is a path of vectors and has no pictures; give a film, a picture, a folder of pictures, "demo" '
            'or "camera" to learn from.'
        )
    return open_source(spec)


def load_bank(spec: str, size: Size, zoom: float = 1.0) -> Bank:
    """The pictures of a source, evenly spread over it where it has more than fit.

    Args:
        spec: as `studio.io.sources.open_source` takes it.
        size: of the crops.
        zoom: how many times larger than a crop the shorter side is: 1 learns whole pictures, more learns details.

    Raises:
        StudioError: where it cannot be opened or holds no picture.
    """
    source = open_pictures(spec)
    if source.status:  # a device; a film may not know how long it is
        return _live(source, spec, size, zoom)
    kept: list[Picture] = []
    every, room, count = 1, MOST_PICTURES, 0
    first: Size | None = None
    with source:
        for number, frame in enumerate(source):
            count = number + 1
            if number % every:
                continue
            kept.append(covering(shallow(frame.picture), size, zoom))
            first = first or Size.of(frame.picture)
            room = min(room, max(2, MOST_BYTES // max(kept[0].nbytes, 1)))
            if len(kept) >= room:
                # Every second one goes, so that what is left stays evenly spread however long the source is.
                kept, every = kept[::2], every * 2
    if not kept:
        raise StudioError(f"There is no picture in {spec}; nothing can be learnt from it.")
    return Bank(kept, spec, count, every, first)


def _live(source: Source, spec: str, size: Size, zoom: float) -> Bank:
    """Of a source without end: its first pictures, and what it shows from then on."""

    def fitting(picture: Picture) -> Picture:
        return covering(picture, size, zoom)

    frames, kept = iter(source), list[Picture]()
    first: Size | None = None
    try:
        for frame in itertools.islice(frames, _BEGIN_WITH):
            first = first or Size.of(frame.picture)
            kept.append(fitting(shallow(frame.picture)))
    except BaseException:
        source.close()
        raise
    if not kept:
        source.close()
        raise StudioError(f"There is no picture in {spec}; nothing can be learnt from it.")
    return LiveBank(kept, spec, len(kept), 1, first, source, frames, fitting)
