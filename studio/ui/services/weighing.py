"""Has engines measured for the open network while the window is at rest, and has it said which is faster."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from functools import partial

from PySide6.QtCore import QTimer

from studio.engine.choose import by_figures
from studio.engine.gl.driver.compiler import Compiler
from studio.engine.measured import key_of
from studio.model.documents.document import Document
from studio.runtime.live.orders import Order, Weighed
from studio.runtime.live.report import EngineState, Progress
from studio.runtime.live.taking import Performing
from studio.runtime.live.telemetry import Telemetry
from studio.runtime.live.tuning import TuningState
from studio.runtime.services.measuring import Measuring
from studio.runtime.services.worker import Post

_EVERY = 1000

_RESTS = 5.0
"""Seconds for which the network has played and nothing else has happened before it is measured."""


class Weighing:
    """Looks once a second; does nothing where the engine that runs was not taken for want of figures.

    What is found counts from the next opening on: another engine has nothing of what bends and states remember, and
    takes some frames to begin.

    Args:
        document: whose network is measured.
        telemetry: tells of the engine.
        order: gives orders to the render thread.
        post: has something called in the window's thread.
        busy: whether anything is under way that nothing may hold up: a lesson, a recording.
        compiler: what it compiles is waited for: a process that begins then finds it on the disk.
        measure: begins a measurement.
        clock: seconds.
    """

    def __init__(
        self,
        document: Document,
        telemetry: Telemetry,
        order: Callable[[Order], object],
        post: Post,
        busy: Callable[[], object],
        compiler: Compiler | None = None,
        measure: Callable[..., Measuring] = Measuring,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._document, self._telemetry, self._order, self._post = document, telemetry, order, post
        self._busy, self._compiler, self._measure, self._clock = busy, compiler, measure, clock
        self._since: float | None = None
        self._under_way: tuple[Measuring, tuple[str, str]] | None = None
        self._asked: set[tuple[str, str]] = set()
        document.changed.connect(self._stir)
        self._timer = QTimer(interval=_EVERY)
        self._timer.timeout.connect(self.look)
        self._timer.start()

    def close(self) -> None:
        """Measure nothing more; what is under way is ended, and not waited for."""
        self._timer.stop()
        self._document.changed.disconnect(self._stir)
        if self._under_way is not None:
            self._under_way[0].stop()

    def look(self) -> None:
        """Begin where it is time to, and stop where it no longer is."""
        measuring, known = self._under_way or (None, None)
        if measuring is not None and measuring.is_over:
            measuring = self._under_way = None
        card = self._telemetry[EngineState].unmeasured
        if measuring is None and not card:
            self._since = None
        elif self._busy() or self._telemetry[Performing].path is not None:
            self._since = None
            if measuring is not None and known in self._asked:
                measuring.stop()
                self._asked.discard(known)
        elif measuring is None and self._rests():
            key = card, key_of(self._document.graph)
            if key not in self._asked:
                self._asked.add(key)
                self._under_way = self._measure(self._document.network, card, partial(self._found, key)), key

    def _rests(self) -> bool:
        tuning, now = self._telemetry[TuningState], self._clock()
        compiles = self._compiler is not None and self._compiler.is_at_work
        if not self._telemetry[Progress].serial or tuning.done < tuning.total or compiles:
            self._since = None
        elif self._since is None:
            self._since = now
        return self._since is not None and now - self._since >= _RESTS

    def _stir(self, change: object) -> None:
        del change
        self._since = None

    def _found(self, key: tuple[str, str], seconds: Mapping[str, float]) -> None:
        """In the measurement's thread."""
        if seconds:
            self._post(partial(self._tell, key, seconds))

    def _tell(self, key: tuple[str, str], seconds: Mapping[str, float]) -> None:
        """Say what was found, where it is about the network that is open by now."""
        card, layers = key
        if key_of(self._document.graph) == layers:
            choice = by_figures(seconds, card.partition(", ")[0])
            later = "" if choice.name == "gl" else "torch takes over when the network is next opened: "
            self._order(Weighed(self._document.graph, later + choice.reason))
