"""The runs of a performance, one after the other: at which time, on which picture, shown by which frames."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from studio.errors import StudioError
from studio.io.resize import resized
from studio.io.sources import Frame, Source
from studio.io.sources.base import HAIR
from studio.model.declared.size import Size
from studio.model.declared.tick import Tick
from studio.model.networks.latent import LatentPath
from studio.model.networks.picture import DeepPicture
from studio.model.performances.performance import Ended, Performance, Ran, Recorded

_NEAR = 1.0
"""Seconds that are decoded through rather than sought."""


@dataclass(frozen=True)
class Turn:
    """One run.

    Attributes:
        time: seconds since the performance began.
        tick: which frame it is, by the clock of the window.
        source: seconds from the source's start at which its picture stands.
        place: seconds on the path of vectors.
        is_cut: whether bends with memory begin again.
        is_again: whether only what edits reached runs again.
        shown: how many frames of the recording show it; 0 for those that passed between two frames.
        scene: how many other networks had been opened before it.
    """

    time: float
    tick: Tick
    source: float
    place: float
    is_cut: bool = False
    is_again: bool = False
    shown: int = 0
    scene: int = 0


Paths = Sequence[LatentPath]
"""Of vectors, for each network of a performance, one after the other."""


def ticks_until(seconds: float, rate: Fraction) -> int:
    """How many frames of a recording begin before a time after its first; see `LiveRecorder`."""
    return math.ceil(seconds * float(rate) - 1e-6)


def turns_as_recorded(performance: Performance, paths: Paths) -> list[Turn]:
    """Every run as it took place, and which frames of the recording that was made at the same time show it.

    Raises:
        StudioError: where no recording was made, or nothing ran.
    """
    rate = performance.take.rate
    taken = [event for event in performance.events if isinstance(event, Recorded)]
    if rate is None or not taken:
        raise StudioError("This performance was not recorded at the same time; give the rate of the film with --fps.")
    found: list[Turn] = []
    # The number of the first frame that shows a run.
    first: list[tuple[int, int]] = []
    end = 1
    runs = iter(_by_scene(performance))
    for event in performance.events:
        if isinstance(event, Ran):
            found.append(_turn(*next(runs), found[-1] if found else None, paths))
        elif isinstance(event, Recorded) and found:
            first.append((ticks_until(event.time - taken[0].time, rate), len(found) - 1))
        elif isinstance(event, Ended):
            end = max(end, ticks_until(event.time - taken[0].time, rate))
    if not first:
        raise StudioError("The recording took no picture in this part of the performance; give a rate with --fps.")
    end = max(end, first[-1][0])
    for (begins, number), (until, _) in zip(first, [*first[1:], (end, 0)], strict=True):
        found[number] = replace(found[number], shown=found[number].shown + until - begins)
    return found


def turns_at(performance: Performance, rate: Fraction, paths: Paths) -> list[Turn]:
    """A run for every frame of a film of another rate, each on the picture that stood at its time."""
    runs = [pair for pair in _by_scene(performance) if not pair[0].is_again]
    count = max(1, math.ceil(performance.seconds * rate))
    newest, firsts = -1, dict[int, int]()
    openings = _openings(performance)
    found: list[Turn] = []
    for number in range(count):
        time = float(number / rate)
        is_cut = False
        while newest + 1 < len(runs) and runs[newest + 1][0].time <= time:
            newest += 1
            is_cut |= runs[newest][0].is_cut
        source, laps, scene = time, 0, [clock for at, clock in openings if at <= time][-1]
        if newest >= 0:
            (run, scene), after = runs[newest], runs[newest + 1][0] if newest + 1 < len(runs) else None
            source, laps = run.place, run.laps
            if after is not None and not after.is_cut and after.place > run.place:
                # Between two pictures the source went on.
                source += (after.place - run.place) * (time - run.time) / (after.time - run.time)
        # Another network counts its frames from its first.
        before = firsts.setdefault(scene.number, number if scene.number else 0)
        tick = Tick(scene.frame + number - before, Fraction(scene.zero, 10**9) + number / rate)
        place = paths[scene.number].played(source, laps)
        found.append(Turn(time, tick, source, place, is_cut, False, 1, scene.number))
    return found


def from_the_start(turns: Iterable[Turn]) -> list[Turn]:
    """The same, on a source that plays from its start: what was played to was a camera."""
    return [replace(turn, source=turn.time) for turn in turns]


def between(turns: Iterable[Turn], first: int, end: int | None) -> list[Turn]:
    """Those that lead to the frames from one up to but not another, which alone are shown."""
    found, count = [], 0
    for turn in turns:
        if end is not None and count >= end:
            break
        last = count + turn.shown if end is None else min(count + turn.shown, end)
        found.append(replace(turn, shown=max(0, last - max(first, count))))
        count += turn.shown
    return found


def sound_of(turns: Sequence[Turn]) -> tuple[float, float] | None:
    """From where to where the source was heard; None where it did not play straight on at its own speed."""
    seen = [turn for turn in turns if turn.shown]
    if not seen or any(abs(turn.source - turn.time - seen[0].source + seen[0].time) > 0.15 for turn in seen):
        return None
    return seen[0].source, seen[-1].source


def placed(source: Source, turns: Iterable[Turn], size: Size) -> Iterator[DeepPicture]:
    """The picture of each run, brought to this size.

    Raises:
        StudioError: where the source has no pictures.
    """
    frames: Iterator[Frame] = iter(())
    now: Frame | None = None
    ahead: Frame | None = None
    shown: tuple[Frame, DeepPicture] | None = None
    is_still = source.info.fps is None
    for turn in turns:
        at = turn.source
        is_far = now is None or at < now.time - HAIR or (ahead is not None and at > now.time + _NEAR)
        if now is None or (is_far and not is_still):
            frames = source.frames(0.0 if is_still else at)
            now, ahead = next(frames, None), next(frames, None)
            if now is None:
                frames = source.frames(0.0)
                now, ahead = next(frames, None), next(frames, None)
            if now is None:
                raise StudioError("The source has no pictures.")
        while ahead is not None and ahead.time <= at + HAIR:
            now, ahead = ahead, next(frames, None)
        if shown is None or shown[0] is not now:
            shown = now, resized(now.picture, size)
        yield shown[1]


@dataclass(frozen=True)
class _SceneClock:
    """By which clock a network's frames go.

    Attributes:
        number: how many other networks had been opened before.
        frame: to be added to the numbers of its runs.
        zero: nanoseconds that it has when the performance begins; below 0 where the network is opened later.
    """

    number: int
    frame: int
    zero: int


def _openings(performance: Performance) -> list[tuple[float, _SceneClock]]:
    """When each network was opened, with its clock: where nothing says when it ran, it runs from then on."""
    take = performance.take
    found = [(0.0, _SceneClock(0, take.frame, _nanoseconds(take.clock)))]
    for number, scene in enumerate(performance.scenes()[1:], start=1):
        assert scene.opened is not None, "only the first has not been opened"
        zero = _nanoseconds(scene.opened.clock) - _nanoseconds(scene.opened.time)
        found.append((scene.opened.time, _SceneClock(number, 0, zero)))
    return found


def _by_scene(performance: Performance) -> list[tuple[Ran, _SceneClock]]:
    """Every run, with the clock of its network."""
    found: list[tuple[Ran, _SceneClock]] = []
    for number, scene in enumerate(performance.scenes()):
        runs, take = scene.own.runs(), scene.own.take
        ahead = _nanoseconds(runs[0].time) if runs and scene.opened is not None else 0
        clock = _SceneClock(number, take.frame, _nanoseconds(take.clock) - ahead)
        found += [(run, clock) for run in runs]
    return found


def _turn(run: Ran, scene: _SceneClock, before: Turn | None, paths: Paths) -> Turn:
    if run.is_again and before is not None and before.scene == scene.number:
        return replace(before, time=run.time, is_cut=False, is_again=True, shown=0)
    tick = Tick(scene.frame + run.frame, Fraction(scene.zero + _nanoseconds(run.time), 10**9))
    place = paths[scene.number].played(run.place, run.laps)
    return Turn(run.time, tick, run.place, place, run.is_cut, scene=scene.number)


def _nanoseconds(seconds: float) -> int:
    return round(seconds * 1e9)


def shown_in_all(turns: Sequence[Turn]) -> int:
    """How many frames a film of these runs has."""
    return sum(turn.shown for turn in turns)
