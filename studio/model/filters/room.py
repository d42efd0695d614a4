"""Memory for the next copy of a large tensor, made ready where nobody waits for it."""

from __future__ import annotations

import numpy as np

from studio.model.networks.shape import Array

LARGE = 1 << 20
"""Weights from which a copy of a tensor waits for new memory: a stroke would, for 100 ms where it is 32 MB."""


class Room:
    """Memory that has been written to, so that copying into it is all that a copy costs.

    The system hands out new memory page by page as it is first touched, and clears each: on a busy machine that takes
    ten times as long as the copy. Belongs to the document's thread; whoever makes the memory may do so in any.
    """

    def __init__(self) -> None:
        self._held: Array | None = None

    def lacks(self, weights: int) -> bool:
        """Whether a tensor of so many is large, and there is no room for it."""
        return weights >= LARGE and (self._held is None or self._held.size < weights)

    def take_in(self, made: Array) -> None:
        """Keep what `make` has made, which nobody else has."""
        self._held = made

    def trim(self, weights: int) -> None:
        """No tensor that is open has more than so many: room for a larger one is given up."""
        if self._held is not None and self._held.size > weights:
            self._held = None

    def copy(self, values: Array) -> Array:
        """A copy of a tensor that its owner may write to; it uses the room up where it is large."""
        held = self._held
        if held is None or not LARGE <= values.size <= held.size or values.dtype != held.dtype:
            return np.array(values, order="C")
        self._held = None
        # What is too much goes back to the system; what stays does so where it lies.
        held.resize(values.size, refcheck=False)
        copied = held.reshape(values.shape)
        np.copyto(copied, values)
        return copied


def make(weights: int) -> Array:
    """Room for a tensor of so many weights, in any thread: Python goes on in others meanwhile."""
    made = np.empty(weights, np.float32)
    made.fill(0.0)
    return made
