"""How the selected tensor moves: gradient, update and what the optimiser remembers as sheets, its map's gradient."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage, QPixmap
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from studio.errors import StudioError
from studio.model.networks.layout import channel_grid, to_sheet
from studio.model.networks.picture import Picture
from studio.model.networks.shape import Array
from studio.runtime.learning.look import Watched
from studio.runtime.services.worker import Worker
from studio.ui.kit import theme
from studio.ui.learning.bars import Bars
from studio.ui.learning.curves import switch
from studio.ui.learning.pictures import shrunk

_NEGATIVE, _POSITIVE = np.array([70, 150, 255], np.float32), np.array([255, 150, 50], np.float32)
_BINS = 48
_LOWEST, _WIDEST = 60, 320
"""Of the picture: how high it is at least, and how many pixels along its longer side at most."""
_KINDS = {
    "gradient": ("Gradient", "Where the loss rises with each weight, and how steeply; a step goes the other way"),
    "update": ("Update", "By how much the last step moved each weight"),
    "of_map": ("Map", "The gradient of the layer's map in the last crop: where a change would matter"),
}
_STATES = {
    "momentum": ("Momentum", "What SGD carries on from the steps before"),
    "mean": ("Mean", "The running mean of the gradient, along which Adam goes"),
    "square": ("Square", "The running mean of the gradient's square, which evens out steps"),
    "delta": ("Delta", "The running mean of the square of Adadelta's steps"),
}
"""What the optimisers remember of a tensor, by the names of their slots."""
_EMPTY = "The gradient of the selected tensor is shown while it learns."


def signed_picture(sheet: Array) -> Picture:
    """A sheet in blue and orange, its largest magnitude in full colour; what is NaN stays black."""
    filled = np.nan_to_num(sheet, nan=0.0, posinf=0.0, neginf=0.0)
    scaled = (filled / max(float(np.abs(filled).max(initial=0.0)), 1e-30))[:, :, None]
    # By the root, so that small gradients are seen beside the largest.
    strength = np.sqrt(np.abs(scaled))
    colours: Array = np.where(scaled < 0, strength * _NEGATIVE, strength * _POSITIVE)
    return colours.astype(np.uint8)


def folded(sheet: Array, kernel: int) -> Array:
    """A sheet that is much taller than wide in columns side by side, so that it is seen; between them is nothing.

    Args:
        sheet: (H, W).
        kernel: rows of a kernel, which stay together.
    """
    height, width = sheet.shape
    columns = round(math.sqrt(height / width))
    if columns < 2:
        return sheet
    rows = -(-height // (columns * kernel)) * kernel
    found = np.full((rows, columns * (width + 1) - 1), np.nan, np.float32)
    for column in range(columns):
        part = sheet[column * rows : (column + 1) * rows]
        found[: len(part), column * (width + 1) : column * (width + 1) + width] = part
    return found


@dataclass(frozen=True, eq=False)
class Drawn:
    """What is seen of a watched tensor: a picture, a line, and counts of its values with the bins' edges."""

    picture: QImage
    said: str
    counts: NDArray[np.float64]
    edges: NDArray[np.float64]


def drawn(values: Array, what: str, side: int, *, is_map: bool) -> Drawn:
    """Make it; a tensor has a million weights, so this is no work for the window's thread."""
    sheet = channel_grid(values) if is_map else folded(to_sheet(values), values.shape[2] if values.ndim == 4 else 1)
    size = float(np.sqrt(np.mean(np.square(values, dtype=np.float64))))
    said = f"{what}: largest {float(np.abs(values).max(initial=0.0)):.3g}, root mean square {size:.3g}"
    picture = signed_picture(sheet)
    longest = max(picture.shape[:2])
    if longest < side:
        # Each weight stays a square, as on the sheets that are painted on.
        times = side // longest
        picture, side = picture.repeat(times, 0).repeat(times, 1), times * longest
    return Drawn(shrunk(picture, side), said, *counted(values))


