"""A slider for places in time: a click goes there, a drag goes along, arrow keys go a second; cue points are marked."""

from __future__ import annotations

import time

from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, Qt, Signal
from PySide6.QtGui import QColor, QContextMenuEvent, QHelpEvent, QMouseEvent, QPainter, QPaintEvent, QPolygonF
from PySide6.QtWidgets import QSlider, QStyle, QStyleOptionSlider, QToolTip, QWidget

from studio.ui.kit import theme
from studio.ui.services.cues import FilmCues

_SETTLES = 0.3
"""Seconds in which reports still tell of the place before."""
_REACH = 5
"""Pixels beside a cue at which a press means it."""
_MARK = 4.0
"""Pixels of a mark from its middle to its side."""


class SeekBar(QSlider):
    """Positions in milliseconds; ``sought`` comes with each one that the person goes to, in seconds.

    Args:
        cues: the film's cue points; a press near one goes there exactly.
        parent: the widget that it lies in.
    """

    sought = Signal(float)
    asked = Signal(QPoint)
    """A menu is wanted, at this place of the screen."""

    def __init__(self, cues: FilmCues, parent: QWidget | None = None) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self._cues = cues
        self.setAccessibleName("Position")
        self.setToolTip("Position: click or drag; arrow keys go a second; right click for cue points")
        self.setMinimumWidth(60)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._shows = False
        self._touched = float("-inf")
        self.valueChanged.connect(self._changed)
        cues.changed.connect(self.update)

    def show_place(self, position: float, duration: float) -> None:
        """Show where the source is, in seconds, unless the person is about to go elsewhere."""
        self._shows = True
        self.setRange(0, max(1, round(duration * 1000)))
        self.setSingleStep(1000)
        self.setPageStep(max(1000, round(duration * 100)))
        if not self.isSliderDown() and time.monotonic() - self._touched > _SETTLES:
            self.setValue(round(position * 1000))
        self._shows = False

    def place_of(self, seconds: float) -> int:
        """The pixel, from the left, of a place in the film."""
        low, room = self._room
        return low + QStyle.sliderPositionFromValue(self.minimum(), self.maximum(), round(seconds * 1000), room)

    def cue_at(self, x: float) -> int:
        """The number of the cue that is marked there; 0 where none is."""
        near = [(abs(self.place_of(cue.time) - x), number) for number, cue in enumerate(self._cues.cues, 1)]
        far, number = min(near, default=(_REACH + 1, 0))
        return number if far <= _REACH else 0

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Bring the handle under the cursor, then take hold of it."""
        if event.button() == Qt.MouseButton.LeftButton:
            number = self.cue_at(event.position().x())
            if number:
                self.setValue(round(self._cues.cues[number - 1].time * 1000))
                return
            self.setValue(self._value_at(event.position().x()))
        super().mousePressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:  # noqa: N802 - Qt's name
        """By the right button or the menu key."""
        self.asked.emit(event.globalPos())

    def event(self, event: QEvent) -> bool:
        """A tip names the cue under the mouse."""
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            number = self.cue_at(event.pos().x())
            QToolTip.showText(event.globalPos(), self._cues.text(number) if number else self.toolTip(), self)
            return True
        return super().event(event)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """A small flag above the groove for each cue."""
        super().paintEvent(event)
        if not self._cues.cues:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(theme.TEXT))
        top = self._groove.center().y() - 9.0
        for cue in self._cues.cues:
            x = self.place_of(cue.time) + 0.5
            painter.drawPolygon(
                QPolygonF([QPointF(x - _MARK, top), QPointF(x + _MARK, top), QPointF(x, top + 2 * _MARK - 1)])
            )

    @property
    def _groove(self) -> QRect:
        return self._part(QStyle.SubControl.SC_SliderGroove)

    @property
    def _room(self) -> tuple[int, int]:
        """Where the handle's middle is at the start, and how far it goes."""
        groove, handle = self._groove, self._part(QStyle.SubControl.SC_SliderHandle)
        return groove.x() + handle.width() // 2, groove.width() - handle.width()

    def _part(self, part: QStyle.SubControl) -> QRect:
        option = QStyleOptionSlider()
        self.initStyleOption(option)
        found: QRect = self.style().subControlRect(QStyle.ComplexControl.CC_Slider, option, part, self)
        return found

    def _value_at(self, x: float) -> int:
        low, room = self._room
        return QStyle.sliderValueFromPosition(self.minimum(), self.maximum(), round(x) - low, room)

    def _changed(self, value: int) -> None:
        if not self._shows:
            self._touched = time.monotonic()
            self.sought.emit(value / 1000)
