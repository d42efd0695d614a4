"""Python's collector, which runs in the window's thread alone: widgets and contexts may end in no other."""

from __future__ import annotations

import gc
import sys

from PySide6.QtCore import QTimer

_EVERY = 1000
_MANY = 20
"""Modules that bring so many objects with them that it is seen when they are gone through."""


class Collector:
    """Looks once a second for circles of objects that nobody holds, as Python would by itself in whichever thread.

    It does what pyqtgraph's `GarbageCollector` does, for whose sake all of pyqtgraph would be imported at the start.
    Until `begin` nothing is collected at all.
    """

    def __init__(self) -> None:
        gc.disable()
        self._modules = 0
        self._timer = QTimer(interval=_EVERY)
        self._timer.timeout.connect(self._look)

    def begin(self) -> None:
        """Look from now on, and never at what there is by now: all that is imported and made for the window stays.

        To go through it, PyTorch's part included, takes a fifth of a second each time.
        """
        self._freeze()
        self._timer.start()

    def close(self) -> None:
        """Leave it to Python again."""
        self._timer.stop()
        gc.enable()

    def _freeze(self) -> None:
        gc.freeze()
        self._modules = len(sys.modules)

    def _look(self) -> None:
        """The youngest generation where it is due, and then the next.

        What has been imported since the last look stays, too: PyTorch brings 140,000 objects when a network first
        learns, and to go through those took a tenth of a second.
        """
        if len(sys.modules) >= self._modules + _MANY:
            self._freeze()
            return
        for generation, (count, limit) in enumerate(zip(gc.get_count(), gc.get_threshold(), strict=True)):
            if count <= limit:
                return
            gc.collect(generation)
