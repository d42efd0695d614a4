"""Where on the picture a stage bends: everywhere, where it was painted, or where another map is bright."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QGridLayout, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from studio.model.bends.stage import Luma, Mask, Painted
from studio.model.networks.shape import Array
from studio.ui.bends.found_channels import narrow
from studio.ui.kit import theme
from studio.ui.kit.buttons import tool_button
from studio.ui.kit.icons import icon
from studio.ui.kit.number_controls import Number

KINDS = ("Everywhere", "Painted", "As bright as …")
_EVERYWHERE, _PAINTED, _LUMA = range(3)


class MaskEditor(QWidget):
    """The kind of mask, and below it what it is.

    ``changed`` brings another mask as a whole, ``turned`` one of which a number is being turned until ``settled``, and
    ``painting`` whether a person wants to paint it over the picture.

    Args:
        even: makes a mask of the picture's shape that has one value everywhere.
        sources: gives the inputs and layers whose brightness may be taken.
    """

    changed = Signal(object)
    turned = Signal(object)
    settled = Signal()
    painting = Signal(bool)

    def __init__(self, even: Callable[[float], Painted], sources: Callable[[], list[str]]) -> None:
        super().__init__()
        self._even, self._sources = even, sources
        self._shown: Mask | None = None
        self.kind = QComboBox()
        self.kind.addItems(KINDS)
        self.kind.setAccessibleName("Mask")
        self.kind.setToolTip("Where on the picture it bends")
        narrow(self.kind, 6)
        self.paint = QPushButton(icon("paint-brush"), "Paint")
        self.paint.setCheckable(True)
        self.paint.setToolTip(
            "Paint on the picture where it bends; the right button takes away, [ and ] resize the brush, Escape ends"
        )
        self.invert = tool_button("selection-inverse", "Bend where it did not, and not where it did", "Invert the mask")
        self.empty = tool_button("eraser", "Begin again with an empty mask", "Empty the mask")
        painted = QWidget()
        row = QHBoxLayout(painted)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.SPACE // 2)
        row.addWidget(self.paint, 1)
        row.addWidget(self.invert)
        row.addWidget(self.empty)
        self.source = QComboBox()
        self.source.setAccessibleName("Mask by the brightness of")
        self.source.setToolTip("The input or layer whose brightness says how much is bent")
        narrow(self.source, 6)
        self.low, self.high = Number(None, None, 0.0), Number(None, None, 1.0)
        self.low.name_parts("Dark", "The value that counts as 0: nothing is bent there")
        self.high.name_parts("Bright", "The value that counts as 1; below the dark one the mask is turned round")
        luma = QWidget()
        grid = QGridLayout(luma)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(theme.SPACE // 2)
        grid.setColumnStretch(1, 1)
        grid.addWidget(self.source, 0, 0, 1, 2)
        for place, (text, control) in enumerate((("Dark", self.low), ("Bright", self.high)), start=1):
            grid.addWidget(QLabel(text), place, 0)
            grid.addWidget(control, place, 1)
        self._pages = (QWidget(), painted, luma)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(theme.SPACE // 2)
        whole.addWidget(self.kind)
        for page in self._pages[1:]:
            whole.addWidget(page)
        self.kind.activated.connect(self._turn)
        self.paint.clicked.connect(self.painting)
        self.invert.clicked.connect(lambda: self._put(lambda values: 1.0 - np.clip(values, 0.0, 1.0)))
        self.empty.clicked.connect(lambda: self._put(np.zeros_like))
        self.source.activated.connect(lambda: self.changed.emit(self._luma()))
        for number in (self.low, self.high):
            number.changed.connect(lambda: self.turned.emit(self._luma()))
            number.settled.connect(self.settled)
        self.show_mask(None)

    def show_mask(self, mask: Mask | None) -> None:
        """Show another mask; tells nobody."""
        self._shown = mask
        if isinstance(mask, Luma):
            self._offer(mask.source)
            self.low.show_value(mask.low)
            self.high.show_value(mask.high)
        self._open(_LUMA if isinstance(mask, Luma) else _EVERYWHERE if mask is None else _PAINTED)

    def show_painting(self, on: bool) -> None:
        """Show whether it is being painted; tells nobody."""
        self.paint.setChecked(on)

    def _open(self, kind: int) -> None:
        self.kind.setCurrentIndex(kind)
        for place, page in enumerate(self._pages[1:], start=1):
            page.setVisible(place == kind)

    def _turn(self, kind: int) -> None:
        self._open(kind)
        if kind == _EVERYWHERE:
            self.changed.emit(None)
        elif kind == _LUMA:
            self._offer(self._sources()[0])
            self.changed.emit(self._luma())
        elif not isinstance(self._shown, Painted):
            self.changed.emit(self._even(0.0))
            self.painting.emit(True)

    def _offer(self, source: str) -> None:
        names = self._sources()
        if [self.source.itemText(row) for row in range(self.source.count())] != names:
            self.source.clear()
            self.source.addItems(names)
        self.source.setCurrentText(source)

    def _luma(self) -> Luma:
        low, high = float(self.low.value()), float(self.high.value())
        return Luma(source=self.source.currentText(), low=low, high=high)

    def _put(self, make: Callable[[Array], Array]) -> None:
        if isinstance(self._shown, Painted):
            self.changed.emit(Painted(np.asarray(make(self._shown.values), np.float32)))
