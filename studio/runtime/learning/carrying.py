"""What is learnt becomes the document's: one gesture, from its first weights until a hand does something else."""

from __future__ import annotations

from collections.abc import Mapping

from studio.model.documents.document import Document
from studio.model.filters.gesture import Gesture
from studio.model.filters.version import Version


class Carrying:
    """Belongs to the document's thread, and takes versions of tensors as they are: nothing is copied or compared.

    Attributes:
        is_own: whether what the document tells of just now comes from here.
    """

    def __init__(self, document: Document) -> None:
        self._document = document
        self._gesture: Gesture | None = None
        self._shown: Gesture | None = None
        self.is_own = False

    def put(self, weights: Mapping[str, Version]) -> bool:
        """Make weights the document's; False where a hand is at work, and none of them is."""
        busy = self._document.gesture
        if busy is not None and busy is not self._gesture:
            return False
        new = {name: version for name, version in weights.items() if not self._document.hold(name).is_like(version)}
        if new:
            if self._gesture is None or not self._gesture.is_open:
                self._gesture = self._document.begin("Learn")
            self._lay(self._gesture, new, urgent=False)
        return True

    def show(self, weights: Mapping[str, Version] | None) -> None:
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
            self._shown = self._document.begin("Compare")
            self._lay(self._shown, weights, urgent=True)

    def _lay(self, gesture: Gesture, weights: Mapping[str, Version], *, urgent: bool) -> None:
        self.is_own = True
        try:
            for name, version in weights.items():
                gesture.swap(name, version, urgent=urgent)
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
