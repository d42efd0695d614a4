"""How the selected tensor moves: its gradient and its update as sheets, the gradient of its layer's map as tiles."""

from __future__ import annotations

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from studio.model.layout import channel_grid, to_sheet
from studio.model.op import Array
from studio.model.picture import Picture
from studio.runtime.learning.look import Watched
from studio.ui.kit import theme
from studio.ui.learning.curves import plot_widget, switch
from studio.ui.learning.pictures import pixmap

_NEGATIVE, _POSITIVE = np.array([70, 150, 255], np.float32), np.array([255, 150, 50], np.float32)
_BINS = 48
_WIDEST = 320
_KINDS = {
    "gradient": ("Gradient", "Where the loss rises with each weight, and how steeply; a step goes the other way"),
    "update": ("Update", "By how much the last step moved each weight"),
    "of_map": ("Map", "The gradient of the layer's map in the last crop: where a change would matter"),
}
_EMPTY = "The gradient of the selected tensor is shown while it learns."


def signed_picture(sheet: Array) -> Picture:
    """A sheet in blue and orange, its largest magnitude in full colour; what is NaN stays black."""
    filled = np.nan_to_num(sheet, nan=0.0, posinf=0.0, neginf=0.0)
    scaled = (filled / max(float(np.abs(filled).max(initial=0.0)), 1e-30))[:, :, None]
    # By the root, so that small gradients are seen beside the largest.
    strength = np.sqrt(np.abs(scaled))
    colours: Array = np.where(scaled < 0, strength * _NEGATIVE, strength * _POSITIVE)
    return colours.astype(np.uint8)


class WatchedView(QWidget):
    """A picture of one of the three, and the histogram of its values, rare ones seen too."""

    def __init__(self) -> None:
        super().__init__()
        self.kinds = {kind: switch(text, tip) for kind, (text, tip) in _KINDS.items()}
        self.picture = QLabel(_EMPTY, wordWrap=True, alignment=Qt.AlignmentFlag.AlignCenter)
        self.picture.setMinimumHeight(60)
        self.picture.setStyleSheet(f"background: {theme.GROUND}; color: {theme.FAINT};")
        self.said = QLabel("", wordWrap=True)
        self.said.setStyleSheet(f"color: {theme.FAINT};")
        self.histogram = plot_widget("Histogram of what is shown", 84)
        self.histogram.hide()
        self._held: Watched | None = None
        group = QButtonGroup(self)
        row = QHBoxLayout()
        row.setSpacing(theme.SPACE // 2)
        for button in self.kinds.values():
            group.addButton(button)
            row.addWidget(button)
            button.toggled.connect(lambda _: self._draw())
        row.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.SPACE // 2)
        column.addLayout(row)
        for part in (self.picture, self.said, self.histogram):
            column.addWidget(part)
        self.kinds["gradient"].setChecked(True)

    @property
    def kind(self) -> str:
        """Which of the three is shown."""
        return next(kind for kind, button in self.kinds.items() if button.isChecked())

    def show_watched(self, watched: Watched) -> None:
        """Show how a tensor moves."""
        self._held = watched
        self._draw()

    def _draw(self) -> None:
        if self._held is None or not any(button.isChecked() for button in self.kinds.values()):
            return
        values: Array | None = getattr(self._held, self.kind)
        name = self._held.name.rpartition(".")[0] if self.kind == "of_map" else self._held.name
        what = f"{_KINDS[self.kind][0]} of {name}"
        self.picture.setAccessibleName(what)
        self.histogram.setVisible(values is not None)
        if values is None:
            self.picture.setText("It has none: it is frozen, or nothing has been looked at yet.")
            self.said.clear()
            return
        sheet = channel_grid(values) if self.kind == "of_map" else to_sheet(values)
        self.picture.setPixmap(pixmap(signed_picture(sheet), max(120, min(self.width(), _WIDEST))))
        size = float(np.sqrt(np.mean(np.square(values, dtype=np.float64))))
        self.said.setText(f"{what}: largest {float(np.abs(values).max(initial=0.0)):.3g}, root mean square {size:.3g}")
        counts, edges = counted(values)
        self.histogram.clear()
        self.histogram.plot(edges, counts, stepMode="center", fillLevel=0, brush=theme.ACCENT, pen=pg.mkPen(None))


def counted(values: Array) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Counts in even bins around zero, by their logarithm, and the bins' edges."""
    finite = values[np.isfinite(values)]
    reach = float(np.abs(finite).max(initial=0.0)) or 1.0
    counts, edges = np.histogram(finite, _BINS, (-reach, reach))
    return np.log10(counts + 1.0), edges
