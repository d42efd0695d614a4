"""Buffers that lie open in this process's memory: what goes through them is copied once, and nobody waits for it.

The GPU reads a picture out of one while the next is written into another; what it writes is looked at a frame later.
"""

from __future__ import annotations

from functools import partial
from typing import Literal, TypeVar

import numpy as np
from moderngl import Buffer
from numpy.typing import NDArray

from studio.engine.gl.driver.device import Device
from studio.model.networks.shape import Array

Bytes = NDArray[np.uint8]
N = TypeVar("N", np.float32, np.uint8, np.uint16, np.uint8 | np.uint16)


_SMALL = 1 << 20
"""Bytes of a buffer: a picture of 256 × 256 as floats is less."""

_FEW, _MANY = 3, 8
"""Buffers in turn. A GPU may be as many frames behind."""


class _Place:
    """Memory of a buffer, as numpy is told of it. Every view of it keeps it, and so the buffer: none can dangle."""

    def __init__(self, address: int, size: int, buffer: Buffer) -> None:
        self.buffer = buffer
        self.__array_interface__ = {"data": (address, False), "shape": (size,), "typestr": "|u1", "version": 3}


class Mapped:
    """A buffer for one side to write and the other to read.

    Args:
        device: on which it is made, current in each call.
        size: in bytes.
        side: whether this process writes it, or reads it.

    Attributes:
        buffer: to be bound.
    """

    def __init__(self, device: Device, size: int, side: Literal["writes", "reads"]) -> None:
        self._calls = device.calls
        self.buffer = device.context.buffer(reserve=size)
        self._fence: int | None = None
        self._memory: Bytes | None = None
        address = self._calls.keep_mapped(self.buffer, reads=side == "reads") if device.can_map else None
        if address is not None:
            place = _Place(address, size, self.buffer)
            device.mapped.add(place)
            self._memory = np.asarray(place)

    @property
    def memory(self) -> Array | None:
        """All of it as float32, see `view`."""
        return self.view(np.float32)

    def view(self, kind: type[N] | np.dtype[N]) -> NDArray[N] | None:
        """All of it, once the GPU has come as far as the last `leave_fence`; None where it is not mapped."""
        self.wait()
        return None if self._memory is None else self._memory.view(kind)

    def fill(self, values: Array) -> None:
        """Write float32 values, unless they lie in its `memory` already."""
        memory = self.memory
        if memory is None:
            self._calls.write_buffer(self.buffer, values)
        elif values.ctypes.data != memory.ctypes.data:
            np.copyto(memory, values.reshape(-1))

    @property
    def raw(self) -> Bytes:
        """What the GPU has written by the last `leave_fence`, until it writes again."""
        self.wait()
        return np.frombuffer(self.buffer.read(), np.uint8) if self._memory is None else self._memory

    @property
    def is_reached(self) -> bool:
        """Whether the GPU has come as far as the last `leave_fence`."""
        return self._fence is None or self._calls.is_reached(self._fence)

    def leave_fence(self) -> None:
        """Remember how far the GPU must come before this is touched again: to what it has been asked for so far."""
        self.drop_fence()
        self._fence = self._calls.fence()

    def drop_fence(self) -> None:
        """Forget how far the GPU must come: nobody will touch this again."""
        if self._fence is not None:
            self._calls.drop_fence(self._fence)
            self._fence = None

    def wait(self) -> None:
        """Until the GPU has come as far as the last `leave_fence`."""
        if self._fence is not None:
            self._calls.wait_fence(self._fence)
            self._fence = None


class Feed:
    """A few buffers in turn, for what is new in every frame.

    A fence costs a GPU up to 12 µs, in which it does nothing else. Small buffers are many, of which several have one::

        0 1 2 3 | 4 5 6 7     behind 3 a fence, for which whoever takes 0 again waits

    Args:
        device: on which they are made.
        size: in bytes.
        many: how many there are of small ones, an even number. All but the first are made when the second is taken.
    """

    def __init__(self, device: Device, size: int, many: int = _MANY) -> None:
        self._count, self._together = (many, many // 2) if size <= _SMALL else (_FEW, 1)
        self._make = partial(Mapped, device, size, "writes")
        self._ring = [self._make()]
        self._next = 0

    @property
    def buffers(self) -> list[Mapped]:
        """All of them."""
        if len(self._ring) < self._count:
            self._ring += [self._make() for _ in range(self._count - 1)]
        return self._ring

    def drop_fences(self) -> None:
        """See `Mapped.drop_fence`."""
        for held in self._ring:
            held.drop_fence()

    @property
    def next(self) -> Mapped:
        """The one that is taken next."""
        ring = self.buffers if self._next else self._ring
        if self._next % self._together == 0 and len(ring) > 1:
            ring[self._next + self._together - 1].wait()
        return ring[self._next]

    def take(self) -> tuple[int, Mapped]:
        """The number of the next one, and it."""
        number, found = self._next, self.next
        self._next = (number + 1) % self._count
        return number, found

    def leave_fence(self) -> None:
        """Behind all that reads the one that was taken last."""
        last = (self._next - 1) % self._count
        if last % self._together == self._together - 1:
            self._ring[last].leave_fence()
