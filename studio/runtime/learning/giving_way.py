"""How learning gives way to the picture on a GPU, whose queue has no priorities: it takes no step during a frame."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from studio.runtime.services.right_of_way import RightOfWay

if TYPE_CHECKING:
    from studio.learn.backend import Backend

TURN = 0.05
"""Seconds of a turn on a CPU, where the system shares the time out among threads."""

_BRIEF = 0.008
"""Seconds of a turn on a GPU, behind which what was submitted is waited for: no frame waits longer than that."""

LONGEST = 0.05
"""Seconds that a step waits for the picture, all its parts together: where frames leave no gap, it learns that often,
and no more."""


def turn_of(*, queues: bool) -> float:
    """Seconds that learning works without a rest; a step that takes longer is a turn of its own.

    Args:
        queues: whether the picture waits in a queue behind this work, as on a GPU.
    """
    return _BRIEF if queues else TURN


class Courtesy:
    """Waits before every part of a step while the picture is made, `LONGEST` for all parts of a step together.

    Args:
        way: what the picture takes for its frames; None where nobody else uses the GPU.
    """

    def __init__(self, way: RightOfWay | None) -> None:
        self._way, self._step, self._left = way, -1, 0.0
        self._leaves = False

    def leave_a_core(self, backend: Backend) -> None:
        """To the picture, where PyTorch computes; on a GPU's OpenGL it is not even imported, which holds others up."""
        if not self._leaves and (backend.name == "torch" or not backend.queues):
            self._leaves = True
            leave_a_core()

    def wait(self, step: int) -> None:
        """Let the picture go first, if this step still may: one that has waited in vain has waited all it may.

        Args:
            step: how many steps were taken before this one.
        """
        if step != self._step:
            self._step, self._left = step, LONGEST
        if self._way is None or self._left <= 0:
            return
        began = time.monotonic()
        is_free = self._way.wait(self._left)
        self._left = self._left - (time.monotonic() - began) if is_free else 0.0


def leave_a_core() -> None:
    """Let PyTorch leave a core to the picture."""
    from studio.engine.torch.device import leave_a_core

    leave_a_core()
