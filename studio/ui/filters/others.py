"""Where an edit takes its second tensor from: the originals, or another network."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QFileDialog, QHBoxLayout, QLabel, QWidget

from studio import paths
from studio.model.documents.document import Document
from studio.model.networks.network import Network
from studio.runtime.editing.previews import Editing
from studio.ui.kit import theme
from studio.ui.kit.folders import folder_for, note_chosen

_OPEN = "Another network or preset…"


class Others(QWidget):
    """A box of the networks opened so far; its last entry opens one more. ``chosen`` follows each choice."""

    chosen = Signal()

    def __init__(self, document: Document, editing: Editing) -> None:
        super().__init__()
        self._document = document
        self._editing = editing
        self._networks: list[Network | None] = [None]
        self._current = 0
        self.box = QComboBox()
        self.box.addItems(["The originals", _OPEN])
        self.box.setAccessibleName("Second tensor from")
        self.box.setToolTip("Where the second tensor comes from: of the same name and sizes")
        label = QLabel("With")
        label.setBuddy(self.box)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.SPACE)
        row.addWidget(label)
        row.addWidget(self.box, 1)
        self.box.activated.connect(self._choose)

    @property
    def network(self) -> Network | None:
        """The chosen network; None for the originals of the one at hand."""
        return self._networks[self._current]

    def open(self, path: Path) -> None:
        """Read the network or preset of a folder, and choose it once it is there."""
        self._editing.fetch(path, self._take)

    def _choose(self, place: int) -> None:
        if place < len(self._networks):
            self._current = place
            self.chosen.emit()
            return
        self.box.setCurrentIndex(self._current)
        start = folder_for("network", self._document.path, paths.WEIGHTS / "network")
        found = QFileDialog.getExistingDirectory(self, "Folder of a network or a preset", start)
        if found:
            note_chosen("network", found)
            self.open(Path(found))

    def _take(self, network: Network) -> None:
        self._networks.append(network)
        self._current = len(self._networks) - 1
        self.box.insertItem(self._current, network.name)
        self.box.setCurrentIndex(self._current)
        self.chosen.emit()
