"""Small pictures of a lesson: the last crop, and the strip of checkpoints."""

from __future__ import annotations

import math

import numpy as np
from PySide6.QtCore import QSignalBlocker, QSize, Qt, Signal
from PySide6.QtGui import QIcon, QImage, QMouseEvent, QPixmap
from PySide6.QtWidgets import QHBoxLayout, QLabel, QListView, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from studio.io.resize import resized
from studio.model.declared.size import Size
from studio.model.networks.picture import Picture
from studio.runtime.learning.record import Mark
from studio.ui.kit import theme
from studio.ui.kit.images import Format, image_over
from studio.ui.kit.keys import keyed

_SIDE = 62
_STRIP = 64
_NAMES = ("shown", "before", "now", "wanted")


def pixmap(picture: Picture, side: int) -> QPixmap:
    """A picture of (H, W, 3) uint8, so many pixels along its longer side."""
    return QPixmap.fromImage(shrunk(picture, side))


def shrunk(picture: Picture, side: int) -> QImage:
    """The same as an image, which any thread may make; one made of a large array lets the others run meanwhile."""
    size = Size.of(picture)
    scale = side / max(size)
    small = resized(picture, Size(*(max(1, round(length * scale)) for length in size)), enlarge="linear")
    # A copy: what is as large already would share the array's memory.
    return image_over(np.ascontiguousarray(small), Format.Format_RGB888).copy()


class CropView(QWidget):
    """The last crop: as it was shown, made before it learnt and now, and as it was wanted."""

    def __init__(self) -> None:
        super().__init__()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.SPACE // 2)
        self.labels: list[QLabel] = []
        for name in _NAMES:
            column = QVBoxLayout()
            column.setSpacing(0)
            picture, words = QLabel(), QLabel(name)
            picture.setFixedSize(_SIDE, _SIDE)
            picture.setAlignment(Qt.AlignmentFlag.AlignCenter)
            picture.setStyleSheet(f"background: {theme.GROUND};")
            picture.setAccessibleName(f"The last crop as {name}")
            words.setStyleSheet(f"color: {theme.FAINT};")
            words.setAlignment(Qt.AlignmentFlag.AlignCenter)
            column.addWidget(picture)
            column.addWidget(words)
            row.addLayout(column)
            self.labels.append(picture)
        row.addStretch(1)

    def show_pictures(self, pictures: tuple[Picture, ...]) -> None:
        """Show these four."""
        for label, picture in zip(self.labels, pictures, strict=True):
            label.setPixmap(pixmap(picture, _SIDE))


class CheckpointStrip(QListWidget):
    """Checkpoints from the first to the last; ``chosen`` brings the one that is clicked twice or entered.

    A click beside them selects none. The one that is selected stays so while others come.
    """

    chosen = Signal(object)
    selected = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setViewMode(QListView.ViewMode.IconMode)
        self.setFlow(QListView.Flow.LeftToRight)
        self.setWrapping(False)
        self.setMovement(QListView.Movement.Static)
        self.setIconSize(QSize(_STRIP, _STRIP))
        self.setFixedHeight(_STRIP + 48)
        self.setAccessibleName("Checkpoints")
        self.setToolTip(
            keyed("Double click to go back to a checkpoint; a click beside them, or Ctrl and a click, selects none")
        )
        self.itemActivated.connect(lambda item: self.chosen.emit(item.data(Qt.ItemDataRole.UserRole)))
        self.itemSelectionChanged.connect(self.selected)

    def show_marks(self, marks: list[Mark]) -> None:
        """Show these."""
        held = self.current
        with QSignalBlocker(self):
            self._fill(marks, held)
        self.selected.emit()

    def _fill(self, marks: list[Mark], held: Mark | None) -> None:
        self.clear()
        for mark in marks:
            is_first = math.isnan(mark.loss)
            item = QListWidgetItem(f"{mark.step}\n{'start' if is_first else f'{mark.loss:.3g}'}")
            said = "as it began" if is_first else f"{mark.seconds:.0f} s: loss {mark.loss:.4g}"
            item.setToolTip(f"After step {mark.step}, {said}")
            if mark.picture is not None:
                item.setIcon(QIcon(pixmap(mark.picture, _STRIP)))
            item.setData(Qt.ItemDataRole.UserRole, mark)
            self.addItem(item)
            # The first becomes another once it has a picture.
            if held is not None and mark.checkpoint is held.checkpoint:
                self.setCurrentItem(item)
        if marks:
            self.scrollToItem(self.currentItem() or self.item(self.count() - 1))

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Qt lets nothing go by a click beside what is selected."""
        if not self.indexAt(event.position().toPoint()).isValid():
            self.clearSelection()
        super().mousePressEvent(event)

    @property
    def current(self) -> Mark | None:
        """The selected one; Qt's own current item may be one that is not."""
        marks = [item.data(Qt.ItemDataRole.UserRole) for item in self.selectedItems()]
        return marks[0] if marks and isinstance(marks[0], Mark) else None
