"""Choosing a number of the preset: a line to search by name or address, and all of them."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtWidgets import QListWidgetItem, QWidget

from studio.model.movement.address import Number
from studio.ui.kit.chooser import CHOICE, Chooser


class TargetChooser(Chooser):
    """Chooses a number; ``chosen`` brings its address."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent, "Find number", "Numbers", 360)
        self.list.setUniformItemSizes(True)

    def offer(self, targets: Iterable[Number]) -> None:
        """Choose among these from now on."""
        self.list.clear()
        for number in targets:
            item = QListWidgetItem(f"{number.label}   {number.address}")
            item.setData(CHOICE, number.address)
            item.setToolTip(" ".join(filter(None, (number.doc, number.range_in_words))))
            self.list.addItem(item)

    def matches(self, item: QListWidgetItem, text: str) -> bool:
        """See `Chooser.matches`: every word is in its name or its address."""
        return all(word in item.text().lower() for word in text.split())
