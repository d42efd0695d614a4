"""A stroke, or the drag of a slider: many changes that are undone as one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol, TypeVar

from studio.model.filters.edit import Patch
from studio.model.filters.version import Version
from studio.model.networks.layout import Rect, around, crop, sheet_size
from studio.model.networks.section import Section
from studio.model.networks.shape import Array

T = TypeVar("T")

_MOSTLY = 2
"""One of so many weights, at least."""


class Changeable(Protocol):
    """What a gesture changes; `studio.model.documents.document.Document` hands itself over."""

    def hold(self, name: str) -> Version:
        """A tensor as it is now, which stays so."""

    def section(self, section: Section[T]) -> T:
        """The value of a section as it is now."""

    def turned(self, address: str, value: object) -> Mapping[Section[Any], Any]:
        """What sections hold once the number at an address has another value; see `Document.turned`."""

    def put_now(self, tensor: str, patch: Patch) -> None:
        """Change a tensor, and tell of it, without an item of the history."""

    def swap_now(self, tensor: str, version: Version, *, urgent: bool = True) -> None:
        """Take another version of a tensor, and tell of it, without an item of the history."""

    def set_now(self, sections: Mapping[Section[Any], Any]) -> None:
        """Change sections, and tell of it, without an item of the history."""

    def end_gesture(self, gesture: Gesture) -> None:
        """The gesture is over; make one item of the history of it."""


class Gesture:
    """Changes that follow each other quickly and are undone as one; see `Document.begin`.

    Every change is in the document at once. After `commit` or `cancel` further changes do nothing.

    Attributes:
        label: what the history calls it.
        sections: the values that sections had before it changed them.
        passes: whether what it shows moves by itself and comes again: undo and redo take it back and go on.
    """

    def __init__(self, document: Changeable, label: str) -> None:
        self.label = label
        self.passes = False
        self.sections: dict[Section[Any], Any] = {}
        self._document = document
        self._before: dict[str, Version] = {}
        self._reach: dict[str, Rect] = {}
        self._open = True

    @property
    def is_open(self) -> bool:
        """Whether it is still under way."""
        return self._open

    @property
    def patches(self) -> dict[str, Patch]:
        """What stood where it has changed a tensor."""
        return {name: self.patch(name) for name in self._reach}

    @property
    def touched(self) -> tuple[str, ...]:
        """The tensors that it has changed, in the order in which it came to them."""
        return tuple(self._reach)

    def patch(self, tensor: str) -> Patch:
        """What stood where it has changed this one."""
        rect = self._reach[tensor]
        return Patch(rect, crop(self._before[tensor].values, rect))

    def replaced(self, tensor: str) -> Version | None:
        """A tensor as it was, where so much of it has changed that this costs no more than the patch; else None."""
        rect, before = self._reach[tensor], self._before[tensor]
        return before if rect.height * rect.width * _MOSTLY >= before.values.size else None

    def before(self, tensor: str) -> Array:
        """A tensor's values from when this gesture first had to do with it; not to be changed."""
        if tensor not in self._before:
            self._before[tensor] = self._document.hold(tensor)
        return self._before[tensor].values

    def put(self, tensor: str, patch: Patch) -> None:
        """Add a change to those so far: a part of a stroke.

        Raises:
            StudioError: where there is no such tensor, or the patch does not fit it.
        """
        if not self._open:
            return
        self.before(tensor)
        self._document.put_now(tensor, patch)
        self._reach[tensor] = self._reach_with(tensor, patch.rect)

    def swap(self, tensor: str, version: Version, *, urgent: bool = True) -> None:
        """Take another version of a tensor: nothing of it is copied, however large it is.

        Args:
            tensor: full name.
            version: what it becomes.
            urgent: see `studio.model.networks.changes.WeightsChanged`.

        Raises:
            StudioError: where there is no such tensor, or its shape is another.
        """
        if not self._open:
            return
        shape = self.before(tensor).shape
        self._document.swap_now(tensor, version, urgent=urgent)
        self._reach[tensor] = Rect(0, 0, *sheet_size(shape))

    def preview(self, tensor: str, patch: Patch) -> None:
        """Replace what this gesture has done to the tensor so far: another place of a slider."""
        if not self._open:
            return
        reach = self._reach.get(tensor)
        if reach is not None and self._reach_with(tensor, patch.rect) != patch.rect:
            self._document.put_now(tensor, Patch(reach, crop(self.before(tensor), reach)))
        self.put(tensor, patch)

    def set_section(self, section: Section[T], value: T) -> None:
        """Give a section of the preset another value."""
        if self._open:
            self.sections.setdefault(section, self._document.section(section))
            self._document.set_now({section: value})

    def set(self, address: str, value: object) -> None:
        """Turn a number of the preset, ``/bend/1/amount``.

        Raises:
            StudioError: where there is none at this address, or the value is no number or out of range.
        """
        if self._open:
            for section, held in self._document.turned(address, value).items():
                self.set_section(section, held)

    def commit(self) -> None:
        """End it: one item of the history, or none where nothing differs from before."""
        if self._open:
            self._open = False
            self._document.end_gesture(self)

    def hand_over(self) -> dict[str, Array]:
        """End it without an item of the history of its own, which another takes over; tensors as they were before."""
        self._open = False
        return {name: self._before[name].values for name in self._reach}

    def cancel(self) -> None:
        """End it, and take back all that it did."""
        if self._open:
            for name in self._reach:
                before = self.replaced(name)
                if before is not None:
                    self._document.swap_now(name, before)
                else:
                    self._document.put_now(name, self.patch(name))
            self._document.set_now(self.sections)
        self.commit()

    def give_way(self) -> bool:
        """Take it back where it passes, as something else is undone or done again; whether it did."""
        if self.passes:
            self.cancel()
        return self.passes

    def _reach_with(self, tensor: str, rect: Rect) -> Rect:
        return around([self._reach.get(tensor, rect), rect]) or rect
