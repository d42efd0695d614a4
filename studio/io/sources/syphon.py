"""Syphon, by which programs on macOS share textures, as a source, through syphon-python; an optional extra.

The pixels of the shared texture are read back. It was tried against a fake of the library alone, for want of macOS.
"""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from studio.io.outlets.base import library
from studio.io.sources._sent import LOOKS, Sent, SentKind

_PATIENCE = 2.0
"""Seconds for which a picture is waited for."""
_RGBA = 70
"""MTLPixelFormatRGBA8Unorm; others are BGRA, as Syphon's own are."""


class _Capture(Sent):
    """See `Sent`."""

    def __init__(self, wanted: str) -> None:
        super().__init__()
        found = library("syphon", "syphon", "Syphon", only_on="darwin")
        self._to_image = library("syphon.utils.numpy", "syphon", "Syphon").copy_mtl_texture_to_image
        self._client: Any = None
        servers = found.SyphonServerDirectory().servers
        called = {f"{server.app_name} {server.name}".strip(): server for server in servers}
        self.names = list(called)
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
            time.sleep(1 / LOOKS)
        if not self._client.is_valid:
            return False, None
        texture = self._client.new_frame_image
        if texture is None:
            return False, None
        image = np.asarray(self._to_image(texture), np.uint8)
        return True, np.ascontiguousarray(image[:, :, 2::-1] if texture.pixelFormat() == _RGBA else image[:, :, :3])

    def release(self) -> None:
        """Receive no more."""
        if self._client is not None:
            self._client.stop()


KIND = SentKind("syphon", "Syphon", 3, "Syphon server", "let a program publish", _Capture)
