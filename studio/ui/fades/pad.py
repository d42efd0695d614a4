"""A square to be between four presets: its corners are they."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from studio.ui.kit import theme
from studio.ui.kit.controls import REST

_EDGE = 14
_STEP = 0.05
_CORNERS = {"A": (0.0, 0.0), "B": (1.0, 0.0), "C": (0.0, 1.0), "D": (1.0, 1.0)}


class MorphPad(QWidget):
    """``moved`` brings the place, across and down from 0 to 1; ``settled`` comes when the hand lets go."""

    moved = Signal(float, float)
    settled = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.across = self.down = 0.0
        self._names: dict[str, str] = {}
        self.setMinimumHeight(120)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName("Morph pad")
        self.setToolTip("Drag, or use the arrow keys, to be between the presets at the four corners")
        self._rest = QTimer(self, interval=REST, singleShot=True)
        self._rest.timeout.connect(self.settled)

    def show_place(self, across: float, down: float, names: Mapping[str, str]) -> None:
        """Show where it is, and what is at the corners by their letters."""
        if (across, down, names) != (self.across, self.down, self._names):
            self.across, self.down, self._names = across, down, dict(names)
            self.update()

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """A square as wide as a panel."""
        return QSize(200, 160)

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Go there."""
        if event.button() == Qt.MouseButton.LeftButton:
            self._go(event.position())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Go there."""
        if event.buttons() & Qt.MouseButton.LeftButton:
            self._go(event.position())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Stay there."""
        if event.button() == Qt.MouseButton.LeftButton:
            self.settled.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Arrows move it."""
        ways = {
            Qt.Key.Key_Left: (-_STEP, 0.0),
            Qt.Key.Key_Right: (_STEP, 0.0),
            Qt.Key.Key_Up: (0.0, -_STEP),
            Qt.Key.Key_Down: (0.0, _STEP),
        }
        way = ways.get(Qt.Key(event.key()))
        if way is None or event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier:
            super().keyPressEvent(event)
            return
        self.moved.emit(_held(self.across + way[0]), _held(self.down + way[1]))
        self._rest.start()

    def place_of(self, across: float, down: float) -> QPointF:
        """Where on the widget a place is."""
        square = self._square()
        return QPointF(square.left() + across * square.width(), square.top() + down * square.height())

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Draw."""
        del event
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        square, is_used = self._square(), len(self._names) == len(_CORNERS)
        painter.fillRect(square, QColor(theme.GROUND))
        painter.setPen(QPen(QColor(theme.FOCUS if self.hasFocus() else theme.EDGE), 1))
        painter.drawRect(square)
        painter.setPen(QColor(theme.TEXT if is_used else theme.FAINT))
        for letter, (across, down) in _CORNERS.items():
            name = self._names.get(letter, "")
            text = painter.fontMetrics().elidedText(
                f"{letter} {name}" if name else letter, Qt.TextElideMode.ElideRight, round(square.width() / 2) - 12
            )
            side = Qt.AlignmentFlag.AlignRight if across else Qt.AlignmentFlag.AlignLeft
            end = Qt.AlignmentFlag.AlignBottom if down else Qt.AlignmentFlag.AlignTop
            painter.drawText(square.adjusted(6, 4, -6, -4), side | end, text)
        painter.setPen(QPen(QColor(theme.GROUND), 2))
        painter.setBrush(QColor(theme.ACCENT if is_used else theme.FAINT))
        painter.drawEllipse(self.place_of(self.across, self.down), 7, 7)
        painter.end()

    def _square(self) -> QRectF:
        return QRectF(self.rect()).adjusted(_EDGE / 2, _EDGE / 2, -_EDGE / 2, -_EDGE / 2)

    def _go(self, at: QPointF) -> None:
        square = self._square()
        across, down = (at.x() - square.left()) / square.width(), (at.y() - square.top()) / square.height()
        self.moved.emit(_held(across), _held(down))


def _held(value: float) -> float:
    return min(1.0, max(0.0, value))
