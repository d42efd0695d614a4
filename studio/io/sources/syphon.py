"""Syphon, by which programs on macOS share textures, as a source, through syphon-python; an optional extra.

The pixels of the shared texture are read back. It was tried against a fake of the library alone, for want of macOS.
"""

from __future__ import annotations

import time
from fractions import Fraction
from typing import Any

import numpy as np

from studio.errors import StudioError
from studio.io.outlets.base import library
from studio.io.sources.base import Source
from studio.io.sources.camera import CameraSource

_RATE = 60.0
"""Looks a second; Syphon says of no server how fast it is."""
_PATIENCE = 2.0
"""Seconds for which a picture is waited for."""
_RGBA = 70
"""MTLPixelFormatRGBA8Unorm; others are BGRA, as Syphon's own are."""


class _Capture:
    """A server as `CameraSource` captures it; see `studio.io.sources.camera.CaptureLike`."""

    def __init__(self, wanted: str, names: list[str]) -> None:
        found = library("syphon", "syphon", "Syphon", only_on="darwin")
        self._to_image = library("syphon.utils.numpy", "syphon", "Syphon").copy_mtl_texture_to_image
        self._client: Any = None
        servers = found.SyphonServerDirectory().servers
        called = {f"{server.app_name} {server.name}".strip(): server for server in servers}
        names[:] = called
        server = next((each for name, each in called.items() if wanted.lower() in name.lower()), None)
        if server is not None:
            self._client = found.SyphonMetalClient(server)

    def isOpened(self) -> bool:  # noqa: N802 - OpenCV's name
        """Whether there is such a server."""
        return self._client is not None

    def read(self) -> tuple[bool, Any]:
        """The next picture, (H, W, 3) uint8 BGR."""
        end = time.monotonic() + _PATIENCE
        while self._client.is_valid and not self._client.has_new_frame:
            if time.monotonic() > end:
                # It stands still, and is there.
                break
            time.sleep(1 / _RATE)
        if not self._client.is_valid:
            return False, None
        texture = self._client.new_frame_image
        if texture is None:
            return False, None
        image = np.asarray(self._to_image(texture), np.uint8)
        return True, np.ascontiguousarray(image[:, :, 2::-1] if texture.pixelFormat() == _RGBA else image[:, :, :3])

    def get(self, propId: int, /) -> float:  # noqa: N803 - OpenCV's name
        """Pictures a second, where that is asked for."""
        return _RATE if propId == 5 else 0.0

    def set(self, propId: int, value: float, /) -> bool:  # noqa: ARG002, N803 - OpenCV's name
        """Nothing can be asked for."""
        return False

    def release(self) -> None:
        """Receive no more."""
        if self._client is not None:
            self._client.stop()


class SyphonKind:
    """The specs "syphon", the first server, and "syphon:NAME", one whose program or name holds that."""

    name = "syphon"
    order = 3

    def match(self, spec: str) -> bool:
        """Whether `spec` is the word "syphon", with or without a name."""
        return spec == "syphon" or spec.startswith("syphon:")

    def open(self, spec: str, fps: Fraction | None) -> Source:  # noqa: ARG002 - a server gives what it gives
        """Open the server.

        Raises:
            StudioError: where the system or the library is not there, or no such server is.
        """
        wanted, names = spec.partition(":")[2], list[str]()
        called = f'Syphon "{wanted}"' if wanted else "Syphon"
        try:
            return CameraSource(opener=lambda _: _Capture(wanted, names), name=called)
        except StudioError as error:
            if not str(error).startswith((f"{called} cannot be opened", f"{called} gives no picture")):
                raise
            if not names:
                raise StudioError("no Syphon server was found; let a program publish, and try again") from error
            raise StudioError(f'no Syphon server is called "{wanted}"; there are {", ".join(names)}') from error


KIND = SyphonKind()
