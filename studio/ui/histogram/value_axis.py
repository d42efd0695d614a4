"""The axis of a histogram, with round values."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pyqtgraph as pg

from studio.ui.kit import theme

Span = tuple[float, float]

_TICK_EVERY = 75


def ticks(span: Span, count: int) -> list[float]:
    """About so many round values within the span."""
    step = tick_step(span, count)
    first, last = math.ceil(span[0] / step), math.floor(span[1] / step)
    return [k * step for k in range(first, last + 1)]


def tick_step(span: Span, count: int) -> float:
    """A round distance (1, 2 or 5 times a power of ten) that divides the span into about so many parts."""
    rough = (span[1] - span[0]) / max(count, 1)
    power = 10.0 ** math.floor(math.log10(rough))
    return next(factor * power for factor in (1.0, 2.0, 5.0, 10.0) if factor * power >= rough * 0.999)


def tick_text(value: float, step: float, largest: float) -> str:
    """A tick's value with as many digits as tell it from the next."""
    if 1e-4 <= largest < 1e5:
        text = f"{value:.{max(0, -_power(step))}f}"
    else:
        text = f"{value:.{max(0, _power(value) - _power(step))}e}".replace("e+", "e") if value else "0"
    return text.replace("-", "−")


def _power(value: float) -> int:
    """Of ten, of its first digit."""
    return math.floor(math.log10(abs(value)) + 1e-9)


class ValueAxis(pg.AxisItem):  # type: ignore[misc] # pyqtgraph has no types
    """Says what 0..1 along the axis means."""

    def __init__(self) -> None:
        super().__init__("bottom", pen=theme.LINE, textPen=theme.FAINT)
        self.enableAutoSIPrefix(False)
        self.setStyle(tickLength=4, autoReduceTextSpace=False, tickTextHeight=14)
        self.setHeight(20)
        self.span: Span = (0.0, 1.0)

    def set_span(self, span: Span) -> None:
        """Mean these values by 0 and 1."""
        if span != self.span:
            self.span = span
            self.picture = None
            self.update()

    def tickValues(self, minVal: float, maxVal: float, size: float) -> list[tuple[float, list[float]]]:  # noqa: N802, N803 - pyqtgraph's names
        """See pyqtgraph."""
        del minVal, maxVal
        low, high = self.span
        count = int(size / _TICK_EVERY)
        return [
            (tick_step(self.span, count) / (high - low), [(v - low) / (high - low) for v in ticks(self.span, count)])
        ]

    def tickStrings(self, values: Sequence[float], scale: float, spacing: float) -> list[str]:  # noqa: N802 - pyqtgraph's name
        """See pyqtgraph."""
        del scale
        low, high = self.span
        step = spacing * (high - low)
        return [tick_text(round((low + v * (high - low)) / step) * step, step, max(-low, high)) for v in values]
