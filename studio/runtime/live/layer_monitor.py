"""Looks after every layer without slowing the picture: statistics, thumbnails and warnings in a share of the time."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import ClassVar

from studio.engine.base import Engine, Stats
from studio.engine.display import PictureMaker
from studio.model.declared.size import Size
from studio.model.networks.graph import Graph
from studio.model.networks.picture import Picture
from studio.model.networks.shape import Array
from studio.runtime.live.budget import Budget
from studio.runtime.live.feature import Feature, Frame, Handlers
from studio.runtime.live.health import first_broken, is_finite, judge, outside
from studio.runtime.live.orders import Bypass, LayerOrder, Replace, Setting
from studio.runtime.live.report import (
    LayerSamples,
    LayerStats,
    LayerTimes,
    LayerWarnings,
    OutputValues,
    Part,
    Thumbnails,
)

THUMBNAIL = 96
"""Pixels of the longer side."""

SAMPLE = 40_000
"""Values of a watched layer that are told of: their ranks are those of all within half a hundredth."""

_LONGEST_CREDIT = 0.25
# The first round shows the person what there is.
_FIRST_CREDIT = 1.0
_BETWEEN = 4
_AWAITED = 2.0
"""Seconds after an edit, or another choice of what is watched, in which a person waits for what is found."""


@dataclass(frozen=True, eq=False)
class Watch(LayerOrder, Setting):
    """Report the statistics of these layers and tensors as often as time allows."""

    only_looks: ClassVar[bool] = True

    names: tuple[str, ...]


@dataclass
class _Seen:
    """What was seen since the last report."""

    stats: dict[str, Stats] = field(default_factory=dict)
    samples: dict[str, Array] = field(default_factory=dict)
    times: dict[str, float] = field(default_factory=dict)
    thumbnails: dict[str, Picture] = field(default_factory=dict)
    warnings: dict[str, str] = field(default_factory=dict)
    output: Stats | None = None


class LayerMonitor(Feature):
    """One look at a time, in turn, whenever there is time for one; after an edit first at what is watched.

    Args:
        display: makes the thumbnails.
        clock: seconds.
        budget: what it shares with whoever else looks at layers.
    """

    def __init__(
        self,
        display: PictureMaker,
        clock: Callable[[], float] = time.perf_counter,
        budget: Budget | None = None,
    ) -> None:
        self._budget = budget or Budget()
        self._display = display
        self._clock = clock
        self._graph: Graph | None = None
        self._order: Watch | None = None
        self._watched: tuple[str, ...] = ()
        self._broken: str | None = None
        self._told_broken: str | None = None
        self._begin()

    def _begin(self) -> None:
        self._credit = _FIRST_CREDIT
        self._earned = self._clock()
        self._turn: Iterator[None] | None = None
        self._urgent: Iterator[None] = iter(())
        self._is_urgent = False
        self._seen = _Seen()
        self._broken = None
        self._is_first = True
        self._has_seen_all = False
        self._awaited_until = self._earned

    # -- what the loop calls ----------------------------------------------------------------------------------------

    def handlers(self) -> Handlers:
        """See `Feature.handlers`."""
        return {Watch: self._watch, Replace: self._hurry, Bypass: self._hurry}

    def opened(self, engine: Engine, graph: Graph) -> None:
        """See `Feature.opened`."""
        del engine
        self._graph = graph
        self._begin()
        self._settle()

    def closing(self) -> None:
        """See `Feature.closing`."""
        self._begin()

    def rest(self, frame: Frame) -> None:
        """Look at a few things more, as far as the time goes that looking may take."""
        now = self._clock()
        if self._is_first:
            # The first picture is told of at once: the first look at every layer may take a second.
            self._is_first, self._earned = False, now
            return
        # Whoever has just edited looks at what comes of it, and whoever opened a network at all of its layers.
        share = self._budget.part(self, 1.0, awaited=now < self._awaited_until or not self._has_seen_all)
        self._credit = max(self._credit, min(_LONGEST_CREDIT, self._credit + share * (now - self._earned)))
        self._earned = now
        if self._is_urgent:
            self._is_urgent, self._urgent = False, self._look_at_watched(frame.engine)
        turn = self._turn or self._round(frame.engine)
        # Where a look fails, the round ends there and begins anew.
        self._turn = None
        while self._credit > 0:
            start = self._clock()
            if next(self._urgent, self) is self and next(turn, self) is self:
                return
            self._credit -= self._clock() - start
        self._turn = turn

    def parts(self) -> Iterable[Part]:
        """See `Feature.parts`: what has been seen since the last time."""
        graph, seen, self._seen = self._graph, self._seen, _Seen()
        if seen.stats:
            yield LayerStats(graph, seen.stats)
        if seen.samples:
            yield LayerSamples(graph, seen.samples)
        if seen.times:
            yield LayerTimes(graph, seen.times)
        if seen.thumbnails:
            yield Thumbnails(graph, seen.thumbnails)
        if seen.warnings or self._told_broken != self._broken:
            self._told_broken = self._broken
            yield LayerWarnings(graph, seen.warnings, self._broken)
        if seen.output is not None and graph is not None:
            ends = seen.output.minimum, seen.output.maximum
            yield OutputValues(graph, outside(seen.output, *graph.output_range), ends)

    # -- within -----------------------------------------------------------------------------------------------------

    def _watch(self, order: Watch) -> None:
        self._order = order
        self._settle()
        self._hurry()

    def _settle(self) -> None:
        """Watch what is ordered; an order may come before its engine opens."""
        order, graph = self._order, self._graph
        if graph is None or order is None or order.graph is not graph:
            self._watched = ()
        else:
            self._watched = tuple(name for name in order.names if name in graph or name in graph.tensor_shapes)

    def _hurry(self, _: object = None) -> None:
        """Something has been edited: look at what is watched before the round goes on."""
        self._is_urgent = True
        self._awaited_until = self._clock() + _AWAITED

    def _round(self, engine: Engine) -> Iterator[None]:
        yield from self._look_at_watched(engine)
        self._guard(engine)
        yield
        self._seen.times = engine.times()
        broken: list[str] = []
        for number, node in enumerate(engine.graph.nodes, 1):
            stats = engine.stats(node.name)
            self._seen.warnings[node.name] = judge(node, stats)
            if not is_finite(stats):
                broken.append(node.name)
            if node.name == engine.graph.output:
                self._seen.output = stats
            yield
            self._seen.thumbnails[node.name] = self._display.thumbnail(engine, node.name, THUMBNAIL)
            yield
            # However many layers there are, what is watched stays fresh.
            if number % _BETWEEN == 0:
                yield from self._look_at_watched(engine)
                self._guard(engine)
                yield
        self._broken = next(iter(broken), None)
        self._has_seen_all = True

    def _look_at_watched(self, engine: Engine) -> Iterator[None]:
        for name in self._watched:
            self._seen.stats[name] = engine.stats(name)
            yield
            if name in engine.graph:
                self._seen.samples[name] = _sample(engine, name)
                yield

    def _guard(self, engine: Engine) -> None:
        """Name the first layer that is broken as soon as the output is; the rounds find the others."""
        if self._broken is None and not is_finite(engine.stats(engine.graph.output)):
            self._broken = first_broken(engine)


def _sample(engine: Engine, name: str) -> Array:
    """(C, h, w): of every channel as many values as make `SAMPLE` of all of them."""
    shape = engine.shape(name)
    side = max(1, math.isqrt(SAMPLE // shape.channels))
    size = Size(min(side, shape.height), min(side, shape.width))
    return engine.sample(name, shape.channels, size, shape.size)
