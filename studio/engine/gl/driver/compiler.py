"""Compiles shaders in processes of their own, so that nothing that draws or computes waits for it.

While NVIDIA's driver compiles, every other call of OpenGL in the process waits, whichever thread and context it is for,
and whatever threads of its own the driver has for it. So other processes do it, on the same GPU by the same driver, and
hand over what the driver made as bytes: several, since a network has several shaders, and somebody may be waiting.
"""

from __future__ import annotations

import contextlib
import queue
import subprocess
import sys
import threading
from collections import OrderedDict
from concurrent.futures import Future
from itertools import count

from studio.cores import usable_cores
from studio.ending import behind
from studio.engine.gl.driver.api import Api
from studio.engine.gl.driver.calls import Binary
from studio.engine.gl.driver.machine_code import PROCESSES, KeptCode, environment_of
from studio.pipe import read, write

LONGEST = 10.0
"""Seconds that a shader may take, or a process until it is there."""

IDLE = 30.0
"""Seconds without work after which a process ends; another begins when there is some."""

_CORES_EACH = 4
"""Cores of which one compiles."""

_KEPT = 64
"""Shaders that are compiled and that nobody has taken yet, at most."""

_OVER, _WAITED_FOR, _ASKED = range(3)
_END = "end"


class Compiler:
    """One for all networks of a window; its processes are started at once.

    Where a driver finds machine code on the disk, the others begin with the first shader that is not there: one finds
    all that is in milliseconds, is there sooner by itself, and leaves the driver to the window.

    Args:
        renderer: of the devices that programs are for: where a process finds another, it makes nothing.
        api: by which their contexts were made: the bytes of one are nothing to another.
        kept: what runs at once, of a driver that leaves machine code out of those bytes; None where it does not.
        processes: how many there are at most; None for what suits the machine.

    Attributes:
        is_lost: whether nothing comes of it: whoever wants a program compiles it himself.
    """

    def __init__(self, renderer: str, api: Api, processes: int | None = None, *, kept: KeptCode | None = None) -> None:
        self._renderer, self._api, self._kept = renderer, api, kept
        self.is_lost = False
        self._lock = threading.Lock()
        self._orders: queue.PriorityQueue[tuple[int, int, str]] = queue.PriorityQueue()
        self._number = count()
        self._futures: OrderedDict[str, Future[Binary | None]] = OrderedDict()
        self._waiting: set[str] = set()
        workers = processes or min(PROCESSES, max(1, usable_cores() // _CORES_EACH))
        self._left = workers
        self._is_over, self._several = False, threading.Event()
        if kept is None:
            self._several.set()
        self._threads = [
            threading.Thread(target=self._run, args=(number,), name="compile", daemon=True) for number in range(workers)
        ]
        for thread in self._threads:
            thread.start()

    def ask(self, text: str, *, waits: bool = False) -> Future[Binary | None]:
        """Have a compute shader compiled; None where nothing comes of it.

        Args:
            text: GLSL.
            waits: whether somebody waits for it; what nobody waits for comes later.
        """
        with self._lock:
            future = self._futures.get(text)
            is_new = future is None
            if future is None:
                future = self._futures[text] = Future()
                self._waiting.add(text)
                self._bound()
            if not self.is_quick(text):
                self._several.set()
            if self.is_lost:
                self._give_up()
            elif is_new or (waits and text in self._waiting):
                self._orders.put((_WAITED_FOR if waits else _ASKED, next(self._number), text))
        return future

    @property
    def is_at_work(self) -> bool:
        """Whether anything that was asked for is still to be compiled."""
        with self._lock:
            return not all(future.done() for future in self._futures.values())

    def is_quick(self, text: str) -> bool:
        """Whether a compiled shader runs at once; else its process compiles it again when it first runs."""
        return self._kept is None or text in self._kept

    def forget(self, text: str) -> None:
        """It is loaded, and not asked for again."""
        with self._lock:
            self._futures.pop(text, None)

    def close(self) -> None:
        """Compile nothing more; what is under way ends by itself."""
        self._is_over = True
        self._several.set()
        for _ in self._threads:
            self._orders.put((_OVER, next(self._number), _END))

    def join(self, timeout: float) -> None:
        """Wait until all processes have ended, for so many seconds each at most."""
        for thread in self._threads:
            thread.join(timeout)

    def _bound(self) -> None:
        done = [text for text, future in self._futures.items() if future.done()]
        for text in done[: max(0, len(done) - _KEPT)]:
            del self._futures[text]

    # -- threads, each with a process -------------------------------------------------------------------------------

    def _run(self, number: int) -> None:
        child, text = None, ""
        try:
            if number:
                self._several.wait()
            child = None if self._is_over else self._opened(number)
            while child is not None and (text := self._next(IDLE)) != _END:
                if not text:
                    _end(child)
                    child = None
                    if (text := self._next(None)) == _END or (child := self._opened(number)) is None:
                        return
                if (future := self._take(text)) is not None:
                    found = _safely(child, text)
                    is_made = found is not None and bool(found[1])
                    if is_made and self._kept is not None:
                        self._kept.note(text)
                    future.set_result(found if is_made else None)
                    if found is None:
                        return
        finally:
            if child is not None:
                _end(child)
            self._leave(text)

    def _opened(self, number: int) -> subprocess.Popen[bytes] | None:
        """A process that is there; None where nothing comes of it."""
        child = _started(self._api, number)
        hello = _safely(child, None)
        if hello is not None and hello[1].decode() == self._renderer:
            return child
        if child is not None:
            _end(child)
        return None

    def _next(self, patience: float | None) -> str:
        """The next shader, or `_END`; empty where there is none for so many seconds."""
        try:
            return self._orders.get(timeout=patience)[2]
        except queue.Empty:
            return ""

    def _leave(self, text: str) -> None:
        """A process less; what it has not taken others do, and where there are none, whoever wants it."""
        self._several.set()
        with self._lock:
            self._left -= 1
            if not self._left:
                # Nobody may wait for ever.
                self.is_lost = True
                self._give_up()
            elif text in self._waiting:
                self._orders.put((_WAITED_FOR, next(self._number), text))

    def _take(self, text: str) -> Future[Binary | None] | None:
        """What waits for a shader; None where another process is at it, or was."""
        with self._lock:
            if text not in self._waiting:
                return None
            self._waiting.discard(text)
            return self._futures.get(text)

    def _give_up(self) -> None:
        for text in self._waiting:
            if text in self._futures:
                self._futures[text].set_result(None)
        self._waiting.clear()


def _started(api: Api, number: int) -> subprocess.Popen[bytes] | None:
    command = [sys.executable, "-m", "studio.engine.gl.driver.compile_child", api]
    pipe = subprocess.PIPE
    try:
        return subprocess.Popen(  # noqa: S603 - a part of this program
            command, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, env=environment_of(number), **behind()
        )
    except OSError:
        return None


def _end(child: subprocess.Popen[bytes]) -> None:
    """It ends by itself when nothing more comes, once it has compiled what it is at."""
    for stream in (child.stdin, child.stdout):
        if stream is not None:
            with contextlib.suppress(OSError):
                stream.close()
    try:
        child.wait(LONGEST)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()


def _safely(child: subprocess.Popen[bytes] | None, text: str | None) -> Binary | None:
    """What it answers to a text, or says at first; None where it is gone."""
    if child is None or child.stdin is None or child.stdout is None:
        return None
    try:
        if text is not None:
            write(child.stdin, 0, text.encode())
        return read(child.stdout)
    except (OSError, ValueError):
        return None
