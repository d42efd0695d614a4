"""Python's collector, which runs in the window's thread alone: widgets and contexts may end in no other."""

from __future__ import annotations

import gc

from PySide6.QtCore import QTimer

_EVERY = 1000


class Collector:
    """Looks once a second for circles of objects that nobody holds, as Python would by itself in whichever thread.

    It does what pyqtgraph's `GarbageCollector` does, for whose sake all of pyqtgraph would be imported at the start.
    Until `begin` nothing is collected at all.
    """

    def __init__(self) -> None:
        gc.disable()
        self._timer = QTimer(interval=_EVERY)
        self._timer.timeout.connect(_collect)

    def begin(self) -> None:
        """Look from now on, and never at what there is by now: all that is imported and made for the window stays.

        To go through it, PyTorch's part included, takes a fifth of a second each time.
        """
        gc.freeze()
        self._timer.start()

    def close(self) -> None:
        """Leave it to Python again."""
        self._timer.stop()
        gc.enable()


def _collect() -> None:
    """The youngest generation where it is due, and then the next."""
    for generation, (count, limit) in enumerate(zip(gc.get_count(), gc.get_threshold(), strict=True)):
        if count <= limit:
            return
        gc.collect(generation)
