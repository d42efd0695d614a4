"""What the brush paints on: the weights themselves, or the sheets that say how they learn."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from studio.model.documents.document import Document
from studio.model.filters.edit import Patch
from studio.model.filters.gesture import Gesture
from studio.model.filters.learning_sheets import LEARNING_SHEETS, Kind
from studio.model.networks.layout import from_sheet
from studio.model.networks.shape import Array


class Painted(Protocol):
    """A sheet under the brush, from press to release.

    Attributes:
        gesture: of the document, that the stroke is.
        before: the sheet as it was at the press, in the tensor's own shape; not to be written to.
    """

    gesture: Gesture
    before: Array

    def put(self, patches: Sequence[Patch]) -> None:
        """Add a part of the stroke."""

    def renew(self, patches: Sequence[Patch]) -> None:
        """Put this in the place of all that was put so far."""


class PaintedWeights:
    """The weights of a tensor."""

    def __init__(self, document: Document, tensor: str, label: str) -> None:
        self._tensor = tensor
        self.gesture = document.begin(label)
        self.before = self.gesture.before(tensor)

    def put(self, patches: Sequence[Patch]) -> None:
        """See `Painted.put`."""
        for patch in patches:
            self.gesture.put(self._tensor, patch)

    def renew(self, patches: Sequence[Patch]) -> None:
        """See `Painted.renew`."""
        if len(patches) == 1:
            self.gesture.preview(self._tensor, patches[0])
            return
        known = self.gesture.patches.get(self._tensor)
        self.put([*([known] if known is not None else []), *patches])


class PaintedSheet:
    """The rates of a tensor's weights, or how strongly they are pulled."""

    def __init__(self, document: Document, kind: Kind, tensor: str, label: str) -> None:
        self._document, self._kind, self._tensor = document, kind, tensor
        self._shape = document.tensor(tensor).shape
        self._sheets = document.section(LEARNING_SHEETS)
        self.gesture = document.begin(label)
        self.before = from_sheet(self._sheets.of(kind, tensor, self._shape), self._shape)

    def put(self, patches: Sequence[Patch]) -> None:
        """See `Painted.put`."""
        now = self._document.section(LEARNING_SHEETS)
        self.gesture.set_section(LEARNING_SHEETS, now.with_patches(self._kind, self._tensor, self._shape, patches))

    def renew(self, patches: Sequence[Patch]) -> None:
        """See `Painted.renew`."""
        after = self._sheets.with_patches(self._kind, self._tensor, self._shape, patches)
        self.gesture.set_section(LEARNING_SHEETS, after)
