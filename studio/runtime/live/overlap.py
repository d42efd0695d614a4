"""Frames that overlap: where pictures come faster than frames, two are on their way at once, on half of the cores each.

    lane 1   n ───────────┐       n+2 ──────────┐
    lane 2        n+1 ────┼───────┐      n+3 ───┼──
    render                └ shows n └ shows n+1 └

Threads that share every operator wait for each other behind each, and for whatever else wants one of their cores: the
window, the film's decoder, the rasteriser. Frames in lanes wait for nothing: each takes longer on its way, and they
follow each other sooner.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from functools import partial

from studio.engine.base import Engine
from studio.runtime.live.cores import Cores, is_busy
from studio.runtime.live.pictures import Pictures, Prepare, Underway
from studio.runtime.render.frame_runner import FrameRunner

LANES = 2

_LONGEST = 0.06
"""Seconds from one frame to the next up to which frames overlap: longer ones would answer a hand too late."""

_ROW = 12
"""Frames in a row, each with the next picture waiting, after which frames overlap, and by which that is judged."""

_FIRST = 4
"""Frames at the beginning by which nothing is judged."""

_EVERY = 4.0
"""Seconds until it is tried again; twice as many each time that nothing came of it, up to a limit."""

_LONGEST_REST = 64.0
_QUIET = 1.0
"""Seconds after something was ordered in which frames do not overlap: a hand at work sees what it does at once."""

_BETTER, _WORSE, _MOST = 0.95, 1.4, 3.0
"""Frames that overlap must follow each other in this part of the time before, and go on so; longer ones count as so
many times the usual.
"""

_SLOW = 0.3
"""Seconds for which they must be slower before it counts: a layer that is looked at costs a few frames."""

_UNPRESSED = 0.5
"""Seconds for which frames wait for pictures, until they overlap no more."""


class OverlapChoice:
    """Says after each frame whether they overlap; how they follow each other decides it.

    Args:
        cores: how many there are.
        now: the time in seconds, on a clock that never goes back.

    Attributes:
        on: whether they do.
    """

    def __init__(self, cores: int, now: float) -> None:
        self.on = False
        self._cores = cores
        self._rest = _EVERY
        self._next = now
        self._row: deque[float] = deque(maxlen=_ROW)
        self._count = 0
        self._before = 0.0
        self._mean: float | None = None
        self._unpressed = self._slow_for = 0.0

    def begin(self, now: float) -> None:
        """Something else will run: take one frame after the other for a while."""
        self._leave(max(self._next, now + _QUIET))

    def frame(self, seconds: float, now: float, *, pressed: bool, busy: bool = False) -> bool:
        """A frame came; whether the next may be begun before it is over.

        Args:
            seconds: since the one before.
            now: as at the beginning.
            pressed: whether a picture was waiting for it.
            busy: whether the machine has so much to do that nothing is tried.
        """
        if not pressed or self._cores < LANES:
            self._row.clear()
            self._unpressed += seconds
            if self.on and self._unpressed > _UNPRESSED:
                self._leave(now + _EVERY)
            return self.on
        self._unpressed = 0.0
        # One that stands out says nothing of those to come.
        self._row.append(seconds if self._mean is None else min(seconds, _MOST * self._mean))
        self._count += 1
        mean = sum(self._row) / len(self._row)
        if not self.on:
            if len(self._row) == _ROW and now >= self._next and mean <= _LONGEST and not busy:
                self.on, self._before, self._mean, self._count = True, mean, None, 0
                self._row.clear()
        elif self._mean is None:
            if self._count <= _FIRST:
                self._row.clear()
            elif len(self._row) == _ROW:
                self._judge(mean, now)
        else:
            self._slow_for = self._slow_for + seconds if mean > _WORSE * self._mean else 0.0
            if self._slow_for >= _SLOW:
                self.fail(now)
        return self.on

    def _judge(self, mean: float, now: float) -> None:
        if mean < _BETTER * self._before:
            self._mean, self._rest, self._slow_for = mean, _EVERY, 0.0
        else:
            self.fail(now)

    def fail(self, now: float) -> None:
        """Nothing was gained: take one frame after the other, for longer than the last time."""
        self._rest = min(2 * self._rest, _LONGEST_REST)
        self._leave(now + self._rest)

    def _leave(self, until: float) -> None:
        self.on, self._mean, self._unpressed, self._next = False, None, 0.0, until
        self._row.clear()


class Overlap:
    """Runs frames in lanes where that is faster, and else one after the other; belongs to the render thread.

    Attributes:
        since: when the frame that came last began to be all that was waited for, in seconds of the clock.
        is_pressed: whether a picture was waiting for that frame.

    Args:
        pictures: says what is run.
        cores: gives this thread its cores.
        wake: called in other threads when a frame is over.
        clock: seconds.
    """

    def __init__(
        self,
        pictures: Pictures,
        cores: Cores,
        wake: Callable[[], None],
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._pictures, self._cores, self._wake, self._clock = pictures, cores, wake, clock
        self._choice = OverlapChoice(cores.count, clock())
        self._under_way: deque[Underway] = deque()
        self._lanes: Executor | None = None
        self._ran = self._settled = self.is_pressed = False
        self.since = self._last = clock()

    @property
    def waits(self) -> bool:
        """Whether frames are on their way, and there is nothing to be done until one is over."""
        if not self._under_way or self._is_over:
            return False
        return len(self._under_way) == LANES or not self._pictures.has_new

    @property
    def _is_over(self) -> bool:
        return bool(self._under_way) and self._under_way[0].launched.flight.is_over

    def run(self, engine: Engine, runner: FrameRunner, *, moves: bool, alone: bool, prepare: Prepare) -> bool:
        """Run what there is to run, or begin with it.

        Args:
            engine: runs.
            runner: feeds it.
            moves: whether the same picture may come out differently now.
            alone: whether a frame must be over before the next begins.
            prepare: called before a frame.

        Returns:
            Whether the engine holds another frame now.

        Raises:
            Exception: what `Pictures.run` raises.
        """
        landed = self._is_over and self._land(runner)
        if self._choice.on and not moves and not alone:
            self._fill(runner, prepare)
        if landed:
            self._came(len(self._under_way) == LANES)
        if landed or self._under_way:
            return landed
        return self._run_alone(engine, runner, moves, prepare)

    def _run_alone(self, engine: Engine, runner: FrameRunner, moves: bool, prepare: Prepare) -> bool:
        self._cores.stand_aside(False)
        pressed, self._ran = self._ran, False
        self.since = self._clock()
        ran = self._pictures.run(engine, runner, moves=moves, prepare=prepare)
        last = self._pictures.last
        if ran and last is not None and not last.is_again:
            self._ran = True
            # A hand before a camera sees itself: there a frame is on its way for as short as can be. And it is compared
            # with frames that have all cores which are free.
            free = engine.overlaps and self._cores.is_settled
            self._came(pressed, decides=free and not self._pictures.is_live)
        elif not ran:
            self.is_pressed = False
        settled, self._settled = self._settled, False
        return ran or settled

    def _came(self, pressed: bool, *, decides: bool = True) -> None:
        before, self._last, self.is_pressed = self._last, self._clock(), pressed
        busy = is_busy(self._cores.count)
        self._choice.frame(self._last - before, self._last, pressed=pressed and decides, busy=busy)

    def settle(self, runner: FrameRunner | None) -> None:
        """Wait for what is under way: what runs is about to become another.

        Args:
            runner: has begun it; None where there is no engine any more.
        """
        while self._under_way and runner is not None:
            self._settled |= self._land(runner)
        self.drop()

    def drop(self) -> None:
        """Wait for what is under way and discard it; what comes next runs by itself."""
        while self._under_way:
            self._under_way.popleft().launched.flight.wait()
        self._choice.begin(self._clock())
        self._ran = False

    def close(self) -> None:
        """End the threads."""
        self.drop()
        if self._lanes is not None:
            self._lanes.shutdown()

    def _land(self, runner: FrameRunner) -> bool:
        underway = self._under_way.popleft()
        self.since = max(self._last, underway.began)
        try:
            return self._pictures.land(runner, underway)
        except BaseException:  # noqa: BLE001 - an operator's: run by itself, the picture fails again, and says whose it is
            self.drop()
            self._choice.fail(self._clock())
            self._pictures.renew()
            return False

    def _fill(self, runner: FrameRunner, prepare: Prepare) -> None:
        while len(self._under_way) < LANES:
            self._cores.stand_aside(True)
            if self._lanes is None:
                self._lanes = _lanes(max(1, self._cores.count // LANES))
            underway = self._pictures.launch(runner, self._lanes, prepare)
            if underway is None:
                return
            underway.launched.flight.when_over(self._wake)
            self._under_way.append(underway)


def _lanes(threads: int) -> Executor:
    """Threads in each of which PyTorch's operators have so many cores."""
    import torch

    return ThreadPoolExecutor(LANES, "lane", initializer=partial(torch.set_num_threads, threads))
