"""Runs of the torch engine that are under way at the same time, each in a thread of its own, on CPUs.

Two threads that share every operator wait for each other behind each, and where one of their cores is wanted by
something else, both do. Two frames share nothing but the weights.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from functools import partial
from typing import TYPE_CHECKING

from studio.engine.flight import Flight
from studio.engine.torch.states import TorchStates
from studio.model.declared.size import Size
from studio.model.declared.tick import START, Tick
from studio.model.networks.inputs import Input
from studio.model.networks.node import Node
from studio.model.networks.op import Op
from studio.model.networks.picture import DeepPicture, to_tensor, to_texels
from studio.model.networks.shape import Array

if TYPE_CHECKING:
    import torch


class TorchFlights(TorchStates):
    """The part of the torch engine that runs several frames at once."""

    _device: torch.device
    _times: dict[str, float]
    _packed: dict[str, torch.Tensor]

    @property
    def overlaps(self) -> bool:
        """See `Engine.overlaps`."""
        return self._device.type == "cpu"

    def can_launch(self, sizes: Mapping[str, Size]) -> bool:
        """See `Engine.can_launch`."""
        stands = self.overlaps and not self._stale and bool(self._shapes)
        return stands and not self.moves and all(self._sizes[name] == size for name, size in sizes.items())

    def launch(
        self,
        inputs: Mapping[str, Array],
        pictures: Mapping[str, DeepPicture],
        within: Executor,
        tick: Tick = START,
    ) -> Flight:
        """See `Engine.launch`."""
        self._check(inputs, pictures)
        self._numbers.at(tick)
        nodes = self._running.nodes
        made = {node.name for node in nodes}
        # Masks, and maps that stages are lent, lie among the others.
        flight = Flight(self._standing(), {name: held for name, held in self._activations.items() if name not in made})
        run = partial(self._run, packed=self._packed)
        flight.work = within.submit(partial(self._fly, flight, nodes, run, dict(self._numbers.ops), inputs, pictures))
        return flight

    def land(self, flight: Flight) -> bool:
        """See `Engine.land`."""
        flight.work.result()
        if flight.of != self._standing() or self._stale:
            return False
        self._activations = flight.maps
        self._times.update(flight.times)
        self.colour = None
        return True

    def _standing(self) -> tuple[object, ...]:
        """All that decides what a run makes of its inputs, or stands for it."""
        lent = tuple(id(values) for values in self._lent.values())
        numbers = self._numbers.values.tobytes()
        return self._stages, self._bypassed, tuple(self._sizes.items()), lent, numbers, self._store.version

    def _fly(
        self,
        flight: Flight,
        nodes: Sequence[Node],
        run: Callable[[Node, Op, list[torch.Tensor]], torch.Tensor],
        ops: Mapping[str, Op],
        inputs: Mapping[str, Array],
        pictures: Mapping[str, DeepPicture],
    ) -> None:
        import torch

        maps = flight.maps
        with torch.inference_mode():
            for put in self.graph.inputs:
                if put.name in pictures:
                    maps[put.name] = self._pictured(put, pictures[put.name])
                elif put.name in inputs:
                    maps[put.name] = self._held(inputs[put.name])
            for node in nodes:
                start = time.perf_counter()
                maps[node.name] = run(node, ops[node.name], [maps[name] for name in node.inputs])
                flight.times[node.name] = time.perf_counter() - start

    def _feed_picture(self, wanted: Input, picture: DeepPicture) -> None:
        if self._device.type == "cpu":
            self._activations[wanted.name] = self._pictured(wanted, picture)
        else:
            super()._feed_picture(wanted, picture)

    def _pictured(self, put: Input, picture: DeepPicture) -> torch.Tensor:
        """A picture as an input's map: as it lies in memory it is in channels-last order already."""
        import torch

        colours = put.mean, put.std, put.order
        if put.channels == 3:
            return torch.from_numpy(to_texels(picture, put.range, *colours)).permute(2, 0, 1)[None]
        return self._held(to_tensor(picture, put.channels, put.range, *colours))

    def _held(self, values: Array) -> torch.Tensor:
        raise NotImplementedError

    def _run(
        self, node: Node, op: Op, inputs: list[torch.Tensor], packed: dict[str, torch.Tensor] | None = None
    ) -> torch.Tensor:
        raise NotImplementedError
