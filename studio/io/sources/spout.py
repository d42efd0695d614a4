"""Spout, by which programs on Windows share textures, as a source, through SpoutGL; an optional extra.

The pixels of the shared texture are read back. It was tried against a fake of the library alone, for want of Windows.
"""

from __future__ import annotations

import threading
import time
from typing import Any

import numpy as np

from studio.io.outlets.base import library
from studio.io.sources._sent import LOOKS, Sent, SentKind
from studio.io.sources.base import MAX_SIDE
from studio.model.declared.size import Size

_GL_RGBA = 0x1908
_PATIENCE = 3.0
"""Seconds in which a sender is found."""


class _Capture(Sent):
    """See `Sent`."""

    def __init__(self, wanted: str) -> None:
        super().__init__()
        self._library = library("SpoutGL", "spout", "Spout", only_on="win32")
        self._wanted = wanted
        self._receiver: Any = None
        self._thread = 0
        self._pixels = np.zeros((0, 0, 4), np.uint8)
        self._read = 0.0
        self._found = self._find()

    def isOpened(self) -> bool:  # noqa: N802 - OpenCV's name
        """Whether there is such a sender."""
        return self._found

    def read(self) -> tuple[bool, Any]:
        """The newest picture, (H, W, 3) uint8 BGR; whoever reads waits for the next."""
        time.sleep(max(0.0, self._read + 1 / LOOKS - time.monotonic()))
        self._read = time.monotonic()
        receiver = self._of_this_thread()
        taken = receiver.receiveImage(self._pixels if self._pixels.size else None, _GL_RGBA, False, 0)
        if receiver.isUpdated():
            size = Size(int(receiver.getSenderHeight()), int(receiver.getSenderWidth()))
            if not all(0 < side <= MAX_SIDE for side in size):
                return False, None
            # A sender that is new, or has another size: its pictures come from the next time on.
            self._pixels = np.zeros((*size, 4), np.uint8)
            taken = receiver.receiveImage(self._pixels, _GL_RGBA, False, 0)
        if not taken or not self._pixels.size:
            return False, None
        return True, self._pixels[:, :, 2::-1].copy()

    def release(self) -> None:
        """Receive no more."""
        if self._receiver is not None:
            self._receiver.releaseReceiver()
            self._receiver = None

    def _find(self) -> bool:
        end = time.monotonic() + _PATIENCE
        while time.monotonic() < end:
            if self.read()[0]:
                return True
        return False

    def _of_this_thread(self) -> Any:
        # It holds an OpenGL context, which is of one thread; a camera is opened in another than the one that reads it.
        if self._receiver is None or self._thread != threading.get_ident():
            self.release()
            self._receiver, self._thread = self._library.SpoutReceiver(), threading.get_ident()
            self._pixels = np.zeros((0, 0, 4), np.uint8)
            if self._wanted:
                self._receiver.setReceiverName(self._wanted)
        return self._receiver


KIND = SentKind("spout", "Spout", 2, "Spout sender", "let a program send", _Capture)
