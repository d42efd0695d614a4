"""Hands on the filter sheet of the selected tensor: the mouse, a pen and keys."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRect, QRectF, Qt, Signal
from PySide6.QtGui import (
    QEnterEvent,
    QHideEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QTabletEvent,
    QWheelEvent,
)

from studio.model.documents.document import Document
from studio.model.views.workspace import Workspace
from studio.ui.filters import sheet_painter
from studio.ui.filters.live_maps import LiveMaps
from studio.ui.filters.pen import means_stroke, pressure_of
from studio.ui.filters.rulers import LEFT, TOP, RulerDrag
from studio.ui.filters.select_tool import way
from studio.ui.filters.selecting import combined
from studio.ui.filters.sheet_tools import SheetTools
from studio.ui.filters.sheet_view import SheetView
from studio.ui.services.effects import Effects
from studio.ui.viewport.keys import DOES, PANS, SIDE

_NOTCH = 120.0
_ZOOM_STEP = 1.2
_PAN = 48


@dataclass(frozen=True)
class OnMap:
    """The mouse is over the map of a channel's card."""

    channel: int


class SheetCanvas(SheetView):
    """Hands the mouse, a pen and keys to the tools.

    The wheel zooms at the mouse; the middle button, Space or the move tool drag; a click on the map of a card selects
    its filter. ``pointed`` brings the place under the mouse, (y, x) in weights, an `OnMap` over the map of a card, or
    None.
    """

    pointed = Signal(object)

    def __init__(
        self,
        document: Document,
        workspace: Workspace,
        tools: SheetTools,
        effects: Effects | None = None,
        maps: LiveMaps | None = None,
    ) -> None:
        super().__init__(document, workspace, tools, effects, maps)
        self._mouse: QPointF | None = None
        self._ringed = QRect()
        self._panned_from: QPointF | None = None
        self._ruled: RulerDrag | None = None
        self._space = False
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setMinimumSize(120, 120)
        self.setAccessibleName("Filter sheet")
        workspace.changed.connect(self._listen)
        self._changed(is_other=True)
        self._show_cursor()

    def _listen(self, field: str) -> None:
        if field in ("selection", "brush", "brush_unit", "tool", "paints"):
            self._show_cursor()
            self._renew()
        elif field == "found" and self._workspace.found[0] == self._workspace.layer and not self._tools.is_held:
            self._note()
            self.depths.reveal(self._workspace.found[1])
            self._renew()

    def _draw_hand(self, painter: QPainter, scale: float) -> None:
        """A ring where the brush would paint."""
        radius, self._ringed = self._radius(), self._ring()
        if radius is not None and self._mouse is not None:
            at = QPointF((self._mouse.x() - LEFT) * scale, (self._mouse.y() - TOP) * scale)
            sheet_painter.draw_brush(painter, at, radius * self.camera.zoom, self._workspace.brush.hardness, scale)

    def _radius(self) -> float | None:
        """Of the ring, in weights; None where there is none."""
        if self._mouse is None or self._panned_from is not None or self._on_ruler():
            return None
        return self._tools.radius(self._pixels)

    def _ring(self) -> QRect:
        """Where the ring is."""
        radius = self._radius()
        if radius is None or self._mouse is None:
            return QRect()
        reach = radius * self._pixels + 3
        return QRectF(self._mouse.x() - reach, self._mouse.y() - reach, 2 * reach, 2 * reach).toAlignedRect()

    @property
    def _pixels(self) -> float:
        """Logical pixels of a weight."""
        return self.camera.zoom / self.devicePixelRatioF()

    # -- mouse, pen and keys --------------------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """See `QWidget.mousePressEvent`."""
        at, button = event.position(), event.button()
        moves = self._workspace.tool == "move" or self._space
        if button in SIDE:
            getattr(self, SIDE[button])()
        elif button == Qt.MouseButton.MiddleButton or (button == Qt.MouseButton.LeftButton and moves):
            self._panned_from = at
            self._show_cursor()
        elif button == Qt.MouseButton.RightButton:
            self._tools.pick(*self.place(at))
        elif button == Qt.MouseButton.LeftButton and self._on_ruler(at):
            self._rule(at, event.modifiers())
        elif button == Qt.MouseButton.LeftButton and self.depths.map_at(at) is not None:
            self._choose(self.depths.map_at(at), event.modifiers())
        elif button == Qt.MouseButton.LeftButton:
            self._press(at, 1.0, event.modifiers())
        self._point(at)

    def _press(self, at: QPointF, pressure: float, modifiers: Qt.KeyboardModifier) -> None:
        self._tools.lie(self.arrangement, self._pixels)
        self._tools.press(*self.depths.here(at), pressure, modifiers)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """See `QWidget.mouseMoveEvent`."""
        at = event.position()
        if self._panned_from is not None:
            self._note()
            step, scale = at - self._panned_from, self.devicePixelRatioF()
            self.camera.pan(step.x() * scale, step.y() * scale)
            self._panned_from = at
            self._renew()
        elif self._ruled is not None:
            self._rule(at, event.modifiers())
        else:
            self._tools.move(*self.depths.here(at), 1.0, event.modifiers())
        self._point(at)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """See `QWidget.mouseReleaseEvent`."""
        if self._panned_from is not None:
            self._panned_from = None
            self._show_cursor()
        elif event.button() == Qt.MouseButton.LeftButton:
            self._ruled = None
            self._tools.release(*self.depths.here(event.position()), 1.0, event.modifiers())
        self._point(event.position())

    def tabletEvent(self, event: QTabletEvent) -> None:  # noqa: N802
        """Like the mouse, with the pen's pressure."""
        free = not self._space and not self._on_ruler(event.position()) and self.depths.map_at(event.position()) is None
        if not means_stroke(event, free=free) or self._workspace.tool == "move" or self._panned_from is not None:
            # What comes as a mouse event then pans, picks or selects.
            event.ignore()
            return
        at, pressure = event.position(), pressure_of(event)
        if event.type() == QEvent.Type.TabletPress:
            self._press(at, pressure, event.modifiers())
        else:
            is_move = event.type() == QEvent.Type.TabletMove
            does = self._tools.move if is_move else self._tools.release
            does(*self.depths.here(at), pressure, event.modifiers())
        self._point(at)
        event.accept()

    def wheelEvent(self, event: QWheelEvent) -> None:  # noqa: N802
        """Zoom at the mouse."""
        turned = event.angleDelta().y() / _NOTCH
        if turned:
            self.zoom(_ZOOM_STEP**turned, event.position())
            self._point(event.position())
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        """See `QWidget.keyPressEvent`."""
        key, modifiers = event.key(), event.modifiers()
        plain = modifiers == Qt.KeyboardModifier.NoModifier
        if key == Qt.Key.Key_Escape and self._tools.is_held:
            self._tools.cancel()
            self._renew()
        elif plain and key in PANS:
            right, down = PANS[Qt.Key(key)]
            self._note()
            self.camera.pan(_PAN * right, _PAN * down)
            self._renew()
        elif key in DOES and (plain or key not in (Qt.Key.Key_F, Qt.Key.Key_0, Qt.Key.Key_1)):
            getattr(self, DOES[Qt.Key(key)])()
        elif key == Qt.Key.Key_Space:
            self._space = True
            self._show_cursor()
        else:
            super().keyPressEvent(event)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        """See `QWidget.keyReleaseEvent`."""
        if event.key() == Qt.Key.Key_Space and not event.isAutoRepeat():
            self._space = False
            self._show_cursor()
        else:
            super().keyReleaseEvent(event)

    def enterEvent(self, event: QEnterEvent) -> None:  # noqa: N802
        """See `QWidget.enterEvent`."""
        self._point(event.position())

    def leaveEvent(self, event: QEvent) -> None:  # noqa: N802
        """See `QWidget.leaveEvent`."""
        del event
        self._point(None)

    def hideEvent(self, event: QHideEvent) -> None:  # noqa: N802
        """Nothing is held any more."""
        del event
        self._space, self._panned_from, self._ruled = False, None, None
        self._tools.cancel()
        self._scene.want_no_maps()

    # -- within ---------------------------------------------------------------------------------------------------

    def _point(self, at: QPointF | None) -> None:
        self._mouse = at
        over = None if at is None or self._on_ruler(at) or self._tools.is_held else self.depths.map_at(at)
        if over is not None:
            self.pointed.emit(OnMap(over))
        else:
            self.pointed.emit(None if at is None or self._on_ruler(at) else self.place(at))
        # What the ring has left, and where it is now.
        ring = self._ring()
        self.update(self._ringed | ring)

    def _on_ruler(self, at: QPointF | None = None) -> bool:
        at = self._mouse if at is None else at
        return at is not None and (at.x() < LEFT or at.y() < TOP) and not self._tools.is_held

    def _rule(self, at: QPointF, modifiers: Qt.KeyboardModifier) -> None:
        arrangement, before = self.arrangement, self._workspace.selection
        if arrangement is None or before is None:
            return
        if self._ruled is None:
            self._ruled = RulerDrag(before, "row" if at.x() < LEFT else "column", arrangement)
        self._workspace.select(self._ruled.to(self.depths.here(at), way(modifiers)))

    def _choose(self, channel: int | None, modifiers: Qt.KeyboardModifier) -> None:
        """Select the filter whose map was pressed."""
        before, cards = self._workspace.selection, self.arrangement
        if channel is not None and before is not None and cards is not None:
            mask = np.zeros_like(before.mask)
            (mask.T if cards.across else mask)[channel] = True
            self._workspace.select(combined(before, mask, way(modifiers)))

    def _show_cursor(self) -> None:
        if self._panned_from is not None:
            shape = Qt.CursorShape.ClosedHandCursor
        elif self._space or self._workspace.tool == "move":
            shape = Qt.CursorShape.OpenHandCursor
        else:
            shape = Qt.CursorShape.CrossCursor
        self.setCursor(shape)
