"""Compiles shaders in a process of its own, so that nothing that draws or computes waits for it.

While NVIDIA's driver compiles, every other call of OpenGL in the process waits, whichever thread and context it is for.
So another process does it, on the same GPU by the same driver, and hands over what the driver made as bytes.
"""

from __future__ import annotations

import contextlib
import queue
import subprocess
import sys
import threading
from concurrent.futures import Future

from studio.engine.gl.calls import Binary
from studio.engine.gl.compile_pipe import read, write

_LONGEST = 10.0
"""Seconds that the last shader may take."""


class Pending(Exception):  # noqa: N818 - no error: it is there a little later
    """A shader is not compiled yet."""


class Compiler:
    """One for all networks of a window; its process is started at once, and ends with it.

    Args:
        renderer: of the device that the programs are for: where the process finds another, it makes nothing.

    Attributes:
        is_up: whether the process is there.
    """

    def __init__(self, renderer: str) -> None:
        self._renderer = renderer
        self.is_up = False
        self._asked: queue.SimpleQueue[tuple[str, Future[Binary | None]] | None] = queue.SimpleQueue()
        self._known: dict[str, Future[Binary | None]] = {}
        self._thread = threading.Thread(target=self._run, name="compile", daemon=True)
        self._thread.start()

    def ask(self, text: str) -> Future[Binary | None]:
        """Have a compute shader compiled, after those that were asked for before; None where nothing comes of it."""
        if text not in self._known:
            self._known[text] = Future()
            self._asked.put((text, self._known[text]))
        return self._known[text]

    def forget(self, text: str) -> None:
        """It is loaded, and not asked for again."""
        self._known.pop(text, None)

    def close(self) -> None:
        """Compile nothing more; what is under way ends by itself."""
        self._asked.put(None)

    def _run(self) -> None:
        child = _started()
        try:
            # Nobody may wait for ever: where something goes wrong, whoever waits compiles it himself.
            hello = _safely(child, None)
            self.is_up = hello is not None and hello[1].decode() == self._renderer
            while (asked := self._asked.get()) is not None:
                text, future = asked
                found = _safely(child, text) if self.is_up else None
                self.is_up = found is not None
                future.set_result(found if found is not None and found[1] else None)
        finally:
            self.is_up = False
            if child is not None:
                _end(child)


def _started() -> subprocess.Popen[bytes] | None:
    command = [sys.executable, "-m", "studio.engine.gl.compile_child"]
    pipe = subprocess.PIPE
    try:
        return subprocess.Popen(  # noqa: S603 - a part of this program
            command, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL
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
        child.wait(_LONGEST)
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
