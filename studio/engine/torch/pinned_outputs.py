"""Pictures of the torch engine on their way from CUDA, while it runs what comes next.

For memory that it does not know the driver brings them by way of a small piece of its own, and waits for each.
"""

from __future__ import annotations

import torch

from studio.engine.reading import Coming
from studio.engine.torch.pinned import mark
from studio.engine.torch.reached import Reached
from studio.model.networks.picture import Picture


class PinnedOutputs:
    """The pictures that are asked for.

    Args:
        reached: memory that the device writes by itself.
    """

    def __init__(self, reached: Reached) -> None:
        self._reached = reached
        self._free: list[torch.Tensor] = []

    def ask(self, made: torch.Tensor, out: Picture | None) -> Coming:
        """Have (H, W, 3) uint8 brought over once the current stream has made it: into `out`, or memory of its own."""
        direct = out is not None and self._reached.holds(out)
        there = torch.from_numpy(out) if direct else self._memory(made)
        there.copy_(made, non_blocking=True)
        arrived = mark()
        arrived.record()

        def take() -> Picture:
            arrived.synchronize()
            found: Picture = there.numpy()
            if direct:
                return found
            # Memory that was given up on the way is not used again.
            self._free.append(there)
            if out is None:
                return found.copy()
            out[:] = found
            return out

        return take

    def _memory(self, made: torch.Tensor) -> torch.Tensor:
        while self._free:
            found = self._free.pop()
            if found.shape == made.shape:
                return found
        return torch.empty(made.shape, dtype=torch.uint8, pin_memory=True)
