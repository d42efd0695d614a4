"""What losses with a second network are asked: the picture of a style, and what it is seen through."""

from __future__ import annotations

from collections.abc import Collection
from typing import TypedDict

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QFormLayout, QLineEdit, QWidget

from studio.io.networks import list_networks
from studio.learn.asked import EXTRACTOR, ITSELF, Asked
from studio.ui.kit import theme
from studio.ui.learning.choosing import Browse, beside

_ITSELF = "The network that learns"
_LOOKING = frozenset({"features", "style"})


class Looks(TypedDict):
    """Fields of `Asked`."""

    style: str
    extractor: str
    layers: tuple[str, ...]


class LooksForm(QWidget):
    """Asks for them; ``turned`` comes when one of them is another."""

    turned = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.picture = QLineEdit(placeholderText="A picture")
        self.picture.setAccessibleName("Picture whose style is wanted")
        self.browse = Browse("Choose the picture whose style is wanted", folders=False)
        self.browse.chosen.connect(self._take)
        self._style = beside(self.picture, self.browse)
        self.extractor = QComboBox(editable=True)
        self.extractor.setAccessibleName("Network that features and style are seen through")
        self.layers = QLineEdit(placeholderText="its first activations")
        self.layers.setAccessibleName("Layers that are looked at")
        self.layers.setToolTip("Layers of that network by name, with commas between them; * stands for any letters")
        self._rows = QFormLayout(self)
        self._rows.setContentsMargins(0, 0, 0, 0)
        self._rows.setSpacing(theme.SPACE // 2)
        for text, widget in (("Style of", self._style), ("Seen through", self.extractor), ("Layers", self.layers)):
            self._rows.addRow(text, widget)
        self.picture.editingFinished.connect(self.turned)
        self.layers.editingFinished.connect(self.turned)
        self.extractor.activated.connect(self.turned)
        self.show_for(())

    def show_for(self, losses: Collection[str]) -> None:
        """Ask what these losses need to know."""
        looks = not _LOOKING.isdisjoint(losses)
        if looks and not self.extractor.count():
            # Looking for the networks that there are takes a moment, which a start has none of.
            said = self.extractor.currentText() or EXTRACTOR
            self.extractor.addItems([*(card.name for card in list_networks()), _ITSELF])
            self.extractor.setCurrentText(said)
        self._rows.setRowVisible(self._style, "style" in losses)
        for widget in (self.extractor, self.layers):
            self._rows.setRowVisible(widget, looks)
        self.setVisible(looks)

    def _take(self, path: str) -> None:
        self.picture.setText(path)
        self.turned.emit()

    def asked(self, losses: Collection[str]) -> Looks:
        """What is asked for, where these losses are."""
        if _LOOKING.isdisjoint(losses):
            return Looks(style="", extractor=EXTRACTOR, layers=())
        through = self.extractor.currentText().strip() or EXTRACTOR
        return Looks(
            style=self.picture.text().strip() if "style" in losses else "",
            extractor=ITSELF if through == _ITSELF else through,
            layers=tuple(filter(None, (word.strip() for word in self.layers.text().split(",")))),
        )

    def show_lesson(self, asked: Asked) -> None:
        """Show what a lesson asks."""
        self.picture.setText(asked.style)
        self.extractor.setCurrentText(_ITSELF if asked.extractor == ITSELF else asked.extractor)
        self.layers.setText(", ".join(asked.layers))
