"""The part of the render thread's time that goes into looking at layers, shared by whoever looks."""

from __future__ import annotations

SHARE = 0.2
"""Of the time, for all of them together."""


class Budget:
    """Each says how much it wants, as a weight beside the others'; what nobody wants is left to the picture.

    Args:
        share: of the time, from 0 to 1, for all together.
    """

    def __init__(self, share: float = SHARE) -> None:
        self._share = share
        self._wanted: dict[object, float] = {}

    def part(self, who: object, weight: float) -> float:
        """The part of the time that somebody may take, from now on wanting so much."""
        self._wanted[who] = weight
        return self._share * weight / sum(self._wanted.values()) if weight else 0.0
