"""Tensors of a GL engine: packed for its shaders, and as the textures of their filter sheets."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import moderngl

from studio.engine.base import Engine, Stats
from studio.engine.gl.driver.device import Device
from studio.engine.gl.engines.stats import ComputeStats, FragmentStats
from studio.engine.gl.kernels.packer import Packer
from studio.engine.gl.kernels.packing import unpack_sheet
from studio.engine.gl.kernels.weights import LayerWeights
from studio.engine.gl.memory.tensors import DeviceTensors
from studio.errors import StudioError
from studio.model.networks.layout import Rect, crop, sheet_size, to_sheet
from studio.model.networks.op import Op
from studio.model.networks.shape import Array


class SheetEngine(Engine):
    """The half of a GL engine that knows tensors; maps are `AtlasEngine`'s."""

    _device: Device
    _context: moderngl.Context
    _stats: ComputeStats | FragmentStats
    _sheets: dict[str, moderngl.Texture]
    _weights: dict[str, LayerWeights]
    _packings: dict[str, list[tuple[LayerWeights, str]]]
    kernels: moderngl.Buffer | None = None

    @cached_property
    def _packer(self) -> Packer:
        return Packer(self._device)

    def _kernel_limit(self) -> int | None:
        """The longest side that a texture of kernels may have; None where kernels lie in buffers."""
        raise NotImplementedError

    def _load_weights(self) -> None:
        """Pack every layer's tensors; layers that use the same ones in the same way share what is packed."""
        packed: dict[tuple[Op, tuple[str, ...]], LayerWeights] = {}
        for node in self.graph.nodes:
            names = node.tensor_names
            same = (node.op, tuple(names.values()) or (node.name,))
            if same not in packed:
                packed[same] = LayerWeights(
                    self._device, node, self._tensors_of(node), self._kernel_limit(), self._packer
                )
                for key, name in names.items():
                    self._packings.setdefault(name, []).append((packed[same], key))
            self._weights[node.name] = packed[same]
        self._settle_kernels([held for held in packed.values() if held.size and held.kernel is None])
        self._packer.give_back()

    def _settle_kernels(self, layers: Sequence[LayerWeights]) -> None:
        """Put kernels that lie in buffers into one for all layers, or one each where that would pass the driver's."""
        total = sum(held.size for held in layers)
        if total * 16 > self._device.most_storage:
            for held in layers:
                held.settle(self._context.buffer(reserve=held.size * 16), 0)
            return
        self.kernels = self._context.buffer(reserve=total * 16) if layers else None
        at = 0
        for held in layers:
            assert self.kernels is not None
            held.settle(self.kernels, at)
            at += held.size

    def packings(self, tensor: str) -> list[tuple[LayerWeights, str]]:
        """What is packed of a tensor: by which layers' weights, and under which name there."""
        return self._packings.get(tensor, [])

    def sheet_texture(self, tensor: str) -> moderngl.Texture:
        """The R32F texture of a tensor's filter sheet, which is the engine's own and follows every edit."""
        self._tensor(tensor)
        self._begin()
        return self._sheet_texture(tensor)

    def repack(self, tensor: str, origin: object) -> bool:
        """See `Engine.repack`: on the same device nothing goes through memory."""
        if not isinstance(origin, DeviceTensors) or origin.device is not self._device:
            return False
        if tensor not in self.graph.tensor_shapes:
            return True
        self._begin()
        for packed, key in self._packings.get(tensor, ()):
            packed.repack(origin, key)
        if tensor in self._sheets:
            unpack_sheet(self._device, origin.of(tensor), self._sheets[tensor], self._tensors[tensor].shape)
        self._spoil(self.graph.users(tensor.rpartition(".")[0]))
        return True

    def _upload(self, tensor: str, rect: Rect) -> None:
        for packed, key in self._packings[tensor]:
            # What is read once per channel lies in one texture; learning may have left newer of it on the device.
            for name in packed.beside(key):
                self._store.tensor(name)
            packed.changed(key, rect)
        self._packer.give_back()
        if tensor in self._sheets:
            self._device.calls.write(self._sheets[tensor], crop(self._tensors[tensor], rect), (rect.x, rect.y))

    def _sheet_texture(self, tensor: str) -> moderngl.Texture:
        """The R32F texture of a filter sheet, made when it is first asked for."""
        if tensor not in self._sheets:
            size = sheet_size(self._tensors[tensor].shape)
            if max(size) > self._device.max_texture:
                raise StudioError(
                    f'Tensor "{tensor}": its filter sheet of {size} weights passes this GPU\'s largest '
                    f"texture, {self._device.max_texture}×{self._device.max_texture}; use the engine torch."
                )
            self._sheets[tensor] = self._context.texture(size.wh, 1, dtype="f4")
            self._device.calls.write(self._sheets[tensor], to_sheet(self._tensor(tensor)))
        return self._sheets[tensor]

    def _read_sheet(self, tensor: str) -> Array:
        return self._device.calls.read(self._sheet_texture(tensor))[:, :, 0]

    def _tensor_stats(self, tensor: str) -> Stats:
        return self._stats.of(self._sheet_texture(tensor), (1, *sheet_size(self._tensors[tensor].shape), 1))
