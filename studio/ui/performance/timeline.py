"""The timeline: curves of what was turned, whose keyframes can be dragged; what was done besides; where it is."""

from __future__ import annotations

import math
from dataclasses import replace

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF, QWheelEvent
from PySide6.QtWidgets import QMenu, QSizePolicy, QWidget

from studio.errors import StudioError
from studio.model.address import Number
from studio.model.document import Document
from studio.model.performance import Turned
from studio.model.score import Score
from studio.ui.kit import theme
from studio.ui.kit.clock import clock
from studio.ui.performance.lanes import HEAD, REACH, RULER, Lane, lanes, step_of_ruler

_EDGE = 10
_THIN = 0.01
"""Part of a number's reach by which a thinned curve may be off."""


class Timeline(QWidget):
    """Shows the open performance, and changes it.

    ``hovered`` brings what is under the mouse, in words.

    Args:
        document: knows what numbers are called, and how far they reach.
        score: what is open.
    """

    hovered = Signal(str)

    def __init__(self, document: Document, score: Score) -> None:
        super().__init__()
        self._document, self._score = document, score
        self.lanes: tuple[Lane, ...] = ()
        self._chosen: tuple[str, int] | None = None
        self._dragged: tuple[Lane, int, tuple[Turned, ...]] | None = None
        self._anchor: float | None = None
        self._zoom, self._left = 1.0, 0.0
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Timeline of the performance")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        score.changed.connect(self._follow)
        self._renew()

    def _follow(self, topic: str) -> None:
        if topic == "performance":
            self._renew()
        self.update()

    def _renew(self) -> None:
        performance = self._score.performance
        self.lanes = lanes(performance, self._number) if performance is not None else ()
        self._dragged = None
        if self._chosen is not None and (lane := self.lane(self._chosen[0])) is not None:
            place = min(self._chosen[1], len(lane.turns) - 1)
            self._chosen = self._chosen[0], place
        else:
            self._chosen = None
        self.setMinimumHeight(self.sizeHint().height())
        self.updateGeometry()
        self.update()

    def _number(self, address: str) -> Number | None:
        try:
            return self._document.number(address)
        except StudioError:
            return None

    def lane(self, address: str) -> Lane | None:
        """The lane of a number."""
        return next((lane for lane in self.lanes if lane.address == address), None)

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """As high as its lanes."""
        last = self.lanes[-1] if self.lanes else None
        return QSize(600, (last.top + last.height if last is not None else RULER + 60) + _EDGE)

    # -- times ------------------------------------------------------------------------------------------------------

    @property
    def _seconds(self) -> float:
        performance = self._score.performance
        return max(performance.seconds, 0.1) if performance is not None else 1.0

    @property
    def _scale(self) -> float:
        """Pixels a second."""
        return max(1.0, self.width() - HEAD - _EDGE) / self._seconds * self._zoom

    def x_of(self, time: float) -> float:
        """Where a time lies."""
        return HEAD + (time - self._left) * self._scale

    def time_at(self, x: float) -> float:
        """The time that lies there, within the performance."""
        return min(max(0.0, self._left + (x - HEAD) / self._scale), self._seconds)

    def wheelEvent(self, event: QWheelEvent) -> None:  # noqa: N802 - Qt's name
        """Zoom the times with Ctrl, go along them with Shift."""
        steps = (event.angleDelta().y() or event.angleDelta().x()) / 120
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            at = self.time_at(event.position().x())
            self._zoom = min(200.0, max(1.0, self._zoom * 1.25**steps))
            self._left = at - (event.position().x() - HEAD) / self._scale
        elif event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            self._left -= steps * 60 / self._scale
        else:
            event.ignore()
            return
        self._left = min(max(0.0, self._left), self._seconds * (1 - 1 / self._zoom))
        self.update()

    # -- the mouse --------------------------------------------------------------------------------------------------

    def _at(self, position: QPointF) -> tuple[Lane, int | None] | None:
        """The lane there, and the keyframe that is met."""
        lane = next((each for each in self.lanes if each.top <= position.y() < each.top + each.height), None)
        if lane is None:
            return None
        near, best = None, REACH
        for place, turn in enumerate(lane.turns if lane.address else ()):
            off = math.hypot(self.x_of(turn.time) - position.x(), lane.y(turn.value) - position.y())
            if off <= best:
                near, best = place, off
        return lane, near

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Take hold of a keyframe, or of the times."""
        if event.button() != Qt.MouseButton.LeftButton or self._score.performance is None:
            return
        found = self._at(event.position())
        if event.position().y() < RULER:
            self._anchor = self.time_at(event.position().x())
            self._score.selection = None
            self._score.position = self._anchor
        elif found is not None and found[1] is not None:
            lane, place = found[0], found[1]
            self._chosen, self._dragged = (lane.address, place), (lane, place, lane.turns)
            self.update()
        else:
            self._chosen = None
            self.update()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Drag it."""
        position = event.position()
        if self._anchor is not None:
            self._score.selection = self._anchor, self.time_at(position.x())
        elif self._dragged is not None:
            lane, place, _ = self._dragged
            keeps = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
            time = lane.turns[place].time if keeps else self.time_at(position.x())
            self._dragged = lane, place, lane.moved(place, time, lane.value(position.y()))
            self.hovered.emit(_said(lane, self._dragged[2][place]))
            self.update()
        else:
            self._hover(position)

    def _hover(self, position: QPointF) -> None:
        found = self._at(position)
        if found is None or found[1] is None:
            self.setCursor(Qt.CursorShape.ArrowCursor)
            self.hovered.emit(found[0].label if found is not None else "")
        else:
            self.setCursor(Qt.CursorShape.SizeAllCursor)
            self.hovered.emit(_said(found[0], found[0].turns[found[1]]))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Let go: one edit."""
        if event.button() != Qt.MouseButton.LeftButton:
            return
        self._anchor = None
        dragged, self._dragged = self._dragged, None
        if dragged is not None and dragged[2] != dragged[0].turns:
            self._score.set_turns(dragged[0].address, dragged[2])

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """One more keyframe."""
        found = self._at(event.position())
        if found is not None and found[0].address and event.position().x() >= HEAD and found[1] is None:
            lane = found[0]
            self._score.set_turns(
                lane.address, lane.with_one(self.time_at(event.position().x()), lane.value(event.position().y()))
            )

    def menu_at(self, position: QPointF) -> QMenu | None:
        """What can be done with what is there; None for nothing."""
        found = self._at(position)
        if found is None or not found[0].address:
            return None
        lane, place = found
        menu = QMenu(self)
        if place is not None:
            menu.addAction("Remove this keyframe", lambda: self._remove(lane, place))
            glides = lane.turns[place].glides
            menu.addAction("Jump here" if glides else "Glide here", lambda: self._glide(lane, place, not glides))
            menu.addSeparator()
        menu.addAction("Keep few keyframes", lambda: self._score.thin(lane.address, _THIN * (lane.hi - lane.lo)))
        menu.addAction(f"Take {lane.address} out", lambda: self._score.set_turns(lane.address, ()))
        return menu

    def contextMenuEvent(self, event) -> None:  # type: ignore[no-untyped-def] # noqa: N802 - Qt's
        """Show what can be done."""
        menu = self.menu_at(QPointF(event.pos()))
        if menu is not None:
            menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            menu.popup(event.globalPos())

    def _remove(self, lane: Lane, place: int) -> None:
        self._score.set_turns(lane.address, lane.without(place))

    def _glide(self, lane: Lane, place: int, glides: bool) -> None:
        turn = lane.turns[place]
        turns = (*lane.turns[:place], Turned(turn.time, turn.address, turn.value, glides), *lane.turns[place + 1 :])
        self._score.set_turns(lane.address, turns)

    # -- keys -------------------------------------------------------------------------------------------------------

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Arrows choose a keyframe, with Alt they move it; Delete removes it."""
        ways = {Qt.Key.Key_Left: (-1, 0), Qt.Key.Key_Right: (1, 0), Qt.Key.Key_Up: (0, -1), Qt.Key.Key_Down: (0, 1)}
        curves = [lane for lane in self.lanes if lane.address]
        if event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace) and self._chosen is not None:
            lane = self.lane(self._chosen[0])
            if lane is not None:
                self._remove(lane, self._chosen[1])
        elif event.key() in ways and curves:
            across, down = ways[Qt.Key(event.key())]
            if event.modifiers() & Qt.KeyboardModifier.AltModifier:
                self._nudge(across, -down)
            else:
                self._choose(curves, across, down)
        else:
            super().keyPressEvent(event)

    def _choose(self, curves: list[Lane], across: int, down: int) -> None:
        lane = self.lane(self._chosen[0]) if self._chosen is not None else None
        if lane is None or self._chosen is None:
            self._chosen = curves[0].address, 0
        else:
            other = curves[min(max(0, curves.index(lane) + down), len(curves) - 1)]
            place = self._chosen[1] + across
            if down:
                at = lane.turns[self._chosen[1]].time
                place = min(range(len(other.turns)), key=lambda each: abs(other.turns[each].time - at))
            self._chosen = other.address, min(max(0, place), len(other.turns) - 1)
        lane = self.lane(self._chosen[0])
        if lane is not None:
            self.hovered.emit(_said(lane, lane.turns[self._chosen[1]]))
        self.update()

    def _nudge(self, later: int, higher: int) -> None:
        lane = self.lane(self._chosen[0]) if self._chosen is not None else None
        if lane is None or self._chosen is None:
            return
        turn, step = lane.turns[self._chosen[1]], (lane.hi - lane.lo) / 100
        value = turn.value + higher * step
        value = lane.number.clipped(value) if lane.number is not None else value
        self._score.set_turns(lane.address, lane.moved(self._chosen[1], turn.time + later * 0.04, value))

    # -- drawing ----------------------------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Draw."""
        del event
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(self.rect(), QColor(theme.GROUND))
        if self._score.performance is None:
            painter.setPen(QColor(theme.FAINT))
            text = "Nothing is open. Shift+R records a performance with its film; it is shown here when it ends."
            flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(self.rect().adjusted(12, 0, -12, 0), flags, text)
            return
        self._draw_ruler(painter)
        if (selection := self._score.selection) is not None:
            a, b = self.x_of(selection[0]), self.x_of(selection[1])
            colour = QColor(theme.ACCENT)
            colour.setAlpha(48)
            painter.fillRect(QRectF(max(a, HEAD), 0, b - max(a, HEAD), self.height()), colour)
        for lane in self.lanes:
            self._draw_lane(painter, lane)
        painter.setPen(QPen(QColor(theme.TEXT), 1.5))
        here = self.x_of(self._score.position)
        if here >= HEAD:
            painter.drawLine(QPointF(here, 0), QPointF(here, self.height()))

    def _draw_ruler(self, painter: QPainter) -> None:
        step = step_of_ruler(1 / self._scale)
        painter.setPen(QColor(theme.FAINT))
        number = math.ceil(self._left / step)
        while (x := self.x_of(number * step)) <= self.width() and number * step <= self._seconds:
            painter.drawLine(QPointF(x, RULER - 6), QPointF(x, RULER))
            text = clock(number * step) if step >= 1 else f"{number * step:.1f}"
            painter.drawText(QPointF(x + 3, RULER - 7), text)
            number += 1

    def _draw_lane(self, painter: QPainter, lane: Lane) -> None:
        top, bottom = lane.top, lane.top + lane.height
        painter.setPen(QPen(QColor(theme.LINE), 1))
        painter.drawLine(QPointF(0, bottom - 0.5), QPointF(self.width(), bottom - 0.5))
        painter.save()
        painter.setClipRect(QRectF(HEAD, top, self.width() - HEAD, lane.height))
        if lane.turns:
            self._draw_curve(painter, lane)
        painter.setPen(QPen(QColor(theme.FAINT), 1.5))
        for time in lane.marks:
            painter.drawLine(QPointF(self.x_of(time), top + 4), QPointF(self.x_of(time), bottom - 5))
        painter.restore()
        painter.setPen(QColor(theme.TEXT))
        text = painter.fontMetrics().elidedText(lane.label, Qt.TextElideMode.ElideRight, HEAD - 16)
        middle = QRectF(8, top, HEAD - 16, lane.height)
        painter.drawText(middle, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, text)

    def _draw_curve(self, painter: QPainter, lane: Lane) -> None:
        shown = lane
        if self._dragged is not None and self._dragged[0].address == lane.address:
            shown = replace(lane, turns=self._dragged[2])
        points = shown.points
        line = [QPointF(self.x_of(time), shown.y(value)) for time, value in points]
        if line:
            line.append(QPointF(self.x_of(self._seconds), line[-1].y()))
        painter.setPen(QPen(QColor(theme.ACCENT), 1.5))
        painter.drawPolyline(QPolygonF(line))
        # Recorded as they came, keyframes lie close; where they can be told apart they are drawn.
        wide = self.x_of(shown.turns[-1].time) - self.x_of(shown.turns[0].time)
        apart = len(shown.turns) < 2 or wide / (len(shown.turns) - 1) > 2.5
        painter.setPen(Qt.PenStyle.NoPen)
        for place, turn in enumerate(shown.turns):
            is_chosen = self._chosen == (lane.address, place)
            if apart or is_chosen:
                painter.setBrush(QColor(theme.TEXT if is_chosen else theme.ACCENT))
                radius = 4.5 if is_chosen else 3.0
                painter.drawEllipse(QPointF(self.x_of(turn.time), shown.y(turn.value)), radius, radius)


def _said(lane: Lane, turn: Turned) -> str:
    unit = f" {lane.number.unit}" if lane.number is not None and lane.number.unit else ""
    return f"{lane.label} ({lane.address}): {turn.value:.4g}{unit} at {turn.time:.2f} s"
