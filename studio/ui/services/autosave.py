"""Unsaved work is written aside every so often, and offered again after a crash."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial

from PySide6.QtCore import QLockFile, QObject, QTimer

from studio.errors import StudioError
from studio.io.autosave import Kept, Recovery, discard, recovered
from studio.model.changes import Change, DetailsChanged, HistoryChanged
from studio.model.document import Document
from studio.model.preset import Preset
from studio.model.section import SOURCE
from studio.runtime.live.report import Message
from studio.runtime.services.worker import Worker
from studio.ui.services.messages import Action

EVERY = 30_000
"""Milliseconds between two writes, where there is something new to write."""
EDITS = 20
"""After so many edits it is written at once."""

Say = Callable[[Message, Sequence[Action]], None]


class Autosave(QObject):
    """Keeps a copy of the document while it is unsaved.

    Args:
        document: what is kept.
        recovery: where.
        worker: writes and reads.
        say: takes sentences with buttons, as `MessageBar.say` does.
        scene: the source that is playing; it is kept with the rest.
        play: plays it again.
    """

    def __init__(
        self,
        document: Document,
        recovery: Recovery,
        worker: Worker,
        say: Say,
        scene: Callable[[], str | None] = lambda: None,
        play: Callable[[str], None] = lambda _: None,
    ) -> None:
        super().__init__()
        self._document = document
        self._recovery = recovery
        self._worker = worker
        self._say = say
        self._scene = scene
        self._play = play
        self._kept: int | None = None
        self._edits = 0
        self._lock: QLockFile | None = None
        self._offered: dict[Kept, QLockFile] = {}
        self._complained = False
        self._timer = QTimer(self)
        self._timer.setInterval(EVERY)
        self._timer.timeout.connect(self.keep)
        self._timer.start()
        document.changed.connect(self._follow)

    def offer(self) -> None:
        """Ask whether what earlier runs left behind is wanted, each in one sentence; what runs still is left alone."""
        for kept in reversed(self._recovery.others()):
            lock = QLockFile(str(kept.folder / "lock"))
            # By age no lock is stale: a run may last for days. That its process is gone is noticed all the same.
            lock.setStaleLockTime(0)
            if not lock.tryLock(0):
                continue
            self._offered[kept] = lock
            is_today = kept.when.date() == datetime.now().astimezone().date()
            when = f"{kept.when:%H:%M}" if is_today else f"{kept.when.day} {kept.when:%B, %H:%M}"
            text = f"The last session ended unexpectedly; its bends of “{kept.name}” from {when} are kept."
            answers = [("Restore", partial(self._restore, kept)), ("Discard", partial(self._discard, kept))]
            self._say(Message(text, "warning"), answers)

    def keep(self) -> None:
        """Write what is unsaved and not yet kept; forget what was kept where all is saved."""
        document = self._document
        self._edits = 0
        if not document.unsaved:
            self._forget()
        elif document.revision != self._kept:
            self._keep()

    def end(self) -> None:
        """The studio closes, and nothing of the document is to be kept; what was offered is offered again."""
        self._timer.stop()
        self._document.changed.disconnect(self._follow)
        self._worker.do(self._recovery.end, lambda _: None)
        for lock in (self._lock, *self._offered.values()):
            if lock is not None:
                lock.unlock()

    def _follow(self, change: Change) -> None:
        if isinstance(change, HistoryChanged):
            self._edits += 1
            if self._edits >= EDITS:
                self.keep()
        elif isinstance(change, DetailsChanged) and not self._document.unsaved:
            # At once, so that a crash does not offer what is saved.
            self._forget()

    def _keep(self, then: Callable[[], None] = lambda: None) -> None:
        try:
            if self._lock is None:
                self._recovery.begin()
                self._lock = QLockFile(str(self._recovery.folder / "lock"))
                self._lock.setStaleLockTime(0)
                self._lock.tryLock(0)
        except StudioError as error:
            self._failed(error)
            return
        document = self._document
        self._kept = document.revision
        preset = document.preset().with_section(SOURCE, self._scene() or document.source)
        work = partial(self._recovery.keep, preset, document.path)
        self._worker.do(work, lambda _: then(), self._failed)

    def _forget(self) -> None:
        if self._kept is not None:
            self._kept = None
            self._worker.do(self._recovery.drop, lambda _: None)

    def _failed(self, error: StudioError) -> None:
        self._kept = None
        if not self._complained:
            # Once is enough: it is tried again every time.
            self._complained = True
            self._say(Message(f"Unsaved work cannot be kept for a crash: {error}", "warning"), [])

    def _restore(self, kept: Kept) -> None:
        self._worker.do(partial(recovered, kept), partial(self._restored, kept), partial(self._unreadable, kept))

    def _restored(self, kept: Kept, preset: Preset) -> None:
        self._document.load(preset, kept.path)
        self._document.mark_unsaved()
        if preset.source:
            self._play(preset.source)
        # The old copy goes when the new one is whole.
        self._keep(partial(self._discard, kept))

    def _unreadable(self, kept: Kept, error: StudioError) -> None:
        self._say(Message(f"What was kept cannot be restored: {error}", "error"), [])
        self._offered.pop(kept).unlock()

    def _discard(self, kept: Kept) -> None:
        self._offered.pop(kept).unlock()
        self._worker.do(partial(discard, kept), lambda _: None)
