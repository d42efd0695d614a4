"""Reports of the render thread, put together: what is known of the running engine at this moment."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar, cast

from psygnal import SignalInstance

from studio.model.networks.graph import Graph
from studio.runtime.live.report import LayerPart, Part, Report

P = TypeVar("P", bound=Part)


class Telemetry:
    """Of every part of reports what is known, by type: ``telemetry[PlayerState]``.

    Belongs to the window's thread.

    Args:
        clock: seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._heard: float | None = None
        self._known: dict[type[Part], Part] = {}
        self._signals: dict[type[Part], SignalInstance] = {}
        self._graph: Graph | None = None

    def __getitem__(self, kind: type[P]) -> P:
        """What is known of it; the part made of nothing, where nothing has come yet."""
        known = self._known.get(kind)
        return kind() if known is None else cast(P, known)

    def on(self, kind: type[P], slot: Callable[[P], object]) -> None:
        """Have a part told when it has changed: as it came, while ``telemetry[kind]`` holds all that is known."""
        if kind not in self._signals:
            self._signals[kind] = SignalInstance((object,), name=kind.__name__)
        self._signals[kind].connect(slot)

    def off(self, kind: type[P], slot: Callable[[P], object]) -> None:
        """Have it told no more."""
        self._signals[kind].disconnect(slot)

    @property
    def silence(self) -> float:
        """Seconds since the last report: less than a tenth, unless a frame takes longer; 0 before the first."""
        return 0.0 if self._heard is None else self._clock() - self._heard

    def follow(self, graph: Graph) -> None:
        """Another network is open: what is known of other layers goes, and what is still told of them is not heard."""
        self._graph = graph
        self._known = {kind: part for kind, part in self._known.items() if not issubclass(kind, LayerPart)}

    def take(self, report: Report) -> None:
        """Take in a report, all of it before anybody is told."""
        self._heard = self._clock()
        heard = []
        for kind, part in report.parts.items():
            known = self._known.get(kind)
            if part == known or self._is_stale(part):
                continue
            self._known[kind] = part if known is None else part.merge(known)
            heard.append((kind, part))
        for kind, part in heard:
            if kind in self._signals:
                self._signals[kind].emit(part)

    def _is_stale(self, part: Part) -> bool:
        graph = part.graph if isinstance(part, LayerPart) else None
        return graph is not None and self._graph is not None and graph is not self._graph
