"""Saving presets beside the work, each with a picture of what comes out just then."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal

from studio.errors import StudioError
from studio.io.library import Library, check_title
from studio.io.presets import digest_of, save_preset
from studio.model.documents.document import Document
from studio.model.networks.changes import Change
from studio.model.networks.picture import Picture
from studio.model.networks.preset import Preset
from studio.model.networks.section import SOURCE, VIEW
from studio.runtime.live.report import Message
from studio.runtime.services.failures import told
from studio.runtime.services.worker import Post, Worker

PATIENCE = 1000
"""Milliseconds that a picture is waited for; without one the thumbnail stays as it was."""

Scene = Callable[[], tuple[str | None, str | None]]
Snapshot = Callable[[Callable[[Picture], None]], None]


@dataclass(eq=False)
class _Job:
    preset: Preset
    folder: Path
    revision: int
    before: tuple[Path | None, str]
    then: Callable[[], object] | None
    is_new: bool
    begun: bool = False


class PresetSaver(QObject):
    """Saves the document as it is at the moment of asking; painting goes on meanwhile.

    Args:
        document: what is saved.
        library: where presets are.
        snapshot: asks for a picture, as `LiveSession.snapshot` does.
        worker: writes.
        post: carries calls to the window's thread.
        say: takes sentences for the person.
        scene: the source that is playing, and the layer that is looked at or None; both are saved with it.
    """

    saved = Signal(object)
    """A preset is whole in this folder (a `Path`)."""

    def __init__(
        self,
        document: Document,
        library: Library,
        snapshot: Snapshot,
        worker: Worker,
        post: Post,
        say: Callable[[Message], None],
        scene: Scene = lambda: (None, None),
    ) -> None:
        super().__init__()
        self._document = document
        self._library = library
        self._snapshot = snapshot
        self._worker = worker
        self._post = post
        self._say = say
        self._scene = scene
        # Digests of folders as they were opened and saved here; the worker's alone.
        self._seen: dict[Path, str] = {}
        self._looked: tuple[Path | None, str] = None, ""
        document.changed.connect(self._look)
        self._look()

    @property
    def needs_name(self) -> bool:
        """Whether there is no folder yet that the document can be saved into."""
        path = self._document.path
        return path is None or self._library.is_shipped(path)

    @property
    def proposal(self) -> str:
        """A title that no preset has."""
        return self._library.free_title(self._document.name)

    def save(self, then: Callable[[], object] | None = None) -> bool:
        """Save into the document's folder; False, and nothing done, where it `needs_name`.

        Args:
            then: called when it is saved; not where that fails, which is said.
        """
        path = self._document.path
        if path is None or self.needs_name:
            return False
        self._begin(self._document.name, path, then, is_new=False)
        return True

    def save_as(self, title: str, then: Callable[[], object] | None = None) -> bool:
        """Save as a new preset of the person's own; False where the title cannot be one, which is said."""
        try:
            name = check_title(title)
            if self._library.has(name):
                raise StudioError(f"There is a preset called “{name}” already; choose another name.")
            folder = self._library.new_folder(name)
        except StudioError as error:
            self._say(told(error))
            return False
        self._begin(name, folder, then, is_new=True)
        return True

    def _begin(self, title: str, folder: Path, then: Callable[[], object] | None, *, is_new: bool) -> None:
        document = self._document
        source, layer = self._scene()
        preset = replace(document.preset(), name=title).with_section(VIEW, layer)
        preset = preset.with_section(SOURCE, source or document.source)
        job = _Job(preset, folder, document.revision, (document.path, document.name), then, is_new)
        self._snapshot(lambda picture: self._post(partial(self._write, job, picture)))
        QTimer.singleShot(PATIENCE, self, partial(self._write, job, None))

    def _write(self, job: _Job, picture: Picture | None) -> None:
        if not job.begun:
            job.begun = True
            doing = f"Saving “{job.preset.name}”"
            self._worker.do(
                partial(self._work, job, picture), partial(self._saved, job), self._failed, doing, writes=True
            )

    def _look(self, *_: Change) -> None:
        """Note what is in the folder of what has been opened, or renamed."""
        opened = self._document.path, self._document.name
        if opened != self._looked:
            self._looked = opened
            if opened[0] is not None:
                self._worker.do(partial(self._note, opened[0]), lambda _: None)

    def _note(self, folder: Path) -> None:
        self._seen[folder] = digest_of(folder)

    def _work(self, job: _Job, picture: Picture | None) -> tuple[Path, str]:
        """Write it; where it is now, and by which title."""
        folder, preset, is_new = job.folder, job.preset, job.is_new
        if not is_new and self._seen.get(folder, "") not in ("", digest_of(folder) or self._seen[folder]):
            # Neither what others have made of it nor this is to be lost.
            preset = replace(preset, name=self._library.free_title(preset.name))
            folder, is_new = self._library.new_folder(preset.name), True
        while True:
            try:
                save_preset(preset, folder, picture, overwrite=not is_new)
                break
            except FileExistsError:  # another studio has taken the name meanwhile
                folder = self._library.new_folder(preset.name)
        self._note(folder)
        return folder, preset.name

    def _saved(self, job: _Job, written: tuple[Path, str]) -> None:
        folder, name = written
        # Where something else has been opened meanwhile, that is not what was saved.
        if (self._document.path, self._document.name) == job.before:
            self._looked = folder, name
            self._document.mark_saved(folder, name, job.revision)
        if job.is_new or folder == job.folder:
            self._say(Message(f"Saved “{name}”."))
        else:
            others = f"“{job.preset.name}” has been changed elsewhere since it was opened here, and stays as it is"
            self._say(Message(f"{others}; what is open here is saved as “{name}”.", "warning"))
        self.saved.emit(folder)
        if job.then is not None:
            job.then()

    def _failed(self, error: StudioError) -> None:
        self._say(told(error))
