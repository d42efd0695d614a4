"""The sentence that a number stays at its limit, whatever moves it."""

from __future__ import annotations

from collections import deque
from itertools import pairwise

from PySide6.QtWidgets import QLabel

from studio.ui.kit import theme

_RISES = 3
"""So often its source has to have risen meanwhile: what swings about a limit comes back from it after one rise."""

_VARIES = 0.05
"""How far, at least."""

_KEPT = 300


class Stays(QLabel):
    """Is seen while a source goes on and its number has no room to follow it: nobody would see why nothing moves."""

    def __init__(self) -> None:
        super().__init__(wordWrap=True)
        self.setStyleSheet(f"color: {theme.WARNING};")
        self._lately: deque[float] = deque(maxlen=_KEPT)
        self._end: float | None = None
        self.hide()

    def note(self, said: float, at: float | None, ends: tuple[float, float]) -> None:
        """Go on to another report.

        Args:
            said: by the source.
            at: where the number is.
            ends: how far it can go.
        """
        end = at if at in ends else None
        if end is None or end != self._end:
            self.forget()
            self._end = end
        if end is None:
            return
        self._lately.append(said)
        least, most = min(self._lately), max(self._lately)
        middle = (least + most) / 2
        rises = sum(before <= middle < after for before, after in pairwise(self._lately))
        if most - least <= _VARIES:
            self.hide()
        elif rises >= _RISES:
            limit, way = ("lowest", "up") if end == ends[0] else ("highest", "down")
            self.setText(f"It stays at {end:g}, its {limit}: turn it {way}, or the depth the other way.")
            self.show()

    def forget(self) -> None:
        """Begin anew, unseen."""
        self._lately.clear()
        self._end = None
        self.hide()
