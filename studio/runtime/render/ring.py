"""Pictures in memory that two processes share, each in a slot of its own.

::

    slot 0                    slot 1                    slot 2
    height width bytes, RGB   height width bytes, RGB   ...

The memory has no name where a system lets it have none, and else one that is gone with the last who has it open:
however the processes end, nothing of it is left.
"""

from __future__ import annotations

import mmap
import os
import sys
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from math import prod

import numpy as np
from numpy.typing import NDArray

from studio.model.declared.size import Size
from studio.model.networks.picture import DeepPicture

_HEAD = 64
"""Bytes in front of a picture, which begins where a processor likes to."""

_DEEPEST = 2
"""Bytes of a value, at most."""


class Ring:
    """Pictures by their numbers, of which the last few lie there.

    Args:
        memory: of `memory_to_share` or `shared_memory`, in whole slots.
        slots: how many.
    """

    def __init__(self, memory: mmap.mmap, slots: int) -> None:
        whole = np.frombuffer(memory, np.uint8)
        self._slots = whole.reshape(slots, len(memory) // slots)

    def put(self, number: int, picture: DeepPicture) -> None:
        """Copy a picture, (H, W, 3) of 8 or 16 bits, into the slot of its number, unless it lies there."""
        there = self.room(number, Size.of(picture), picture.itemsize)
        if there.ctypes.data != picture.ctypes.data:
            np.copyto(there, picture)

    def room(self, number: int, size: Size, depth: int = 1) -> DeepPicture:
        """The place for a picture in the slot of its number, which is there from now on.

        Args:
            number: of the picture.
            size: its size.
            depth: bytes of a value.
        """
        self._slot(number)[:_HEAD].view(np.uint64)[:3] = *size, depth
        return self.picture(number)

    def picture(self, number: int) -> DeepPicture:
        """The picture in the slot of a number, where it lies."""
        slot = self._slot(number)
        height, width, depth = map(int, slot[:_HEAD].view(np.uint64)[:3])
        values = slot[_HEAD : _HEAD + height * width * 3 * depth]
        if depth == 1:
            return values.reshape(height, width, 3)
        return values.view(np.uint16).reshape(height, width, 3)

    def _slot(self, number: int) -> NDArray[np.uint8]:
        slot: NDArray[np.uint8] = self._slots[number % len(self._slots)]
        return slot


def bytes_of(slots: int, *sizes: Size) -> int:
    """Bytes that a ring needs for pictures of any of these sizes."""
    return slots * (_HEAD + -(-max(map(prod, sizes)) * 3 * _DEEPEST // _HEAD) * _HEAD)


@contextmanager
def memory_to_share(size: int) -> Iterator[tuple[mmap.mmap, str, tuple[int, ...]]]:
    """Memory of so many bytes, by which name another process opens it, and the files that it must inherit.

    That process is to be started before this is left.
    """
    if sys.platform == "win32":
        name = f"studio-{uuid.uuid4()}"
        yield mmap.mmap(-1, size, tagname=name), name, ()
        return
    with tempfile.TemporaryFile() if sys.platform != "linux" else os.fdopen(os.memfd_create("studio"), "r+b") as file:
        file.truncate(size)
        yield mmap.mmap(file.fileno(), size), str(file.fileno()), (file.fileno(),)


def shared_memory(name: str, size: int) -> mmap.mmap:
    """The memory of another process, which has started this one."""
    if sys.platform == "win32":
        return mmap.mmap(-1, size, tagname=name)
    memory = mmap.mmap(int(name), size)
    os.close(int(name))
    return memory
