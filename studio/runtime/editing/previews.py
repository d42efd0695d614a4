"""Edits of whole tensors in a thread of their own: nobody waits for them, and the newest preview wins."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import ClassVar

import numpy as np
from psygnal import Signal, SignalInstance

from studio.errors import StudioError
from studio.model.documents.document import Document
from studio.model.filters.edit import Edit, Patch, Selection
from studio.model.filters.gesture import Gesture
from studio.model.networks.changes import Change, NetworkChanged, Opened, WeightsChanged
from studio.model.networks.network import Network
from studio.model.networks.shape import Array
from studio.runtime.editing.counterparts import read_network
from studio.runtime.services.failures import raisable

Post = Callable[[Callable[[], None]], None]


@dataclass(frozen=True, eq=False)
class _Wish:
    label: str
    edit: Edit
    selection: Selection


@dataclass(eq=False)
class _Act:
    """What becomes one item of the history: the drag of a slider, or one click."""

    tensor: str
    wish: _Wish | None = None
    gesture: Gesture | None = None
    shown: bool = False
    ended: bool = False
    aside: bool = False


@dataclass(frozen=True, eq=False)
class _Base:
    """The values that an edit started from, so that a slider that is moved again does not add to what it did."""

    tensor: str
    kind: type[Edit]
    selection: Selection
    values: Array

    def serves(self, kind: type[Edit], tensor: str, selection: Selection) -> bool:
        mask = self.selection.mask
        return (self.tensor, self.kind) == (tensor, kind) and np.array_equal(mask, selection.mask)


class Editing:
    """Works out edits in one worker thread and puts them into a document as they come.

    All methods are for the document's thread, and return at once. An edit that is previewed again, or again after a
    commit while nothing else has changed its tensor, starts from the values that it first found: the form's sliders
    say what is, not what is added. `settle` ends that.

    Args:
        document: what is edited.
        post: runs a callable in the document's thread; called from the worker.
        report: told in one sentence what could not be done.
    """

    busy: ClassVar[SignalInstance] = Signal(bool)  # type: ignore[assignment]
    """Whether something is being worked out."""

    def __init__(self, document: Document, post: Post, report: Callable[[str], None]) -> None:
        self.report = report
        self._document = document
        self._post = post
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="edit")
        self._acts: deque[_Act] = deque()
        self._running: _Act | None = None
        self._fetching = 0
        self._was_busy = False
        self._base: _Base | None = None
        self._own = False
        self._paused = False
        self._closed = False
        document.changed.connect(self._follow)

    @property
    def is_active(self) -> bool:
        """Whether there is a preview, or an edit still to come."""
        return bool(self._acts)

    def continues(self, kind: type[Edit], tensor: str, selection: Selection) -> bool:
        """Whether the next such edit replaces what the last one did, as opposed to adding to it."""
        return self._base is not None and self._base.serves(kind, tensor, selection)

    def beneath(self, kind: type[Edit], tensor: str, selection: Selection) -> Array | None:
        """The tensor as it was before such an edit, where the next one would replace it; None where it would not."""
        return self._base.values if self._base is not None and self.continues(kind, tensor, selection) else None

    def preview(self, label: str, edit: Edit, tensor: str, selection: Selection) -> None:
        """Show what an edit makes of a tensor, in place of what this preview has shown so far.

        Args:
            label: what the history calls it once it is committed.
            edit: what to do.
            tensor: its full name; another one than before commits what was shown of that.
            selection: the kernels that it may change.
        """
        if not self._acts or self._acts[-1].ended or self._acts[-1].tensor != tensor:
            self.commit()
            self._acts.append(_Act(tensor))
        self._acts[-1].wish = _Wish(label, edit, selection)
        self._go_on()

    def commit(self) -> None:
        """Make what is previewed an item of the history, at once or as soon as it is worked out."""
        if self._acts:
            self._acts[-1].ended = True
            self._go_on()

    def cancel(self) -> None:
        """Take the preview back, or the edit that is still to come."""
        if self._acts:
            act = self._acts.pop()
            if act.gesture is not None:
                self._quietly(act.gesture.cancel)
            self._go_on()

    def apply(self, label: str, edit: Edit, tensor: str, selection: Selection) -> None:
        """Do an edit to the values as they are now: one item of the history, as soon as it is worked out."""
        self.commit()
        self._acts.append(_Act(tensor, _Wish(label, edit, selection), ended=True))
        self.settle()
        self._go_on()

    def pause(self) -> None:
        """Keep out of the way of a stroke: what is shown is committed, what is still to come follows `resume`."""
        self.commit()
        self._paused = True
        for act in self._acts:
            act.aside = act.gesture is not None and not act.shown

    def resume(self) -> None:
        """The stroke is over."""
        self._paused = False
        self._go_on()

    def settle(self) -> None:
        """Let the next edit start from the values as they are now."""
        self._base = None

    def fetch(self, path: Path, done: Callable[[Network], None]) -> None:
        """Read a network, or a preset with what it bends, and hand it over in the document's thread.

        Args:
            path: the folder, or the network.json or preset.json in it.
            done: not called where it cannot be read; that is reported.
        """
        self._fetching += 1
        self._tell()
        self._pool.submit(read_network, path).add_done_callback(
            lambda future: self._deliver(partial(self._fetched, future, done))
        )

    def close(self) -> None:
        """End the worker; what it has not finished is dropped."""
        self._closed = True
        self._document.changed.disconnect(self._follow)
        self._pool.shutdown(wait=False, cancel_futures=True)

    # -- within ---------------------------------------------------------------------------------------------------

    def _deliver(self, step: Callable[[], None]) -> None:
        """In the worker: hand a result over, unless nobody is there any more to take it."""
        if not self._closed:
            self._post(step)

    def _go_on(self) -> None:
        """Commit what has ended, and start what is wished for, if the worker is free."""
        while self._acts and self._acts[0].ended and self._acts[0].wish is None and self._running is not self._acts[0]:
            self._end(self._acts.popleft())
        free = self._running is None and not self._paused
        if free and self._acts and self._acts[0].wish is not None:
            self._start(self._acts[0], self._acts[0].wish)
        self._tell()

    def _end(self, act: _Act) -> None:
        if act.gesture is not None:
            self._quietly(act.gesture.commit)

    def _start(self, act: _Act, wish: _Wish) -> None:
        act.wish = None
        try:
            if act.gesture is None:
                act.gesture = self._document.begin(wish.label)
            if not self.continues(type(wish.edit), act.tensor, wish.selection):
                # The gesture's copy is nobody's to change, so the worker may read it.
                values = act.gesture.before(act.tensor)
                self._base = _Base(act.tensor, type(wish.edit), wish.selection, values)
        except StudioError as error:
            self._drop(act, str(error))
            self._go_on()
            return
        assert self._base is not None
        self._running = act
        self._pool.submit(wish.edit.apply, self._base.values, wish.selection).add_done_callback(
            lambda future: self._deliver(partial(self._arrived, act, wish, future))
        )

    def _arrived(self, act: _Act, wish: _Wish, future: Future[Patch]) -> None:
        self._running = None
        error = future.exception()
        if act in self._acts and act.gesture is not None:
            if error is not None:
                self._failed(act, error)
            elif act.gesture.is_open:
                act.gesture.label, act.shown = wish.label, True
                self._quietly(partial(act.gesture.preview, act.tensor, future.result()))
            elif act.aside:
                act.gesture, act.aside, act.wish = None, False, act.wish or wish
                self.settle()
            else:
                # Undone, or another action came in between.
                self._drop(act, f"{wish.label} was interrupted; apply it again." if act.ended else "")
        self._go_on()
        if error is not None and not isinstance(error, StudioError):
            raise raisable(error, wish.label)

    def _failed(self, act: _Act, error: BaseException) -> None:
        if isinstance(error, StudioError):
            self.report(str(error))
        if not act.shown:
            self._drop(act, "")
            self.settle()

    def _drop(self, act: _Act, sentence: str) -> None:
        self._acts.remove(act)
        if act.gesture is not None:
            self._quietly(act.gesture.cancel)
        if sentence:
            self.report(sentence)

    def _fetched(self, future: Future[Network], done: Callable[[Network], None]) -> None:
        self._fetching -= 1
        self._tell()
        error = future.exception()
        if error is None:
            done(future.result())
        elif isinstance(error, StudioError):
            self.report(str(error))
        else:
            raise raisable(error, "Reading the other network")

    def _tell(self) -> None:
        now = self._running is not None or bool(self._fetching)
        if now != self._was_busy:
            self._was_busy = now
            self.busy.emit(now)

    def _quietly(self, step: Callable[[], None]) -> None:
        """A change of ours, which does not end the edit that makes it."""
        self._own = True
        try:
            step()
        finally:
            self._own = False

    def _let_go(self) -> None:
        """Something else is open: what was asked of what was open before is not done to it."""
        self.settle()
        for act in [each for each in self._acts if each is not self._running]:
            asked = act.wish if act.ended else None
            self._drop(act, "" if asked is None else f"{asked.label} was interrupted; apply it again.")
        if self._running is not None:
            self._running.aside, self._running.wish = False, None

    def _follow(self, change: Change) -> None:
        if isinstance(change, Opened):
            self._let_go()
            return
        foreign = isinstance(change, WeightsChanged) and not self._own
        if isinstance(change, NetworkChanged) or (
            foreign
            and self._base is not None
            and isinstance(change, WeightsChanged)
            and change.tensor == self._base.tensor
        ):
            self.settle()
