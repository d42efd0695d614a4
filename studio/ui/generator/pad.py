"""A square on which two numbers are turned at once."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from studio.ui.kit import theme

_EDGE = 8
_STEP = 0.25


class Pad(QWidget):
    """Two numbers from ``-reach`` to ``reach``: across and, upwards, along the other.

    ``moved`` brings both as a hand moves them, ``settled`` comes when it lets go. A double click puts both to zero.
    """

    moved = Signal(float, float)
    settled = Signal()

    def __init__(self, reach: float) -> None:
        super().__init__()
        self._reach = reach
        self._at = 0.0, 0.0
        self._names = "", ""
        self._is_held = False
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.CrossCursor)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Pad")
        self.setToolTip("Drag to go along two directions at once; arrow keys go a little; a double click goes back")

    @property
    def value(self) -> tuple[float, float]:
        """The two numbers."""
        return self._at

    def show_value(self, x: float, y: float, names: tuple[str, str]) -> None:
        """Show other numbers, and what they are called; tells nobody."""
        if (x, y, names) != (*self._at, self._names):
            self._at, self._names = (x, y), names
            self.update()

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """See `QWidget.sizeHint`."""
        return QSize(180, 150)

    def place(self, x: float, y: float) -> QPointF:
        """Where in the widget two numbers lie."""
        room = self._room()
        across, up = (value / self._reach / 2 + 0.5 for value in (x, y))
        return QPointF(room.left() + across * room.width(), room.bottom() - up * room.height())

    def _room(self) -> QRectF:
        return QRectF(self.rect()).adjusted(_EDGE, _EDGE, -_EDGE, -_EDGE)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """See `QWidget.paintEvent`."""
        del event
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        frame = QRectF(self.rect()).adjusted(1, 1, -1, -1)
        painter.setPen(QPen(QColor(theme.FOCUS if self.hasFocus() else theme.EDGE), 1))
        painter.setBrush(QColor(theme.RAISED))
        painter.drawRoundedRect(frame, 4, 4)
        middle = self.place(0, 0)
        painter.setPen(QPen(QColor(theme.LINE), 1))
        painter.drawLine(QPointF(frame.left() + 4, middle.y()), QPointF(frame.right() - 4, middle.y()))
        painter.drawLine(QPointF(middle.x(), frame.top() + 4), QPointF(middle.x(), frame.bottom() - 4))
        painter.setPen(QColor(theme.FAINT))
        inner = frame.adjusted(8, 4, -8, -4)
        painter.drawText(inner, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignBottom, f"{self._names[0]} →")
        painter.drawText(inner, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop, f"↑ {self._names[1]}")
        painter.setPen(QPen(QColor(theme.ON_ACCENT), 1.5))
        painter.setBrush(QColor(theme.ACCENT))
        painter.drawEllipse(self.place(*self._at), 7, 7)

    # -- hands ----------------------------------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Bring the point under the mouse."""
        if event.button() == Qt.MouseButton.LeftButton:
            self._is_held = True
            self._go(event.position())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Take it along."""
        if self._is_held:
            self._go(event.position())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Let go."""
        if self._is_held and event.button() == Qt.MouseButton.LeftButton:
            self._is_held = False
            self.settled.emit()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Back to the middle."""
        del event
        self._is_held = False
        self._set(0.0, 0.0)
        self.settled.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Arrow keys go a little."""
        ways = {Qt.Key.Key_Left: (-1, 0), Qt.Key.Key_Right: (1, 0), Qt.Key.Key_Down: (0, -1), Qt.Key.Key_Up: (0, 1)}
        way = ways.get(Qt.Key(event.key()))
        if way is None:
            super().keyPressEvent(event)
            return
        self._set(self._at[0] + way[0] * _STEP, self._at[1] + way[1] * _STEP)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """A key that was held is let go."""
        if not event.isAutoRepeat():
            self.settled.emit()
        super().keyReleaseEvent(event)

    def _go(self, at: QPointF) -> None:
        room = self._room()
        across, up = (at.x() - room.left()) / room.width(), (room.bottom() - at.y()) / room.height()
        self._set((across - 0.5) * 2 * self._reach, (up - 0.5) * 2 * self._reach)

    def _set(self, x: float, y: float) -> None:
        x, y = (min(max(value, -self._reach), self._reach) for value in (x, y))
        self._at = x, y
        self.update()
        self.moved.emit(x, y)
