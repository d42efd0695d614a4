"""Makes room beside for the next copy of a large tensor, so that a stroke does not wait for memory."""

from __future__ import annotations

from functools import partial

from studio.model.documents.document import Document
from studio.model.filters.room import make
from studio.model.networks.shape import Array
from studio.runtime.services.worker import Worker


class MakingRoom:
    """Belongs to the document's thread; what is large, `studio.model.filters.room` says.

    Args:
        document: whose room it is.
        worker: makes it, and has nothing else to do.
    """

    def __init__(self, document: Document, worker: Worker) -> None:
        self._document, self._worker = document, worker
        self._is_made = False
        self._too_large = float("inf")
        document.changed.connect(self._look)
        self._look()

    def close(self) -> None:
        """Make no more."""
        self._document.changed.disconnect(self._look)
        self._worker.close(0.0)

    def _look(self, _change: object = None) -> None:
        wanted = self._document.room_wanted
        if wanted and not self._is_made and wanted < self._too_large:
            self._is_made = True
            self._worker.do(partial(make, wanted), self._take_in, partial(self._lacks, wanted), "Making room")

    def _lacks(self, wanted: int, _error: object) -> None:
        """There is no memory for it: strokes wait for theirs, and nobody has asked for this."""
        self._is_made, self._too_large = False, wanted
        self._look()

    def _take_in(self, made: Array) -> None:
        self._is_made = False
        self._document.take_in(made)
        self._look()
