"""What a tensor's statistics were before the edit that is under way, or the last one."""

from __future__ import annotations

from collections.abc import Mapping

from studio.engine.base import Stats
from studio.model.documents.document import Document
from studio.model.networks.changes import Change, DetailsChanged, HistoryChanged, NetworkChanged, WeightsChanged


class StatsBefore:
    """Remembers, when an edit begins, what was last reported of each tensor that it touches.

    Undo and redo are edits too.
    """

    def __init__(self, document: Document) -> None:
        self._watched: str | None = None
        self._seen: dict[str, Stats] = {}
        self._before: dict[str, Stats] = {}
        self._touched: set[str] = set()
        document.changed.connect(self._follow)

    def watch(self, tensor: str | None) -> None:
        """Reports are about this tensor from now on; what is known of others may grow old."""
        self._watched = tensor

    def take(self, stats: Mapping[str, Stats]) -> None:
        """Take in what has been reported while the bends ran."""
        if self._watched in stats and self._watched is not None:
            self._seen[self._watched] = stats[self._watched]

    def before(self, tensor: str) -> Stats | None:
        """Of a tensor; None where it has not been edited, or was not looked at when it was."""
        return self._before.get(tensor)

    def _follow(self, change: Change) -> None:
        if isinstance(change, WeightsChanged):
            if change.tensor not in self._touched:
                self._touched.add(change.tensor)
                self._before.pop(change.tensor, None)
                if change.tensor in self._seen:
                    self._before[change.tensor] = self._seen[change.tensor]
            if change.tensor != self._watched:
                self._seen.pop(change.tensor, None)
        elif isinstance(change, HistoryChanged | DetailsChanged):
            self._touched.clear()
        elif isinstance(change, NetworkChanged):
            self._seen.clear()
            self._before.clear()
            self._touched.clear()
