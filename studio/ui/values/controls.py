"""Controls for ranges of values, and for one number for every channel."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QLineEdit, QWidget

from studio.errors import StudioError
from studio.ui.kit import theme

_KNOWN = {"0 to 1": (0.0, 1.0), "−1 to 1": (-1.0, 1.0), "0 to 255": (0.0, 255.0)}
_END_WIDTH = 64

Row = tuple[float, ...]


class Numbers(QLineEdit):
    """Numbers with commas between them; none where it is empty.

    ``settled`` comes when a person has changed the text and pressed Enter or gone elsewhere.
    """

    settled = Signal()

    def __init__(self, name: str) -> None:
        super().__init__()
        self._name = name
        self._known = ""
        self.setAccessibleName(name)
        self.setPlaceholderText("none")
        self.setMaxLength(400)
        self.editingFinished.connect(self._finish)

    def value(self) -> Row:
        """What is written there; StudioError where that is not numbers alone."""
        return _numbers(self.text(), self._name)

    def show_value(self, row: Row) -> None:
        """Show other numbers; one where all are alike."""
        self._known = ", ".join(f"{number:.7g}" for number in (row[:1] if len(set(row)) == 1 else row))
        self.setText(self._known)
        self.setCursorPosition(0)

    def _finish(self) -> None:
        if self.text() != self._known:
            self._known = self.text()
            self.settled.emit()


class RangeChoice(QWidget):
    """One of the ranges that networks are trained with, or two numbers of one's own."""

    settled = Signal()

    def __init__(self, name: str) -> None:
        super().__init__()
        self._name = name
        self.choice = QComboBox()
        self.choice.setAccessibleName(name)
        for text, ends in _KNOWN.items():
            self.choice.addItem(text, ends)
        self.choice.addItem("Custom", None)
        self.choice.activated.connect(self._choose)
        self.low, self.high = Numbers(f"{name}, black"), Numbers(f"{name}, white")
        self._own = QWidget()
        self.setFocusProxy(self.choice)
        for end in (self.low, self.high):
            end.setPlaceholderText("")
            end.setMinimumWidth(_END_WIDTH)
            end.settled.connect(self.settled)
        inner = QHBoxLayout(self._own)
        inner.setContentsMargins(0, 0, 0, 0)
        inner.setSpacing(theme.SPACE // 2)
        inner.addWidget(self.low, 1)
        inner.addWidget(QLabel("to"))
        inner.addWidget(self.high, 1)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.SPACE // 2)
        row.addWidget(self.choice, 1)
        row.addWidget(self._own, 2)

    def value(self) -> tuple[float, float]:
        """The values of black and white; StudioError where what is written there are no two numbers."""
        known = self.choice.currentData()
        if known is not None:
            return float(known[0]), float(known[1])
        ends = self.low.value(), self.high.value()
        if any(len(end) != 1 for end in ends):
            raise StudioError(f"{self._name}: give one number for black and one for white.")
        return ends[0][0], ends[1][0]

    def show_value(self, ends: tuple[float, float]) -> None:
        """Show another range."""
        known = list(_KNOWN.values())
        self.choice.setCurrentIndex(known.index(ends) if ends in known else len(known))
        self.low.show_value(ends[:1])
        self.high.show_value(ends[1:])
        self._own.setVisible(ends not in known)

    def _choose(self) -> None:
        known = self.choice.currentData()
        self._own.setVisible(known is None)
        if known is None:
            self.low.setFocus()
            self.low.selectAll()
        else:
            self.settled.emit()


def _numbers(text: str, name: str) -> Row:
    try:
        return tuple(float(part) for part in text.replace("−", "-").split(",") if part.strip())
    except ValueError:
        raise StudioError(
            f'{name}: "{text[:40]}" is not numbers; give one for all channels, or one for each with commas between.'
        ) from None
