"""Blocks of numbers that shaders are told: one buffer for a network's, written once in a frame that changes some."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple, Protocol

import numpy as np

from studio.engine.gl.driver.device import Device
from studio.engine.gl.memory.mapped import Feed, Mapped
from studio.model.networks.shape import Array

_UNIFORM_BUFFER_OFFSET_ALIGNMENT = 0x8A34

_BUFFERS = 64
"""Of a few KB each, with a fence for every 32: with one for four an H200 took 5 µs more for a frame whose numbers move,
with one for 16 it took 1."""


class Spoken(Protocol):
    """Numbers of several blocks in one array, such as `studio.engine.numbers.Numbers`.

    Attributes:
        told: float32.
        spans: where in ``told`` each block's are, by its name.
        version: counts what has changed in ``told``.
    """

    told: Array
    spans: dict[str, slice]
    version: int


class Blocks:
    """Numbers that whoever runs passes writes by himself; see `Spoken`.

    Args:
        sizes: how many each block has, by its name.
    """

    def __init__(self, sizes: Mapping[str, int]) -> None:
        self.spans: dict[str, slice] = {}
        at = 0
        for name, size in sizes.items():
            self.spans[name] = slice(at, at + size)
            at += size
        self.told: Array = np.zeros(at, np.float32)
        self.version = 0


class Region(NamedTuple):
    """The part of the block that one node's shaders see.

    Attributes:
        told: the block.
        offset: in bytes.
        size: in bytes, a multiple of four numbers.
    """

    told: Told
    offset: int
    size: int

    def bind(self, binding: int) -> None:
        """Let shaders see it as the uniform block at this binding."""
        self.told.current.buffer.mglo.bind_to_uniform_block(binding, self.offset, self.size)


class Told:
    """Buffers in turn, in which each node's numbers begin where the driver lets a block begin.

    Args:
        device: on which they are made.

    Attributes:
        cell: the number of the buffer that holds the numbers of this frame, where a tape looks it up.
    """

    def __init__(self, device: Device) -> None:
        self._device = device
        self._step = max(16, device.calls.integer(_UNIFORM_BUFFER_OFFSET_ALIGNMENT))
        self._feed: Feed | None = None
        self._memory: Array = np.zeros(0, np.float32)
        self._to = np.zeros(0, np.intp)
        self._version = -1
        self._current: Mapped | None = None
        self.cell = np.zeros(1, np.int64)
        self._regions: dict[str, Region] = {}

    def adopt(self, numbers: Spoken) -> None:
        """Lay out the numbers of what runs from now on."""
        at, to = 0, []
        self._regions.clear()
        for name, span in numbers.spans.items():
            count = span.stop - span.start
            self._regions[name] = Region(self, at, -(-count // 4) * 16)
            to.append(np.arange(count) + at // 4)
            at += -(-count * 4 // self._step) * self._step
        self._to = np.concatenate(to) if to else np.zeros(0, np.intp)
        if at // 4 != self._memory.size:
            self.close()
            self._memory = np.zeros(at // 4, np.float32)
            self._feed = Feed(self._device, at, _BUFFERS) if at else None
        self._version = -1

    def region(self, node: str) -> Region | None:
        """The numbers of this node; None where it has none."""
        return self._regions.get(node)

    @property
    def current(self) -> Mapped:
        """The buffer that holds the numbers of this frame."""
        assert self._current is not None, "numbers are written before a pass is told them"
        return self._current

    def write(self, numbers: Spoken) -> None:
        """Bring over what has changed since the last time."""
        if numbers.version == self._version or self._feed is None:
            return
        self._version = numbers.version
        if self._current is not None:
            self._feed.leave_fence()
        _, self._current = self._feed.take()
        memory = self._current.memory
        # What lies between the nodes' numbers nobody reads.
        (self._memory if memory is None else memory)[self._to] = numbers.told
        if memory is None:
            self._current.fill(self._memory)
        self.cell[0] = self._current.buffer.glo

    def close(self) -> None:
        """Free the buffers."""
        if self._feed is not None:
            self._feed.drop_fences()
        self._feed = self._current = None
