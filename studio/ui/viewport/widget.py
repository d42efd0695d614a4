"""The middle of the window: the output, input and output, a layer's tiles or a filter sheet, zoomed and panned."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from PySide6.QtCore import QEvent, QPoint, QPointF, Qt, QTimer, Signal
from PySide6.QtGui import (
    QContextMenuEvent,
    QHideEvent,
    QKeyEvent,
    QMouseEvent,
    QNativeGestureEvent,
    QPainter,
    QTabletEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QWidget

from studio.model.declared.size import Size
from studio.model.views.display import BLACK, GROUND, DisplayTexture, Look, spot
from studio.model.views.workspace import Workspace
from studio.ui.viewport import overlay
from studio.ui.viewport.around_bends import AroundBends
from studio.ui.viewport.content import FindScreen
from studio.ui.viewport.framed import ZOOM_STEP, Framed
from studio.ui.viewport.hand import Hand
from studio.ui.viewport.keys import DOES, PANS, SIDE, cursor_of
from studio.ui.viewport.pick import REACH, picked, picked_at
from studio.ui.viewport.probe import Question
from studio.ui.viewport.scene import Part, part_at, wanted
from studio.ui.viewport.tool import PictureTool, StageTool

_WAITING = "Waiting for the first frame"

# Pixels, as the system counts them: near enough to the divider to take it; one press of an arrow key.
_GRASP = 8
_STEP = 48
# Of a mouse wheel's notch; it reports 120 for one.
_NOTCH = 120.0
# Milliseconds after which a value that was asked for is looked for, where no new picture comes.
_ANSWER_AFTER = 30

Drag = Literal["", "pan", "divider", "tool", "region"]


class Viewport(Framed):
    """Shows what the workspace's view says, and hands the mouse to a tool on filter sheets.

    The wheel and pinches zoom at the cursor; the middle button, or the left button without a tool, pan; 0 or F
    fits, 1 shows a pixel for each texel, a double click goes from one to the other; arrows pan, + and - zoom.

    Attributes:
        hovered: what lies under the cursor, in words; empty beside the picture.
        picked: what was clicked, a `Picked`.
        asked: what was clicked by the right button where no tool is in the hand, a `Picked`, and where on the screen.
        over: paint over what is drawn, in this order.
        around_bends: shows a layer before or after its bends.

    Args:
        workspace: whose view, colours, scaling and brush it follows.
        find_screen: gives the screen once the render thread has one.
        parent: the widget that it lies in.
    """

    hovered = Signal(str)
    picked = Signal(object)
    asked = Signal(object, QPoint)

    def __init__(self, workspace: Workspace, find_screen: FindScreen, parent: QWidget | None = None) -> None:
        super().__init__(find_screen, Look(workspace.colours, workspace.scaling, ground=GROUND), workspace.view, parent)
        self._workspace = workspace
        self._hand = Hand(workspace)
        self.over: list[overlay.Over] = []
        self._drag: Drag = ""
        self._last = QPointF()
        self._pressed: QPointF | None = None
        self._cursor: QPointF | None = None
        self._label, self._alone = "", False
        self._answer = QTimer(self, singleShot=True, interval=_ANSWER_AFTER)
        self._answer.timeout.connect(self.refresh)
        self.setMouseTracking(True)
        self.setTabletTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMinimumSize(160, 120)
        self.setAccessibleName("Viewport")
        self.setAccessibleDescription("Wheel zooms, middle drag pans, 0 fits, 1 shows one pixel for each texel.")
        workspace.changed.connect(self._follow)
        self.around_bends = AroundBends(workspace, self)

    # -- what others call -----------------------------------------------------------------------------------------

    def set_tool(self, tool: StageTool | None) -> None:
        """Hand mouse and pen on filter sheets to this tool; None pans with them. A stroke under way is dropped."""
        self._hand.on_sheet = tool
        self._rearm()

    def set_picture_tool(self, tool: PictureTool | None) -> None:
        """Let this tool paint over the picture while the workspace is at a mask."""
        self._hand.on_picture = tool
        self._rearm()

    def set_alone(self, alone: bool) -> None:
        """Whether it is all that there is on the screen: then nothing but the picture is shown, on black."""
        self._alone, self.look = alone, replace(self.look, ground=BLACK if alone else GROUND)
        self.around_bends.set_wanted(not alone)
        self.refresh()

    # -- drawing --------------------------------------------------------------------------------------------------

    def compose(self, front: tuple[DisplayTexture, ...], size: Size) -> list[Part]:
        """See `Content.compose`."""
        found = super().compose(front, size)
        if found:
            self._hand.see(self._drawn, wanted(self._drawn, front)[-1])
        return found

    def question(self) -> Question | None:
        """See `Content.question`: the value under the cursor."""
        found = self._under_cursor()
        if found is None:
            return None
        part, x, y = found
        at = spot(part.shown, part.drawing, x, y)
        return None if at is None else Question(part.shown, part.drawing, at)

    def answered(self, text: str) -> None:
        """See `Content.answered`."""
        if text != self._label:
            self._label = text
            self.hovered.emit(text)

    def decorate(self, painter: QPainter) -> None:
        """See `Content.decorate`."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if not self._parts:
            overlay.empty_text(painter, self.rect(), self.problem or _WAITING)
        elif self.problem:
            overlay.greyed(painter, self.rect(), self.problem)
        else:
            self._decorate(painter)

    def _decorate(self, painter: QPainter) -> None:
        ratio = self.devicePixelRatioF()
        for draw in self.over:
            draw(painter, self._parts, ratio)
        if self._drawn.kind == "split":
            overlay.split(painter, self.rect(), self.width() * self._divider)
        if self._cursor is not None and self._hand.paints(self._view, self._drawn):
            overlay.brush(painter, self._cursor.x(), self._cursor.y(), self._hand.radius(self.camera.zoom / ratio))
        if self._drag == "region" and self._pressed is not None and self._cursor is not None:
            overlay.band(painter, self._pressed, self._cursor)
        if self._label and not self._alone:
            overlay.corner_label(painter, self.rect(), f"{self._label} · {100 * self.camera.zoom:.0f} %")

    # -- the mouse, the pen ---------------------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Begin a pan, a stroke, or take the divider; a mouse's own buttons go back and forth."""
        self._last = event.position()
        if event.button() in SIDE:
            getattr(self, SIDE[event.button()])()
        picks = event.button() == Qt.MouseButton.RightButton and self._has_tool()
        if picks or event.button() in (Qt.MouseButton.MiddleButton, Qt.MouseButton.LeftButton):
            self._begin(event.button(), event.position(), event.modifiers(), 1.0)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:  # noqa: N802 - Qt's name
        """Ask what is to be done with what lies there."""
        at = self._pixel(QPointF(event.pos()))
        if not self._has_tool() and (found := picked_at(self._parts, *at, add=False)):
            self.asked.emit(found, event.globalPos())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Go on with what was begun; follow the cursor."""
        self._move(event.position(), event.modifiers(), 1.0)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """End what was begun."""
        self._end(event.position(), event.modifiers(), 1.0)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Fit, or a pixel for each texel under the cursor; with a tool it is a second press."""
        if event.button() != Qt.MouseButton.LeftButton or self._has_tool():
            self.mousePressEvent(event)
        elif self.camera.fitted:
            self._note()
            self.camera.one_to_one(*self._pixel(event.position()))
        else:
            self.fit()
        self.refresh()

    def tabletEvent(self, event: QTabletEvent) -> None:  # noqa: N802 - Qt's name
        """A pen, with its pressure."""
        if event.type() == QEvent.Type.TabletPress:
            self._last = event.position()
            self._begin(event.button(), event.position(), event.modifiers(), event.pressure())
        elif event.type() == QEvent.Type.TabletMove:
            self._move(event.position(), event.modifiers(), event.pressure())
        elif event.type() == QEvent.Type.TabletRelease:
            self._end(event.position(), event.modifiers(), event.pressure())
        event.accept()

    def wheelEvent(self, event: QWheelEvent) -> None:  # noqa: N802 - Qt's name
        """Zoom at the cursor."""
        self._zoom(ZOOM_STEP ** ((event.angleDelta().y() or event.angleDelta().x()) / _NOTCH), event.position())
        event.accept()

    def leaveEvent(self, _event: QEvent) -> None:  # noqa: N802 - Qt's name
        """The cursor is elsewhere."""
        self._cursor = None
        self.refresh()

    def event(self, event: QEvent) -> bool:
        """Pinches zoom at the cursor."""
        if isinstance(event, QNativeGestureEvent) and event.gestureType() == Qt.NativeGestureType.ZoomNativeGesture:
            self._zoom(1.0 + event.value(), event.position())
            return True
        return super().event(event)

    # -- the keyboard ---------------------------------------------------------------------------------------------

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Fit, 1:1, pan, zoom; Escape drops a stroke."""
        key = Qt.Key(event.key())
        if key == Qt.Key.Key_Escape and self._drag == "tool":
            self._cancel()
        elif key == Qt.Key.Key_Escape and self._workspace.masking:
            self._workspace.masking = 0
        elif key in PANS:
            step = _STEP * self.devicePixelRatioF()
            self._pan(step * PANS[key][0], step * PANS[key][1])
        elif key in DOES:
            getattr(self, DOES[key])()
        else:
            super().keyPressEvent(event)

    def hideEvent(self, event: QHideEvent) -> None:  # noqa: N802 - Qt's name
        """A stroke cannot go on unseen."""
        self._cancel()
        super().hideEvent(event)

    # -- within ---------------------------------------------------------------------------------------------------

    def _follow(self, what: str) -> None:
        if what in ("view", "masking"):
            self._view = self._workspace.view
            self._rearm()
        elif what in ("colours", "scaling"):
            self.look = replace(self.look, colours=self._workspace.colours, scaling=self._workspace.scaling)
        if what in ("colours", "scaling", "brush", "tool"):
            self.refresh()

    def _rearm(self) -> None:
        self._cancel()
        self._show_cursor()
        self.refresh()

    def _has_tool(self) -> bool:
        return self._hand.tool(self._view, self._drawn) is not None

    def _under_cursor(self) -> tuple[Part, float, float] | None:
        return None if self._cursor is None else part_at(self._parts, *self._pixel(self._cursor))

    def _near_divider(self, at: QPointF) -> bool:
        return self._view.kind == "split" and abs(at.x() - self.width() * self._divider) < _GRASP

    def _begin(self, button: Qt.MouseButton, at: QPointF, keys: Qt.KeyboardModifier, pressure: float) -> None:
        self._cancel()
        self._cursor = at
        self._pressed = at if button == Qt.MouseButton.LeftButton else None
        if button == Qt.MouseButton.MiddleButton:
            self._drag = "pan"
        elif self._near_divider(at):
            self._drag = "divider"
        elif self._parts and (tool := self._hand.tool(self._view, self._drawn)):
            self._drag = "tool"
            if button == Qt.MouseButton.RightButton:
                keys |= Qt.KeyboardModifier.AltModifier
            self._hand.press(tool, self._place(at), self.camera.zoom / self.devicePixelRatioF(), pressure, keys)
        else:
            wanted = self.camera.fitted or keys & Qt.KeyboardModifier.ShiftModifier
            chooses = wanted and self._pressed is not None and self._view.kind in ("output", "split")
            self._drag = "region" if chooses else "pan"
        self._show_cursor()

    def _move(self, at: QPointF, keys: Qt.KeyboardModifier, pressure: float) -> None:
        moved, self._last, self._cursor = at - self._last, at, at
        if self._drag == "pan":
            self._pan(*self._pixel(moved))
        elif self._drag == "divider":
            self._divider = min(max(at.x() / max(self.width(), 1), 0.0), 1.0)
        elif self._drag == "tool":
            self._hand.move(self._place(at), pressure, keys)
        self._show_cursor()
        self._answer.start()
        self.refresh()

    def _end(self, at: QPointF, keys: Qt.KeyboardModifier, pressure: float) -> None:
        drag, self._drag = self._drag, ""
        self._hand.release(self._place(at), pressure, keys)
        start = self._pressed
        if start is not None and (drag == "region" or (drag == "pan" and (at - start).manhattanLength() < REACH)):
            add = bool(keys & Qt.KeyboardModifier.ControlModifier)
            if found := picked(self._parts, self._pixel(start), self._pixel(at), add=add):
                self.picked.emit(found)
        self._show_cursor()
        self.refresh()

    def _cancel(self) -> None:
        self._drag = ""
        self._hand.cancel()

    def _show_cursor(self) -> None:
        moves = self._hand.moves(self._view)
        divides = self._cursor is not None and self._near_divider(self._cursor)
        self.setCursor(cursor_of(self._drag, moves=moves, divides=divides, paints=self._has_tool()))
