"""The tensors that engines share, each with a version in memory and one on a device: whoever asks gets the newer."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from typing import Protocol
from weakref import WeakSet

import numpy as np

from studio.engine.edited import EditedTensor
from studio.errors import StudioError
from studio.model.filters.live_edits import LiveEdit, LiveEdits, by_tensor
from studio.model.networks.layout import Rect, put, sheet_size
from studio.model.networks.shape import Array


class Holder(Protocol):
    """What follows the store: an engine, which keeps its tensors packed."""

    def overtake(self, tensor: str, rect: Rect) -> None:
        """Bring over a rectangle of a tensor's sheet, from memory."""

    def repack(self, tensor: str, origin: object) -> bool:
        """Bring over a tensor from where it is newer; False where that cannot be reached from here."""


class TensorStore:
    """Every tensor of a network by its full name. Belongs, with all that follow it, to one thread.

    A stroke is made in memory, and everything that follows takes its rectangle over. A step of learning is made on a
    device, and what follows packs anew from there; memory has it when somebody asks.

    A tensor with live edits runs as they make it. Strokes and learning change it beneath them, which `base` gives.

    Args:
        tensors: copied.

    Attributes:
        arrays: those in memory, as they run, which may be older than a device's; `tensor` gives the newer.
        version: how often a tensor has been changed in memory.
        edit_seconds: how long the last change of a tensor's live edits took, until every engine had it, by tensor.
    """

    def __init__(self, tensors: Mapping[str, Array]) -> None:
        self.arrays: dict[str, Array] = {
            name: np.array(tensor, np.float32, order="C") for name, tensor in tensors.items()
        }
        self._revisions = dict.fromkeys(self.arrays, 0)
        self._fetches: dict[str, Callable[[], Array]] = {}
        self._holders: WeakSet[Holder] = WeakSet()
        self.version = 0
        self._edits: dict[str, LiveEdits] = {}
        self._edited: dict[str, EditedTensor] = {}
        self.edit_seconds: dict[str, float] = {}
        # Who moved tensors on a device, as long as nobody has asked for any since.
        self._mover: object = None

    def include(self, tensors: Mapping[str, Array]) -> None:
        """Have these tensors as well; a network's own that are there already stay as they are."""
        for name, tensor in tensors.items():
            # Behind a tilde is what a loss has fixed, of which another lesson has others.
            self._mover = None
            if name not in self.arrays or "~" in name:
                self.arrays[name] = np.array(tensor, np.float32, order="C")
                self._revisions[name] = 0

    def follow(self, holder: Holder) -> None:
        """Let this follow from now on; it is forgotten with its last reference."""
        self._mover = None
        self._holders.add(holder)

    def forget(self, holder: Holder) -> None:
        """Let this follow no more, as it is closed."""
        self._holders.discard(holder)

    def tensor(self, name: str) -> Array:
        """The newest version, in memory; not a copy."""
        self._mover = None
        fetch = self._fetches.pop(name, None)
        if fetch is not None:
            np.copyto(self.arrays[name], fetch())
        return self.arrays[name]

    def revision(self, name: str) -> int:
        """How often it has been changed: equal numbers, equal weights."""
        self._mover = None
        return self._revisions[name]

    def base(self, name: str) -> Array:
        """The newest version beneath the live edits, in memory; not a copy."""
        return self._edited[name].base if name in self._edited else self.tensor(name)

    def set_edits(self, edits: Iterable[LiveEdit]) -> None:
        """Keep these edits live, and no others; only tensors whose edits are others than before are worked out.

        Args:
            edits: of tensors that are here, `studio.model.filters.live_edits.bound`.

        Raises:
            StudioError: naming the first that cannot work; it is passed over, all others work.
        """
        self._mover = None
        wanted = by_tensor(edit for edit in edits if edit.on)
        for name in [*wanted, *(self._edited.keys() - wanted.keys())]:
            if self._edits.get(name) != wanted.get(name):
                self._rework(name, wanted.get(name, ()))
        self._edits = wanted
        reasons = [reason for name in wanted for reason in self._edited[name].reasons]
        if reasons:
            raise StudioError(reasons[0])

    def _rework(self, name: str, edits: LiveEdits, stroke: Rect | None = None) -> None:
        start = time.perf_counter()
        if name not in self._edited:
            self._edited[name] = EditedTensor(self.tensor(name))
        rect = self._edited[name].work_out(edits, self.arrays[name], stroke)
        if not edits:
            del self._edited[name]
        if rect is not None:
            self._overtaken(name, rect)
        self.edit_seconds[name] = time.perf_counter() - start

    def put(self, name: str, rect: Rect, values: Array) -> None:
        """Replace a rectangle of its sheet, beneath its live edits, here and in all that follow.

        Raises:
            StudioError: where the rectangle does not lie in the sheet, or the values do not fill it.
        """
        put(self.base(name), rect, np.asarray(values, np.float32))
        if name in self._edited:
            self._rework(name, self._edits[name], rect)
        else:
            self._overtaken(name, rect)

    def _overtaken(self, name: str, rect: Rect) -> None:
        self._mover = None
        self._revisions[name] += 1
        self.version += 1
        for holder in list(self._holders):
            holder.overtake(name, rect)

    def moved(self, fetches: Mapping[str, Callable[[], Array]], origin: object, but: object = None) -> None:
        """Take note that a device has newer versions.

        Args:
            fetches: by the name of each tensor, what gives it in its own shape.
            origin: what holds them there, for those that can take them from there.
            but: who has them already.
        """
        unedited = [name for name in fetches if name not in self._edited]
        for name in fetches.keys() & self._edited.keys():
            # What lies over it is worked out in memory.
            np.copyto(self._edited[name].base, fetches[name]())
            self._rework(name, self._edits[name], Rect(0, 0, *sheet_size(self.arrays[name].shape)))
        for name in unedited:
            self._revisions[name] += 1
            self._fetches[name] = fetches[name]
        for holder in list(self._holders):
            if holder is but:
                continue
            for name in unedited:
                if not holder.repack(name, origin):
                    self.tensor(name)
                    holder.overtake(name, Rect(0, 0, *sheet_size(self.arrays[name].shape)))
        self._mover = None if self._edited or any(holder is not but for holder in self._holders) else origin

    def is_unseen(self, origin: object) -> bool:
        """Whether nobody has asked for a tensor since this device moved some, so that what it moves again need not be
        noted: who asks next gets the newest from there.
        """
        return origin is self._mover
