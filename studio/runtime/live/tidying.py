"""Gives memory back to the system once something large is gone: an engine, a network, maps of another size."""

from __future__ import annotations

import time
from collections.abc import Callable

from studio.engine.base import Engine
from studio.model.networks.graph import Graph
from studio.model.networks.shape import Shape
from studio.runtime.live.feature import Feature, Frame
from studio.runtime.services import memory

_AFTER = 1.0
"""Seconds until what is gone is no longer held by anybody, and the picture runs again."""

_EVERY = 60.0
"""Seconds after which it is looked after though nothing has changed: pictures come and go, too."""


class Tidying(Feature):
    """Trims the heaps of the process; takes some 10 ms, of the render thread alone.

    Args:
        trim: gives back what is free.
        clock: seconds.
    """

    def __init__(self, trim: Callable[[], None] = memory.trim, clock: Callable[[], float] = time.monotonic) -> None:
        self._trim = trim
        self._clock = clock
        self._due = clock() + _EVERY
        self._shape: Shape | None = None

    def opened(self, engine: Engine, graph: Graph) -> None:
        """See `Feature.opened`."""
        del engine, graph
        self._soon()

    def rest(self, frame: Frame) -> None:
        """See `Feature.rest`."""
        shape = frame.engine.shape(frame.engine.graph.output)
        if shape != self._shape:
            self._shape = shape
            self._soon()
        if self._clock() >= self._due:
            self._due = self._clock() + _EVERY
            self._trim()

    def _soon(self) -> None:
        self._due = min(self._due, self._clock() + _AFTER)
