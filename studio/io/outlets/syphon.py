"""Syphon, by which programs on macOS share textures, through syphon-python: pixels go up into the texture."""

from __future__ import annotations

from typing import Any

from studio.errors import StudioError
from studio.io.outlets.base import NAME, Line, Rgbx, library
from studio.model.declared.size import Size
from studio.model.networks.picture import Picture


class _Server:
    def __init__(self, server: Any, texture: Any, copy: Any, size: Size) -> None:
        self._server, self._texture, self._copy = server, texture, copy
        self._pixels = Rgbx(size)

    @property
    def where(self) -> str:
        return NAME

    def send(self, picture: Picture) -> None:
        self._copy(self._pixels.of(picture), self._texture)
        self._server.publish_frame_texture(self._texture)

    def close(self) -> None:
        self._server.stop()


class Syphon:
    """See `Outlet`."""

    name = "syphon"
    label = "Syphon"
    only_on = "darwin"

    def open(self, size: Size, fps: float) -> Line:
        """See `Outlet.open`."""
        del fps
        found = library("syphon", "syphon", "Syphon", only_on=self.only_on)
        arrays, raw = library("syphon.utils.numpy", "syphon", "Syphon"), library("syphon.utils.raw", "syphon", "Syphon")
        try:
            server = found.SyphonMetalServer(NAME)
            texture = raw.create_mtl_texture(server.device, *size.wh)
        except RuntimeError as error:
            raise StudioError(f"Syphon cannot be opened ({error}).") from error
        return _Server(server, texture, arrays.copy_image_to_mtl_texture, size)


OUTLET = Syphon()
