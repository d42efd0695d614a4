"""The part of the render thread's time that goes into looking at layers, shared by whoever looks."""

from __future__ import annotations

from collections.abc import Callable

SHARE = 0.2
"""Of the time, for all of them together, while somebody waits for what is found."""

UNAWAITED = 0.06
"""The same while nobody does: the picture comes first."""

PRESSED = 0.5
"""How much of the latter while pictures wait for the network, and each look is a part of a picture less."""


class Budget:
    """Each says how much it wants, as a weight beside the others'; what nobody wants is left to the picture.

    Args:
        share: of the time, from 0 to 1, for all together, while somebody waits.
        unawaited: the same while nobody does.
        pressed: says whether pictures wait.
    """

    def __init__(
        self, share: float = SHARE, unawaited: float = UNAWAITED, pressed: Callable[[], bool] = lambda: False
    ) -> None:
        self._pressed = pressed
        self._share, self._unawaited = share, min(share, unawaited)
        self._wanted: dict[object, float] = {}
        self._awaited: set[object] = set()

    def part(self, who: object, weight: float, *, awaited: bool = True) -> float:
        """The part of the time that somebody may take, from now on wanting so much.

        Args:
            who: takes it.
            weight: beside the others'; 0 for nothing.
            awaited: whether a person waits for what is found.
        """
        self._wanted[who] = weight
        (self._awaited.add if awaited and weight else self._awaited.discard)(who)
        share = self._share if self._awaited else self._unawaited * (PRESSED if self._pressed() else 1.0)
        return share * weight / sum(self._wanted.values()) if weight else 0.0
