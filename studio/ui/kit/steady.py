"""A line of text that changes many times a second."""

from __future__ import annotations

from PySide6.QtWidgets import QLabel, QWidget


class SteadyLabel(QLabel):
    """Takes more room when a text needs it, and gives none back.

    A usual label asks for a layout with every text, and Qt then lays out the whole window, docks and all: for a clock
    of tenths 30 times a second.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._widest = 0

    def setText(self, text: str) -> None:  # noqa: N802 - Qt's name
        """Show this; as long as there is room for it nothing else moves."""
        if text == self.text():
            return
        super().setText(text)
        hint = QLabel.sizeHint(self)
        if hint.width() > self._widest or hint.height() != self.height():
            self._widest = max(self._widest, hint.width())
            self.setFixedSize(self._widest, hint.height())
