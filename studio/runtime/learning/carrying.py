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
        self._shown: Gesture | None = None
        self.is_own = False

    def put(self, weights: Mapping[str, Array]) -> None:
        """Make weights the document's, unless a hand is at work."""
        busy = self._document.gesture
        if busy is not None and busy is not self._gesture:
            return
        if self._gesture is None or not self._gesture.is_open:
            self._gesture = self._document.begin("Learn")
        self._lay(self._gesture, weights)

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
            self._lay(self._shown, {name: values for name, values in weights.items() if name in own})

    def _lay(self, gesture: Gesture, weights: Mapping[str, Array]) -> None:
        self.is_own = True
        try:
            for name, values in weights.items():
                sheet = to_sheet(values)
                gesture.put(name, Patch(Rect(0, 0, *sheet.shape), sheet))
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
        self._gesture = self._shown = None
