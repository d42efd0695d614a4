"""How inputs come to the torch engine, and where its maps lie for those who share the device."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from studio.engine._torch_flights import TorchFlights
from studio.model.graph import Input
from studio.model.op import Array
from studio.model.picture import DeepPicture, check_channels
from studio.model.size import Size

if TYPE_CHECKING:
    import torch

    from studio.engine.pinned import PinnedInputs


class TorchInputs(TorchFlights):
    """The part of the torch engine that takes inputs over."""

    _pinned: PinnedInputs | None
    kind: ClassVar[torch.dtype]

    def input_memory(self, name: str, size: Size) -> Array | None:
        """See `Engine.input_memory`."""
        if self._pinned is None or self._sizes.get(name) != size:
            return None
        return self._pinned.memory(name, tuple(self._shapes[name]))

    def cuda_map(self, name: str) -> torch.Tensor | None:
        """See `Reading.cuda_map`."""
        return None if self._pinned is None else self._activations[self._require_run(name)][0]

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

        make_current(self._device)
        held = self._activations.get(name)
        if held is None or held.shape[1:] != shape:
            held = torch.empty((1, *shape), dtype=self.kind, device=self._device, memory_format=torch.channels_last)
            self._activations[name] = held
        return held


def make_current(device: torch.device) -> None:
    """Let this device of CUDA be the calling thread's, which takes longer to say than to ask."""
    import torch

    if torch.cuda.current_device() != device.index:
        torch.cuda.set_device(device)
