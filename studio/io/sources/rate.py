"""From frames at any times to frames at a constant rate."""

from __future__ import annotations

import math
from collections.abc import Iterator
from fractions import Fraction

from studio.errors import StudioError
from studio.io.sources.base import HAIR, Frame, Source


def at_constant_rate(source: Source, fps: Fraction, first: int = 0) -> Iterator[Frame]:
    """Give the frames of `source` at exactly `fps`, repeating and dropping so that the duration is kept.

    Each frame takes the tick nearest to its time and is shown until the next one's; of several at one tick the nearest
    has it, the latest those after it. A film that is truly at `fps` comes through untouched: each frame once.

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
    nearest: Frame | None = None  # of those that fall on `tick`
    latest: Frame | None = None  # shown from the tick after
    tick = index
    for frame in source.frames(float(index / fps)) if index else source:
        place = frame.time * float(fps)
        here = max(0, math.floor(place + 0.5 + HAIR))
        if nearest is None or latest is None:
            # What begins late is shown from the start: its sound begins there.
            nearest, tick = frame, here
        elif here > tick:
            yield from _shown(nearest, latest, index, tick, here, fps)
            index, tick, nearest = here, here, frame
        elif abs(place - tick) < abs(nearest.time * float(fps) - tick) - HAIR:
            nearest = frame
        latest = frame
    if nearest is not None and latest is not None:
        length = latest.duration or float(1 / (source.info.fps or fps))
        stop = latest.time + length
        if source.info.duration is not None and latest.time + length / 10 < source.info.duration:
            # Decoders guess the last frame's length; of a variable rate they guess badly. Some films end with the
            # beginning of their last frame: that is no length.
            stop = min(stop, source.info.duration)
        end = max(1, math.floor(stop * float(fps) + 0.5 + HAIR))
        if tick == end and fps == source.info.fps:
            # The last frame claims to be shorter than a tick. At its own rate a film is shown whole; only at a lower
            # one is that frame the one to drop.
            end += 1
        yield from _shown(nearest, latest, index, tick, end, fps)


def _shown(nearest: Frame, latest: Frame, start: int, tick: int, end: int, fps: Fraction) -> Iterator[Frame]:
    for index in range(start, end):
        yield _at(nearest if index <= tick else latest, index, fps)


def _at(frame: Frame, index: int, fps: Fraction) -> Frame:
    return Frame(frame.picture, float(index / fps), index, float(1 / fps))
