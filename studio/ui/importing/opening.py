"""Everything that can be opened, chosen in a dialog, dropped on the window or recent; and the way back out."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtWidgets import QFileDialog, QWidget

from studio.io.exporters import export_preset
from studio.io.networks import MANIFEST
from studio.model.documents.document import Document
from studio.runtime.live.report import Message
from studio.runtime.services.failures import told
from studio.runtime.services.worker import Worker
from studio.ui.importing.dropping import export_filters, kind_of, model_at, model_suffixes
from studio.ui.importing.import_reading import Importing
from studio.ui.kit.folders import folder_for, note_chosen, own
from studio.ui.services.messages import MessageBar
from studio.ui.services.session import Session


class Opening:
    """Opens presets, networks, models of other programs, films and pictures.

    Args:
        window: over which dialogs lie.
        document: what is exported.
        open_preset: opens a preset's or a network's folder.
        play: plays a source.
        importing: opens models of other programs.
        exporter: writes networks, beside everything else.
        session: which films were played last.
        messages: shows what happened.
    """

    def __init__(
        self,
        window: QWidget,
        document: Document,
        open_preset: Callable[[Path], None],
        play: Callable[[str], None],
        importing: Importing,
        exporter: Worker,
        session: Session,
        messages: MessageBar,
    ) -> None:
        self._window = window
        self._document = document
        self._open_preset = open_preset
        self._play = play
        self._exporter = exporter
        self._session = session
        self._messages = messages
        self.importing = importing

    def ask_preset(self) -> None:
        """Choose a preset's or a network's folder."""
        start = folder_for("network", self._document.path)
        self._chosen(QFileDialog.getExistingDirectory(self._window, "Folder of a preset or a network", start))

    def ask_model(self) -> None:
        """Choose a model of another program, from the folder that was chosen from last."""
        suffixes = " ".join(f"*{suffix}" for suffix in model_suffixes())
        kinds = f"Models ({suffixes});;Folders of .npy (*.npy {MANIFEST});;All (*)"
        start = folder_for("model", own(self._document.path))
        chosen, _ = QFileDialog.getOpenFileName(self._window, "Import a model", start, kinds)
        if chosen:
            note_chosen("model", chosen)
            self.importing.begin(model_at(Path(chosen)))

    def ask_export(self) -> None:
        """Choose where the network goes with its bends, and in which format: beside the last, or the open preset."""
        start = str(Path(folder_for("export", own(self._document.path)), f"{self._document.name}.pt"))
        chosen, _ = QFileDialog.getSaveFileName(self._window, "Export the bent network", start, export_filters())
        if chosen:
            note_chosen("export", chosen)
            self.export(Path(chosen))

    def export(self, path: Path) -> None:
        """Write the network as it is bent now, in the format that the suffix asks for."""
        preset = self._document.preset()
        self._messages.note(f"Exporting to {path.name} …")
        work, then = partial(export_preset, preset, path), partial(self._exported, path)
        self._exporter.do(work, then, self._failed, f"Exporting to {path.name}", writes=True)

    def ask_source(self) -> None:
        """Choose a film or a picture, from the folder that was chosen from last."""
        start = folder_for("picture", *self._session.sources)
        chosen, _ = QFileDialog.getOpenFileName(self._window, "Open a film or a picture", start)
        note_chosen("picture", chosen)
        self._chosen(chosen)

    def open(self, path: Path) -> None:
        """Open whatever it is: a preset, a network, a model of others, a film, a picture, a folder of pictures."""
        kind = kind_of(path)
        if kind == "preset":
            self._open_preset(path.parent if path.is_file() else path)
        elif kind == "model":
            self.importing.begin(model_at(path))
        else:
            self._play(str(path))

    def _chosen(self, path: str) -> None:
        if path:
            self.open(Path(path))

    def _exported(self, path: Path, remarks: tuple[str, ...]) -> None:
        self._messages.note(f"Exported to {path}.")
        for remark in remarks:
            self._messages.say(Message(remark))

    def _failed(self, error: Exception) -> None:
        self._messages.say(told(error))
