"""What is learnt becomes the document's: one gesture, from its first weights until a hand does something else."""

from __future__ import annotations

from collections.abc import Mapping

from studio.model.document import Document
from studio.model.edit import Patch
from studio.model.gesture import Gesture
from studio.model.layout import Rect, to_sheet
from studio.model.op import Array


class Carrying:
    """Belongs to the document's thread.

    Attributes:
        is_own: whether what the document tells of just now comes from here.
    """

    def __init__(self, document: Document) -> None:
        self._document = document
        self._gesture: Gesture | None = None
        self.is_own = False

    def put(self, weights: Mapping[str, Array]) -> None:
        """Make weights the document's, unless a hand is at work."""
        busy = self._document.gesture
        if busy is not None and busy is not self._gesture:
            return
        if self._gesture is None or not self._gesture.is_open:
            self._gesture = self._document.begin("Learn")
        self.is_own = True
        try:
            for name, values in weights.items():
                sheet = to_sheet(values)
                self._gesture.put(name, Patch(Rect(0, 0, *sheet.shape), sheet))
        finally:
            self.is_own = False

    def commit(self) -> None:
        """End the item of the history."""
        gesture, self._gesture = self._gesture, None
        if gesture is not None:
            self.is_own = True
            gesture.commit()
            self.is_own = False

    def forget(self) -> None:
        """Another network is open; what was carried into the one before is done with."""
        self._gesture = None
