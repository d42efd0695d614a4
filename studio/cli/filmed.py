"""The pictures of a source that ``studio render`` bends."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import islice
from typing import TYPE_CHECKING

from studio.errors import StudioError

if TYPE_CHECKING:
    from studio.io.sources import Reading, Source
    from studio.model.declared.size import Size
    from studio.model.networks.picture import DeepPicture


def pictures_of(source: Source, rate: Fraction, first: int, end: int | None, size: Size) -> Iterator[DeepPicture]:
    """The frames asked for, at a constant rate, resized. A still is held for as long as frames are asked for."""
    from studio.io.resize import all_resized, resized
    from studio.io.sources import at_constant_rate

    if source.info.fps is None:
        for frame in source:
            still = resized(frame.picture, size)
            for _ in range(first, end if end is not None else first + 1):
                yield still
        return
    frames = islice(at_constant_rate(source, rate, first), None if end is None else end - first)
    shown = (frame.picture for frame in frames)
    if source.status:
        # Of a device none is on its way when the person ends it.
        yield from (resized(picture, size) for picture in shown)
    else:
        yield from all_resized(shown, source.info.size, size)


def reading_of(tone_map: str, deinterlace: bool, *, ahead: bool) -> Reading:
    """How it is read; StudioError where there is no such tone map."""
    from studio.io.sources import TONE_MAPS, Reading

    for known in TONE_MAPS:
        if tone_map == known:
            return Reading(known, deinterlace, ahead)
    raise StudioError(f'"{tone_map}" is no tone map; there are {", ".join(TONE_MAPS)}.')


def total_of(source: Source, rate: Fraction, first: int, end: int | None) -> int | None:
    """How many there are, at a rate, from one up to but not another; None where nobody knows."""
    if source.info.fps is None:
        return end - first if end is not None else 1
    count = source.info.frames
    if count is not None and rate != source.info.fps:
        count = max(1, round(count * rate / source.info.fps))
    stops = [stop for stop in (count, end) if stop is not None]
    return max(0, min(stops) - first) if stops else None
