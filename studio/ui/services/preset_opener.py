"""Opening presets and networks into the document, whoever asks for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from studio.errors import StudioError
from studio.model.documents.document import Document
from studio.model.networks.preset import Preset
from studio.model.views.view import View
from studio.model.views.workspace import Workspace
from studio.runtime.live.report import Message
from studio.runtime.services.failures import told
from studio.runtime.services.loading import Loader
from studio.ui.services.fades import Fades
from studio.ui.services.session import Session


class PresetOpener(QObject):
    """Opens presets and networks; what was open comes back by undo.

    Args:
        document: what is opened into.
        workspace: looks at what the preset was saved with.
        loader: reads them, beside everything else.
        session: remembers what was opened.
        say: takes sentences for the person.
        fades: fade to what is opened, where that can be; None cuts.
    """

    changed = Signal()
    """Something begins to be opened, is open, or could not be opened."""
    bent = Signal(str)
    """A preset is open: by what it bends first, "filters" or "bends"."""

    def __init__(
        self,
        document: Document,
        workspace: Workspace,
        loader: Loader,
        session: Session,
        say: Callable[[Message], None],
        fades: Fades | None = None,
    ) -> None:
        super().__init__()
        self._document = document
        self._workspace = workspace
        self._loader = loader
        self._session = session
        self._say = say
        self._fades = fades

    @property
    def opening(self) -> Path | None:
        """What is being opened."""
        return Path(self._loader.opening) if self._loader.opening else None

    def open(self, name_or_path: str | Path, *, cut: bool = False) -> None:
        """Open a preset or a network, by name or path.

        Args:
            name_or_path: which.
            cut: without a fade.
        """
        self._loader.open(name_or_path, partial(self._opened, Path(name_or_path), cut), self.changed.emit)
        self.changed.emit()

    def _opened(self, asked: Path, cut: bool, preset: Preset, path: Path | None) -> None:
        was_unsaved, before = self._document.unsaved, self._document.name
        try:
            fades = self._fades is not None and not cut and self._fades.open(preset, path, self._look)
            if not fades:
                self._document.load(preset, path)
        except StudioError as error:
            self._say(replace(told(error), about="opening"))
            self.changed.emit()
            return
        if not fades:
            self._look(preset)
        if was_unsaved:
            self._say(Message(f"Opened “{preset.name}”; undo brings the changed “{before}” back."))
        if path is not None:
            self._session.note_preset(path)
        else:
            self._session.note_network(preset.weights_path or asked)
        self.changed.emit()

    def _look(self, preset: Preset) -> None:
        """Select the first layer that is bent, or look at the layer that was looked at when it was saved."""
        document = self._document
        tensors = (name for name in document.graph.tensor_shapes if document.is_bent(name))
        live = next((edit.tensor for edit in document.edits), "")
        layer, _, key = next(tensors, live).rpartition(".")
        if layer:
            self._workspace.choose(layer, key)
        elif document.stages:
            self._workspace.choose(document.stages[0].layer)
        if layer or document.stages:
            self.bent.emit("filters" if layer else "bends")
        if preset.view_layer is not None and preset.view_layer in self._document.graph:
            self._workspace.choose(preset.view_layer)
            self._workspace.view = View("layer", preset.view_layer)
