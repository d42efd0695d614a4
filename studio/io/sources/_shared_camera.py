"""A camera that several read at once: systems let a device be opened once, and what plays may be learnt from."""

from __future__ import annotations

import threading
from typing import Any

from studio.io.sources._capture import CaptureLike, Opener


class _Device:
    """An open camera, and who reads it."""

    def __init__(self, capture: CaptureLike) -> None:
        self.capture = capture
        self.lock = threading.Lock()
        self.readers = 0
        self.serial = 0
        self.newest: tuple[bool, Any] = (False, None)
        self.has_given = False


class Cameras:
    """Cameras that are open in this process.

    Args:
        opener: opens one that nobody here has open.
    """

    def __init__(self, opener: Opener) -> None:
        self._opener = opener
        self._lock = threading.Lock()
        self._open: dict[int, _Device] = {}

    def open(self, index: int) -> CaptureLike:
        """The camera of this number, however many have it open already."""
        with self._lock:
            device = self._open.get(index)
            if device is None:
                device = _Device(self._opener(index))
                if device.capture.isOpened():
                    self._open[index] = device
            device.readers += 1
            return _Reader(self, index, device)

    def forget(self, index: int, device: _Device) -> None:
        """It gives no more pictures, and is opened anew for whoever asks next."""
        with self._lock:
            if self._open.get(index) is device:
                del self._open[index]

    def drop(self, index: int, device: _Device) -> bool:
        """One reads it no more; whether nobody does."""
        with self._lock:
            device.readers -= 1
            if not device.readers and self._open.get(index) is device:
                del self._open[index]
            return not device.readers


class _Reader:
    """What one of them reads, as OpenCV has it; see `CaptureLike`."""

    def __init__(self, cameras: Cameras, index: int, device: _Device) -> None:
        self._cameras, self._index, self._device = cameras, index, device
        self._seen, self._is_released = device.serial, False

    def isOpened(self) -> bool:  # noqa: N802 - OpenCV's name
        """Whether the device is there and open."""
        return self._device.capture.isOpened()

    def read(self) -> tuple[bool, Any]:
        """The next picture, which whoever comes first waits for."""
        device = self._device
        with device.lock:
            if device.serial == self._seen:
                device.newest = device.capture.read()
                device.serial += 1
            self._seen = device.serial
            found = device.newest
            # Some give nothing in their first moments.
            is_lost = device.has_given and not found[0]
            device.has_given = device.has_given or found[0]
        if is_lost:
            self._cameras.forget(self._index, device)
        return found

    def get(self, propId: int, /) -> float:  # noqa: N803 - OpenCV's name
        """A property of the device."""
        with self._device.lock:
            return self._device.capture.get(propId)

    def set(self, propId: int, value: float, /) -> bool:  # noqa: N803 - OpenCV's name
        """Ask for a property, where nobody else would get another picture by it."""
        with self._device.lock:
            return self._device.readers == 1 and self._device.capture.set(propId, value)

    def release(self) -> None:
        """Let it go; the device itself goes with the last who reads it."""
        if not self._is_released:
            self._is_released = True
            if self._cameras.drop(self._index, self._device):
                with self._device.lock:
                    self._device.capture.release()
