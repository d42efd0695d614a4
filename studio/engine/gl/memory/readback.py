"""Pictures on their way from the GPU: they are asked for in one frame and taken in a later one, and nobody waits."""

from __future__ import annotations

import moderngl
import numpy as np

from studio.engine.gl.driver.device import Device
from studio.engine.gl.memory.mapped import Bytes, Mapped
from studio.model.declared.size import Size
from studio.model.networks.picture import Picture


class Readback:
    """One picture at a time out of a framebuffer of 8-bit RGBA.

    Args:
        device: of the framebuffers; it is current in each call.
    """

    def __init__(self, device: Device) -> None:
        self._device = device
        self._held: Mapped | None = None
        self._size: Size | None = None

    def begin(self, target: moderngl.Framebuffer) -> None:
        """Ask for what has been drawn into the target so far; what was asked for before is forgotten."""
        size = Size.from_wh(target.size)
        if self._held is None or self._held.buffer.size != size.pixels * 4:
            self.close()
            self._held = Mapped(self._device, size.pixels * 4, "reads")
        if self._device.is_software:
            # There the read itself waits for the drawing, with Python's lock in hand.
            self._device.finish()
        target.read_into(self._held.buffer, components=4)
        self._held.leave_fence()
        self._size = size

    def close(self) -> None:
        """Free what it holds; what was asked for is forgotten."""
        if self._held is not None:
            self._held.drop_fence()
        self._held = self._size = None

    def take(self, out: Picture | None = None) -> Picture | None:
        """(H, W, 3) uint8 RGB that was asked for, made in `out` where that is given.

        None where nothing was asked for, or it has been taken. Waits where the GPU is not there yet, which it is one
        frame later.
        """
        if self._held is None or self._size is None:
            return None
        size, self._size = self._size, None
        return rgb_of(self._held.raw, size, out)


def rgb_of(rgba: Bytes, size: Size, out: Picture | None = None) -> Picture:
    """(H, W, 3) uint8 RGB of the bytes of 8-bit RGBA, of this size; a copy, in `out` where that is given."""
    import cv2

    return np.asarray(cv2.cvtColor(rgba.reshape(*size, 4), cv2.COLOR_RGBA2RGB, out), np.uint8)
