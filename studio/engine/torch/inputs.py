"""How pictures come to the torch engine and go, and where its maps lie for those who share the device."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np
from numpy.typing import NDArray

from studio.engine.reading import Coming
from studio.engine.torch.flights import TorchFlights
from studio.engine.torch.picture import brought_over, levels_of
from studio.model.declared.size import Size
from studio.model.networks.inputs import Input
from studio.model.networks.picture import DeepPicture, Picture, check_channels
from studio.model.networks.shape import Array

if TYPE_CHECKING:
    import torch

    from studio.engine.torch.pinned import PinnedInputs
    from studio.engine.torch.pinned_outputs import PinnedOutputs
    from studio.engine.torch.reached import Reached


class TorchInputs(TorchFlights):
    """The part of the torch engine that takes inputs over, and hands pictures on."""

    _registered: Reached | None
    _pinned: PinnedInputs | None
    _outgoing: PinnedOutputs | None
    _order: torch.memory_format
    kind: ClassVar[torch.dtype]

    def input_memory(self, name: str, size: Size) -> Array | None:
        """See `Engine.input_memory`."""
        if self._pinned is None or self._sizes.get(name) != size:
            return None
        return self._pinned.memory(name, tuple(self._shapes[name]))

    def cuda_map(self, name: str) -> torch.Tensor | None:
        """See `Reading.cuda_map`."""
        return None if self._pinned is None else self._activations[self._require_run(name)][0]

    def reach(self, memory: NDArray[np.uint8]) -> None:
        """See `Reading.reach`."""
        if self._registered is not None:
            self._begin()
            self._registered.add(memory)

    def picture(self, out: Picture | None = None) -> Picture:
        """See `Reading.picture`; a device's own hands out 8 bits a value, not floats."""
        if self._device.type == "cpu" or self.colour is not None:
            return super().picture(out)
        if self._outgoing is not None:
            return self.ask_picture(out)()
        return brought_over(self._levels(), out)

    def ask_picture(self, out: Picture | None = None) -> Coming:
        """See `Reading.ask_picture`."""
        if self._outgoing is None or self.colour is not None:
            return super().ask_picture(out)
        self._begin()
        return self._outgoing.ask(self._levels(), out)

    def _levels(self) -> torch.Tensor:
        graph = self.graph
        return levels_of(self._activations[self._require_run(graph.output)][0], graph.output_range, graph.output_order)

    def _hand_in(self, name: str, values: Array) -> None:
        self._feed(name, values)

    def _feed(self, name: str, picture: Array) -> None:
        if self._pinned is None:
            self._activations[name] = self._held(picture)
            return
        self._pinned.copy(name, picture, self._place_of(name, picture.shape))

    def _feed_picture(self, wanted: Input, picture: DeepPicture) -> None:
        if self._pinned is None:
            super()._feed_picture(wanted, picture)
            return
        check_channels(wanted.channels)
        self._pinned.picture(wanted, picture, self._place_of(wanted.name, (wanted.channels, *picture.shape[:2])))

    def _place_of(self, name: str, shape: tuple[int, ...]) -> torch.Tensor:
        """Where an input of (C, H, W) lies on CUDA: always at the same place, as graphs read it there."""
        import torch

        from studio.engine.torch.device import make_current

        make_current(self._device)
        held = self._activations.get(name)
        if held is None or held.shape[1:] != shape:
            held = torch.empty((1, *shape), dtype=self.kind, device=self._device, memory_format=self._order)
            self._activations[name] = held
        return held
