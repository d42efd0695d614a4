"""Spout, by which programs on Windows share textures, through SpoutGL: pixels go up into the texture that is shared."""

from __future__ import annotations

from typing import Any

from studio.errors import StudioError
from studio.io.outlets.base import NAME, Line, Rgbx, library
from studio.model.declared.size import Size
from studio.model.networks.picture import Picture

_GL_RGBA = 0x1908


class _Sender:
    def __init__(self, sender: Any, size: Size) -> None:
        self._sender = sender
        self._pixels = Rgbx(size)

    @property
    def where(self) -> str:
        return NAME

    def send(self, picture: Picture) -> None:
        size = Size.of(picture)
        if not self._sender.sendImage(self._pixels.of(picture), *size.wh, _GL_RGBA, False, 0):
            raise StudioError("Spout takes no pictures any more; the graphics driver may have been restarted.")
        self._sender.setFrameSync(NAME)

    def close(self) -> None:
        self._sender.releaseSender()


class Spout:
    """See `Outlet`."""

    name = "spout"
    label = "Spout"
    only_on = "win32"

    def open(self, size: Size, fps: float) -> Line:
        """See `Outlet.open`."""
        del fps
        found = library("SpoutGL", "spout", "Spout", only_on=self.only_on)
        sender = found.SpoutSender()
        sender.setSenderName(NAME)
        return _Sender(sender, size)


OUTLET = Spout()
