"""What is used of a camera that OpenCV has open, and what stands in for one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol


class CaptureLike(Protocol):
    """The part of `cv2.VideoCapture` that is used."""

    def isOpened(self) -> bool:  # noqa: N802 - OpenCV's name
        """Whether the device is there and open."""

    def read(self) -> tuple[bool, Any]:
        """Wait for the next frame: (True, (H, W, 3) uint8 BGR) or (False, anything)."""

    def get(self, propId: int, /) -> float:  # noqa: N803 - OpenCV's name
        """A property of the device."""

    def set(self, propId: int, value: float, /) -> bool:  # noqa: N803 - OpenCV's name
        """Ask for a property; whether the driver takes it."""

    def release(self) -> None:
        """Let the device go."""


Opener = Callable[[int], CaptureLike]
