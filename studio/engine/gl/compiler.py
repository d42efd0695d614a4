"""Compiles shaders in a thread with a context of its own, so that nothing that draws or computes waits for it.

Contexts that share programs wait for each other's compiling in some drivers, whichever thread does it; so this one
shares nothing, and hands over what the driver made as bytes.
"""

from __future__ import annotations

import queue
import threading
from concurrent.futures import Future
from typing import TYPE_CHECKING

from studio.engine.gl.calls import Binary

if TYPE_CHECKING:
    from studio.engine.gl.device import Device


class Pending(Exception):  # noqa: N818 - no error: it is there a little later
    """A shader is not compiled yet."""


class Compiler:
    """One for all networks of a window; its thread begins with the first shader.

    Args:
        renderer: of the device that the programs are for: where the thread's own is another, it makes nothing.
    """

    def __init__(self, renderer: str) -> None:
        self._renderer = renderer
        self._asked: queue.SimpleQueue[tuple[str, Future[Binary | None]] | None] = queue.SimpleQueue()
        self._known: dict[str, Future[Binary | None]] = {}
        self._thread = threading.Thread(target=self._run, name="compile", daemon=True)

    def ask(self, text: str) -> Future[Binary | None]:
        """Have a compute shader compiled, after those that were asked for before; None where nothing comes of it."""
        if text not in self._known:
            self._known[text] = Future()
            self._asked.put((text, self._known[text]))
            if not self._thread.ident:
                self._thread.start()
        return self._known[text]

    def forget(self, text: str) -> None:
        """It is loaded, and not asked for again."""
        self._known.pop(text, None)

    def close(self) -> None:
        """Compile nothing more; what is under way ends by itself."""
        self._asked.put(None)

    def _run(self) -> None:
        from studio.engine.gl.device import open_device

        try:
            device: Device | None = open_device()
        except Exception:  # noqa: BLE001 - of a loader or a driver: whoever asks compiles it himself
            device = None
        if device is not None and device.renderer != self._renderer:
            device.close()
            device = None
        while (asked := self._asked.get()) is not None:
            text, future = asked
            try:
                future.set_result(None if device is None else device.calls.binary(text))
            except Exception:  # noqa: BLE001 - a driver's: whoever waits compiles it himself, and learns why
                future.set_result(None)
        if device is not None:
            device.close()
