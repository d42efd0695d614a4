"""Unsaved work is written aside every so often, the open lesson too, and offered again after a crash."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Literal

from PySide6.QtCore import QLockFile, QObject, QTimer

from studio.errors import StudioError
from studio.io.autosave import Kept, Recovery, discard, recovered
from studio.model.documents.document import Document
from studio.model.networks.changes import Change, DetailsChanged, HistoryChanged
from studio.model.networks.preset import Preset
from studio.model.networks.section import SOURCE
from studio.runtime.learning.opening import Resumption, written
from studio.runtime.learning.session import LearningSession
from studio.runtime.live.report import Message
from studio.runtime.services.worker import Worker
from studio.ui.services.messages import Action

if TYPE_CHECKING:
    from studio.learn.learner import Checkpoint
    from studio.learn.prepare import Asked

EVERY = 30_000
"""Milliseconds between two writes, where there is something new to write."""
EDITS = 20
"""After so many edits it is written at once."""
_PATIENCE = 10
"""A tenth of the time at most goes into writing checkpoints, which are large where networks are."""

_LOST = 300.0
"""Seconds after which a checkpoint that was asked for and never came is asked for again."""

_LAST = 5.0
"""Seconds that the end waits for the step under way."""

_What = Literal["document", "lesson"]
Say = Callable[[Message, Sequence[Action]], None]


class Autosave(QObject):
    """Keeps a copy of the document while it is unsaved, and what its lesson goes on from.

    Args:
        document: what is kept.
        recovery: where.
        worker: writes and reads.
        say: takes sentences with buttons, as `MessageBar.say` does.
        scene: the source that is playing; it is kept with the rest.
        play: plays it again.
        learning: the lesson that is open; None where nobody learns.
    """

    def __init__(
        self,
        document: Document,
        recovery: Recovery,
        worker: Worker,
        say: Say,
        scene: Callable[[], str | None] = lambda: None,
        play: Callable[[str], None] = lambda _: None,
        learning: LearningSession | None = None,
    ) -> None:
        super().__init__()
        self._document = document
        self._recovery = recovery
        self._worker = worker
        self._say = say
        self._scene = scene
        self._play = play
        self._learning = learning
        # Changes of the document so far, those of a gesture that is under way too, and with how many it was kept; and
        # those that hands made.
        self._changes = self._by_hand = 0
        self._kept: int | None = None
        self._learning_at = 0.0
        self._edits = 0
        self._lock: QLockFile | None = None
        self._offered: dict[Kept, QLockFile] = {}
        # Whether this run's folder may have something in it, and what of it could not be written lately.
        self._holds = False
        self._failing: set[_What] = set()
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
            what = "its bends and its lesson" if kept.learning else "its bends"
            text = f"The last session ended unexpectedly; {what} of “{kept.name}” from {when} are kept."
            answers = [("Restore", partial(self._restore, kept)), ("Discard", partial(self._discard, kept))]
            self._say(Message(text, "warning"), answers)

    def keep(self) -> None:
        """Write what is unsaved and not yet kept; forget what was kept where all is saved."""
        self._edits = 0
        if not self._document.unsaved:
            self._forget()
        elif self._changes != self._kept:
            self._keep()

    def end(self, *, unasked: bool = False) -> None:
        """The studio closes, and nothing of the document is to be kept; what was offered is offered again.

        Args:
            unasked: whether it is ended from outside, so that nobody could be asked: what is unsaved stays, to be
                offered at the next start.
        """
        self._timer.stop()
        stays = unasked and self._document.unsaved
        if stays:
            self.keep()
            self._keep_last_learning()
        self._document.changed.disconnect(self._follow)
        for lock in self._offered.values():
            lock.unlock()
        if stays:
            # Behind what is being kept: the end waits for it, and nobody is offered, or discards, what is older.
            self._worker.do(self._unlock, lambda _: None, doing="Keeping unsaved work", writes=True)
        else:
            # Before its folder goes, in which it lies.
            self._unlock()
            self._worker.do(self._recovery.end, lambda _: None)

    def _unlock(self) -> None:
        if self._lock is not None:
            self._lock.unlock()

    def _follow(self, change: Change) -> None:
        self._changes += 1
        self._by_hand += self._learning is None or not self._learning.carrying.is_own
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
            self._failed("document", error)
            return
        document, self._kept, self._holds = self._document, self._changes, True
        preset = document.preset().with_section(SOURCE, self._scene() or document.source)
        work = partial(self._recovery.keep, preset, document.path, self._by_hand)

        def done(_: None) -> None:
            self._succeeded("document")
            then()

        self._worker.do(work, done, partial(self._failed, "document"))
        self._keep_learning()

    def _keep_learning(self) -> None:
        """Have the checkpoint written that belongs to what has just been kept."""
        if self._learning is None or not self._learning.is_open:
            work = partial(self._recovery.keep_learning, None)
            self._worker.do(work, lambda _: self._succeeded("lesson"), partial(self._failed, "lesson"))
        elif time.monotonic() >= self._learning_at:
            self._learning_at = time.monotonic() + _LOST
            self._learning.hand_out(partial(self._write_learning, self._by_hand))

    def _keep_last_learning(self) -> None:
        """Have the lesson's newest checkpoint written, which nobody would carry to this thread any more."""
        handed = None if self._learning is None else self._learning.handed_out()
        if handed is not None:
            work = partial(_keep_handed, self._recovery, handed, self._by_hand)
            self._worker.do(work, lambda _: None, doing="Keeping the lesson", writes=True)

    def _write_learning(self, number: int, checkpoint: Checkpoint, asked: Asked) -> None:
        began, self._holds = time.monotonic(), True

        def rest() -> None:
            self._learning_at = time.monotonic() + _PATIENCE * (time.monotonic() - began)

        def done(_: None) -> None:
            rest()
            self._succeeded("lesson")

        def failed(error: StudioError) -> None:
            rest()
            self._failed("lesson", error)

        work = partial(self._recovery.keep_learning, partial(written, checkpoint, asked=asked), number)
        self._worker.do(work, done, failed)

    def _forget(self) -> None:
        self._kept = None
        if self._holds:
            self._holds = False
            self._worker.do(self._recovery.drop, lambda _: None)

    def _failed(self, what: _What, error: StudioError) -> None:
        self._kept = None
        if not self._failing:
            # Once is enough: it is tried again every time.
            self._say(Message(f"Unsaved work cannot be kept for a crash: {error}", "warning"), [])
        self._failing.add(what)

    def _succeeded(self, what: _What) -> None:
        if what in self._failing:
            self._failing.discard(what)
            if not self._failing:
                self._say(Message("Unsaved work is kept for a crash again."), [])

    def _restore(self, kept: Kept) -> None:
        self._worker.do(partial(_found, kept), partial(self._restored, kept), partial(self._unreadable, kept))

    def _restored(self, kept: Kept, found: tuple[Preset, Resumption | None, str]) -> None:
        preset, lesson, problem = found
        self._document.load(preset, kept.path)
        self._document.mark_unsaved()
        if preset.source:
            self._play(preset.source)
        if problem:
            text = f"The network is restored as it was, but its lesson cannot go on: {problem}"
            self._say(Message(text, "error"), [])
        if lesson is not None and self._learning is not None:
            self._learning.begin(lesson.asked, running=False, resume=lesson)
        # The old copy goes when the new one is whole.
        self._keep(partial(self._discard_once_open, kept) if lesson else partial(self._discard, kept))

    def _discard_once_open(self, kept: Kept) -> None:
        """Discard it once its lesson is open here; where that cannot be, as without its film, it is offered again."""
        learning = self._learning
        if learning is None or (learning.is_open and learning.state != "preparing"):
            self._discard(kept)
        elif learning.state == "preparing":

            def settle(what: str) -> None:
                if what == "state" and learning.state != "preparing":
                    learning.changed.disconnect(settle)
                    self._discard_once_open(kept)

            learning.changed.connect(settle)
        else:
            self._offered.pop(kept).unlock()

    def _unreadable(self, kept: Kept, error: StudioError) -> None:
        self._say(Message(f"What was kept cannot be restored: {error}", "error"), [])
        self._offered.pop(kept).unlock()

    def _discard(self, kept: Kept) -> None:
        self._offered.pop(kept).unlock()
        self._worker.do(partial(discard, kept), lambda _: None)


def _keep_handed(recovery: Recovery, handed: Future[tuple[Checkpoint, Asked]], number: int) -> None:
    checkpoint, asked = handed.result(_LAST)
    recovery.keep_learning(partial(written, checkpoint, asked=asked), number)


def _found(kept: Kept) -> tuple[Preset, Resumption | None, str]:
    """The document, what its lesson goes on from, and why it cannot where something is wrong."""
    preset = recovered(kept)
    if kept.learning is None:
        return preset, None, ""
    try:
        return preset, Resumption.read(kept.learning, preset.bent, with_weights=kept.is_as_new), ""
    except StudioError as error:
        return preset, None, str(error)
