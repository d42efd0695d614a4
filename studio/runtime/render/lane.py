"""A process that bends frames on a device of its own; `lane_child` is what runs there.

What crosses the pipe is numbered bytes: first what the lane is, as JSON, and its tensors; then the times and
measurements of each frame of its own and of those before it that others bend, as JSON. Pictures and what is made of
them lie in a ring of shared memory, where an engine writes and a recording reads them: a copy takes as long as a tenth
of a frame. The lane ends when nothing more can come, however that has come about.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterable
from contextlib import suppress
from enum import IntEnum
from mmap import mmap
from signal import Signals
from typing import Any

import numpy as np

from studio.ending import apart
from studio.errors import StudioError
from studio.io.manifest import Document
from studio.model.declared.size import Size
from studio.model.networks.picture import DeepPicture
from studio.model.networks.shape import Array
from studio.paths import environment
from studio.pipe import read, write
from studio.runtime.render.ring import Ring, bytes_of, memory_to_share

LONGEST = 10.0
"""Seconds that a process may take to end once it shall."""


class Told(IntEnum):
    """What a lane is told."""

    BEGIN = 0
    TENSOR = 1
    FRAMES = 2
    LAST = 3
    END = 4


class Says(IntEnum):
    """What it says: a frame is there; why there is none, in a sentence or a traceback; what is broken at the end."""

    MADE = 0
    REFUSED = 1
    DEFECT = 2
    BROKEN = 3


def place_of(number: int, *, made: bool = False) -> int:
    """Where in the ring the picture of a lane's own frame lies, or what is made of it."""
    return 2 * number + made


class Lane:
    """One process. What goes wrong there is raised where its frames are taken.

    Args:
        device: of `studio.engine.devices.devices_of`.
        number: which of the lanes it is.
        count: how many there are.
        held: frames of its own that it may have been given and that nobody is done with, at most.
        sizes: of pictures that it is given and makes.
    """

    def __init__(self, device: str, number: int, count: int, held: int, sizes: tuple[Size, Size]) -> None:
        self._device, self._number, self._count, self._held = device, number, count, held
        self._passed: list[str] = []
        size = bytes_of(2 * held, *sizes)
        try:
            memory = self._start(size)
        except OSError as error:
            raise StudioError(
                f"No process can be started for device {device} ({error.strerror}); leave out --devices."
            ) from error
        self._ring = Ring(memory, 2 * held)

    def begin(self, document: Document, tensors: Iterable[Array]) -> None:
        """Say what it is to bend by.

        Args:
            document: JSON of the preset, the engine and what feeds it.
            tensors: those of the preset.
        """
        own = {"device": self._device, "number": self._number, "count": self._count, "held": self._held}
        self._tell(Told.BEGIN, json.dumps(document | own).encode())
        for tensor in tensors:
            self._tell(Told.TENSOR, np.ascontiguousarray(tensor).reshape(-1).view(np.uint8).data)

    def give(self, frame: int, picture: DeepPicture, told: str) -> None:
        """Tell of a frame, which it bends or lets go by; of what goes by it hears with the next that it bends.

        Args:
            frame: how many frames came before it.
            picture: (H, W, 3) RGB of 8 or 16 bits.
            told: JSON of what moves it.
        """
        self._passed.append(told)
        if frame % self._count != self._number:
            return
        self._ring.put(place_of(frame // self._count), picture)
        self._tell(Told.FRAMES, f"[{','.join(self._passed)}]".encode())
        self._passed.clear()

    def take(self, frame: int) -> DeepPicture:
        """A frame of its own, which stays as it is until nobody holds more than was said; they are taken in order.

        Raises:
            StudioError: what the lane could not do, or that its process is gone.
            RuntimeError: with its traceback, for a defect.
        """
        self._answer(Says.MADE)
        return self._ring.picture(place_of(frame // self._count, made=True))

    def last(self) -> None:
        """Say that no frame comes any more."""
        self._tell(Told.LAST, b"")

    def broken(self) -> str:
        """The layer from which on its last frame's values are not finite; empty where they are. It is told no more."""
        self._tell(Told.END, b"")
        return self._answer(Says.BROKEN).decode()

    def close(self) -> None:
        """Tell it nothing more: it ends when it has done what it was given."""
        if self._child.stdin is not None:
            with suppress(OSError):
                self._child.stdin.close()

    def join(self) -> None:
        """Wait until it has ended, and end it where that takes too long."""
        try:
            self._child.wait(LONGEST)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()
        if self._child.stdout is not None:
            self._child.stdout.close()

    def _start(self, size: int) -> mmap:
        """Start the process, and give the memory of so many bytes that it shares."""
        with memory_to_share(size) as (memory, name, files):
            command = [sys.executable, "-P", "-m", "studio.runtime.render.lane_child", name, str(size)]
            # An interrupt at the keyboard is for the process that records; Windows takes no list of files.
            inherited: dict[str, Any] = apart() | ({"pass_fds": files} if files else {})
            self._child = subprocess.Popen(  # noqa: S603 - a part of this program
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment(), **inherited
            )
        return memory

    def _tell(self, number: Told, held: bytes | memoryview) -> None:
        assert self._child.stdin is not None, "it was asked for"
        with suppress(OSError):  # that it is gone is said in its turn, after the frames that it has made
            write(self._child.stdin, number, held)

    def _answer(self, wanted: Says) -> bytes:
        assert self._child.stdout is not None, "it was asked for"
        found = read(self._child.stdout)
        if found is None:
            raise StudioError(self._end())
        number, held = found
        if number == Says.REFUSED:
            raise StudioError(held.decode())
        if number == Says.DEFECT:
            raise RuntimeError(f"A frame could not be bent on device {self._device}.\n{held.decode()}")
        assert number == wanted, "it answers in order"
        return held

    def _end(self) -> str:
        """What to say of a process that is gone."""
        self.close()
        self.join()
        status = self._child.returncode
        known = {-each: each.name for each in Signals if each > 0}
        how = f"was ended by {known[status]}" if status in known else f"ended with status {status}"
        return f"The process that bends on device {self._device} {how}; render again, without that device if need be."
