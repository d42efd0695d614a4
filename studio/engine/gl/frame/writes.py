"""Which of its maps a compute pass writes: a number in its block, which it is told before it runs."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import moderngl
import numpy as np


class Writes:
    """Which of its maps a pass writes.

    Args:
        names: of the maps, in the order of the pass.
        unread: those that are not written for the time being.
    """

    AT = 3
    """Where the number stands in the pass's block, in vectors of four."""

    def __init__(self, names: Sequence[str], unread: Collection[str]) -> None:
        self.unwritten = frozenset(unread).intersection(names)
        self._names = tuple(names)
        self._block: moderngl.Buffer | None = None
        self._first = 0

    @property
    def vector(self) -> tuple[int, int, int, int]:
        """As the block holds it: a bit for each map that is written."""
        return sum(1 << bit for bit, name in enumerate(self._names) if name not in self.unwritten), 0, 0, 0

    def stands_in(self, block: moderngl.Buffer, first: int = 0) -> None:
        """Change it there from now on, where the pass is told from so many bytes on."""
        self._block, self._first = block, first

    def begin(self, names: Collection[str]) -> None:
        """Write these of the pass's maps, too, from its next run on."""
        found = self.unwritten.difference(names)
        if found != self.unwritten:
            self.unwritten = found
            assert self._block is not None
            self._block.write(np.array(self.vector, np.int32).tobytes(), offset=self._first + self.AT * 16)
