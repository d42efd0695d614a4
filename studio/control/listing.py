"""The numbers that can be reached, as they were listed last: for those who ask from other threads."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from types import MappingProxyType

from studio.control.namespace import Namespace
from studio.errors import StudioError
from studio.model.movement.address import Number

Listed = Mapping[str, tuple[Number, float]]

_PATIENCE = 0.2
"""Seconds that a page of all numbers waits for them to be listed anew."""


class Listing:
    """Lists them where they may have changed. It belongs to the document's thread, but for `read`.

    Args:
        names: what there is.
        wake: called from any thread when `refresh` is wanted.

    To find those of `Namespace.owned` takes milliseconds, so while something goes on changing they stay as they were.

    Attributes:
        listed: every number with its value, by its address; never changed afterwards.
        known: every number by its address, likewise.
        is_stale: whether something has changed since.
        may_be_new: whether there may be other numbers than there were.
        is_part: whether those of `Namespace.owned` are as they were when all were listed last.
        is_read: whether somebody waits for them.
    """

    def __init__(self, names: Namespace, wake: Callable[[], object]) -> None:
        self._names, self._wake = names, wake
        self.listed: Listed = MappingProxyType({})
        self.known: Mapping[str, Number] = MappingProxyType({})
        self.is_stale = self.may_be_new = self.is_part = True  # nobody asks as yet
        self.is_read = False
        self._owned: dict[str, tuple[Number, float]] = {}
        self._unowned: Listed = MappingProxyType({})
        self._is_done = threading.Event()

    def refresh(self) -> None:
        """List them anew, all of them."""
        self._owned, self.is_part = self._names.owned(), False
        self.is_read = False
        self._list()
        self._is_done.set()

    def refresh_quickly(self) -> None:
        """List them anew, but for those of `Namespace.owned`."""
        self.is_part = True
        self._list()

    @property
    def newest(self) -> Listed:
        """Those that are as they were listed last: who has just turned another is not told where it was before."""
        return self._unowned if self.is_part else self.listed

    def has(self, address: str) -> bool:
        """Whether there is a number at an address; they are listed anew where that may have changed."""
        if address not in self.known and self.may_be_new:
            self.refresh_quickly()
        if address not in self.known and self.is_part and self._names.is_owned(address):
            self.refresh()
        return address in self.known

    def renew(self) -> None:
        """There may be other numbers than there were."""
        self.is_stale = self.may_be_new = self.is_part = True

    @property
    def is_old(self) -> bool:
        """Whether there may be numbers that are not listed."""
        return self.may_be_new or self.is_part

    def number(self, address: str) -> Number:
        """The number at an address; StudioError where there is none, which names none alike: many mappings may ask."""
        if self.may_be_new:
            self.refresh_quickly()
        if not self.has(address):
            raise StudioError(f"There is no number at {address[:80]}.")
        return self.known[address]

    def read(self) -> Listed:
        """They as they are now: nobody tells of what is turned in panels, and of what comes and goes there.

        Called from other threads. Where the document's thread is busy, they are as they were.
        """
        self._is_done.clear()
        self.is_read = True
        self._wake()
        self._is_done.wait(_PATIENCE)
        return self.listed

    def _list(self) -> None:
        self.is_stale = self.may_be_new = False
        unowned = self._names.unowned()
        self._unowned, self.listed = MappingProxyType(unowned), MappingProxyType(unowned | self._owned)
        self.known = MappingProxyType({address: number for address, (number, _) in self.listed.items()})
