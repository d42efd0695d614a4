"""Inputs of the torch engine on their way to CUDA: the device reads them in this process's memory, and lays them out.

What lies in memory is copied over as it is, so that the processor has nothing to do with it, and on a stream of its
own, so that the frame before can be at work. What the device makes of it is a CUDA graph from the second time on, which
is one launch::

    copies    pinned memory ──copied──> the same on the device
                                         │ frames wait for it                             ▲ the next copy waits
    frames    … the frame before         └─a graph: type, range, order──> the input's map │ the frame …

There are a few places for each input, in memory and on the device, which take turns.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch

from studio.engine.torch.captured import capturing
from studio.engine.torch.reached import Reached
from studio.model.networks.inputs import Input
from studio.model.networks.picture import LUMA, DeepPicture, white
from studio.model.networks.shape import Array
from studio.tables import listed, on_device

_KINDS = {np.dtype(np.float32): torch.float32, np.dtype(np.uint8): torch.uint8, np.dtype(np.uint16): torch.int16}
_SIGNED = {np.dtype(np.uint16): np.dtype(np.int16)}
Make = Callable[[torch.Tensor], torch.Tensor]


class PinnedInputs:
    """The buffers of all inputs of one engine.

    Args:
        device: of CUDA.
        reached: memory that it reads by itself, where nothing is copied first.
    """

    def __init__(self, device: torch.device, reached: Reached) -> None:
        self._device = device
        self._reached = reached
        self._copies: torch.cuda.Stream = torch.cuda.Stream(device)  # type: ignore[no-untyped-call]
        self._ways: dict[tuple[str, np.dtype], _Way] = {}

    def memory(self, name: str, shape: tuple[int, ...]) -> Array:
        """(C, H, W) float32 to be written whole, and given to `copy`."""
        found: Array = self._way(name, shape, np.dtype(np.float32)).next
        return found

    def copy(self, name: str, picture: Array, to: torch.Tensor) -> None:
        """Bring an input over; from `memory` nobody waits for it."""
        self._way(name, picture.shape, picture.dtype).feed(picture, to, _as_it_is)

    def picture(self, fed: Input, picture: DeepPicture, to: torch.Tensor) -> None:
        """Bring an input over that is given as a picture: as `model.networks.picture.to_tensor`, on the device."""

        def make(there: torch.Tensor) -> torch.Tensor:
            return made_of(there, fed, white(picture))

        self._way(fed.name, picture.shape, picture.dtype).feed(picture, to, make)

    def _way(self, name: str, shape: tuple[int, ...], kind: np.dtype) -> _Way:
        known = self._ways.get((name, kind))
        if known is None or known.shape != shape:
            known = self._ways[name, kind] = _Way(self._device, self._copies, self._reached, shape, kind)
        return known


def _as_it_is(there: torch.Tensor) -> torch.Tensor:
    return there[None]


def made_of(there: torch.Tensor, fed: Input, white: float) -> torch.Tensor:
    """(1, C, H, W) float32 of (H, W, 3) RGB, of bytes, or of 16 bits as the int16 of the same bits."""
    lo, hi = fed.range
    shown = there.permute(2, 0, 1)[None]
    if there.dtype is torch.int16:
        shown = shown.to(torch.int32) & 0xFFFF
    made = shown.to(torch.float32)
    if fed.channels == 1:
        red, green, blue = (made[:, k : k + 1] * float(LUMA[k]) for k in range(3))
        made = red + green + blue
    elif fed.order == "bgr":
        made = made.flip(1)
    made = made * float(np.float32((hi - lo) / white))
    if lo:
        made += float(np.float32(lo))
    for values, change in ((fed.mean, made.sub_), (fed.std, made.div_)):
        if values:
            change(on_device(np.array(values, np.float32)[:, None, None], made.device))
    return made


class _Place:
    """A picture's place in memory and on the device."""

    def __init__(self, device: torch.device, shape: tuple[int, ...], kind: np.dtype) -> None:
        self.held = torch.empty(shape, dtype=_KINDS[kind], pin_memory=True)
        self.view = self.held.numpy().view(kind)
        self.there = torch.empty(shape, dtype=_KINDS[kind], device=device)
        # What was copied last has arrived; what had arrived has been read.
        self.arrived, self.read = mark(), mark()
        self.laid: _Laid | None = None


class _Way:
    """How one input comes, in one shape and kind."""

    COUNT = 3

    def __init__(
        self,
        device: torch.device,
        copies: torch.cuda.Stream,
        reached: Reached,
        shape: tuple[int, ...],
        kind: np.dtype,
    ) -> None:
        self.shape = shape
        self._copies = copies
        self._frames = torch.cuda.current_stream(device)
        self._reached = reached
        self._places = [_Place(device, shape, kind) for _ in range(self.COUNT)]
        # What lay there before may still be in use.
        self._copies.wait_stream(self._frames)
        self._number = 0

    @property
    def next(self) -> np.ndarray:
        """The memory that is read next."""
        place = self._places[self._number]
        # What was copied from it three frames ago is there by now.
        place.arrived.synchronize()
        return place.view

    def feed(self, values: np.ndarray, to: torch.Tensor, make: Make) -> None:
        """Bring these over, and make a map of them."""
        place = self._places[self._number]
        if self._reached.holds(values):
            given = torch.from_numpy(values.view(_SIGNED.get(values.dtype, values.dtype)))
        else:
            if values.ctypes.data != place.view.ctypes.data:
                np.copyto(self.next, values)
            given = place.held
        self._number = (self._number + 1) % self.COUNT
        with torch.cuda.stream(self._copies):
            place.read.wait(self._copies)
            place.there.copy_(given, non_blocking=True)
            place.arrived.record(self._copies)
        place.arrived.wait(self._frames)
        if place.laid is None or place.laid.to is not to:
            place.laid = _Laid(to)
        place.laid.run(place.there, make)
        place.read.record(self._frames)


class _Laid:
    """Makes one map of what lies on the device, in the same places every time."""

    def __init__(self, to: torch.Tensor) -> None:
        self.to = to
        self._runs = 0
        self._graph: torch.cuda.CUDAGraph | None = None
        self._tables: list[torch.Tensor] = []

    def run(self, there: torch.Tensor, make: Make) -> None:
        if self._graph is None:
            self._runs += 1
            if self._runs != 2:
                # The first time tables are brought over; where there is no room for a graph it stays at this.
                self.to.copy_(make(there))
                return
            self._capture(there, make)
        if self._graph is not None:
            self._graph.replay()
        else:
            self.to.copy_(make(there))

    def _capture(self, there: torch.Tensor, make: Make) -> None:
        graph = torch.cuda.CUDAGraph()
        try:
            torch.cuda.synchronize()
            with listed() as self._tables, capturing(graph):
                self.to.copy_(make(there))
        except RuntimeError:  # no room for it
            torch.cuda.synchronize()
            return
        self._graph = graph


def mark(*, timed: bool = False) -> torch.cuda.Event:
    """An event of the device, which can be waited for or compared with another."""
    made: torch.cuda.Event = torch.cuda.Event(enable_timing=timed)  # type: ignore[no-untyped-call]
    return made