class WatchedView(QWidget):
    """A picture of one of them, and the histogram of its values, rare ones seen too.

    Args:
        worker: makes them.
    """

    def __init__(self, worker: Worker) -> None:
        super().__init__()
        self._worker = worker
        self.kinds = {kind: switch(text, tip) for kind, (text, tip) in (_KINDS | _STATES).items()}
        self.picture = QLabel(_EMPTY, wordWrap=True, alignment=Qt.AlignmentFlag.AlignCenter)
        self.picture.setMinimumHeight(_LOWEST)
        self.picture.setStyleSheet(f"background: {theme.GROUND}; color: {theme.FAINT};")
        self.said = QLabel("", wordWrap=True)
        self.said.setStyleSheet(f"color: {theme.FAINT};")
        self.histogram = Bars("Histogram of what is shown")
        self.histogram.hide()
        self._held: Watched | None = None
        # What is being drawn, and whether something else is to be drawn then.
        self._is_drawing = self._is_stale = False
        group = QButtonGroup(self)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.SPACE // 2)
        for kinds in (_KINDS, _STATES):
            row = QHBoxLayout()
            row.setSpacing(theme.SPACE // 2)
            for kind in kinds:
                button = self.kinds[kind]
                group.addButton(button)
                row.addWidget(button)
                button.toggled.connect(lambda _: self._draw())
                button.setVisible(kind in _KINDS)
            row.addStretch(1)
            column.addLayout(row)
        for part in (self.picture, self.said, self.histogram):
            column.addWidget(part)
        self.kinds["gradient"].setChecked(True)

    @property
    def kind(self) -> str:
        """Which of them is shown: a field of `Watched`, or a slot of the optimiser."""
        return next(kind for kind, button in self.kinds.items() if button.isChecked())

    def show_watched(self, watched: Watched) -> None:
        """Show how a tensor moves."""
        self._held = watched
        for slot in _STATES:
            self.kinds[slot].setVisible(slot in watched.state)
        if self.kind in _STATES and self.kind not in watched.state:
            # Another optimiser learns, or nothing has been remembered yet.
            self.kinds["gradient"].setChecked(True)
        self._draw()

    def _draw(self) -> None:
        if self._held is None or not any(button.isChecked() for button in self.kinds.values()):
            return
        if self._is_drawing:
            self._is_stale = True
            return
        held = self._held
        values: Array | None = held.state.get(self.kind) if self.kind in _STATES else getattr(held, self.kind)
        is_map = self.kind == "of_map"
        named = held.name.rpartition(".")[0] if is_map else held.name
        what = f"{(_KINDS | _STATES)[self.kind][0]} of {named}"
        self.picture.setAccessibleName(what)
        if values is None:
            self.histogram.hide()
            self.picture.setMinimumHeight(_LOWEST)
            self.picture.setText("It has none: it is frozen, or nothing has been looked at yet.")
            self.said.clear()
            return
        self._is_drawing = True
        side = max(120, min(self.width(), _WIDEST))
        self._worker.do(
            partial(drawn, values, what, side, is_map=is_map), self._show, self._failed, "Drawing a gradient"
        )

    def _show(self, found: Drawn) -> None:
        self.picture.setPixmap(QPixmap.fromImage(found.picture))
        # Qt asks a label that wraps words for no other height, and would show the middle of the picture alone.
        self.picture.setMinimumHeight(max(_LOWEST, found.picture.height()))
        self.said.setText(found.said)
        self.histogram.show_counts(found.counts, found.edges)
        self.histogram.show()
        self._is_drawn()

    def _failed(self, error: StudioError) -> None:
        self.said.setText(str(error))
        self._is_drawn()

    def _is_drawn(self) -> None:
        again, self._is_drawing, self._is_stale = self._is_stale, False, False
        if again:
            self._draw()


def counted(values: Array) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Counts in even bins around zero, by their logarithm, and the bins' edges."""
    finite = values[np.isfinite(values)]
    reach = float(np.abs(finite).max(initial=0.0)) or 1.0
    counts, edges = np.histogram(finite, _BINS, (-reach, reach))
    return np.log10(counts + 1.0), edges
