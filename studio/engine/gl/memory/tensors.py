"""Tensors on the device as they are, before they are packed: one map each, four output channels to a texel."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import moderngl
import numpy as np

from studio.engine.gl.driver.device import Device
from studio.engine.store import TensorStore
from studio.errors import StudioError
from studio.model.networks.layout import Atlas, atlas_for, pack_atlas, tensor_map, unpack_atlas
from studio.model.networks.shape import Array

Texture = moderngl.Texture
"""For who names textures and does not make them."""


class DeviceTensor:
    """A tensor, or a number for each of its weights, as the atlas of `tensor_map`.

    Args:
        device: where it is kept.
        shape: the tensor's own.
    """

    def __init__(self, device: Device, shape: tuple[int, ...]) -> None:
        self._device = device
        self._shape = shape
        self.atlas: Atlas = atlas_for(tensor_map(shape), device.max_texture)
        self.texture = device.texture(self.atlas.size)

    @property
    def told(self) -> tuple[int, int, int, int]:
        """Its shape as shaders are told it."""
        return (*self.atlas.shape, self.atlas.columns)

    def write(self, values: Array) -> None:
        """Bring over values of the tensor's shape."""
        shaped = np.asarray(values, np.float32).reshape(self.atlas.shape)
        self._device.calls.write(self.texture, pack_atlas(shaped, self.atlas))

    def read(self) -> Array:
        """Its values in the tensor's shape."""
        self._device.context.finish()
        return unpack_atlas(self._device.calls.read(self.texture), self.atlas).reshape(self._shape)


class DeviceTensors:
    """The tensors of a store on one device, brought over when they are first asked for.

    Args:
        device: where they are kept.
        store: what they belong to.
    """

    def __init__(self, device: Device, store: TensorStore) -> None:
        self.device = device
        self.store = store
        self._held: dict[str, DeviceTensor] = {}
        self._seen: dict[str, int] = {}
        self._fetches: dict[str, Callable[[], Array]] = {}
        self._moved: Sequence[str] = ()

    def of(self, name: str) -> DeviceTensor:
        """A tensor as it is now.

        Raises:
            StudioError: where it has no room in a texture.
        """
        if name not in self._held:
            try:
                self._held[name] = DeviceTensor(self.device, self.store.arrays[name].shape)
            except StudioError:
                raise StudioError(
                    f'Tensor "{name}" passes this GPU\'s largest texture while it learns; use the engine torch.'
                ) from None
        if self._seen.get(name) != self.store.revision(name):
            self._held[name].write(self.store.tensor(name))
            self._seen[name] = self.store.revision(name)
        return self._held[name]

    def moved(self, names: Sequence[str], but: object = None) -> None:
        """Take note that shaders have changed these here, and have packed them for one engine already."""
        if names == self._moved and self.store.is_unseen(self):
            return
        self._moved = names
        fetches = {}
        for name in names:
            self._seen[name] = self.store.revision(name) + 1
            if name not in self._fetches:
                self._fetches[name] = partial(self._fetch, name)
            fetches[name] = self._fetches[name]
        self.store.moved(fetches, self, but)

    def _fetch(self, name: str) -> Array:
        self.device.use()
        return self._held[name].read()

    def swap(self, name: str, texture: moderngl.Texture) -> moderngl.Texture:
        """Put another texture in a tensor's place; the one before."""
        before, self._held[name].texture = self._held[name].texture, texture
        return before
