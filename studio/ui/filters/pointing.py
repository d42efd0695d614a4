"""The channel under the mouse: its map lies over the picture, and while a key is held it is silent or alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from PySide6.QtCore import QTimer
from PySide6.QtGui import QPainter

from studio.model.documents.document import Document
from studio.model.networks.changes import Change, NetworkChanged, WeightsChanged
from studio.model.networks.shape import Array
from studio.model.views.workspace import Workspace
from studio.runtime.live.channel_map import ChannelMap, ShowChannel
from studio.runtime.live.orders import Order
from studio.runtime.live.telemetry import Telemetry
from studio.ui.viewport import overlay
from studio.ui.viewport.scene import Part
from studio.ui.viewport.widget import Viewport

_RESTS = 450
"""Milliseconds that the mouse rests on a filter before its map is shown."""

_SAYS = {"": "Q without it, Shift+Q it alone", "mute": "without it", "solo": "it alone"}


class Pointing:
    """Has the map of the workspace's pointed channel told, and paints it over the picture.

    It comes when the mouse rests, and not where it has just painted: there the picture is what counts.

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
        self._is_wanted = False
        self._rests = QTimer(viewport, interval=_RESTS, singleShot=True)
        self._rests.timeout.connect(self._want)
        viewport.over.append(self.draw)
        document.changed.connect(self._follow)
        workspace.changed.connect(self._listen)
        telemetry.on(ChannelMap, lambda _: viewport.refresh())

    @property
    def shown(self) -> ChannelMap | None:
        """The map that lies over the picture."""
        pointed, found = self._workspace.pointed, self._telemetry[ChannelMap]
        if not self._is_wanted or found.values is None or (found.layer, found.channel) != pointed:
            return None
        return found

    def draw(self, painter: QPainter, parts: Sequence[Part], ratio: float) -> None:
        """Paint it, unless the layer's own tiles are looked at; while a key is held, the picture is what counts."""
        found, listening = self.shown, self._workspace.listening
        if found is None or found.values is None or not any(part.drawing == "picture" for part in parts):
            return
        if not listening:
            overlay.signed_map(painter, parts, normalised(found.values), ratio)
        overlay.upper_label(painter, f"{found.layer} · channel {found.channel} · {_SAYS[listening]}")

    def _listen(self, field: str) -> None:
        if field == "pointed":
            self._leave()
            if self._workspace.pointed is not None and self._document.gesture is None:
                self._rests.start()
        elif field == "listening":
            self._viewport.refresh()

    def _follow(self, change: Change) -> None:
        if isinstance(change, WeightsChanged | NetworkChanged):
            self._leave()

    def _leave(self) -> None:
        self._rests.stop()
        if self._is_wanted:
            self._is_wanted = False
            self._order(ShowChannel(self._document.graph, ""))
            self._viewport.refresh()

    def _want(self) -> None:
        if self._workspace.pointed is not None and self._document.gesture is None:
            self._is_wanted = True
            self._order(ShowChannel(self._document.graph, *self._workspace.pointed))
            self._viewport.refresh()


def normalised(values: Array) -> Array:
    """From -1 to 1 by the largest finite magnitude; what is not finite is 0."""
    finite = np.nan_to_num(values, nan=0.0, posinf=0.0, neginf=0.0)
    peak = float(np.abs(finite).max(initial=0.0))
    return np.asarray(finite / peak if peak > 0 else finite, np.float32)
