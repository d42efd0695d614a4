"""What matters in the layers, and which channels look alike: found on the picture that runs, on order or unasked."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial
from typing import ClassVar, Self

from studio.engine.base import Engine
from studio.model.bends.stage import Cluster, made
from studio.model.networks.graph import Graph
from studio.model.networks.picture import Picture
from studio.model.networks.shape import Array
from studio.runtime.bending.clusters import ClusterFinder
from studio.runtime.bending.impact import Impact, norms
from studio.runtime.bending.impact_round import ImpactRound
from studio.runtime.live.budget import Budget
from studio.runtime.live.feature import Feature, Frame, Handlers
from studio.runtime.live.orders import Bypass, LayerOrder, Replace, SetStages, Setting
from studio.runtime.live.report import LayerPart, Part

ASKED, UNASKED = 2.0, 1.0
"""What it wants of the time that goes into looking, beside the monitor of layers, which wants 1."""

QUIET = 1.0
"""Seconds after an edit in which nothing is measured unasked: another may follow."""

SLICE = 0.02
"""Seconds that are saved up before it goes on: each time costs two runs of what follows the layer, at least."""

FRAMES = 8
"""Maps by which clusters are found, at most."""

_PATIENCE = 2.0
"""Seconds after which clusters are found by the maps that there are: a still picture has one."""


@dataclass(frozen=True, eq=False)
class StudyImpact(LayerOrder, Setting):
    """Measure how far the picture moves when each channel of a layer is taken out.

    Attributes:
        layer: whose channels; empty to stop.
    """

    layer: str


@dataclass(frozen=True, eq=False)
class StudyAll(LayerOrder, Setting):
    """Measure every layer in turn while nothing else is asked for, and again after edits.

    Attributes:
        first: with which layer to begin.
    """

    only_looks: ClassVar[bool] = True

    first: str


@dataclass(frozen=True, eq=False)
class StudyNorms(LayerOrder, Setting):
    """Measure how strong the map of each channel of a layer is in the picture that runs.

    Attributes:
        layer: whose channels.
    """

    layer: str


@dataclass(frozen=True, eq=False)
class StudyClusters(LayerOrder, Setting):
    """Find clusters of a layer's channels by its next maps.

    Attributes:
        layer: whose channels; empty to stop.
        count: how many; None for as many as are told apart best.
    """

    layer: str
    count: int | None = None


@dataclass(frozen=True, eq=False)
class Impacts(LayerPart):
    """What the picture changes by when a channel is taken out.

    Attributes:
        of: by layer (channels,) float32, the root mean square in values of the output; NaN for a channel that has not
            been measured.
        places: by layer (channels, 16, 16) float32: the same for each part of the picture.
        measuring: the layer that somebody waits for, while it is being measured; else empty.
    """

    of: Mapping[str, Array] = field(default_factory=dict)
    measuring: str = ""
    places: Mapping[str, Array] = field(default_factory=dict)

    def merge(self, earlier: Self) -> Self:
        """See `Part.merge`."""
        return replace(self, of={**earlier.of, **self.of}, places={**earlier.places, **self.places})


@dataclass(frozen=True, eq=False)
class Norms(LayerPart):
    """How strong the maps of channels were when that was asked.

    Attributes:
        of: by layer (channels,) float32, the root mean square of what the layer made, before any bend.
        measuring: the layer that is being measured; else empty.
    """

    of: Mapping[str, Array] = field(default_factory=dict)
    measuring: str = ""

    def merge(self, earlier: Self) -> Self:
        """See `Part.merge`."""
        return replace(self, of={**earlier.of, **self.of})


@dataclass(frozen=True, eq=False)
class Clusters(LayerPart):
    """Channels that look alike.

    Attributes:
        found: clusters by layer, the largest first.
        pictures: by layer a small picture of each of them.
        counts: by layer how many were asked for; None where the number was proposed.
        looking: the layer whose clusters are being found; empty while none are.
    """

    found: Mapping[str, tuple[Cluster, ...]] = field(default_factory=dict)
    pictures: Mapping[str, tuple[Picture, ...]] = field(default_factory=dict)
    looking: str = ""
    counts: Mapping[str, int | None] = field(default_factory=dict)

    def merge(self, earlier: Self) -> Self:
        """See `Part.merge`."""
        return replace(
            self,
            found={**earlier.found, **self.found},
            pictures={**earlier.pictures, **self.pictures},
            counts={**earlier.counts, **self.counts},
        )


class ChannelStudy(Feature):
    """Measures between frames, in its part of the time; clusters are worked out in a thread of their own.

    Args:
        clock: seconds.
        budget: what it shares with whoever else looks at layers.
    """

    def __init__(self, clock: Callable[[], float] = time.perf_counter, budget: Budget | None = None) -> None:
        self._clock = clock
        self._budget = budget or Budget()
        self._graph: Graph | None = None
        self._credit = 0.0
        self._earned = clock()
        self._round = ImpactRound()
        self._quiet_until = 0.0
        self._impacts: Impacts | None = None  # to be told
        self._norms_of = ""  # the layer that is measured next
        self._norms: Norms | None = None  # to be told
        self._finder: ClusterFinder | None = None
        self._count: int | None = None  # how many clusters are asked for
        self._since, self._serial = 0.0, -1  # the first of the finder's maps, and the last
        self._aside: ThreadPoolExecutor | None = None
        self._working: Future[Clusters] | None = None
        self._clusters: Clusters | None = None  # to be told

    # -- what the loop calls ----------------------------------------------------------------------------------------

    def handlers(self) -> Handlers:
        """See `Feature.handlers`."""
        return {
            StudyImpact: self._study_impact,
            StudyAll: lambda order: self._round.want_all(order.graph, order.first),
            StudyNorms: self._study_norms,
            StudyClusters: self._study_clusters,
            **dict.fromkeys((Replace, Bypass, SetStages), self._edited),
        }

    def opened(self, engine: Engine, graph: Graph) -> None:
        """See `Feature.opened`: another engine of the same network measures from the start."""
        del engine
        if graph is not self._graph:
            self._finder, self._working, self._norms_of = None, None, ""
            self._impacts = self._norms = self._clusters = None
        self._graph = graph
        self._round.begin(graph)

    def closing(self) -> None:
        """See `Feature.closing`."""
        self._round.forget()

    def rest(self, frame: Frame) -> None:
        """Measure a little more, as far as the time goes that it may take."""
        if self._norms_of:
            self._measure_norms(frame.engine)
        now = self._clock()
        self._take_clusters()
        waits = bool(self._round.asked) or self._finder is not None
        share = self._budget.part(self, self._wanted(now), awaited=waits)
        if not share:
            # Nothing is saved up before there is something to do.
            self._credit, self._earned = min(self._credit, 0.0), now
            return
        self._credit = min(SLICE, self._credit + share * (now - self._earned))
        self._earned = now
        if self._credit < SLICE:
            return
        try:
            if self._finder is not None and self._collect(self._finder, frame, now):
                return
            if self._round.layer:
                self._measure(frame.engine)
        finally:
            self._credit -= self._clock() - now

    def _wanted(self, now: float) -> float:
        if self._round.asked or self._finder is not None:
            return ASKED
        return UNASKED if self._round.layer and now >= self._quiet_until else 0.0

    def parts(self) -> Iterable[Part]:
        """See `Feature.parts`: what is new since the last time."""
        impacts, self._impacts = self._impacts, None
        strengths, self._norms = self._norms, None
        clusters, self._clusters = self._clusters, None
        return [part for part in (impacts, strengths, clusters) if part is not None]

    def close(self) -> None:
        """See `Feature.close`."""
        if self._aside is not None:
            self._aside.shutdown(cancel_futures=True)

    # -- what matters -----------------------------------------------------------------------------------------------

    def _study_impact(self, order: StudyImpact) -> None:
        if order.layer and order.layer == self._round.asked:
            return
        self._round.ask(order.graph.node(order.layer).name if order.layer else "")
        self._impacts = self._told()

    def _edited(self, _: object) -> None:
        """What was measured is of another network now; what somebody waits for is measured to its end."""
        self._quiet_until = self._clock() + QUIET
        if not self._round.asked:
            self._round.rest()
        self._round.renew()

    def _measure(self, engine: Engine) -> None:
        try:
            impact = self._round.measure(engine, self._credit, self._clock)
            # A GPU works on when a call is over: what it does for this is waited for, so that it is counted.
            engine.stats(engine.graph.output)
        except BaseException:
            self._round.stop()
            self._impacts = self._told()
            raise
        if impact is not None:
            self._impacts = self._told(impact)

    def _told(self, impact: Impact | None = None) -> Impacts:
        """What is to be told, with what has not been told yet."""
        waiting = self._impacts or Impacts()
        of, places = dict(waiting.of), dict(waiting.places)
        if impact is not None:
            of[impact.layer], places[impact.layer] = impact.of.copy(), impact.places.copy()
        return Impacts(self._graph, of, self._round.asked, places)

    def _study_norms(self, order: StudyNorms) -> None:
        self._norms_of = order.graph.node(order.layer).name
        self._norms = Norms(self._graph, measuring=self._norms_of)

    def _measure_norms(self, engine: Engine) -> None:
        """Read one map, whatever time there is: somebody waits for it."""
        layer, self._norms_of = self._norms_of, ""
        # What fails is told, and that nothing is measured any more.
        self._norms = Norms(self._graph)
        self._norms = Norms(self._graph, {layer: norms(engine.activation(made(layer)))})

    # -- clusters ---------------------------------------------------------------------------------------------------

    def _study_clusters(self, order: StudyClusters) -> None:
        self._count, before = order.count, self._finder
        if before is not None and before.layer == order.layer:
            return  # the maps are the same, however many clusters are made of them
        self._finder = ClusterFinder(order.graph.node(order.layer).name) if order.layer else None
        self._working = None
        self._serial = -1
        self._clusters = Clusters(self._graph, looking=order.layer)

    def _collect(self, finder: ClusterFinder, frame: Frame, now: float) -> bool:
        """Take in a map where there is another; False where none has come."""
        if not finder.frames:
            self._since = now
        is_new = frame.serial != self._serial
        if is_new:
            self._serial = frame.serial
            try:
                finder.add(frame.engine.activation(made(finder.layer)))
            except BaseException:
                self._finder = None
                self._clusters = Clusters(self._graph)
                raise
        if finder.frames >= FRAMES or now - self._since >= _PATIENCE:
            self._finder = None
            self._aside = self._aside or ThreadPoolExecutor(1, "clusters")
            self._working = self._aside.submit(partial(_found, finder, self._count, self._graph))
        return is_new

    def _take_clusters(self) -> None:
        working = self._working
        if working is not None and working.done():
            self._working = None
            # What fails is told, and that nothing is looked for any more.
            self._clusters = Clusters(self._graph)
            self._clusters = working.result()


def _found(finder: ClusterFinder, count: int | None, graph: Graph | None) -> Clusters:
    clusters = finder.clusters(count)
    pictures = tuple(finder.picture(cluster) for cluster in clusters)
    return Clusters(graph, {finder.layer: clusters}, {finder.layer: pictures}, counts={finder.layer: count})
