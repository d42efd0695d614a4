"""The earlier maps of bends with memory, and states between two steps, as textures."""

from __future__ import annotations

import moderngl

from studio.engine.gl.driver.device import Device
from studio.engine.gl.memory.copying import copy_texture
from studio.engine.ring import Ring
from studio.model.declared.size import Size


class Kept:
    """The textures of one ring.

    Args:
        device: on which they are made.
        ring: says which is which.
        size: in texels.
    """

    def __init__(self, device: Device, ring: Ring, size: Size) -> None:
        self._device = device
        self.ring = ring
        self.size = size
        self._slots = [device.texture(size) for _ in range(ring.size)]
        self._source: moderngl.Texture | None = None

    def keep_from(self, texture: moderngl.Texture) -> None:
        """Say which map is kept from now on."""
        self._source = texture

    def keep(self) -> None:
        """Copy the map of this frame to where it is kept."""
        assert self._source is not None
        copy_texture(self._device, self._source, self._slots[self.ring.now])

    def slot(self, delay: int) -> moderngl.Texture | None:
        """The map that is so many frames old, or the oldest; None in the first frame."""
        place = self.ring.place(delay)
        return None if place is None else self._slots[place]


class Past:
    """Stands for the texture of an earlier map, which is another in each frame.

    Args:
        kept: where it lies.
        delay: how many frames old it is.
        first: what stands in for it in the first frame.
    """

    dtype = "f4"

    def __init__(self, kept: Kept, delay: int, first: moderngl.Texture) -> None:
        self._kept = kept
        self._delay = delay
        self._first = first

    @property
    def texture(self) -> moderngl.Texture:
        """The texture as it is in this frame."""
        return self._kept.slot(self._delay) or self._first

    def use(self, unit: int) -> None:
        """Bind it to a texture unit."""
        self.texture.use(unit)


class StateMap:
    """A state between two steps: it is copied out of the map that made it, and into the input that reads it.

    Args:
        device: on which it is made.
        size: in texels.
        half: whether maps are of float16.
    """

    def __init__(self, device: Device, size: Size, *, half: bool) -> None:
        self._device = device
        self.texture = device.texture(size, half=half)

    def keep(self, made: moderngl.Texture) -> None:
        """Copy it out of the map that a step made."""
        copy_texture(self._device, made, self.texture)

    def hand_back(self, read: moderngl.Texture) -> None:
        """Copy it into the map that a step reads."""
        copy_texture(self._device, self.texture, read)
