"""Which layer's channels are measured next: those of the layer that was asked for, then those of every other."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import nullcontext

from studio.engine.base import Engine
from studio.errors import NextTime, Pending
from studio.model.networks.graph import Graph
from studio.runtime.bending.impact import Impact


class ImpactRound:
    """Goes through the layers of one network on one engine; what was measured stays until it is measured anew.

    Attributes:
        asked: the layer that somebody waits for; empty for none.
    """

    def __init__(self) -> None:
        self.asked = ""
        self._graph: Graph | None = None
        self._all: tuple[Graph, str] | None = None  # of which network all layers are wanted, and the first
        self._waiting: list[str] = []
        self._impacts: dict[str, Impact] = {}
        self._at: Impact | None = None  # whose stage stands in the engine
        self._late: set[str] = set()  # what the next start measures

    @property
    def layer(self) -> str:
        """The layer that is measured next; empty where nothing is to be measured."""
        return self.asked or next(iter(self._waiting), "")

    def begin(self, graph: Graph) -> None:
        """Another engine runs, of this network or another; its stages are not known of yet."""
        if graph is not self._graph:
            self.asked, self._waiting = "", []
        self._graph, self._at = graph, None
        self._impacts.clear()
        self._late.clear()
        self.renew()

    def forget(self) -> None:
        """The engine is gone."""
        self._at = None
        self._impacts.clear()

    def ask(self, layer: str) -> None:
        """Measure this layer before all others, anew where it has been measured; empty to wait for none."""
        self.rest()
        self.asked = layer
        impact = self._impacts.get(layer)
        if impact is not None and impact.is_done:
            del self._impacts[layer]

    def want_all(self, graph: Graph, first: str) -> None:
        """Measure every layer of a network once, beginning with this one, where it is one."""
        before, self._all = self._all, (graph, first)
        if before is None or before[0] is not graph:
            self.renew()
        elif first in self._waiting and self._waiting[0] != first:
            self._waiting.remove(first)
            self._waiting.insert(0, first)
            self.rest()

    def renew(self) -> None:
        """Something is another: measure all that was measured again, if all are wanted."""
        if self._graph is None or self._all is None or self._all[0] is not self._graph:
            return
        for impact in self._impacts.values():
            impact.begin()
        self._waiting = [name for name in _in_turn(self._graph, self._all[1]) if name not in self._late]

    def rest(self) -> None:
        """Take what measures out of the engine; measuring may go on afterwards."""
        at, self._at = self._at, None
        if at is not None:
            at.end()

    def stop(self) -> None:
        """Measure nothing more, until it is asked for."""
        self.rest()
        self.asked, self._waiting = "", []

    def measure(self, engine: Engine, seconds: float, clock: Callable[[], float] = time.perf_counter) -> Impact | None:
        """Measure for so long, one channel at least; what is known of the layer then, None where there is none.

        What nobody has asked for compiles nothing here: its turn comes when all is compiled, or at the next start.
        """
        layer = self.layer
        if not layer:
            return None
        impact = self._impacts.get(layer)
        if impact is None:
            impact = self._impacts[layer] = Impact(engine, layer)
        if impact is not self._at:
            self.rest()
        self._at = impact
        try:
            with nullcontext() if layer == self.asked else engine.unhurried():
                is_done = impact.measure(seconds, clock)
        except Pending as late:
            self._at = None
            self._waiting.remove(layer)
            if isinstance(late, NextTime):
                self._late.add(layer)
            else:
                self._waiting.append(layer)
            return None
        if is_done:
            self._at = None
            if layer == self.asked:
                self.asked = ""
            if layer in self._waiting:
                self._waiting.remove(layer)
        return impact


def _in_turn(graph: Graph, first: str) -> list[str]:
    """The layers as they are measured: those with weights first, and of those the last, after which the least runs."""
    names = [node.name for node in reversed(graph.nodes)]
    weighted = {node.name for node in graph.nodes if node.op.tensor_shapes()}
    return sorted(names, key=lambda name: (name != first, name not in weighted))
