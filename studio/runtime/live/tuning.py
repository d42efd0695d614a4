"""Finds out what runs fastest on a GPU, between frames and in a tenth of the time."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import ClassVar

from studio.engine.base import Engine
from studio.model.networks.graph import Graph
from studio.runtime.live.feature import Feature, Frame, Handlers
from studio.runtime.live.orders import Setting
from studio.runtime.live.report import Part

SHARE = 0.1
"""Part of the render thread's time that it may take."""

_LONGEST_CREDIT = 0.02
"""Seconds that are saved up for it at most, so that no more than one shader is compiled between two frames."""


_LEAST = 0.0005
"""Seconds that a step is taken to last at least: one that waits for a compiler is asked for again a frame later."""


@dataclass(frozen=True)
class StopTuning(Setting):
    """Run as it runs now; what was not measured is, when the network is next opened or brought to another size."""

    only_looks: ClassVar[bool] = True


@dataclass(frozen=True)
class TuningState(Part):
    """How far it is.

    Attributes:
        done: layers that are measured.
        total: of how many; 0 where nothing is to be measured, or it was stopped.
    """

    done: int = 0
    total: int = 0


class Tuning(Feature):
    """Lets the engine measure its layers a little at a time.

    Args:
        clock: seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        self._clock = clock
        self._state = TuningState()
        self._credit = 0.0
        self._earned = clock()
        self._stopped: object | None = None
        self._shape: object = None

    def handlers(self) -> Handlers:
        """See `Feature.handlers`."""
        return {StopTuning: self._stop}

    def opened(self, engine: Engine, graph: Graph) -> None:
        """See `Feature.opened`."""
        del engine, graph
        self._stopped, self._state = None, TuningState()

    def rest(self, frame: Frame) -> None:
        """Measure, as far as the time goes that it may take."""
        now = self._clock()
        self._credit = min(_LONGEST_CREDIT, self._credit + SHARE * (now - self._earned))
        self._earned = now
        self._shape = frame.engine.shape(frame.engine.graph.output)
        if self._stopped == self._shape:
            return
        while self._credit > 0:
            start = self._clock()
            progress = frame.engine.tune()
            self._state = TuningState(*progress) if progress is not None else TuningState()
            if progress is None:
                return
            self._credit -= max(self._clock() - start, _LEAST)

    def parts(self) -> Iterable[Part]:
        """See `Feature.parts`."""
        yield self._state

    def _stop(self, _: StopTuning) -> None:
        self._stopped, self._state = self._shape, TuningState()
