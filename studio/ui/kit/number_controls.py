"""Controls for numbers: a slider and a field that say the same."""

from __future__ import annotations

import math
from typing import Any, ClassVar
from weakref import WeakSet

from PySide6.QtCore import QEvent, QPointF, QRect, QSize, Qt
from PySide6.QtGui import QColor, QHelpEvent, QMouseEvent, QPainter, QPaintEvent, QPolygonF, QWheelEvent
from PySide6.QtWidgets import QAbstractSpinBox, QSlider, QStyle, QStyleOptionSlider, QToolTip

from studio.ui.kit import theme
from studio.ui.kit.controls import SPIN_WIDTH, Control
from studio.ui.kit.scales import scale_for
from studio.ui.kit.spins import DecimalSpin

_STEPS = 1000
_UNBOUND = 1e6
_MOVED = "What moves it has it at the mark; the handle is where it goes back to"


class Slider(QSlider):
    """A slider that leaves the wheel to what it lies in, unless it has the focus, and marks a part of its way.

    Pressed beside its handle, it comes there, and is in the hand from then on.

    Attributes:
        safe: where the marked part begins and ends, from 0 to 1 along the slider; None for no mark.
        moved: where the number is that something moves away from the handle; None where nothing does.
    """

    safe: tuple[float, float] | None = None
    moved: float | None = None

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Mark the part of its way, and where it is moved to."""
        way = self.way()
        if self.safe is not None:
            painter = QPainter(self)
            left, right = (way.start + round(place * len(way)) for place in self.safe)
            painter.fillRect(left, self.height() // 2 + 5, max(2, right - left), 2, QColor(theme.FAINT))
            painter.end()
        super().paintEvent(event)
        handle = self.handle()
        tip = QPointF(way.start + (self.moved or 0.0) * len(way), self.height() / 2 - 1)
        if self.moved is not None and not handle.left() < tip.x() < handle.right():
            painter = QPainter(self)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(QColor(theme.GROUND))
            painter.setBrush(QColor(theme.TEXT))
            painter.drawPolygon(QPolygonF([tip, tip + QPointF(-4.5, -6.5), tip + QPointF(4.5, -6.5)]))
            painter.end()

    def event(self, event: QEvent) -> bool:
        """Say what the mark is, where there is one."""
        if self.moved is not None and isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            QToolTip.showText(event.globalPos(), ". ".join(filter(None, (self.toolTip(), _MOVED))), self)
            return True
        return super().event(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Come to the hand, where Qt takes the press: it refuses one while another button is held, or of one value."""
        at, is_taken = event.position().toPoint(), self.maximum() > self.minimum()
        if is_taken and event.buttons() == Qt.MouseButton.LeftButton and not self.handle().contains(at):
            way = self.way()
            self.setSliderDown(True)
            self.setValue(
                QStyle.sliderValueFromPosition(
                    self.minimum(), self.maximum(), at.x() - way.start, len(way), self.invertedAppearance()
                )
            )
            # Above or below its handle Qt would turn a page, and not let go: the press is one in its middle.
            where = QPointF(self.handle().center())
            event = QMouseEvent(
                event.type(), where, event.globalPosition(), event.button(), event.buttons(), event.modifiers()
            )
        super().mousePressEvent(event)

    def handle(self) -> QRect:
        """Where its handle is, in pixels; how large it is, the style says."""
        return self._part(QStyle.SubControl.SC_SliderHandle)

    def way(self) -> range:
        """Where the middle of its handle can be, in pixels from the left."""
        groove, handle = self._part(QStyle.SubControl.SC_SliderGroove), self.handle()
        start = groove.x() + handle.width() // 2
        return range(start, start + max(1, groove.width() - handle.width()))

    def _part(self, part: QStyle.SubControl) -> QRect:
        option = QStyleOptionSlider()
        self.initStyleOption(option)
        return self.style().subControlRect(QStyle.ComplexControl.CC_Slider, option, part, self)

    def wheelEvent(self, event: QWheelEvent) -> None:  # noqa: N802 - Qt's name
        """Turn where it has the focus."""
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()

    def minimumSizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Narrower than Qt's."""
        return QSize(40, super().minimumSizeHint().height())


