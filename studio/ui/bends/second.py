"""Which film or picture the bends of a second picture take their maps from."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PySide6.QtWidgets import QFileDialog, QMenu, QPushButton, QSizePolicy

from studio.model.documents.document import Document
from studio.model.networks.section import SECOND
from studio.ui.kit.folders import folder_for, note_chosen
from studio.ui.kit.icons import icon

_NAMES = {"demo": "Demo clip", "camera": "Camera"}
_ALL = "Films and pictures (*)"


class SecondChooser(QPushButton):
    """Shows what it is, and lets a person choose another; each choice is one undo.

    Args:
        document: whose preset says what it is.
    """

    def __init__(self, document: Document) -> None:
        super().__init__(icon("film-strip"), "")
        self._document = document
        self.setAccessibleName("Second film or picture")
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.choices = QMenu(self)
        self.choices.addAction(icon("film-strip"), "Film or picture…", self._ask_file)
        self.choices.addAction(icon("folder-open"), "Folder of pictures…", self._ask_folder)
        self.choices.addAction(icon("flower"), "Demo clip", lambda: self.choose("demo"))
        self.choices.addAction(icon("camera"), "Camera", lambda: self.choose("camera"))
        self.choices.addSeparator()
        self.choices.addAction("None", lambda: self.choose(""))
        self.setMenu(self.choices)
        self.refresh()

    def refresh(self) -> None:
        """Show what the document says."""
        spec = self._document.section(SECOND) or ""
        self.setText(_NAMES.get(spec, Path(spec).name) if spec else "Choose…")
        self.setToolTip(
            f"The maps are those of {spec}" if spec else "A second film or picture, whose maps this bend takes"
        )

    def choose(self, spec: str) -> None:
        """Take the maps of this; empty for none."""
        if spec != (self._document.section(SECOND) or ""):
            self._document.set_section(SECOND, spec or None, "Second picture")

    def _ask_file(self) -> None:
        self._ask(QFileDialog.FileMode.ExistingFile)

    def _ask_folder(self) -> None:
        self._ask(QFileDialog.FileMode.Directory)

    def _ask(self, mode: QFileDialog.FileMode) -> None:
        dialog = QFileDialog(self.window(), "Second film or picture", "", _ALL)
        dialog.setDirectory(folder_for("picture", self._document.section(SECOND)))
        dialog.setFileMode(mode)
        dialog.fileSelected.connect(partial(note_chosen, "picture"))
        dialog.fileSelected.connect(self.choose)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()
