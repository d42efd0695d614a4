"""What is learnt becomes the document's: one gesture, from its first weights until a hand does something else."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from studio.model.document import Document
from studio.model.edit import Patch
from studio.model.gesture import Gesture
from studio.model.layout import Rect, sheet_size, to_sheet
from studio.model.op import Array

_AT_ONCE = 1 << 18
"""Weights of a part."""


class Part(NamedTuple):
    """Some rows of a tensor's sheet.

    Attributes:
        name: of the tensor.
        top: the first of them.
        values: as the tensor has them.
    """

    name: str
    top: int
    values: Array


def parts_of(weights: Mapping[str, Array]) -> Iterator[Part]:
    """Weights in parts that are small enough to be taken between two pictures."""
    for name, values in weights.items():
        rows = sheet_size(values.shape)[0]
        if values.ndim < 2 or rows % len(values):
            yield Part(name, 0, values)
            continue
        each = max(1, _AT_ONCE * len(values) // max(values.size, 1))
        for first in range(0, len(values), each):
            yield Part(name, first * (rows // len(values)), values[first : first + each])


class Carrying:
    """Belongs to the document's thread.

    Attributes:
        is_own: whether what the document tells of just now comes from here.
    """

    def __init__(self, document: Document) -> None:
        self._document = document
        self._gesture: Gesture | None = None
        self._shown: Gesture | None = None
        self.is_own = False
        self._waiting: Iterator[Part] = iter(())

    def put(self, weights: Mapping[str, Array]) -> None:
        """Make weights the document's, unless a hand is at work."""
        self.take(weights)
        self.go_on()

    def take(self, weights: Mapping[str, Array]) -> None:
        """Weights that are to become the document's by `go_on`; what is left of others becomes so at once."""
        self.go_on()
        self._waiting = parts_of(weights)

    def go_on(self, seconds: float = math.inf) -> bool:
        """Take them in for about so long, unless a hand is at work; whether that is all."""
        until = time.monotonic() + seconds
        for part in self._waiting:
            busy = self._document.gesture
            if busy is None or busy is self._gesture:
                if self._gesture is None or not self._gesture.is_open:
                    self._gesture = self._document.begin("Learn")
                self._lay(self._gesture, [part])
            if time.monotonic() > until:
                return False
        return True

    def drop(self) -> None:
        """Leave out what has not been taken in: a hand has done something, and it is older."""
        self._waiting = iter(())

    def show(self, weights: Mapping[str, Array] | None) -> None:
        """Let other weights be seen for a while, None for those that are learnt again.

        What learns goes on from its own, and nothing of it is undone.
        """
        shown, self._shown = self._shown, None
        if shown is not None:
            self.is_own = True
            shown.cancel()
            self.is_own = False
        if weights is not None and self._document.gesture in (None, self._gesture):
            self.commit()
            own = self._document.network.tensors
            self._shown = self._document.begin("Compare")
            self._lay(self._shown, parts_of({name: values for name, values in weights.items() if name in own}))

    def _lay(self, gesture: Gesture, parts: Iterable[Part]) -> None:
        self.is_own = True
        try:
            for part in parts:
                sheet = to_sheet(part.values)
                gesture.put(part.name, Patch(Rect(part.top, 0, *sheet.shape), sheet))
        finally:
            self.is_own = False

    def commit(self) -> None:
        """End the item of the history."""
        self.go_on()
        gesture, self._gesture = self._gesture, None
        if gesture is not None:
            self.is_own = True
            gesture.commit()
            self.is_own = False

    def forget(self) -> None:
        """Another network is open; what was carried into the one before is done with."""
        self.drop()
        self._gesture = self._shown = None
