"""Winner takes all."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from studio.lanes import FLOAT, FLOATS, NUMBER, Function, Routine, Value, in_planes, maximum, suits, where
from studio.model.bends.bend import Bend, Given, Layers, Scratch
from studio.model.declared.param import param
from studio.model.networks.shape import Shape

if TYPE_CHECKING:
    from torch import Tensor


class WinnerTakesAll(Bend):
    """At every place only the largest channel stays as it is; the others are weakened."""

    label = "Winner takes all"
    group = "Channels"
    shader = "winner"
    in_tiles = True

    rest: float = param(0.0, lo=-10.0, hi=10.0, live=True, safe=(0.0, 1.0), doc="What the others are multiplied by")

    def scratch(self, shape: Shape, other: Shape | None) -> tuple[Scratch, ...]:
        """See `Bend.scratch`: the largest value at every place."""
        del other
        return (Scratch("bends/largest", shape._replace(channels=1), (0,)),)

    def layers(self, at: Layers, x: str) -> str:
        """See `Bend.layers`."""
        largest = at.add("CompareMaps", x, at.add("Amax", x, dim="channels"), how="eq")
        share = at.add("Affine", largest, scale=1.0 - self.rest, shift=self.rest)
        return at.add("Mul", x, share)

    def torch(self, x: Tensor, given: Given) -> Tensor:
        """See `Bend.torch`."""
        del given
        if suits(x) and not in_planes(x):
            return _weakened(x, self.rest)
        return x.where(x == x.amax(1, keepdim=True), x * self.rest)


def _weakened(x: Tensor, rest: float) -> Tensor:
    """The same where all channels of a pixel lie side by side."""
    pixels = x.detach().permute(0, 2, 3, 1).contiguous()
    found, count = pixels.new_empty(pixels.shape), pixels.shape[3]
    _winners()(pixels.numel() // count, pixels.numel(), x=pixels, out=found, rest=rest, length=count)
    return found.permute(0, 3, 1, 2)


@cache
def _winners() -> Routine:
    def body(f: Function, first: Value, last: Value) -> None:
        f.room("largest", "float", f.lanes)
        with f.loop(first, last) as pixel:
            begin = pixel * f["length"]
            largest = f.variable(f.load("x", begin))
            with f.blocks(f["length"]) as at:
                largest.set(maximum(f.load("x", begin + at), largest.value))
            f.store("largest", 0, largest.value)
            most = f.one("largest", 0)
            for lane in range(1, f.lanes):
                most = maximum(f.one("largest", lane), most)
            with f.blocks(f["length"]) as at:
                x = f.load("x", begin + at)
                f.store("out", begin + at, where(x.equals(most), x, x * f["rest"]))

    return Routine(body, x=FLOATS, out=FLOATS, rest=FLOAT, length=NUMBER)
