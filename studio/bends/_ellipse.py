"""The largest or smallest value around every place, in PyTorch; `shaders/lib/ellipse.glsl` does the same."""

from __future__ import annotations

import math
from functools import cache
from typing import TYPE_CHECKING, Literal

import numpy as np

from studio.lanes import (
    FLOATS,
    NUMBER,
    NUMBERS,
    Function,
    Routine,
    Rows,
    Value,
    lanes_for,
    larger,
    maximum,
    minimum,
    smaller,
    suits,
)
from studio.model.bends.bend import Layers

if TYPE_CHECKING:
    from torch import Tensor

Which = Literal["largest", "smallest"]

_NOTHING = -1e30
"""What lies beyond the edge, where no value is as small."""

_WIDEST = 16
"""Pixels of a radius."""


def farthest_around(x: Tensor, radius: int, which: Which) -> Tensor:
    """Within OpenCV's ellipse of this radius; what is no number wins, and nothing lies beyond the edge."""
    if radius == 0:
        return x
    if suits(x) and radius <= _WIDEST:
        return _by_lanes(x, radius, which)
    return _largest_around(x, radius) if which == "largest" else -_largest_around(-x, radius)


def _half_width(radius: int, y: int) -> int:
    """How far the ellipse reaches to both sides, so many rows from its middle."""
    return int(math.sqrt(radius * radius - y * y) + 0.5)


def _largest_around(x: Tensor, radius: int) -> Tensor:
    """Row by row of the ellipse."""
    import torch
    from torch.nn import functional as F

    lines: dict[int, Tensor] = {0: x}
    height, found = x.shape[2], torch.full_like(x, -math.inf)
    for y in range(-min(radius, height - 1), min(radius, height - 1) + 1):
        wide = _half_width(radius, y)
        if wide not in lines:
            lines[wide] = _widened(F.pad(x, (wide, wide), value=-math.inf), 2 * wide + 1)
        first, last = max(0, -y), min(height, height - y)
        part = found[:, :, first:last]
        torch.maximum(part, lines[wide][:, :, first + y : last + y], out=part)
    return found


def _widened(x: Tensor, count: int) -> Tensor:
    """The largest of so many values beside each other, in a few steps of which each doubles what it looks over."""
    import torch

    size, length = 1, x.shape[3] - count + 1
    while 2 * size <= count:
        x = torch.maximum(x[..., :-size], x[..., size:])
        size *= 2
    return torch.maximum(x[..., :length], x[..., count - size : count - size + length])


def largest_by(at: Layers, x: str, radius: int) -> str:
    """The largest value within the ellipse, as layers: row by row of it."""
    if radius == 0:
        return x
    height = at.shape(x).height
    lines: dict[int, str] = {0: x}
    rows = []
    for y in range(-min(radius, height - 1), min(radius, height - 1) + 1):
        wide = _half_width(radius, y)
        if wide not in lines:
            lines[wide] = at.add("MaxPool2d", x, kernel_size=(1, 2 * wide + 1), stride=(1, 1), padding=(0, wide))
        moved = lines[wide]
        if y:
            top, bottom = max(y, 0), max(-y, 0)
            part = at.add("Crop", moved, top=top, bottom=bottom)
            moved = at.add("Pad", part, padding=(0, 0, bottom, top), value=_NOTHING)
        rows.append(moved)
    found = rows[0]
    for row in rows[1:]:
        found = at.add("Maximum", found, row)
    return found


# -- on a CPU ----------------------------------------------------------------------------------------------------------

_RING = 64
"""Rows that are kept at hand at most: a power of two, and no fewer than the widest ellipse has."""

_REGISTERS = 2
"""Side by side, which are worked on together."""


def _by_lanes(x: Tensor, radius: int, which: Which) -> Tensor:
    """By a loop down the map, some columns at a time.

    Beyond the edge the edge's pixels are read: where the ellipse reaches those, it holds the edge's own as well.
    """
    rows = Rows.of(x)
    images, height, length = rows.numbers.shape
    registers = _REGISTERS if lanes_for(length // _REGISTERS) > 1 else 1
    found, strips = rows.empty(), -(-length // (lanes_for(length) * registers))
    widths = np.array([_half_width(radius, y) for y in range(-radius, radius + 1)])
    sizes = {"strips": strips, "height": height, "length": length, "step": rows.step, "radius": radius}
    ring = (1 << (2 * radius).bit_length()) - 1
    bordered = rows.bordered(radius, repeats=True)
    run = _farthest(which, registers)
    run(images * strips, x.numel(), x=bordered, out=found, widths=widths, ring=ring, **sizes)
    return rows.map(found, x)


@cache
def _farthest(which: Which, registers: int) -> Routine:
    farther = larger if which == "largest" else smaller

    def body(f: Function, first: Value, last: Value) -> None:
        side = registers * f.lanes
        f.room("wide", "float", _RING * (_WIDEST + 1) * side)
        radius, step, bottom = f["radius"], f["step"], f["height"] - 1

        def load(memory: str, at: Value) -> list[Value]:
            return [f.load(memory, at + f.lanes * k) for k in range(registers)]

        def store(memory: str, at: Value, values: list[Value]) -> None:
            for k, value in enumerate(values):
                f.store(memory, at + f.lanes * k, value)

        def wide(row: Value, half: Value | int) -> Value:
            return ((row & f["ring"]) * (radius + 1) + half) * side

        with f.loop(first, last) as part:
            above = part // f["strips"] * f["height"]
            at = minimum(part % f["strips"] * side, f["length"] - side)
            # Each row comes in once, as wide as it is asked for; the one that goes out lies a radius before it.
            with f.loop(0, f["height"] + radius) as row:
                with f.when(row < f["height"]):
                    middle = (above + row) * (f["length"] + step * radius * 2) + step * radius + at
                    found = [f.variable(each) for each in load("x", middle)]
                    store("wide", wide(row, 0), [each.value for each in found])
                    with f.loop(1, radius + 1) as by:
                        ends = zip(found, load("x", middle - step * by), load("x", middle + step * by), strict=True)
                        for each, one, other in ends:
                            each.set(farther(each.value, farther(one, other)))
                        store("wide", wide(row, by), [each.value for each in found])
                ready = row - radius
                with f.when(ready >= 0):
                    found = [f.variable(each) for each in load("wide", wide(ready, f.one("widths", radius)))]
                    with f.loop(0, radius * 2 + 1) as number:
                        other = minimum(maximum(ready + number - radius, f.number(0)), bottom)
                        beside = load("wide", wide(other, f.one("widths", number)))
                        for each, one in zip(found, beside, strict=True):
                            each.set(farther(each.value, one))
                    store("out", (above + ready) * f["length"] + at, [each.value for each in found])

    numbers = dict.fromkeys(("strips", "height", "length", "step", "radius", "ring"), NUMBER)
    return Routine(body, x=FLOATS, out=FLOATS, widths=NUMBERS, **numbers)
