"""Orders about a network that is still to be opened."""

from __future__ import annotations

from collections.abc import Callable

from studio.model.networks.graph import Graph
from studio.runtime.live.orders import Bypass, LayerOrder, LookAt, Mix, SetStages, Setting

_CARRIED = Bypass | SetStages | LookAt | Mix
"""What an order to open a network says itself, or what comes behind it."""


class Early:
    """Keeps the newest order of each kind until its network is opened.

    Whoever looks at layers may hear of another network before those do who have it opened: what they ask for then must
    not be lost, since they ask once.

    Args:
        carry_out: carries an order out.
    """

    def __init__(self, carry_out: Callable[[LayerOrder], object]) -> None:
        self._carry_out = carry_out
        self._kept: dict[type[LayerOrder], LayerOrder] = {}

    def keep(self, order: LayerOrder) -> None:
        """Keep an order about a network that does not run, where it may be of use later."""
        if isinstance(order, Setting) and not isinstance(order, _CARRIED):
            self._kept[type(order)] = order

    def opened(self, graph: Graph | None) -> None:
        """Carry out what was kept for this network, which has been opened; all else is forgotten."""
        kept, self._kept = self._kept, {}
        for order in kept.values():
            if order.graph is graph:
                self._carry_out(order)
