"""The maps on the cards that are in sight: asked for when they come, told as they change."""

from __future__ import annotations

from collections.abc import Callable

from studio.model.documents.document import Document
from studio.model.networks.changes import Change, NetworkChanged
from studio.model.networks.shape import Array
from studio.runtime.live.card_maps import ShowMaps, ShownMaps
from studio.runtime.live.orders import Order
from studio.runtime.live.telemetry import Telemetry

SIDES = (32, 64, 128, 256)
"""Values along a map's longer side; the larger it is drawn, the more."""


class LiveMaps:
    """Orders maps and reads them from telemetry; remembers what it ordered last, and nothing else.

    Args:
        document: the open network.
        telemetry: what the running engine tells.
        order: gives the running engine an order.
    """

    def __init__(self, document: Document, telemetry: Telemetry, order: Callable[[Order], object]) -> None:
        self._document, self._telemetry, self._order = document, telemetry, order
        self._wanted: tuple[str, tuple[int, ...], int] = ("", (), 0)
        document.changed.connect(self._follow)

    def follow(self, slot: Callable[[], object]) -> None:
        """Have this called whenever a map has changed."""
        self._telemetry.on(ShownMaps, lambda _: slot())

    def want(self, layer: str, channels: tuple[int, ...] = (), pixels: float = 0.0) -> None:
        """Have these told from now on, and no others.

        Args:
            layer: whose channels; empty for none.
            channels: those that are in sight.
            pixels: of the screen, along the longer side of a map as it is drawn.
        """
        layer = layer if channels and layer in self._document.graph else ""
        side = next((side for side in SIDES if side >= pixels), SIDES[-1]) if layer else 0
        wanted = layer, channels if layer else (), side
        if wanted != self._wanted:
            self._wanted = wanted
            self._order(ShowMaps(self._document.graph, *wanted))

    def map_of(self, layer: str, channel: int) -> Array | None:
        """(h, w) float32; None before it has been told."""
        told = self._telemetry[ShownMaps]
        return told.maps.get(channel) if told.layer == layer else None

    def _follow(self, change: Change) -> None:
        if isinstance(change, NetworkChanged):
            # What was ordered named layers of the network before.
            self._wanted = ("", (), 0)