class _Spin(DecimalSpin):
    """A number without trailing zeros."""

    def __init__(self) -> None:
        super().__init__()
        self.setDecimals(6)
        self.setStepType(QAbstractSpinBox.StepType.AdaptiveDecimalStepType)
        self.setKeyboardTracking(False)
        # Wheel and arrow keys do; the arrows would take the room of the number.
        self.setButtonSymbols(QAbstractSpinBox.ButtonSymbols.NoButtons)
        self.setFixedWidth(theme.room(self.font(), SPIN_WIDTH))

    def textFromValue(self, value: float) -> str:  # noqa: N802
        return f"{value:.5g}" if abs(value) >= 1e-6 else "0"

    def wheelEvent(self, event: QWheelEvent) -> None:  # noqa: N802
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()


class Ranged(Control):
    """A slider with a spin box beside it: dragging tells of changes, letting go that they have settled.

    Attributes:
        all: those that there are.
    """

    all: ClassVar[WeakSet[Ranged]] = WeakSet()

    def __init__(
        self,
        lo: float | None,
        hi: float | None,
        default: float | None,
        unit: str,
        safe: tuple[float, float] | None,
        *,
        whole: bool,
    ) -> None:
        super().__init__()
        self._whole = whole
        self._quiet = False
        low, high = -_UNBOUND if lo is None else float(lo), _UNBOUND if hi is None else float(hi)
        start = min(max(0.0 if default is None else float(default), low), high)
        self._scale = scale_for(low, high, start)
        self.slider = Slider(Qt.Orientation.Horizontal)
        self.slider.setRange(0, min(_STEPS, int(high - low)) if whole else _STEPS)
        if safe is not None:
            self.slider.safe = self._scale.place(safe[0]), self._scale.place(safe[1])
        self.spin = _Spin()
        self.spin.setRange(low, high)
        if whole:
            self.spin.setDecimals(0)
        self.spin.setPrefix("× " if unit == "×" else "")
        self.spin.setSuffix({"": "", "×": "", "°": "°"}.get(unit, f" {unit}"))
        if lo is not None and hi is not None:
            self._take(self.slider, 1)
        else:
            self._box.addStretch(1)
        self._take(self.spin)
        self.slider.valueChanged.connect(self._slid)
        self.slider.sliderReleased.connect(self._let_go)
        self.spin.valueChanged.connect(self._spun)
        self.show_value(start)
        self.all.add(self)

    def value(self) -> Any:
        """See `Control.value`."""
        number = self.spin.value()
        return round(number) if self._whole else number

    def show_value(self, value: Any) -> None:
        """See `Control.show_value`."""
        self._quiet = True
        self.spin.setValue(float(value))
        self.slider.setValue(round(self._scale.place(float(value)) * self.slider.maximum()))
        self._quiet = False

    def show_moved(self, value: float | None) -> None:
        """Mark where it is while something else moves it; None where nothing does."""
        place = None if value is None else min(1.0, max(0.0, self._scale.place(value)))
        if place != self.slider.moved:
            self.slider.moved = place
            self.slider.update()

    def _let_go(self) -> None:
        self._rest.stop()
        self.settled.emit()

    def _slid(self, place: int) -> None:
        if self._quiet:
            return
        self._quiet = True
        self.spin.setValue(_rounded(self._scale.value(place / self.slider.maximum())))
        self._quiet = False
        if self.slider.isSliderDown():
            self.changed.emit()
        else:
            self._after_a_rest()

    def _spun(self, number: float) -> None:
        if self._quiet:
            return
        self._quiet = True
        self.slider.setValue(round(self._scale.place(number) * self.slider.maximum()))
        self._quiet = False
        self._after_a_rest()


class Number(Ranged):
    """A number between two limits, None for none; ``safe`` is marked along the slider, and may be left."""

    def __init__(
        self,
        lo: float | None,
        hi: float | None,
        default: float | None,
        unit: str = "",
        safe: tuple[float, float] | None = None,
    ) -> None:
        super().__init__(lo, hi, default, unit, safe, whole=False)


class Whole(Ranged):
    """A whole number between two limits, None for none; ``safe`` is marked along the slider, and may be left."""

    def __init__(
        self,
        lo: float | None,
        hi: float | None,
        default: float | None,
        unit: str = "",
        safe: tuple[float, float] | None = None,
    ) -> None:
        super().__init__(lo, hi, default, unit, safe, whole=True)


def _rounded(number: float) -> float:
    """To three figures, which is what a slider can say."""
    if number == 0.0:
        return 0.0
    return round(number, 2 - math.floor(math.log10(abs(number))))
