"""What can be done with the values that were marked out in a histogram."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from studio.ui.histogram.numbers import number_text
from studio.ui.kit import theme
from studio.ui.kit.buttons import tool_button
from studio.ui.kit.number_controls import Number
from studio.ui.kit.reached import give_place


class RangeBar(QWidget):
    """Select, clamp, scale; hidden until something is marked out.

    Args:
        what: what the values are: "weights", "channels".
    """

    selected = Signal()
    clamped = Signal()
    scaled = Signal(float)
    """The slider of the factor has moved."""
    settled = Signal()
    closed = Signal()

    def __init__(self, what: str) -> None:
        super().__init__()
        give_place(self, what)
        self.says = QLabel()
        self.says.setStyleSheet(f"color: {theme.FAINT};")
        self.says.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.select = QPushButton("Select")
        self.select.setToolTip(f"Select the filters of {what} that lie here")
        self.clamp = QPushButton("Clamp")
        self.clamp.setToolTip(f"Bring all {what} into this range")
        self.factor = Number(-2.0, 4.0, 1.0, "×")
        self.factor.name_parts("Scale", f"Multiply the {what} that lie here; 0 takes them out")
        close = tool_button("x", "Mark nothing", "Mark nothing", self.closed.emit)
        first, second = QHBoxLayout(), QHBoxLayout()
        for row in (first, second):
            row.setSpacing(theme.SPACE // 2)
        first.addWidget(self.says, 1)
        first.addWidget(self.select)
        first.addWidget(self.clamp)
        first.addWidget(close)
        label = QLabel("Scale")
        label.setBuddy(self.factor.focus_part())
        second.addWidget(label)
        second.addWidget(self.factor, 1)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(2)
        whole.addLayout(first)
        whole.addLayout(second)
        self.select.clicked.connect(self.selected)
        self.clamp.clicked.connect(self.clamped)
        self.factor.changed.connect(lambda: self.scaled.emit(float(self.factor.value())))
        self.factor.settled.connect(self.settled)
        self.hide()

    def show_range(self, low: float, high: float) -> None:
        """Something else is marked out."""
        self.says.setText(f"{number_text(low, 3)} … {number_text(high, 3)}")
        self.factor.show_value(1.0)
        self.show()
