"""Where parts of sums lie until they are added up, and how many of them are there."""

from __future__ import annotations

from typing import NamedTuple

import moderngl

from studio.engine.gl.driver.device import Device
from studio.errors import EngineError

SHARED = ""
"""The room of convolutions, which run one after the other."""


class Room(NamedTuple):
    """A part of two buffers.

    Attributes:
        parts: the one of parts; None where there are none.
        counts: that of counts, which are zero when nothing runs.
        first: where its parts begin, in texels.
        first_count: where its counts do.
    """

    parts: moderngl.Buffer | None = None
    counts: moderngl.Buffer | None = None
    first: int = 0
    first_count: int = 0


class Rooms:
    """The rooms of a network's passes: what runs at the same time, gradients, has its own places in buffers it shares.

    Args:
        device: where they are.

    Attributes:
        needs: texels of parts, and counts, by name.
    """

    def __init__(self, device: Device) -> None:
        self._device = device
        self.needs: dict[str, tuple[int, int]] = {}
        self._made: dict[str, Room] = {}

    def reserve(self, name: str, parts: int, counts: int) -> None:
        """Have room for so many texels and so many counts under a name; what was reserved before stays reserved."""
        known = self.needs.get(name, (0, 0))
        needs = max(known[0], parts), max(known[1], counts)
        if needs == known:
            return
        self.needs[name] = needs
        if name == SHARED:
            self._made.pop(name, None)
        else:
            self._made = {key: room for key, room in self._made.items() if key == SHARED}

    def room(self, name: str) -> Room:
        """What was reserved under a name; passes made of it before hold the buffers that they were made for.

        Raises:
            EngineError: where a GPU has no memory for it; it is not reserved any more.
        """
        if name not in self._made:
            names = [name] if name == SHARED else [key for key in self.needs if key != SHARED]
            self._lay_out(names)
        return self._made[name]

    def _lay_out(self, names: list[str]) -> None:
        """As few buffers as shaders can see all of."""
        most, used = self._device.most_storage // 16, 0
        rows: list[str] = []
        for name in names:
            if rows and used + self.needs[name][0] > most:
                self._make(rows)
                rows, used = [], 0
            rows.append(name)
            used += self.needs[name][0]
        self._make(rows)

    def _make(self, names: list[str]) -> None:
        context = self._device.context
        sizes = [self.needs[name] for name in names]
        parts = context.buffer(reserve=max(sum(size for size, _ in sizes), 1) * 16)
        counts = context.buffer(bytes(max(sum(count for _, count in sizes), 1) * 4))
        if self._device.is_out_of_memory:
            for name in names:
                del self.needs[name]
            raise EngineError(
                f"The sums of this network's convolutions take {parts.size // 2**20} MB at this size, more than "
                f"{self._device.renderer} has left; work at a smaller size, or use the engine torch."
            )
        first = first_count = 0
        for name, (size, count) in zip(names, sizes, strict=True):
            self._made[name] = Room(parts, counts, first, first_count)
            first, first_count = first + size, first_count + count
