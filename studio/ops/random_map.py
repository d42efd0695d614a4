"""RandomMap: numbers that are drawn anew in every step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Literal, Self

from pydantic import PrivateAttr

from studio.draws import FRAMES, drawn, seed_numbers
from studio.model.declared.param import param, seed
from studio.model.declared.tick import Tick
from studio.model.networks.op import Op
from studio.model.networks.shape import Shape

if TYPE_CHECKING:
    from torch import Tensor


class RandomMap(Op):
    """Random numbers, as high and wide as its input, whatever that holds; the same for the same seed and step.

    A step is one of the network's state, or, where it has none, a frame: `Tick.step`. The numbers are
    those of the bend "Noise".
    """

    shader = "random_map"
    flat = True  # only the size of its input counts
    uncompiled = frozenset({"seed", "channels"})

    channels: int = param(1, lo=1, doc="Channels of the map")
    kind: Literal["uniform", "gaussian"] = param(
        "uniform", doc="Evenly spread from 0 to 1, or bell-shaped around 0 with a deviation of 1"
    )
    seed: int = seed("Which numbers")
    hold: int = param(
        1, lo=0, hi=100000, live=True, safe=(0, 30), doc="Steps for which a draw is kept; 0 keeps it for ever"
    )
    _step: int = PrivateAttr(0)

    def output_shape(self, *inputs: Shape) -> Shape:
        """See `Op.output_shape`."""
        return Shape(self.channels, *inputs[0][1:])

    def moves(self) -> bool:
        """See `Op.moves`."""
        return self.hold != 0

    def at(self, tick: Tick) -> Self:
        """See `Op.at`."""
        made = self.model_copy()
        made._step = tick.step % FRAMES
        return made

    def numbers(self) -> dict[str, float]:
        """See `Op.numbers`."""
        return super().numbers() | {"STEP": float(self._step)} | seed_numbers(self.seed)

    def torch(self, inputs: Sequence[Tensor], tensors: Mapping[str, Tensor]) -> Tensor:
        """See `Op.torch`."""
        del tensors
        (x,) = inputs
        step = self._step // self.hold if self.hold else 0
        like = x[:1, :1].expand(1, self.channels, -1, -1)
        found = drawn(like, self.seed, step, self.kind)
        return found.to(x.dtype).expand(x.shape[0], -1, -1, -1)
