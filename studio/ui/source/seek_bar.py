"""A slider for places in time: a click goes there, a drag goes along, arrow keys go a second."""

from __future__ import annotations

import time

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QSlider, QStyle, QStyleOptionSlider, QWidget

_SETTLES = 0.3
"""Seconds in which reports still tell of the place before."""


class SeekBar(QSlider):
    """Positions in milliseconds; ``sought`` comes with each one that the person goes to, in seconds."""

    sought = Signal(float)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self.setAccessibleName("Position")
        self.setToolTip("Position: click or drag; arrow keys go a second")
        self.setMinimumWidth(80)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._shows = False
        self._touched = float("-inf")
        self.valueChanged.connect(self._changed)

    def show_place(self, position: float, duration: float) -> None:
        """Show where the source is, in seconds, unless the person is about to go elsewhere."""
        self._shows = True
        self.setRange(0, max(1, round(duration * 1000)))
        self.setSingleStep(1000)
        self.setPageStep(max(1000, round(duration * 100)))
        if not self.isSliderDown() and time.monotonic() - self._touched > _SETTLES:
            self.setValue(round(position * 1000))
        self._shows = False

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Bring the handle under the cursor, then take hold of it."""
        if event.button() == Qt.MouseButton.LeftButton:
            self.setValue(self._value_at(event.position().x()))
        super().mousePressEvent(event)

    def _value_at(self, x: float) -> int:
        option = QStyleOptionSlider()
        self.initStyleOption(option)
        style, kind = self.style(), QStyle.ComplexControl.CC_Slider
        groove = style.subControlRect(kind, option, QStyle.SubControl.SC_SliderGroove, self)
        handle = style.subControlRect(kind, option, QStyle.SubControl.SC_SliderHandle, self)
        room = groove.width() - handle.width()
        place = round(x) - groove.x() - handle.width() // 2
        return QStyle.sliderValueFromPosition(self.minimum(), self.maximum(), place, room)

    def _changed(self, value: int) -> None:
        if not self._shows:
            self._touched = time.monotonic()
            self.sought.emit(value / 1000)
