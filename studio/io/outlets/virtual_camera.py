"""A virtual camera, through pyvirtualcam: v4l2loopback on Linux, OBS or Unity Capture on Windows, OBS on macOS."""

from __future__ import annotations

from typing import Any

from studio.errors import StudioError
from studio.io.outlets.base import Line, library
from studio.model.declared.size import Size
from studio.model.networks.picture import Picture


class _Camera:
    def __init__(self, camera: Any) -> None:
        self._camera = camera

    @property
    def where(self) -> str:
        return str(self._camera.device)

    def send(self, picture: Picture) -> None:
        try:
            self._camera.send(picture)
        except RuntimeError as error:
            raise StudioError(f"The virtual camera takes no pictures any more ({error}).") from error

    def close(self) -> None:
        self._camera.close()


class VirtualCamera:
    """See `Outlet`."""

    name = "camera"
    label = "Virtual camera"

    def open(self, size: Size, fps: float) -> Line:
        """See `Outlet.open`."""
        found = library("pyvirtualcam", "camera", "A virtual camera")
        try:
            return _Camera(found.Camera(width=size.width, height=size.height, fps=fps, fmt=found.PixelFormat.RGB))
        except RuntimeError as error:
            raise StudioError(
                f"There is no virtual camera ({' '.join(str(error).split())}); install v4l2loopback, or OBS."
            ) from error


OUTLET = VirtualCamera()
