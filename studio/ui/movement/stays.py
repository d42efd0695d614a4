"""The sentence that a number stays at its limit, whatever moves it."""

from __future__ import annotations

from collections import deque

from PySide6.QtWidgets import QLabel

from studio.ui.kit import theme

_LATELY = 20
"""Reports for which it has to have stayed there."""

_VARIES = 0.05
"""How much its source has to vary meanwhile."""


class Stays(QLabel):
    """Is seen while a source goes on and its number has no room to follow it: nobody would see why nothing moves."""

    def __init__(self) -> None:
        super().__init__(wordWrap=True)
        self.setStyleSheet(f"color: {theme.WARNING};")
        self._lately: deque[float] = deque(maxlen=_LATELY)
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
        if len(self._lately) == _LATELY and max(self._lately) - min(self._lately) > _VARIES:
            most, way = ("lowest", "up") if end == ends[0] else ("highest", "down")
            self.setText(f"It stays at {end:g}, its {most}: turn it {way}, or the depth the other way.")
            self.show()

    def forget(self) -> None:
        """Begin anew, unseen."""
        self._lately.clear()
        self._end = None
        self.hide()
