"""From frames at any times to frames at a constant rate."""

from __future__ import annotations

import math
from collections.abc import Iterator
from fractions import Fraction

from studio.errors import StudioError
from studio.io.sources.base import HAIR, Frame, Source


def at_constant_rate(source: Source, fps: Fraction, first: int = 0) -> Iterator[Frame]:
    """Give the frames of `source` at exactly `fps`, repeating and dropping so that the duration is kept.

    Each frame takes the tick nearest to its time and is shown until the next one's. Of two at one tick the second has
    the tick behind, where no other is nearest to that. Else, and of more, the nearest has it, the latest those after
    it. A film that is truly at `fps` comes through untouched: each frame once.

    Args:
        source: any source. Its last frame is shown for as long as it says, else for one period of its own rate.
        fps: frames per second of the result, above 0.
        first: number of the first frame of the result; what lies far before it is not decoded.

    Yields:
        Frames with `index` n from `first` and `time` n / fps; a repeated frame shares its picture.

    Raises:
        StudioError: when `fps` is not positive; and what iterating the source raises.
    """
    if fps <= 0:
        raise StudioError(f"a frame rate of {fps} is impossible: give one above 0, such as 25 or 30000/1001")
    # A frame may belong to a tick half a frame away, and what was shown before may last until there.
    index = max(0, first - 2)
    for frame in _from(source, fps, index):
        if frame.index >= first:
            yield frame


def _from(source: Source, fps: Fraction, index: int) -> Iterator[Frame]:
    here: _Here | None = None
    for frame in source.frames(float(index / fps)) if index else source:
        place = frame.time * float(fps)
        tick = max(0, math.floor(place + 0.5 + HAIR))
        if here is None:
            # What begins late is shown from the start: its sound begins there.
            here = _Here(tick, frame, place)
        elif tick > here.tick:
            yield from here.shown(index, tick, fps)
            index, here = tick, _Here(tick, frame, place)
        else:
            here.add(frame, place)
    if here is not None:
        latest = here.latest
        length = latest.duration or float(1 / (source.info.fps or fps))
        stop = latest.time + length
        if source.info.duration is not None and latest.time + length / 10 < source.info.duration:
            # Decoders guess the last frame's length; of a variable rate they guess badly. Some films end with the
            # beginning of their last frame: that is no length.
            stop = min(stop, source.info.duration)
        end = max(1, math.floor(stop * float(fps) + 0.5 + HAIR))
        if here.tick == end and fps == source.info.fps:
            # The last frame claims to be shorter than a tick. At its own rate a film is shown whole; only at a lower
            # one is that frame the one to drop.
            end += 1
        yield from here.shown(index, end, fps)


class _Here:
    """The frames that are nearest to one tick.

    Args:
        tick: its number.
        frame: the first of them.
        place: its time in ticks.
    """

    def __init__(self, tick: int, frame: Frame, place: float) -> None:
        self.tick, self.latest = tick, frame
        self._nearest, self._off = frame, abs(place - tick)
        self._first, self._count = frame, 1

    def add(self, frame: Frame, place: float) -> None:
        """Another one, later than those before."""
        if abs(place - self.tick) < self._off - HAIR:
            self._nearest, self._off = frame, abs(place - self.tick)
        self.latest = frame
        self._count += 1

    def shown(self, start: int, end: int, fps: Fraction) -> Iterator[Frame]:
        """What is shown from one tick to another, before which no further frame comes.

        Frames that lie between two ticks go to the one or the other by what their times were rounded to: so two of them
        at one tick, and none at the next, are shown one after the other.
        """
        shown = self._first if self._count == 2 and end - self.tick > 1 else self._nearest
        for index in range(start, end):
            yield _at(shown if index <= self.tick else self.latest, index, fps)


def _at(frame: Frame, index: int, fps: Fraction) -> Frame:
    return Frame(frame.picture, float(index / fps), index, float(1 / fps))
