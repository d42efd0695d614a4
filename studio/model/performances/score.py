"""The performance that is open to be played and edited: not undone with the document, and not saved with a preset."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from psygnal import Signal, SignalInstance

from studio.model.performances.performance import Performance, Turned

_MOST = 200
"""Edits that can be taken back."""


class Score:
    """Holds a performance, with undo of its own; ``changed`` brings what is another.

    That is "performance" (with its path and what can be undone), "selection" or "position".
    """

    changed: ClassVar[SignalInstance] = Signal(str)  # type: ignore[assignment]

    def __init__(self) -> None:
        self._performance: Performance | None = None
        self._before: list[Performance] = []
        self._after: list[Performance] = []
        self._saved: Performance | None = None
        self._selection: tuple[float, float] | None = None
        self._position = 0.0
        self._path: Path | None = None

    @property
    def performance(self) -> Performance | None:
        """What is open; None where nothing is."""
        return self._performance

    @property
    def path(self) -> Path | None:
        """Its file; None where it has none."""
        return self._path

    @property
    def unsaved(self) -> bool:
        """Whether it differs from its file."""
        return self._performance is not self._saved

    @property
    def can_undo(self) -> bool:
        """Whether an edit can be taken back."""
        return bool(self._before)

    @property
    def can_redo(self) -> bool:
        """Whether an edit that was taken back can be done again."""
        return bool(self._after)

    def open(self, performance: Performance | None, path: Path | None = None) -> None:
        """Open another one, or none."""
        self._performance = self._saved = performance
        self._before, self._after, self._path = [], [], path
        self._selection, self._position = None, 0.0
        for topic in ("performance", "selection", "position"):
            self.changed.emit(topic)

    def mark_saved(self, path: Path) -> None:
        """Note that this file now holds it."""
        self._saved, self._path = self._performance, path
        self.changed.emit("performance")

    @property
    def selection(self) -> tuple[float, float] | None:
        """From when to when something is chosen, in seconds."""
        return self._selection

    @selection.setter
    def selection(self, selection: tuple[float, float] | None) -> None:
        if selection is not None:
            end = self._performance.seconds if self._performance is not None else 0.0
            a, b = sorted(min(max(0.0, time), end) for time in selection)
            selection = (a, b) if b > a else None
        if selection != self._selection:
            self._selection = selection
            self.changed.emit("selection")

    @property
    def position(self) -> float:
        """Where it is played from, or is while it plays, in seconds."""
        return self._position

    @position.setter
    def position(self, seconds: float) -> None:
        end = self._performance.seconds if self._performance is not None else 0.0
        self._position = min(max(0.0, seconds), end)
        self.changed.emit("position")

    # -- editing ----------------------------------------------------------------------------------------------------

    def edit(self, performance: Performance) -> None:
        """Make another one of it; can be taken back."""
        now = self._performance
        if now is None or (performance.events == now.events and performance.take == now.take):
            return
        self._before = [*self._before[-_MOST:], now]
        self._after = []
        self._take(performance)

    def trim(self) -> None:
        """Keep what is chosen."""
        if self._performance is not None and self._selection is not None:
            self._cut_to(self._performance.trimmed(*self._selection), 0.0)

    def cut(self) -> None:
        """Take out what is chosen."""
        if self._performance is not None and self._selection is not None:
            self._cut_to(self._performance.cut(*self._selection), self._selection[0])

    def set_turns(self, address: str, turns: tuple[Turned, ...]) -> None:
        """Have other keyframes of one number; none take it out."""
        if self._performance is not None:
            self.edit(self._performance.with_turns(address, turns))

    def thin(self, address: str, tolerance: float) -> None:
        """Keep only the keyframes of one number that make its curve; see `Performance.thinned`."""
        if self._performance is not None:
            self.edit(self._performance.thinned(address, tolerance))

    def undo(self) -> None:
        """Take back the last edit."""
        if self._before and self._performance is not None:
            self._after.append(self._performance)
            self._take(self._before.pop())

    def redo(self) -> None:
        """Do the edit that was taken back last again."""
        if self._after and self._performance is not None:
            self._before.append(self._performance)
            self._take(self._after.pop())

    def _cut_to(self, performance: Performance, position: float) -> None:
        self.edit(performance)
        self.selection = None
        self.position = position

    def _take(self, performance: Performance) -> None:
        self._performance = performance
        self.changed.emit("performance")
        self.selection = self._selection
        self.position = self._position
