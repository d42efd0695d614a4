"""A macro: a round knob that is turned, its name, and a grip by which it is dragged onto what it is to turn."""

from __future__ import annotations

import math
from collections.abc import Callable

from PySide6.QtCore import QPoint, QPointF, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QColor,
    QDragEnterEvent,
    QDropEvent,
    QFocusEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QWheelEvent,
)
from PySide6.QtWidgets import QHBoxLayout, QLabel, QToolTip, QVBoxLayout, QWidget

from studio.model.movement.route import Macro
from studio.ui.kit import theme
from studio.ui.kit.addressed import give_address
from studio.ui.kit.controls import REST
from studio.ui.kit.elided import ElidedLabel

_SIZE = 44
_WAY = 160
"""Pixels of a drag from one end to the other."""

_STEP = 0.05
_FINE = 0.01
_START, _SPAN = 225.0, -270.0
"""Degrees of its lower end, counter-clockwise from the right, and of its way."""


class Dial(QWidget):
    """The round knob: drag it up or down, use arrow keys, or the wheel while it has the keyboard.

    ``turned`` brings its value, ``settled`` comes when the hand lets go.
    """

    turned = Signal(float)
    settled = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.value = 0.0
        self.moved: float | None = None
        self.is_used = self.is_chosen = False
        self._from: tuple[int, float, int] | None = None
        self.setFixedSize(QSize(_SIZE, _SIZE))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.SizeVerCursor)
        self._rest = QTimer(self, interval=REST, singleShot=True)
        self._rest.timeout.connect(self.settled)

    def show_value(self, value: float, moved: float | None) -> None:
        """Show where it is turned to, and where a route has it at the moment; None where none moves it."""
        if (value, moved) != (self.value, self.moved):
            self.value, self.moved = value, moved
            self.update()

    def step(self, by: float) -> None:
        """Turn it by a part of its way; it settles after a rest."""
        self.turned.emit(min(1.0, max(0.0, self.value + by)))
        self._rest.start()

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Take hold of it; with Shift it turns finer."""
        if event.button() == Qt.MouseButton.LeftButton:
            way = _WAY * (5 if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1)
            self._from = event.globalPosition().toPoint().y(), self.value, way

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Turn it: up is more."""
        if self._from is not None:
            start, value, way = self._from
            self.turned.emit(min(1.0, max(0.0, value + (start - event.globalPosition().toPoint().y()) / way)))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Let go of it."""
        del event
        if self._from is not None:
            self._from = None
            self.settled.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Arrows turn it, Shift finer; Home and End go to its ends."""
        fine = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        step = _FINE if fine else _STEP
        steps = {
            Qt.Key.Key_Up: step,
            Qt.Key.Key_Right: step,
            Qt.Key.Key_Down: -step,
            Qt.Key.Key_Left: -step,
            Qt.Key.Key_PageUp: 5 * step,
            Qt.Key.Key_PageDown: -5 * step,
            Qt.Key.Key_Home: -1.0,
            Qt.Key.Key_End: 1.0,
        }
        by = steps.get(Qt.Key(event.key()))
        if by is None or event.modifiers() & ~Qt.KeyboardModifier.ShiftModifier & ~Qt.KeyboardModifier.KeypadModifier:
            super().keyPressEvent(event)
        else:
            self.step(by)

    def wheelEvent(self, event: QWheelEvent) -> None:  # noqa: N802 - Qt's name
        """Turn it while it has the keyboard; otherwise what it lies in scrolls."""
        if self.hasFocus():
            self.step(math.copysign(_STEP, event.angleDelta().y()))
        else:
            event.ignore()

    def focusInEvent(self, event: QFocusEvent) -> None:  # noqa: N802 - Qt's name
        """Show the ring."""
        super().focusInEvent(event)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Draw."""
        del event
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        ring = QRectF(self.rect()).adjusted(5, 5, -5, -5)
        if self.is_chosen or self.hasFocus():
            painter.setPen(QPen(QColor(theme.FOCUS if self.hasFocus() else theme.ACCENT), 1.5))
            painter.drawEllipse(QRectF(self.rect()).adjusted(1, 1, -1, -1))
        painter.setPen(QPen(QColor(theme.EDGE), 3, Qt.PenStyle.SolidLine, Qt.PenCapStyle.FlatCap))
        painter.drawArc(ring, round(_START * 16), round(_SPAN * 16))
        painter.setPen(
            QPen(
                QColor(theme.ACCENT if self.is_used else theme.FAINT), 3, Qt.PenStyle.SolidLine, Qt.PenCapStyle.FlatCap
            )
        )
        painter.drawArc(ring, round(_START * 16), round(_SPAN * self.value * 16))
        self._mark(painter, self.value, theme.TEXT if self.is_used else theme.FAINT, 3.0)
        if self.moved is not None:
            self._mark(painter, self.moved, theme.ACCENT, 4.0)
        painter.end()

    def _mark(self, painter: QPainter, value: float, colour: str, size: float) -> None:
        angle = math.radians(_START + _SPAN * value)
        reach = _SIZE / 2 - 13
        middle = QPointF(self.width() / 2 + reach * math.cos(angle), self.height() / 2 - reach * math.sin(angle))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(colour))
        painter.drawEllipse(middle, size, size)
        painter.setBrush(Qt.BrushStyle.NoBrush)


class Grip(QLabel):
    """What a macro is dragged by; ``dropped`` brings the address that it was let go over, empty for none.

    Args:
        find: the address at a place of the screen.
    """

    dropped = Signal(str)

    def __init__(self, find: Callable[[QPoint], str]) -> None:
        super().__init__("⋮⋮")
        self._find = find
        self.setCursor(Qt.CursorShape.OpenHandCursor)
        self.setToolTip("Drag onto a slider, or a number of the list below, to let the macro turn it")
        self.setStyleSheet(f"color: {theme.FAINT};")
        self._is_held = False

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Begin."""
        if event.button() == Qt.MouseButton.LeftButton:
            self._is_held = True
            self.setCursor(Qt.CursorShape.DragLinkCursor)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Say what lies under the mouse."""
        if self._is_held:
            place = event.globalPosition().toPoint()
            QToolTip.showText(place, self._find(place) or "No number is here; drag it onto a slider", self)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """End."""
        if self._is_held:
            self._is_held = False
            self.setCursor(Qt.CursorShape.OpenHandCursor)
            QToolTip.hideText()
            self.dropped.emit(self._find(event.globalPosition().toPoint()))


class MacroKnob(QWidget):
    """One of the eight: dial, name and grip. An address that is dropped on it is one that it is to turn.

    ``aimed`` brings an address, empty where the grip was let go over none; ``chosen`` comes when it is touched.

    Args:
        number: which macro, from 1.
        find: the address at a place of the screen, where the grip may be let go.
    """

    aimed = Signal(str)
    chosen = Signal()

    def __init__(self, number: int, find: Callable[[QPoint], str]) -> None:
        super().__init__()
        self.number = number
        self.dial = Dial()
        self.grip = Grip(find)
        self.grip.setFixedWidth(theme.room(self.grip.font(), 24))
        self.name = ElidedLabel()
        self.name.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.grip.dropped.connect(self.aimed)
        self.dial.turned.connect(lambda _: self.chosen.emit())
        self.setAcceptDrops(True)
        give_address(self, f"/macro/{number}")
        # The name has the whole width: four of them stand side by side in the narrowest panel.
        head = QHBoxLayout()
        head.setContentsMargins(0, 0, 0, 0)
        head.setSpacing(0)
        head.addStretch(1)
        head.addWidget(self.dial)
        head.addWidget(self.grip, 0, Qt.AlignmentFlag.AlignBottom)
        head.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addLayout(head)
        column.addWidget(self.name)

    def show_macro(self, macro: Macro, moved: float | None, *, chosen: bool) -> None:
        """Show the macro as it is now."""
        name = macro.name or f"Macro {self.number}"
        self.name.say(name)
        self.name.setStyleSheet(f"color: {theme.ACCENT if chosen else theme.TEXT if macro.aims else theme.FAINT};")
        count = len(macro.aims)
        turns = (
            f"turns {count} number{'s' if count != 1 else ''}" if count else "turns nothing yet; drag it onto a slider"
        )
        self.dial.setToolTip(f"{name}: {macro.value:.2f}, {turns}")
        self.dial.setAccessibleName(f"{name}, {macro.value:.2f}")
        self.dial.is_used, self.dial.is_chosen = bool(macro.aims), chosen
        self.dial.show_value(macro.value, moved)
        self.dial.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Choose it."""
        del event
        self.chosen.emit()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:  # noqa: N802 - Qt's name
        """Take addresses."""
        if event.mimeData().text().startswith("/"):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:  # noqa: N802 - Qt's name
        """Aim at the address."""
        self.chosen.emit()
        self.aimed.emit(event.mimeData().text())
        event.acceptProposedAction()
