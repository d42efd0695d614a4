"""Who may work on a GPU, whose queue has no priorities: while the picture does, others wait."""

from __future__ import annotations

import threading


class RightOfWay:
    """Taken by the picture for each frame, from what leads to it until the GPU is done; any thread may call it."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._taken = False

    def take(self) -> None:
        """A frame begins."""
        with self._changed:
            self._taken = True

    def leave(self) -> None:
        """It is done."""
        with self._changed:
            self._taken = False
            self._changed.notify_all()

    def wait(self, at_most: float) -> bool:
        """Wait until nobody has it, so many seconds at most; whether nobody has."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._taken, at_most)
