"""The filter sheet of the selected tensor, drawn by the CPU: what is visible, and no more."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QColor,
    QEnterEvent,
    QHideEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPointingDevice,
    QResizeEvent,
    QTabletEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QWidget

from studio.model.document import Document
from studio.model.op import Array
from studio.model.workspace import Workspace
from studio.ui.filters import sheet_painter
from studio.ui.filters.arrangement import Arrangement
from studio.ui.filters.rulers import LEFT, TOP, RulerDrag, Rulers
from studio.ui.filters.select_tool import way
from studio.ui.filters.sheet_scene import SheetScene
from studio.ui.filters.sheet_tools import SheetTools
from studio.ui.kit import theme
from studio.ui.services.effects import Effects
from studio.ui.viewport.camera import Camera
from studio.ui.viewport.keys import DOES, PANS

_NOTCH = 120.0
_ZOOM_STEP = 1.2
_PAN = 48
_GLOW_EVERY = 40


class SheetCanvas(QWidget):
    """Shows the workspace's tensor as a sheet, and hands the mouse, a pen and keys to the tools.

    The wheel zooms at the mouse; the middle button, Space or the move tool drag. Where the sheet is folded to the
    panel's shape, places are those of the tensor's own sheet all the same. ``pointed`` brings the place under the
    mouse, (y, x) in weights, or None.
    """

    pointed = Signal(object)

    def __init__(
        self, document: Document, workspace: Workspace, tools: SheetTools, effects: Effects | None = None
    ) -> None:
        super().__init__()
        self.camera = Camera()
        self._workspace = workspace
        self._tools = tools
        self._scene = SheetScene(document, workspace, self._view, self._changed, effects)
        self._rulers = Rulers()
        self._mouse: QPointF | None = None
        self._panned_from: QPointF | None = None
        self._ruled: RulerDrag | None = None
        self._space = False
        self._fading = QTimer(self, interval=_GLOW_EVERY)
        self._fading.timeout.connect(self._fade)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setMinimumSize(120, 120)
        self.setAccessibleName("Filter sheet")
        workspace.changed.connect(self._listen)
        self._changed(is_other=True)

    def sizeHint(self) -> QSize:  # noqa: N802
        """See `QWidget.sizeHint`."""
        return QSize(320, 280)

    @property
    def tensor(self) -> Array | None:
        """What is shown; None where the layer has no tensor."""
        return self._scene.tensor

    @property
    def arrangement(self) -> Arrangement | None:
        """Where its kernels lie; None where there is none."""
        return self._scene.arrangement

    def fit(self) -> None:
        """Show the whole sheet, folded to the panel's shape."""
        self.camera.fitted = True
        self._scene.arrange()

    def one_to_one(self) -> None:
        """A pixel for each weight."""
        self.camera.one_to_one()
        self.update()

    def zoom_in(self) -> None:
        """Zoom in by a step, at the middle."""
        self._zoom(_ZOOM_STEP)

    def zoom_out(self) -> None:
        """Zoom out by a step, at the middle."""
        self._zoom(1 / _ZOOM_STEP)

    def place(self, at: QPointF) -> tuple[float, float]:
        """Row and column of the tensor's sheet, in weights, at a place of the widget."""
        here = self._here(at)
        arrangement = self.arrangement
        if arrangement is None or arrangement.is_plain:
            return here
        # Beside the kernels it is beside the sheet.
        return arrangement.to_sheet(*here) or (-1.0, -1.0)

    def at(self, y: float, x: float) -> QPointF:
        """The inverse of `place`."""
        if self.arrangement is not None and not self.arrangement.is_plain:
            y, x = self.arrangement.from_sheet(y, x)
        scale = self.devicePixelRatioF()
        left, top = self.camera.to_view(x, y)
        return QPointF(left / scale + LEFT, top / scale + TOP)

    def _here(self, at: QPointF) -> tuple[float, float]:
        """A place of the widget in weights of the sheet as it is laid out."""
        scale = self.devicePixelRatioF()
        x, y = self.camera.to_content((at.x() - LEFT) * scale, (at.y() - TOP) * scale)
        return y, x

    # -- what changes ---------------------------------------------------------------------------------------------

    def _listen(self, field: str) -> None:
        if field in ("selection", "brush", "brush_unit", "tool", "paints"):
            self._show_cursor()
            self.update()

    def _changed(self, *, is_other: bool = False) -> None:
        """The scene has changed; where it is another sheet, it is shown whole."""
        arrangement = self.arrangement
        if arrangement is not None:
            height, width = arrangement.size
            if is_other:
                self.camera.fitted = True
            self.camera.see((width, height), self._view())
        self._show_cursor()
        if self._scene.glow.lasts and not self._fading.isActive():
            self._fading.start()
        self.update()

    def _fade(self) -> None:
        if not self._scene.glow.lasts:
            self._fading.stop()
        self.update()

    def _view(self) -> tuple[int, int]:
        scale = self.devicePixelRatioF()
        return max(1, round((self.width() - LEFT) * scale)), max(1, round((self.height() - TOP) * scale))

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        """See `QWidget.resizeEvent`: what is shown whole is folded anew."""
        super().resizeEvent(event)
        if self.camera.fitted and not self._tools.is_held:
            self._scene.arrange()
        self.camera.see(self.camera.content, self._view())

    # -- drawing --------------------------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        """See `QWidget.paintEvent`."""
        del event
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(theme.GROUND))
        arrangement, selection = self.arrangement, self._workspace.selection
        if arrangement is None or selection is None:
            return
        # The scale may be another since the window moved to another screen.
        self.camera.see(self.camera.content, self._view())
        painter.save()
        painter.setClipRect(QRectF(LEFT, TOP, self.width() - LEFT, self.height() - TOP))
        scale = self.devicePixelRatioF()
        painter.translate(LEFT, TOP)
        painter.scale(1 / scale, 1 / scale)
        self._scene.draw(painter, self.camera, selection, scale)
        self._draw_brush(painter, scale)
        painter.restore()
        self._rulers.draw(painter, self.camera, arrangement, selection, self.size(), scale)
        self._scene.draw_effects(painter, self.camera, self.size(), scale)

    def _draw_brush(self, painter: QPainter, scale: float) -> None:
        radius = self._tools.radius(self._pixels)
        if radius is None or self._mouse is None or self._panned_from is not None or self._on_ruler():
            return
        at = QPointF((self._mouse.x() - LEFT) * scale, (self._mouse.y() - TOP) * scale)
        sheet_painter.draw_brush(painter, at, radius * self.camera.zoom, self._workspace.brush.hardness, scale)

    @property
    def _pixels(self) -> float:
        """Logical pixels of a weight."""
        return self.camera.zoom / self.devicePixelRatioF()

    # -- mouse, pen and keys --------------------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """See `QWidget.mousePressEvent`."""
        at, button = event.position(), event.button()
        moves = self._workspace.tool == "move" or self._space
        if button == Qt.MouseButton.MiddleButton or (button == Qt.MouseButton.LeftButton and moves):
            self._panned_from = at
            self._show_cursor()
        elif button == Qt.MouseButton.RightButton:
            self._tools.pick(*self.place(at))
        elif button == Qt.MouseButton.LeftButton and self._on_ruler(at):
            self._rule(at, event.modifiers())
        elif button == Qt.MouseButton.LeftButton:
            self._press(at, 1.0, event.modifiers())
        self._point(at)

    def _press(self, at: QPointF, pressure: float, modifiers: Qt.KeyboardModifier) -> None:
        self._tools.lie(self.arrangement, self._pixels)
        self._tools.press(*self._here(at), pressure, modifiers)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """See `QWidget.mouseMoveEvent`."""
        at = event.position()
        if self._panned_from is not None:
            step, scale = at - self._panned_from, self.devicePixelRatioF()
            self.camera.pan(step.x() * scale, step.y() * scale)
            self._panned_from = at
        elif self._ruled is not None:
            self._rule(at, event.modifiers())
        else:
            self._tools.move(*self._here(at), 1.0, event.modifiers())
        self._point(at)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """See `QWidget.mouseReleaseEvent`."""
        if self._panned_from is not None:
            self._panned_from = None
            self._show_cursor()
        elif event.button() == Qt.MouseButton.LeftButton:
            self._ruled = None
            self._tools.release(*self._here(event.position()), 1.0, event.modifiers())
        self._point(event.position())

    def tabletEvent(self, event: QTabletEvent) -> None:  # noqa: N802
        """Like the mouse, with the pen's pressure."""
        kinds = {
            QEvent.Type.TabletMove: self._tools.move,
            QEvent.Type.TabletRelease: self._tools.release,
        }
        is_press = event.type() == QEvent.Type.TabletPress
        plain = event.button() in (Qt.MouseButton.LeftButton, Qt.MouseButton.NoButton) and not self._space
        held = not is_press or (plain and not self._on_ruler(event.position()))
        if not held or self._workspace.tool == "move" or self._panned_from is not None:
            # What comes as a mouse event then pans, picks or selects.
            event.ignore()
            return
        with_pressure = event.pointingDevice().capabilities() & QPointingDevice.Capability.Pressure
        pressure = event.pressure() if with_pressure else 1.0
        if is_press:
            self._press(event.position(), pressure, event.modifiers())
        else:
            kinds[event.type()](*self._here(event.position()), pressure, event.modifiers())
        self._point(event.position())
        event.accept()

    def wheelEvent(self, event: QWheelEvent) -> None:  # noqa: N802
        """Zoom at the mouse."""
        scale, at = self.devicePixelRatioF(), event.position()
        turned = event.angleDelta().y() / _NOTCH
        if turned:
            self.camera.zoom_at(_ZOOM_STEP**turned, (at.x() - LEFT) * scale, (at.y() - TOP) * scale)
            self._point(at)
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        """See `QWidget.keyPressEvent`."""
        key, modifiers = event.key(), event.modifiers()
        plain = modifiers == Qt.KeyboardModifier.NoModifier
        if key == Qt.Key.Key_Escape and self._tools.is_held:
            self._tools.cancel()
            self.update()
        elif plain and key in PANS:
            right, down = PANS[Qt.Key(key)]
            self.camera.pan(_PAN * right, _PAN * down)
            self.update()
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

    # -- within ---------------------------------------------------------------------------------------------------

    def _zoom(self, factor: float) -> None:
        self.camera.zoom_at(factor, self.camera.view[0] / 2, self.camera.view[1] / 2)
        self.update()

    def _point(self, at: QPointF | None) -> None:
        self._mouse = at
        self.pointed.emit(None if at is None or self._on_ruler(at) else self.place(at))
        self.update()

    def _on_ruler(self, at: QPointF | None = None) -> bool:
        at = self._mouse if at is None else at
        return at is not None and (at.x() < LEFT or at.y() < TOP) and not self._tools.is_held

    def _rule(self, at: QPointF, modifiers: Qt.KeyboardModifier) -> None:
        arrangement, before = self.arrangement, self._workspace.selection
        if arrangement is None or before is None:
            return
        if self._ruled is None:
            self._ruled = RulerDrag(before, "row" if at.x() < LEFT else "column", arrangement)
        self._workspace.select(self._ruled.to(self._here(at), way(modifiers)))

    def _show_cursor(self) -> None:
        if self._panned_from is not None:
            shape = Qt.CursorShape.ClosedHandCursor
        elif self._space or self._workspace.tool == "move":
            shape = Qt.CursorShape.OpenHandCursor
        else:
            shape = Qt.CursorShape.CrossCursor
        self.setCursor(shape)
