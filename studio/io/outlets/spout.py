"""Spout, by which programs on Windows share textures, through SpoutGL: pixels go up into the texture that is shared."""

from __future__ import annotations

from typing import Any

from studio.errors import StudioError
from studio.io.outlets.base import NAME, Line, Rgbx, library
from studio.model.picture import Picture

_GL_RGBA = 0x1908


class _Sender:
    def __init__(self, sender: Any, size: tuple[int, int]) -> None:
        self._sender = sender
        self._pixels = Rgbx(size)

    @property
    def where(self) -> str:
        return NAME

    def send(self, picture: Picture) -> None:
        height, width = picture.shape[:2]
        if not self._sender.sendImage(self._pixels.of(picture), width, height, _GL_RGBA, False, 0):
            raise StudioError("Spout takes no pictures any more; the graphics driver may have been restarted.")
        self._sender.setFrameSync(NAME)

    def close(self) -> None:
        self._sender.releaseSender()


class Spout:
    """See `Outlet`."""

    name = "spout"
    label = "Spout"

    def open(self, size: tuple[int, int], fps: float) -> Line:
        """See `Outlet.open`."""
        del fps
        found = library("SpoutGL", "spout", "Spout", only_on="win32")
        sender = found.SpoutSender()
        sender.setSenderName(NAME)
        return _Sender(sender, size)


OUTLET = Spout()
