"""What the torch engine does with states between two steps: on CPUs the very map that a step made is the next one's."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from studio.engine.base import Engine
from studio.engine.store import TensorStore
from studio.model.networks.network import Network
from studio.model.networks.shape import Array

if TYPE_CHECKING:
    import torch

    from studio.engine.torch.captured import Captured


class TorchStates(Engine):
    """The part of the torch engine that hands states on."""

    _activations: dict[str, torch.Tensor]
    _captured: Captured | None

    def __init__(self, network: Network, store: TensorStore | None = None) -> None:
        super().__init__(network, store)
        self._next: dict[str, torch.Tensor] = {}

    def _keep_state(self, name: str, node: str) -> None:
        made = self._activations[node]
        # A graph makes the next one where it lies.
        self._next[name] = made if self._captured is None else made.clone()

    def _hand_back(self, name: str) -> None:
        self._activations[name] = self._next[name]

    def _read_state(self, name: str) -> Array:
        return np.array(self._next[name][0].cpu().numpy(), np.float32, order="C")
