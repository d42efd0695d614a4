"""How many cores PyTorch has: as many as there are while nobody else wants one, one less otherwise; found by trying."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from statistics import median

from studio.cores import usable_cores
from studio.engine.base import Engine
from studio.model.declared.tick import Tick
from studio.model.networks.graph import Graph
from studio.model.networks.picture import DeepPicture
from studio.runtime.live.feature import Feature, Frame
from studio.runtime.render.frame_runner import FrameRunner

_TRIAL = 6
"""Frames for which another number is tried."""

_EVERY = 4.0
"""Seconds from one trial to the next; twice as many after each that came to nothing, up to a limit."""

_LONGEST = 32.0
_BETTER = 0.93
"""A frame must take this part of the time before, for a trial to hold."""

_WORSE = 1.3
"""A frame that takes this many times as long as usual is slow."""

_SLOW = 0.3
"""Seconds of slow frames in a row, two at least, after which a core is given back: a panel that is drawn, or a layer
that is looked at, takes a few short frames, another program takes all."""

_SMOOTH = 0.15


class CoreChoice:
    """Says after each frame how many threads the next one has; what a frame takes decides, nothing else.

    PyTorch's threads wait for each other without sleeping: where another program, or the window, wants a core as well,
    operators on all of them take several times as long. A trial costs a frame or two then.

    Args:
        cores: how many there are.
        now: seconds, rising.
    """

    def __init__(self, cores: int, now: float) -> None:
        self.threads = self._usual = max(1, cores - 1)
        self._all = cores
        self._pause = _EVERY
        self.begin(now)

    def begin(self, now: float) -> None:
        """Something else runs: what frames took before says nothing of it."""
        self._mean: float | None = None
        self._seen = self._slow = 0
        self._slow_for = 0.0
        self._trial: list[float] | None = None
        self._next = now + self._pause

    @property
    def is_settled(self) -> bool:
        """Whether it has been found out how many are free."""
        return self.threads == self._all or self._pause > _EVERY

    def took(self, seconds: float, now: float, *, is_busy: bool = False) -> int:
        """A frame took so long; how many threads the next one has. Where the machine is busy nothing is tried."""
        if is_busy:
            self._next = max(self._next, now + self._pause)
        if self._all == 1:
            return self.threads
        if self._trial is not None:
            self._try(seconds, now)
        else:
            self._watch(seconds, now)
        return self.threads

    def _watch(self, seconds: float, now: float) -> None:
        mean = self._mean
        slow = mean is not None and self._seen > 3 and seconds > _WORSE * mean
        if self._lasts(slow, seconds) and self.threads == self._all:
            self._step_back(now)
            return
        # What lasts is no hiccup, but how long frames take now.
        if not slow or self._slow > 5:
            self._mean = seconds if mean is None else mean + _SMOOTH * (seconds - mean)
        self._seen += 1
        if self.threads == self._usual and self._usual < self._all and now >= self._next and self._seen > 5:
            self.threads, self._trial, self._slow, self._slow_for = self._all, [], 0, 0.0

    def _lasts(self, slow: bool, seconds: float) -> bool:
        """Whether frames have been slow for longer than a hiccup."""
        self._slow, self._slow_for = (self._slow + 1, self._slow_for + seconds) if slow else (0, 0.0)
        return self._slow >= 2 and self._slow_for >= _SLOW

    def _try(self, seconds: float, now: float) -> None:
        assert self._trial is not None
        assert self._mean is not None, "it was measured before"
        # The first frame with other threads starts them.
        slow = bool(self._trial) and seconds > _WORSE * self._mean
        self._trial.append(seconds)
        if self._lasts(slow, seconds):
            self._step_back(now)
        elif len(self._trial) > _TRIAL:
            # What the window or another program took meanwhile says nothing of the others.
            mean = median(self._trial[1:])
            if mean < _BETTER * self._mean:
                self._mean, self._seen, self._slow, self._trial, self._pause = mean, 0, 0, None, _EVERY
            else:
                self._step_back(now)

    def _step_back(self, now: float) -> None:
        self._pause = min(2 * self._pause, _LONGEST)
        self.threads = self._usual
        self.begin(now)


class Cores(Feature):
    """Gives PyTorch's operators in the render thread as many cores as are free.

    Attributes:
        count: how many there are.

    Args:
        clock: seconds.
        cores: how many there are; None for those of the machine.
    """

    def __init__(self, clock: Callable[[], float] = time.perf_counter, cores: int | None = None) -> None:
        self._clock = clock
        self.count = cores or usable_cores()
        self._choice: CoreChoice | None = None
        self._began: float | None = None
        self._size: tuple[int, ...] = ()
        self._set = 0
        self._aside = False

    @property
    def is_settled(self) -> bool:
        """Whether it has been found out how many are free; where none are shared here there is nothing to find out."""
        return self._choice is None or self._choice.is_settled

    def stand_aside(self, aside: bool) -> None:
        """Frames run in threads of their own, or no longer do; their times say nothing then, and this has one core."""
        if aside == self._aside:
            return
        self._aside = aside
        if self._choice is not None:
            self._choice.begin(self._clock())

    def opened(self, engine: Engine, graph: Graph) -> None:
        """See `Feature.opened`."""
        del graph
        runs_here = engine.name == "torch" and engine.device.startswith("CPU")
        self._choice = CoreChoice(self.count, self._clock()) if runs_here else None
        self._began, self._set = None, 0

    def closing(self) -> None:
        """See `Feature.closing`."""
        self._choice = None

    def before(self, runner: FrameRunner, tick: Tick, picture: DeepPicture) -> None:
        """See `Feature.before`."""
        del runner, tick
        if self._choice is not None:
            self._began = None if self._aside else self._clock()
            if picture.shape != self._size:
                self._size = picture.shape
                self._choice.begin(self._clock())
            if self.threads != self._set:
                self._set = self.threads
                _set_threads(self._set)

    @property
    def threads(self) -> int:
        """How many the next frame has."""
        if self._choice is None:
            return 0
        return 1 if self._aside else self._choice.threads

    def took(self, frame: Frame) -> None:
        """See `Feature.took`."""
        del frame
        if self._choice is not None and self._began is not None:
            now = self._clock()
            self._choice.took(now - self._began, now, is_busy=is_busy(self.count))
            self._began = None


def is_busy(cores: int) -> bool:
    """Whether so much waits for a core that a trial need not be made."""
    return hasattr(os, "getloadavg") and os.getloadavg()[0] > 1.5 * cores + 1


def _set_threads(count: int) -> None:
    import torch

    torch.set_num_threads(count)
