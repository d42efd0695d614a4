"""Filters along the rows and columns of a map: symmetric ones, with a mirror or the other side beyond the edge."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from studio.lanes import FLOATS, NUMBER, NUMBERS, Function, Routine, Rows, Value, lanes_for, minimum, suits
from studio.tables import on_device

if TYPE_CHECKING:
    from torch import Tensor

Weights = NDArray[np.float64]
Places = NDArray[np.int64]

REACH = 24
"""Pixels that a blur reaches at most."""

SPAN = 8
"""Texels that software rasterisers make at once, as `shaders/lib/along.glsl` counts them: with fewer each is read more
often, for more there is no room in registers."""


class Line(NamedTuple):
    """What makes each pixel of a line of those around it.

    Attributes:
        weights: (reach + 1,) of the pixel itself, and of both that lie so far from it.
        beyond: what lies beyond the edge: the line mirrored, the edge's pixel not repeated, or its other end.
    """

    weights: Weights
    beyond: Literal["mirror", "wrap"]

    @property
    def reach(self) -> int:
        """How far it looks."""
        return len(self.weights) - 1

    def places(self, size: int) -> Places:
        """Which pixels of a line stand where it looks, from ``reach`` before the first to as far behind the last."""
        at = np.arange(-self.reach, size + self.reach)
        if self.beyond == "wrap":
            return at % size
        period = max(2 * size - 2, 1)
        at = np.abs(at) % period
        return np.minimum(np.where(at < size, at, period - at), size - 1)

    def matrix(self, size: int) -> Weights:
        """(size, size): the filter of a line so long."""
        found, rows, places = np.zeros((size, size)), np.arange(size), self.places(size)
        for by in range(-self.reach, self.reach + 1):
            np.add.at(found, (rows, places[rows + self.reach + by]), self.weights[abs(by)])
        return found


def gaussian(sigma: float, most: int = REACH) -> Line:
    """A Gaussian of this deviation in pixels, which reaches three times as far, but ``most`` pixels; mirrored."""
    reach = min(int(np.ceil(3 * sigma)), most) if sigma > 0 else 0
    weights = np.exp(-0.5 * (np.arange(reach + 1) / max(sigma, 1e-9)) ** 2)
    return Line(weights / (2 * weights.sum() - weights[0]), "mirror")


def filtered(x: Tensor, down: Line, across: Line) -> Tensor:
    """A map (N, C, H, W) with its columns and rows filtered."""
    import torch

    vertical, horizontal = (
        on_device(line.matrix(size).astype(np.float32), x.device, x.dtype)
        for line, size in zip((down, across), x.shape[2:], strict=True)
    )
    if max(down.reach, across.reach) > _MOST or not suits(x):
        return torch.matmul(vertical, torch.matmul(x, horizontal.T))
    rows = Rows.of(x)
    images, height, length = rows.numbers.shape
    if rows.in_planes:
        made = torch.matmul(rows.numbers, horizontal.T)
    else:
        made = _summed(rows.numbers.reshape(images * height, x.shape[3], rows.step), across)
    return rows.map(_summed(made.reshape(images, height, length), down), x)


# -- on a CPU ----------------------------------------------------------------------------------------------------------

_WIDE = 4
"""Registers side by side that are worked on together, since what is added up in one waits for itself."""

_RING = 128
"""Lines that are kept at hand: a power of two."""

_MOST = _RING // 2 - 1


def _summed(x: Tensor, line: Line) -> Tensor:
    """(M, size, length) filtered along the middle axis."""
    many, size, length = x.shape
    wide = _WIDE if lanes_for(length // _WIDE) > 1 else 1
    made, strips = x.new_empty(x.shape), -(-length // (lanes_for(length) * wide))
    sizes = {"reach": line.reach, "size": size, "length": length, "strips": strips}
    weights = line.weights.astype(np.float32)
    _sums(wide)(many * strips, x.numel(), x=x, out=made, places=line.places(size), weights=weights, **sizes)
    return made


@cache
def _sums(wide: int) -> Routine:
    """Along the axis, for some of the length at a time.

    What is looked at is copied to lie close together: lines that are powers of two apart push each other out of a
    processor's cache.
    """

    def body(f: Function, first: Value, last: Value) -> None:
        f.room("near", "float", _RING * wide * f.lanes)
        reach, size, length = f["reach"], f["size"], f["length"]

        def pixels(memory: str, at: Value) -> list[Value]:
            return [f.load(memory, at + f.lanes * k) for k in range(wide)]

        def near(place: Value) -> Value:
            return (place & (_RING - 1)) * (wide * f.lanes)

        with f.loop(first, last) as number:
            at = minimum(number % f["strips"] * (f.lanes * wide), length - f.lanes * wide)
            begin = number // f["strips"] * size * length + at
            # By the place of what comes in, which is one reach before the middle, and two before what goes out.
            with f.loop(0, size + reach * 2) as place:
                for k, each in enumerate(pixels("x", begin + f.one("places", place) * length)):
                    f.store("near", near(place) + f.lanes * k, each)
                middle, row = place - reach, place - reach * 2
                with f.when(row >= 0):
                    weight = f.one("weights", 0)
                    sums = [f.variable(each * weight) for each in pixels("near", near(middle))]
                    with f.loop(1, reach + 1) as by:
                        weight = f.one("weights", by)
                        before, behind = (pixels("near", near(place)) for place in (middle - by, middle + by))
                        for total, one, other in zip(sums, before, behind, strict=True):
                            total.set(total.value.plus_product(one + other, weight))
                    for k, total in enumerate(sums):
                        f.store("out", begin + row * length + f.lanes * k, total.value)

    numbers = dict.fromkeys(("reach", "size", "length", "strips"), NUMBER)
    return Routine(body, x=FLOATS, out=FLOATS, places=NUMBERS, weights=FLOATS, **numbers)
