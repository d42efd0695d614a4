"""The channel under the mouse: its map lies over the picture, and while a key is held it is silent or alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from PySide6.QtGui import QPainter

from studio.model.document import Document
from studio.model.op import Array
from studio.model.workspace import Workspace
from studio.runtime.live.channel_map import ChannelMap, ShowChannel
from studio.runtime.live.orders import Order
from studio.runtime.live.telemetry import Telemetry
from studio.ui.viewport import overlay
from studio.ui.viewport.scene import Part
from studio.ui.viewport.widget import Viewport

_SAYS = {"": "Q without it, Shift+Q it alone", "mute": "without it", "solo": "it alone"}


class Pointing:
    """Has the map of the workspace's pointed channel told, and paints it over the picture.

    Args:
        document: whose network it is.
        workspace: which channel is pointed at.
        telemetry: brings its map.
        order: gives the running engine an order.
        viewport: shows the picture.
    """

    def __init__(
        self,
        document: Document,
        workspace: Workspace,
        telemetry: Telemetry,
        order: Callable[[Order], object],
        viewport: Viewport,
    ) -> None:
        self._document, self._workspace, self._telemetry = document, workspace, telemetry
        self._order, self._viewport = order, viewport
        viewport.over.append(self.draw)
        workspace.changed.connect(self._listen)
        telemetry.on(ChannelMap, lambda _: viewport.refresh())

    @property
    def shown(self) -> ChannelMap | None:
        """The map that lies over the picture."""
        pointed, found = self._workspace.pointed, self._telemetry[ChannelMap]
        is_it = pointed is not None and (found.layer, found.channel) == pointed and found.values is not None
        return found if is_it else None

    def draw(self, painter: QPainter, parts: Sequence[Part], ratio: float) -> None:
        """Paint it, unless the layer's own tiles are looked at; while a key is held, the picture is what counts."""
        found, listening = self.shown, self._workspace.listening
        if found is None or found.values is None or not any(part.drawing == "picture" for part in parts):
            return
        if not listening:
            overlay.signed_map(painter, parts, normalised(found.values), ratio)
        overlay.upper_label(painter, f"{found.layer} · channel {found.channel} · {_SAYS[listening]}")

    def _listen(self, field: str) -> None:
        if field in ("pointed", "listening"):
            layer, channel = self._workspace.pointed or ("", 0)
            self._order(ShowChannel(self._document.graph, layer, channel))
            self._viewport.refresh()


def normalised(values: Array) -> Array:
    """From -1 to 1 by the largest finite magnitude; what is not finite is 0."""
    finite = np.nan_to_num(values, nan=0.0, posinf=0.0, neginf=0.0)
    peak = float(np.abs(finite).max(initial=0.0))
    return np.asarray(finite / peak if peak > 0 else finite, np.float32)
