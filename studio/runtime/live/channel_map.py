"""The map of one channel, as long as somebody looks at it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from studio.engine.base import Engine
from studio.model.networks.graph import Graph
from studio.model.networks.shape import Array
from studio.runtime.live.feature import Feature, Frame, Handlers
from studio.runtime.live.orders import LayerOrder, Setting
from studio.runtime.live.report import LayerPart, Part

MOST = 96
"""Values along the longer side of a map that are told, at most."""


@dataclass(frozen=True, eq=False)
class ShowChannel(LayerOrder, Setting):
    """Tell the map of a channel with every frame.

    Attributes:
        layer: whose; empty for none any more.
        channel: which of its channels.
    """

    only_looks: ClassVar[bool] = True

    layer: str
    channel: int = 0


@dataclass(frozen=True, eq=False)
class ChannelMap(LayerPart):
    """What a channel is now.

    Attributes:
        layer: whose; empty where none is looked at.
        channel: which.
        values: (h, w) float32, evenly spaced over the map, its border included; None where none is looked at.
    """

    layer: str = ""
    channel: int = 0
    values: Array | None = None


class ChannelMaps(Feature):
    """Takes the map of the channel that is looked at after every run."""

    def __init__(self) -> None:
        self._graph: Graph | None = None
        self._wanted: ShowChannel | None = None
        self._is_new = False
        self._part: ChannelMap | None = None

    def handlers(self) -> Handlers:
        """See `Feature.handlers`."""
        return {ShowChannel: self._show}

    def _show(self, order: ShowChannel) -> None:
        self._wanted, self._is_new = (order if order.layer else None), True
        if not order.layer:
            self._part = ChannelMap(self._graph)

    def opened(self, engine: Engine, graph: Graph) -> None:
        """See `Feature.opened`."""
        del engine
        if graph is not self._graph:
            self._graph, self._wanted = graph, None

    def took(self, frame: Frame) -> None:
        """See `Feature.took`."""
        wanted, engine = self._wanted, frame.engine
        if wanted is None or not (frame.is_new or self._is_new) or wanted.layer not in engine.graph:
            return
        self._is_new = False
        shape = engine.shape(wanted.layer)
        if wanted.channel >= shape.channels:
            return
        found = engine.sample(wanted.layer, 1, shape.size.within(MOST), shape.size, first=wanted.channel)[0]
        self._part = ChannelMap(self._graph, wanted.layer, wanted.channel, found)

    @property
    def is_prompt(self) -> bool:
        """See `Feature.is_prompt`."""
        return self._part is not None

    def parts(self) -> Iterable[Part]:
        """See `Feature.parts`."""
        part, self._part = self._part, None
        if part is not None:
            yield part
