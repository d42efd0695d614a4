"""What can be read from an engine: maps, tensors, pictures, statistics and times."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from studio.engine.backend import Backend
from studio.engine.stats import Stats
from studio.engine.store import TensorStore
from studio.errors import StudioError, choices
from studio.model.bends.stage import layer_of, made
from studio.model.declared.size import Size
from studio.model.networks.picture import Picture, to_picture
from studio.model.networks.shape import Array, Shape

if TYPE_CHECKING:
    import torch


Coming = Callable[[], Picture]
"""Waits for a picture that is on its way; called once at most."""


class Reading(Backend):
    """The half of an engine that changes nothing."""

    def times(self) -> dict[str, float]:
        """Seconds that each layer took when it was last timed; waits for the device. Empty before the first run.

        The time of a layer with stages is that of all together; those of its own and of each stage are there as well.
        """
        found: dict[str, float] = {}
        for name, seconds in self._node_times().items():
            layer = layer_of(name)
            found[layer] = found.get(layer, 0.0) + seconds
        own = self._node_times()
        for alias, node in self._running.names.items():
            if node in own and self._running.node_of(made(layer_of(alias))) != layer_of(alias):
                found[alias] = own[node]
        return found

    @property
    def store(self) -> TensorStore:
        """Where its tensors are, which other engines may share."""
        return self._store

    def activation(self, name: str) -> Array:
        """(C, H, W) float32 of a layer or an input, read from the device."""
        node = self._require_run(name)
        self._begin()
        return self._read_activation(node)

    def cuda_map(self, name: str) -> torch.Tensor | None:
        """(C, H, W) of a layer or an input where it lies on a device of CUDA, until the next run; else None."""
        del name
        return None

    def sample(self, name: str, channels: int, size: Size, crop: Size, first: int = 0) -> Array:
        """Evenly spaced values of a layer's or an input's activation, for a small picture of it.

        Args:
            name: of the layer or input.
            channels: how many of its channels.
            size: rows and columns of values.
            crop: the part of the map, from its upper left corner, that they are spread over.
            first: the first of the channels.

        Returns:
            (channels, *size) float32.
        """
        node = self._require_run(name)
        self._begin()
        ys, xs = ((2 * np.arange(count) + 1) * side // (2 * count) for count, side in zip(size, crop, strict=True))
        return self._read_sample(node, slice(first, first + channels), ys, xs)

    def output(self) -> Array:
        """The activation of the network's output layer."""
        return self.activation(self.graph.output)

    def picture(self, out: Picture | None = None) -> Picture:
        """(H, W, 3) uint8 RGB: the output as it is shown; made in `out`, of that shape, where it is given."""
        graph = self.graph
        return to_picture(self.output(), graph.output_range, graph.output_order, self.colour, out)

    def ask_picture(self, out: Picture | None = None) -> Coming:
        """`picture` of the last run, brought over while the next ones are under way.

        Args:
            out: as for `picture`; not to be touched until the picture is there.
        """
        made = self.picture(out)
        return lambda: made

    def reach(self, memory: NDArray[np.uint8]) -> None:
        """Let the device read and write pictures in this memory by itself, if it can, until the engine is closed."""
        del memory

    def tensor(self, name: str) -> Array:
        """A copy of a tensor in PyTorch's layout, as it is now beneath its live edits."""
        self._tensor(name)
        return self._store.base(name).copy()

    def sheet(self, name: str) -> Array:
        """(rows * kh, columns * kw) float32: a tensor's filter sheet as it runs, read from the device."""
        self._tensor(name)
        self._begin()
        return self._read_sheet(name)

    def revision(self, tensor: str) -> int:
        """How often this tensor has been changed: equal numbers, equal weights."""
        self._tensor(tensor)
        return self._store.revision(tensor)

    def stats(self, name: str) -> Stats:
        """Statistics of a layer's or an input's activation, or of a tensor ("layer.tensor")."""
        self._begin()
        if name in self._tensors:
            return self._tensor_stats(name)
        return self._activation_stats(self._require_run(name))

    @property
    def holds_maps(self) -> bool:
        """Whether maps of a run can be read; whoever runs layers and lacks memory for them loses all of them."""
        return bool(self._shapes)

    def shape(self, name: str) -> Shape:
        """Shape of a layer's or an input's activation in the last run."""
        return self._running.shapes[self._require_run(name)]

    # -- within ---------------------------------------------------------------------------------------------------

    def _tensor(self, name: str) -> Array:
        if name not in self._tensors:
            raise StudioError(f'There is no tensor "{name}"; this network has {choices(self._tensors, name)}.')
        return self._store.tensor(name)

    def _require_run(self, name: str) -> str:
        """The node or input whose map this name means."""
        if name not in self._running.names and name not in {i.name for i in self.graph.inputs}:
            self.graph.node(name)
        if not self._shapes:
            raise StudioError(f'"{name}" has no activation before the first run.')
        return self._running.node_of(name)
