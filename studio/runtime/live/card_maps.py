"""The maps of the channels that somebody has before their eyes, one after another, as often as time allows."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import ClassVar, Self

from studio.engine.base import Engine
from studio.model.networks.graph import Graph
from studio.model.networks.shape import Array
from studio.runtime.live.budget import Budget
from studio.runtime.live.feature import Feature, Frame, Handlers
from studio.runtime.live.orders import LayerOrder, Setting
from studio.runtime.live.report import LayerPart, Part

WEIGHT = 1.0
"""What it wants of the time that goes into looking, beside the monitor of layers, which wants 1."""

_LONGEST_CREDIT = 0.1
_FIRST_CREDIT = 0.05
"""Seconds: other cards that come before the eyes are shown at once."""


@dataclass(frozen=True, eq=False)
class ShowMaps(LayerOrder, Setting):
    """Tell the maps of these channels.

    Attributes:
        layer: whose; empty for none any more.
        channels: which of its channels.
        side: values along the longer side of a map, at most.
    """

    only_looks: ClassVar[bool] = True

    layer: str
    channels: tuple[int, ...] = ()
    side: int = 64


@dataclass(frozen=True, eq=False)
class ShownMaps(LayerPart):
    """What some channels of a layer are now.

    Attributes:
        layer: whose; empty where none is looked at.
        maps: by channel (h, w) float32, evenly spaced over the map, its border left out; those that are new.
    """

    layer: str = ""
    maps: Mapping[int, Array] = field(default_factory=dict)

    def merge(self, earlier: Self) -> Self:
        """See `Part.merge`."""
        return replace(self, maps={**earlier.maps, **self.maps}) if earlier.layer == self.layer else self


class CardMaps(Feature):
    """Takes one map after another, each once for a run of the network, within the time that goes into looking.

    Args:
        budget: what it shares with whoever else looks at layers.
        clock: seconds.
    """

    def __init__(self, budget: Budget | None = None, clock: Callable[[], float] = time.perf_counter) -> None:
        self._budget = budget or Budget()
        self._clock = clock
        self._graph: Graph | None = None
        self._wanted: ShowMaps | None = None
        self._taken: dict[int, int] = {}  # by channel, in which run; the one longest ago first
        self._credit, self._earned = 0.0, clock()
        self._new: dict[int, Array] = {}

    def handlers(self) -> Handlers:
        """See `Feature.handlers`."""
        return {ShowMaps: self._show}

    def _show(self, order: ShowMaps) -> None:
        before, self._wanted = self._wanted, order if order.layer else None
        same = before is not None and (before.graph, before.layer, before.side) == (
            order.graph,
            order.layer,
            order.side,
        )
        taken = self._taken if same else {}
        # What has not been seen yet comes first.
        self._taken = dict(sorted(((each, taken.get(each, -1)) for each in order.channels), key=lambda item: item[1]))
        self._credit = max(self._credit, _FIRST_CREDIT)
        if not same:
            self._new = {}

    def opened(self, engine: Engine, graph: Graph) -> None:
        """See `Feature.opened`: another engine of the same network tells all of them anew."""
        del engine
        if graph is not self._graph:
            self._graph, self._wanted, self._new = graph, None, {}
        self._taken = dict.fromkeys(self._taken, -1)

    def rest(self, frame: Frame) -> None:
        """See `Feature.rest`."""
        now, wanted, engine = self._clock(), self._wanted, frame.engine
        there = wanted is not None and wanted.layer in engine.graph
        waits = there and any(serial != frame.serial for serial in self._taken.values())
        share = self._budget.part(self, WEIGHT if waits else 0.0)
        self._credit = max(self._credit, min(_LONGEST_CREDIT, self._credit + share * (now - self._earned)))
        self._earned = now
        if wanted is None or not waits:
            return
        shape, crop = engine.shape(wanted.layer), frame.crops.get(wanted.layer)
        whole = crop or shape.size
        size = whole.within(wanted.side)
        for channel, serial in list(self._taken.items()):
            if self._credit <= 0:
                break
            if serial == frame.serial:
                continue
            start = self._clock()
            del self._taken[channel]
            if channel < shape.channels:
                self._new[channel] = engine.sample(wanted.layer, 1, size, whole, first=channel)[0]
                self._taken[channel] = frame.serial
            self._credit -= self._clock() - start

    @property
    def is_prompt(self) -> bool:
        """See `Feature.is_prompt`."""
        return bool(self._new)

    def parts(self) -> Iterable[Part]:
        """See `Feature.parts`."""
        new, self._new = self._new, {}
        if new and self._wanted is not None:
            yield ShownMaps(self._graph, self._wanted.layer, new)
