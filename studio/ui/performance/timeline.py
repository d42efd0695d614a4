"""The timeline: curves of what was turned, whose keyframes can be dragged; what was done besides; where it is."""

from __future__ import annotations

import math
from bisect import bisect_right
from dataclasses import dataclass, replace

from PySide6.QtCore import QPointF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QWheelEvent
from PySide6.QtWidgets import QMenu, QSizePolicy, QWidget

from studio.errors import StudioError
from studio.model.documents.document import Document
from studio.model.movement.address import Number
from studio.model.performances.score import Score
from studio.ui.performance.holds import Hold, hold
from studio.ui.performance.lanes import HEAD, REACH, RULER, Lane, lanes
from studio.ui.performance.painting import View, paint

_EDGE = 10
_THIN = 0.01
"""Part of a number's reach by which a thinned curve may be off."""

_NUDGE = 0.04
"""Seconds by which a key moves what is chosen."""


@dataclass(frozen=True)
class _Drag:
    """What is dragged: as its lane shows it, by how many seconds the hand lies behind it, and where it is to go."""

    held: Hold
    shown: Lane
    off: float = 0.0
    end: tuple[float, float, bool] | None = None


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
        self._drag: _Drag | None = None
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
        self._drag = None
        if self._chosen is not None and (lane := self.lane(self._chosen[0])) is not None and lane.times:
            self._chosen = self._chosen[0], min(self._chosen[1], len(lane.times) - 1)
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

    def lane(self, key: str) -> Lane | None:
        """The lane of a number, by its address, or of something else, by its name."""
        return next((lane for lane in self.lanes if lane.key == key), None)

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

    def lane_at(self, y: float) -> Lane | None:
        """The lane at a height."""
        return next((each for each in self.lanes if each.top <= y < each.top + each.height), None)

    def hold_at(self, position: QPointF) -> Hold | None:
        """What a hand there takes hold of; None for nothing."""
        lane, performance = self.lane_at(position.y()), self._score.performance
        if lane is None or performance is None or position.x() < HEAD - REACH:
            return None
        near, best = None, REACH
        for place, time in enumerate(lane.times):
            y = lane.y(lane.turns[place].value) if lane.turns else position.y()
            off = math.hypot(self.x_of(time) - position.x(), y - position.y())
            if off <= best:
                near, best = place, off
        if near is not None:
            return hold(performance, lane, near)
        # Between its steps a fade is taken as a whole.
        time, off = self.time_at(position.x()), REACH * (lane.hi - lane.lo) / (lane.height - 10)
        place = bisect_right(lane.turns, time, key=lambda turn: turn.time)
        if lane.wholes and 0 < place < len(lane.turns) and lane.turns[place].glides:
            before, after = lane.turns[place - 1 : place + 1]
            part = before.value + (after.value - before.value) * (time - before.time) / (after.time - before.time)
            if abs(lane.value(position.y()) - part) <= off:
                return hold(performance, lane, place, whole=True)
        return None

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Take hold of what lies there, or of the times."""
        if event.button() != Qt.MouseButton.LeftButton or self._score.performance is None:
            return
        if event.position().y() < RULER:
            self._anchor = self.time_at(event.position().x())
            self._score.selection = None
            self._score.position = self._anchor
            return
        found = self.hold_at(event.position())
        self._chosen = None if found is None else (found.lane.key, found.place)
        if found is not None:
            # Where it was taken, it may lie a little beside what it is.
            off = (0.0, 0.0) if found.kind != "fade" else (self.time_at(event.position().x()) - found.time, 0.0)
            self._drag = _Drag(found, found.lane, off[0])
        self.update()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Drag it."""
        position = event.position()
        if self._anchor is not None:
            self._score.selection = self._anchor, self.time_at(position.x())
        elif self._drag is not None:
            drag, modifiers = self._drag, event.modifiers()
            held = drag.held
            keeps = bool(modifiers & Qt.KeyboardModifier.ShiftModifier)
            time = held.time if keeps else self.time_at(position.x()) - drag.off
            value = held.lane.value(position.y()) if held.lane.turns else 0.0
            copies = bool(modifiers & Qt.KeyboardModifier.ControlModifier)
            self._drag = replace(drag, shown=held.shown(time, value, copies=copies), end=(time, value, copies))
            self.hovered.emit(held.said(self._drag.shown))
            self.update()
        else:
            self._hover(position)

    def _hover(self, position: QPointF) -> None:
        found = self.hold_at(position)
        if found is None:
            lane = self.lane_at(position.y())
            self.setCursor(Qt.CursorShape.ArrowCursor)
            self.hovered.emit(lane.label if lane is not None else "")
        else:
            across = found.kind in ("fade", "marks")
            self.setCursor(Qt.CursorShape.SizeHorCursor if across else Qt.CursorShape.SizeAllCursor)
            self.hovered.emit(found.said())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Let go: one edit."""
        if event.button() != Qt.MouseButton.LeftButton:
            return
        self._anchor = None
        drag, self._drag = self._drag, None
        if drag is not None and drag.end is not None:
            self._drop(drag.held, *drag.end)
            self.update()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """One more keyframe, which is chosen."""
        lane = self.lane_at(event.position().y())
        on_curve = lane is not None and lane.address and event.position().x() >= HEAD
        if lane is not None and on_curve and self.hold_at(event.position()) is None:
            time, value = self.time_at(event.position().x()), lane.value(event.position().y())
            self._score.set_turns(lane.address, lane.with_one(time, value))
            self._choose_at(lane.key, time)

    def menu_at(self, position: QPointF) -> QMenu | None:
        """What can be done with what is there; None for nothing."""
        lane, held, performance = self.lane_at(position.y()), self.hold_at(position), self._score.performance
        if lane is None or performance is None or (held is None and not lane.address):
            return None
        menu, edit = QMenu(self), self._score.edit
        if held is not None and held.kind == "keyframe":
            turn = lane.turns[held.place]
            menu.addAction("Remove this keyframe", lambda: edit(held.removed(performance)))
            menu.addAction("Jump here" if turn.glides else "Glide here", lambda: self._glide(lane, held.place))
            menu.addSeparator()
        elif held is not None:
            whole = hold(performance, lane, held.place, whole=True) if lane.wholes else held
            if held.kind == "step":
                menu.addAction("Remove this step", lambda: edit(held.removed(performance)))
            out = "Take this fade out" if lane.wholes else "Remove it"
            menu.addAction(out, lambda: edit(whole.removed(performance)))
            menu.addAction("Do it again at the line", lambda: self._repeat(whole))
        if lane.address:
            menu.addAction("Keep few keyframes", lambda: self._score.thin(lane.address, _THIN * (lane.hi - lane.lo)))
            menu.addAction(f"Take {lane.address} out", lambda: self._score.set_turns(lane.address, ()))
        return menu

    def contextMenuEvent(self, event) -> None:  # type: ignore[no-untyped-def] # noqa: N802 - Qt's
        """Show what can be done."""
        menu = self.menu_at(QPointF(event.pos()))
        if menu is not None:
            menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            menu.popup(event.globalPos())

    def _glide(self, lane: Lane, place: int) -> None:
        turn = lane.turns[place]
        turns = (*lane.turns[:place], replace(turn, glides=not turn.glides), *lane.turns[place + 1 :])
        self._score.set_turns(lane.address, turns)

    def _repeat(self, held: Hold) -> None:
        self._drop(held, self._score.position, held.value, True)

    def _drop(self, held: Hold, time: float, value: float, copies: bool = False) -> None:
        """Have it elsewhere, where it stays chosen."""
        if self._score.performance is None:
            return
        made = held.dropped(self._score.performance, time, value, copies=copies)
        if made is self._score.performance:
            self.hovered.emit("There is no room for it there")
            return
        self._score.edit(made)
        lane, before = self.lane(held.lane.key), set(held.lane.times)
        come = [each for each in lane.times if each not in before] if lane is not None and copies else []
        self._choose_at(held.lane.key, come[0] if come else held.held_at(time))

    def _choose_at(self, key: str, time: float) -> None:
        if (lane := self.lane(key)) is not None and lane.times:
            self._chosen = key, lane.nearest(time)
            self._tell_chosen()

    # -- keys -------------------------------------------------------------------------------------------------------

    def _held(self, *, whole: bool = False) -> Hold | None:
        """What is chosen; of a fade all, where that is wanted."""
        lane = self.lane(self._chosen[0]) if self._chosen is not None else None
        if lane is None or self._chosen is None or self._score.performance is None:
            return None
        return hold(self._score.performance, lane, self._chosen[1], whole=whole and bool(lane.wholes))

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Arrows choose, with Alt they move; Delete removes, Ctrl+D does it again at the line; Shift: a whole fade."""
        ways = {Qt.Key.Key_Left: (-1, 0), Qt.Key.Key_Right: (1, 0), Qt.Key.Key_Up: (0, -1), Qt.Key.Key_Down: (0, 1)}
        modifiers, key = event.modifiers(), Qt.Key(event.key())
        there = [lane for lane in self.lanes if lane.times]
        held = self._held(whole=bool(modifiers & Qt.KeyboardModifier.ShiftModifier))
        if key in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace) and held is not None:
            if self._score.performance is not None:
                self._score.edit(held.removed(self._score.performance))
        elif key == Qt.Key.Key_D and modifiers & Qt.KeyboardModifier.ControlModifier:
            again = self._held(whole=True)
            if again is not None:
                self._repeat(again)
        elif key in ways and there:
            across, down = ways[key]
            if modifiers & Qt.KeyboardModifier.AltModifier:
                self._nudge(held, across, -down)
            else:
                self._choose(there, across, down)
        else:
            super().keyPressEvent(event)

    def _choose(self, there: list[Lane], across: int, down: int) -> None:
        lane = self.lane(self._chosen[0]) if self._chosen is not None else None
        if lane is None or self._chosen is None:
            self._chosen = there[0].key, 0
        else:
            other = there[min(max(0, there.index(lane) + down), len(there) - 1)]
            place = self._chosen[1] + across
            if down:
                place = other.nearest(lane.times[self._chosen[1]])
            self._chosen = other.key, min(max(0, place), len(other.times) - 1)
        self._tell_chosen()

    def _tell_chosen(self) -> None:
        if (held := self._held()) is not None:
            self.hovered.emit(held.said())
        self.update()

    def _nudge(self, held: Hold | None, later: int, higher: int) -> None:
        if held is None:
            return
        lane = held.lane
        value = held.value + higher * (lane.hi - lane.lo) / 100
        value = lane.number.clipped(value) if lane.number is not None else value
        self._drop(held, held.time + later * _NUDGE, value)

    # -- drawing ----------------------------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Draw."""
        del event
        score, drag = self._score, self._drag
        is_open = score.performance is not None
        shown = [drag.shown if drag is not None and lane is drag.held.lane else lane for lane in self.lanes]
        painter = QPainter(self)
        view = View(self.rect(), self.x_of, self._left, self._seconds, 1 / self._scale)
        paint(painter, view, shown if is_open else None, score.selection, score.position, self._chosen)
        painter.end()
