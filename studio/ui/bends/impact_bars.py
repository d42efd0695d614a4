"""Bars of how much every channel of a layer matters, and the button that has them measured."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QEvent, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QHelpEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QSizePolicy, QToolTip, QVBoxLayout, QWidget

from studio.model.bends.stage import Chosen
from studio.model.networks.shape import Array
from studio.runtime.bending.impact import ranked
from studio.ui.bends.findings import Findings
from studio.ui.kit import theme
from studio.ui.services.effects import shares

_NONE = np.zeros(0, np.float32)
_TIP = (
    "Measure how far the picture moves when each channel is taken out, while it runs, in a fifth of the time.\n"
    "What is shown holds for the picture as it was then: measure again after edits, or of another picture."
)


class Bars(QWidget):
    """One bar a channel, from left to right; the highest has the whole height, and one not measured has none."""

    def __init__(self) -> None:
        super().__init__()
        self.values: Array = _NONE
        self._chosen: Chosen | None = None
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Effect of each channel")

    def show_values(self, values: Array) -> None:
        """Show (channels,) values from 0; NaN for what is not known."""
        self.values = values
        best = ", ".join(map(str, ranked(values, 5)))
        self.setAccessibleDescription(f"Strongest: {best}" if best else "")
        self.update()

    def heights(self) -> Array:
        """(channels,) float32 from 0 to 1, a part of the whole height; infinity is the whole height."""
        return shares(self.values)

    def show_chosen(self, chosen: Chosen | None) -> None:
        """Show which channels are selected; None for none in particular."""
        self._chosen = chosen
        self.update()

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """See `QWidget.sizeHint`."""
        return QSize(120, 40)

    def channel_at(self, x: float) -> int | None:
        """The channel whose bar stands there."""
        channel = int(x * len(self.values) / max(1, self.width()))
        return channel if 0 <= channel < len(self.values) else None

    def event(self, event: QEvent) -> bool:
        """Tell of the channel under the mouse."""
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            channel = self.channel_at(event.pos().x())
            if channel is not None:
                value = self.values[channel]
                known = "not measured" if np.isnan(value) else f"changes the picture by {value:.3g}"
                QToolTip.showText(event.globalPos(), f"Channel {channel}: {known}", self)
            return True
        return super().event(event)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """See `QWidget.paintEvent`."""
        del event
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(theme.GROUND))
        if not len(self.values):
            return
        wide = self.width() / len(self.values)
        gap = 1.0 if wide >= 4 else 0.0
        chosen = self._chosen
        lit = chosen if chosen is not None and len(chosen) == len(self.values) else np.zeros(len(self.values), bool)
        for channel, part in enumerate(self.heights()):
            high = float(part) * self.height()
            # A bar is a pixel wide at least; of those that fall together the highest is seen.
            bar = QRectF(channel * wide, self.height() - high, max(1.0, wide - gap), high)
            painter.fillRect(bar, QColor(theme.TEXT if lit[channel] else theme.ACCENT))


class ImpactBars(QWidget):
    """What matters in the selected layer.

    Args:
        findings: knows, and finds out.
    """

    def __init__(self, findings: Findings) -> None:
        super().__init__()
        self._findings = findings
        self._layer = ""
        self.measure = QPushButton("Measure")
        self.measure.setToolTip(_TIP)
        self.measure.clicked.connect(self._toggle)
        self.label = QLabel()
        self.label.setStyleSheet(f"color: {theme.FAINT};")
        self.bars = Bars()
        row = QHBoxLayout()
        row.setSpacing(theme.SPACE)
        row.addWidget(self.label, 1, Qt.AlignmentFlag.AlignVCenter)
        row.addWidget(self.measure)
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.SPACE, 0, theme.SPACE, theme.SPACE // 2)
        column.setSpacing(theme.SPACE // 2)
        column.addLayout(row)
        column.addWidget(self.bars)
        self.show_layer("")

    def show_layer(self, layer: str) -> None:
        """Show what is known of a layer; empty for none."""
        self._layer = layer
        impact = self._findings.impact(layer)
        measuring = bool(layer) and self._findings.measuring == layer
        self.bars.show_values(_NONE if impact is None else impact)
        self.bars.setVisible(impact is not None)
        self.measure.setEnabled(bool(layer))
        self.measure.setText("Stop" if measuring else "Measure")
        if impact is None:
            self.label.setText("Measuring…" if measuring else "Effect of each channel")
        else:
            done = int((~np.isnan(impact)).sum())
            self.label.setText(f"Effect of {done} of {len(impact)} channels")

    def show_chosen(self, chosen: Chosen | None) -> None:
        """Light up the bars of these channels."""
        self.bars.show_chosen(chosen)

    def _toggle(self) -> None:
        self._findings.measure("" if self._findings.measuring == self._layer else self._layer)
