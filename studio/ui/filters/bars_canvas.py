"""A vector (a bias, a norm's scale) as bars that are pulled with the mouse and nudged with keys."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QHideEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QWheelEvent
from PySide6.QtWidgets import QWidget

from studio.model.declared.size import Size
from studio.model.documents.document import Document
from studio.model.filters.edit import Patch, Selection
from studio.model.filters.gesture import Gesture
from studio.model.filters.learning_sheets import LEARNING_SHEETS, LearningSheetsChanged
from studio.model.networks.changes import Change, NetworkChanged, WeightsChanged
from studio.model.networks.layout import Rect
from studio.model.networks.shape import Array
from studio.model.views.workspace import Workspace
from studio.runtime.editing.previews import Editing
from studio.ui.filters.bars_picture import bars_picture
from studio.ui.filters.painted import PaintedSheet
from studio.ui.filters.select_tool import way
from studio.ui.filters.selecting import combined
from studio.ui.filters.sheet_veil import draw_bar_veils
from studio.ui.kit import theme

_MARGIN = 44
_NUDGE = 0.01
_HEADROOM = 1.15
_BAND = 8
"""Pixels below the bars that show how they learn."""


class BarsCanvas(QWidget):
    """Shows the workspace's tensor of one axis.

    A drag sets every bar that it passes to the height of the mouse: one item of the history. With the select tool it
    selects bars. Left and Right walk from bar to bar, Up and Down nudge the value, Shift ten times as far, Delete sets
    it to zero. The wheel stretches the values, F shows all. ``pointed`` brings the bar under the mouse, or None.
    Where the brush paints learning rates or pulls, a drag gives its value to the bars that it passes, at any height.
    """

    pointed = Signal(object)

    def __init__(self, document: Document, workspace: Workspace, editing: Editing) -> None:
        super().__init__()
        self._document = document
        self._workspace = workspace
        self._editing = editing
        self._limits = (-1.0, 1.0)
        self._stretch = 1.0
        self._marked: int | None = None
        self._gesture: Gesture | None = None
        self._beside: tuple[PaintedSheet, float] | None = None  # the sheet of rates or pulls, and what is painted there
        self._name = ""
        self._last: tuple[int, float] = (0, 0.0)
        self._selecting: tuple[Selection, int] | None = None
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setCursor(Qt.CursorShape.CrossCursor)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setMinimumSize(120, 100)
        self.setAccessibleName("Values as bars")
        document.changed.connect(self._follow)
        workspace.changed.connect(self._listen)
        self.fit()

    def sizeHint(self) -> QSize:  # noqa: N802
        """See `QWidget.sizeHint`."""
        return QSize(320, 220)

    @property
    def values(self) -> Array | None:
        """What is shown, (n,); None where the tensor at hand is no vector."""
        name = self._workspace.tensor
        if name is None:
            return None
        tensor = self._document.tensor(name)
        return tensor if tensor.ndim == 1 else None

    def fit(self) -> None:
        """Show all values, and zero."""
        self._stretch = 1.0
        self._measure()
        self.update()

    def bar_at(self, at: QPointF) -> int | None:
        """The bar at a place of the widget; None beside them."""
        values = self.values
        if values is None or not _MARGIN <= at.x() < self.width():
            return None
        return int((at.x() - _MARGIN) * len(values) / max(1, self.width() - _MARGIN))

    def value_at(self, at: QPointF) -> float:
        """The value at the height of a place of the widget."""
        low, high = self._limits
        return high - (high - low) * at.y() / max(1, self.height() - 1)

    def at(self, bar: int, value: float) -> QPointF:
        """The place of a bar's middle at the height of a value."""
        values, (low, high) = self.values, self._limits
        n = 1 if values is None else len(values)
        x = _MARGIN + (bar + 0.5) * (self.width() - _MARGIN) / n
        return QPointF(x, (high - value) / (high - low) * (self.height() - 1))

    # -- what changes ---------------------------------------------------------------------------------------------

    def _follow(self, change: Change) -> None:
        if isinstance(change, WeightsChanged) and change.tensor == self._workspace.tensor:
            if self._gesture is None:
                self._measure()
            self.update()
        elif isinstance(change, LearningSheetsChanged):
            self.update()
        elif isinstance(change, NetworkChanged):
            self._marked = None
            self.fit()

    def _listen(self, field: str) -> None:
        if field in ("layer", "key"):
            self._marked = None
            self.fit()
        elif field in ("selection", "paints"):
            self.update()

    def _measure(self) -> None:
        values = self.values
        if values is None:
            return
        finite = values[np.isfinite(values)]
        low, high = min(0.0, float(finite.min(initial=0.0))), max(0.0, float(finite.max(initial=0.0)))
        if low == high:
            low, high = -1.0, 1.0
        span = (high - low) * (_HEADROOM - 1)
        self._limits = (low - span) * self._stretch, (high + span) * self._stretch

    # -- drawing --------------------------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        """See `QWidget.paintEvent`."""
        del event
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(theme.GROUND))
        values, name, selection = self.values, self._workspace.tensor, self._workspace.selection
        if values is None or name is None or selection is None:
            return
        scale = self.devicePixelRatioF()
        size = Size(max(1, round(self.height() * scale)), max(1, round((self.width() - _MARGIN) * scale)))
        trained = self._document.original(name)
        image = bars_picture(values, trained, selection.mask[0], self._marked, self._limits, size)
        painter.drawImage(QRectF(_MARGIN, 0, size.width / scale, size.height / scale), image)
        band = QRectF(_MARGIN, self.height() - _BAND, self.width() - _MARGIN, _BAND)
        draw_bar_veils(painter, band, self._document.section(LEARNING_SHEETS), name, self._workspace.paints)
        self._draw_scale(painter)

    def _draw_scale(self, painter: QPainter) -> None:
        painter.fillRect(QRectF(0, 0, _MARGIN, self.height()), QColor(theme.PANEL))
        font = QFont(painter.font())
        font.setPixelSize(10)
        painter.setFont(font)
        painter.setPen(QColor(theme.FAINT))
        low, high = self._limits
        zero = self.at(0, 0.0).y()
        places = [(7.0, high), (self.height() - 8.0, low)]
        if all(abs(zero - y) > 14 for y, _ in places):
            places.append((zero, 0.0))
        for y, value in places:
            box = QRectF(0, y - 7, _MARGIN - 5, 14)
            painter.drawText(box, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, f"{value:.3g}")

    # -- mouse and keys -------------------------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """See `QWidget.mousePressEvent`."""
        name, selection, at = self._workspace.tensor, self._workspace.selection, event.position()
        bar = self.bar_at(at)
        if name is None or selection is None or bar is None or event.button() != Qt.MouseButton.LeftButton:
            return
        self._marked = bar
        if self._workspace.tool == "select":
            self._selecting = selection, bar
            self._select(at, event.modifiers())
            return
        self._editing.pause()
        self._gesture, self._name = self._begin(name), name
        self._last = bar, self.value_at(at)
        self._pull(at)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """See `QWidget.mouseMoveEvent`."""
        at = event.position()
        if self._gesture is not None:
            self._pull(at)
        elif self._selecting is not None:
            self._select(at, event.modifiers())
        self.pointed.emit(self.bar_at(at))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """See `QWidget.mouseReleaseEvent`."""
        if event.button() == Qt.MouseButton.LeftButton:
            self._selecting = None
            self._end(commit=True)

    def leaveEvent(self, event: QEvent) -> None:  # noqa: N802
        """See `QWidget.leaveEvent`."""
        del event
        self.pointed.emit(self._marked)

    def hideEvent(self, event: QHideEvent) -> None:  # noqa: N802
        """Nothing is held any more."""
        del event
        self._selecting = None
        self._end(commit=False)

    def wheelEvent(self, event: QWheelEvent) -> None:  # noqa: N802
        """Stretch the values about zero."""
        turned = event.angleDelta().y() / 120
        low, high = self._limits
        factor = 1.2**-turned
        self._stretch *= factor
        self._limits = low * factor, high * factor
        self.update()
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        """See `QWidget.keyPressEvent`."""
        values, key = self.values, event.key()
        shift = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        walks = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1, Qt.Key.Key_Home: -(2**31), Qt.Key.Key_End: 2**31}
        nudges = {Qt.Key.Key_Up: 1, Qt.Key.Key_Down: -1}
        if key == Qt.Key.Key_Escape and self._gesture is not None:
            self._end(commit=False)
        elif key == Qt.Key.Key_F:
            self.fit()
        elif values is not None and key in walks:
            step = walks[Qt.Key(key)] * (10 if shift else 1)
            self._marked = min(max((-1 if self._marked is None else self._marked) + step, 0), len(values) - 1)
            self.pointed.emit(self._marked)
            self.update()
        elif values is not None and self._marked is not None and key in nudges:
            span = (self._limits[1] - self._limits[0]) * _NUDGE * (10 if shift else 1)
            self._nudge(float(values[self._marked]) + span * nudges[Qt.Key(key)])
        elif self._marked is not None and key in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self._nudge(0.0)
        else:
            super().keyPressEvent(event)

    # -- within ---------------------------------------------------------------------------------------------------

    def _begin(self, name: str) -> Gesture:
        """What a drag does: it draws the values, or paints how they learn."""
        workspace, kind = self._workspace, self._workspace.paints
        if kind == "weights":
            return self._document.begin(f"Draw {name}")
        beside = PaintedSheet(self._document, kind, name, f"Paint {kind} on {name}")
        self._beside = beside, workspace.rate if kind == "rates" else workspace.pull
        return beside.gesture

    def _pull(self, at: QPointF) -> None:
        """Set the bars between the last place and this one to the heights of the line between them."""
        if self._gesture is None:
            return
        shape = self._document.tensor(self._name).shape if self._gesture.is_open else ()
        if not shape:
            return
        span = max(1, self.width() - _MARGIN)
        bar = min(max(int(np.floor((at.x() - _MARGIN) * shape[0] / span)), 0), shape[0] - 1)
        (start, first), last = self._last, self.value_at(at)
        self._last, self._marked = (bar, last), bar
        bars = np.arange(min(start, bar), max(start, bar) + 1)
        share = np.ones(1) if start == bar else (bars - start) / (bar - start)
        wanted = (first + (last - first) * share).astype(np.float32)[None, :]
        self._put(self._gesture, int(bars[0]), wanted)
        self.pointed.emit(bar)

    def _nudge(self, value: float) -> None:
        name = self._workspace.tensor
        if name is None or self._marked is None:
            return
        self._editing.pause()
        self._gesture, self._name = self._document.begin(f"Set {name} of {self._marked}"), name
        self._put(self._gesture, self._marked, np.full((1, 1), value, np.float32))
        self._end(commit=True)
        self.pointed.emit(self._marked)

    def _put(self, gesture: Gesture, start: int, wanted: Array) -> None:
        now = self._document.tensor(self._name)[start : start + wanted.shape[1]]
        if self._beside is not None:
            sheet, value = self._beside
            now, wanted = sheet.before[start : start + wanted.shape[1]], np.full_like(wanted, value)
        if self._workspace.protected:
            mask = self._workspace.selection_of(self._name).mask[0, start : start + wanted.shape[1]]
            wanted = np.where(mask, wanted, now).astype(np.float32)
        patch = Patch(Rect(0, start, 1, wanted.shape[1]), np.reshape(wanted, (1, -1)))
        if self._beside is not None:
            self._beside[0].put([patch])
        else:
            gesture.put(self._name, patch)

    def _select(self, at: QPointF, modifiers: Qt.KeyboardModifier) -> None:
        values = self.values
        if self._selecting is None or values is None:
            return
        before, start = self._selecting
        span = max(1, self.width() - _MARGIN)
        bar = min(max(int(np.floor((at.x() - _MARGIN) * len(values) / span)), 0), len(values) - 1)
        if before.mask.shape[1] != len(values):
            return
        mask = np.zeros((1, len(values)), np.bool_)
        mask[0, min(start, bar) : max(start, bar) + 1] = True
        self._workspace.select(combined(before, mask, way(modifiers)))

    def _end(self, *, commit: bool) -> None:
        gesture, self._gesture, self._beside = self._gesture, None, None
        if gesture is not None:
            (gesture.commit if commit else gesture.cancel)()
            self._editing.resume()
            self._measure()
            self.update()
