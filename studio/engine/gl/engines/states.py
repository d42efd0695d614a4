"""What GL engines do with states of a network between two steps: they stay on the device."""

from __future__ import annotations

import moderngl

from studio.engine.gl.engines.sheets import SheetEngine
from studio.engine.gl.memory.kept import StateMap
from studio.engine.store import TensorStore
from studio.model.networks.layout import Atlas, unpack_atlas
from studio.model.networks.network import Network
from studio.model.networks.shape import Array


class StatefulEngine(SheetEngine):
    """The part of a GL engine that copies a state out of the map that made it, and into the input that reads it."""

    _textures: dict[str, moderngl.Texture]
    _atlases: dict[str, Atlas]

    def __init__(self, network: Network, store: TensorStore | None = None) -> None:
        super().__init__(network, store)
        self._next: dict[str, StateMap] = {}

    def _is_half(self, name: str) -> bool:
        raise NotImplementedError

    def _settle(self) -> None:
        raise NotImplementedError

    def _keep_state(self, name: str, node: str) -> None:
        size, known = self._atlases[name].size, self._next.get(name)
        if known is None or known.texture.size != size.wh:
            self._next[name] = StateMap(self._device, size, half=self._is_half(name))
        self._settle()
        self._next[name].keep(self._textures[node])

    def _hand_back(self, name: str) -> None:
        self._next[name].hand_back(self._textures[name])

    def _read_state(self, name: str) -> Array:
        return unpack_atlas(self._device.calls.read(self._next[name].texture), self._atlases[name])
