"""Importing a model: it is read beside everything else, looked at in a dialog, then written and opened."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

from PySide6.QtWidgets import QWidget

from studio.errors import StudioError
from studio.model.documents.document import Document
from studio.model.networks.preset import Preset
from studio.runtime.live.report import Message
from studio.runtime.services.failures import told
from studio.runtime.services.importing import ImportPreview, import_model
from studio.runtime.services.worker import Worker
from studio.ui.importing.choices import without_the_dialog
from studio.ui.importing.import_dialog import ImportDialog
from studio.ui.importing.import_model import Found, look_at
from studio.ui.services.messages import MessageBar
from studio.ui.services.session import Session


class Importing:
    """One model at a time: asking for another leaves the one before.

    Args:
        window: over which the dialog lies.
        document: into which models are opened.
        importer: reads and writes them.
        networks: folder of the networks that are made of them.
        session: remembers.
        messages: shows what happened.
    """

    def __init__(
        self,
        window: QWidget,
        document: Document,
        importer: Worker,
        networks: Path,
        session: Session,
        messages: MessageBar,
    ) -> None:
        self._window = window
        self._document = document
        self._importer = importer
        self._networks = networks
        self._session = session
        self._messages = messages
        self._reading: Message | None = None
        self.dialog: ImportDialog | None = None

    def begin(self, path: Path) -> None:
        """Read a model, then show what it would become; a sentence in the message bar where that cannot be done."""
        self.cancel()
        if self.dialog is not None:
            self.dialog.reject()
        reading = self._reading = Message(f"Reading {path.name} …")
        self._messages.say(reading, [("Cancel", self.cancel)])
        work = partial(look_at, path)
        self._importer.do(work, partial(self._show, reading), partial(self._refused, reading), f"Reading {path.name}")

    def cancel(self) -> None:
        """Take no notice of what is being read."""
        if self._reading is not None:
            self._messages.take_back(self._reading)
            self._reading = None

    def _show(self, reading: Message, found: Found) -> None:
        if reading is not self._reading:
            return
        self.cancel()
        self._messages.settle("opening")
        dialog = self.dialog = ImportDialog(self._window, found, self._importer)
        dialog.chosen.connect(partial(self._import, dialog))
        dialog.finished.connect(partial(self._closed, dialog))
        dialog.show()
        dialog.raise_()
        dialog.activateWindow()

    def _refused(self, reading: Message, error: StudioError) -> None:
        if reading is self._reading:
            self.cancel()
            said = told(error)
            self._messages.say(replace(said, text=without_the_dialog(said.text), about="opening"))

    def _import(self, dialog: ImportDialog, preview: ImportPreview, name: str) -> None:
        work = partial(_written, preview, self._networks, name)
        then, doing = partial(self._open, dialog, preview.path), f"Importing {preview.path.name}"
        self._importer.do(work, then, partial(self._cannot, dialog), doing, writes=True)

    def _open(self, dialog: ImportDialog, path: Path, imported: tuple[Preset, tuple[str, ...]]) -> None:
        preset, _ = imported
        dialog.accept()
        self._document.load(preset)
        self._session.note_network(str(preset.weights_path))
        self._messages.note(f"Imported {path.name} into {preset.weights_path}.")

    def _cannot(self, dialog: ImportDialog, error: StudioError) -> None:
        self._messages.say(replace(told(error), about="opening"))
        dialog.offer_again(str(error))

    def _closed(self, dialog: ImportDialog, _result: int) -> None:
        dialog.deleteLater()
        if dialog is self.dialog:
            self.dialog = None


def _written(preview: ImportPreview, networks: Path, name: str) -> tuple[Preset, tuple[str, ...]]:
    made = import_model(preview.path, networks, imported=preview.imported, name=name)
    # It is worked out once, here rather than where it would hold the window up.
    made[0].network.sha256()
    return made
