"""How far what lies on both sides of every place is apart, in PyTorch."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from studio.lanes import FLOAT, FLOATS, NUMBER, Function, Routine, Rows, Value, suits, where

if TYPE_CHECKING:
    from torch import Tensor


def steepness(x: Tensor, gain: float) -> Tensor:
    """The length of the `differences` across and down of (N, C, H, W), whose edge is repeated."""
    if suits(x):
        return _by_rows(_steepness(), x, gain, repeats=True)
    across, down = (differences(x, axis, "edge") for axis in (3, 2))
    return across.square_().addcmul_(down, down).sqrt_().mul_(gain)


def edges(x: Tensor, direction: Literal["across", "down"], gain: float) -> Tensor:
    """The `differences` of (N, C, H, W) in a direction, added up with those on both sides, each of half the weight."""
    if suits(x):
        return _by_rows(_edges(direction), x, gain, repeats=False)
    along, beside = (3, 2) if direction == "across" else (2, 3)
    steep = differences(x, along, "reflect")
    found, size = steep * 2.0, x.shape[beside]
    for by in (-1, 1):
        # Beyond the edge lies what lies as far within it.
        edge = 0 if by < 0 else size - 1
        inner = min(1, size - 1) if by < 0 else max(size - 2, 0)
        found.narrow(beside, edge, 1).add_(steep.narrow(beside, inner, 1))
        found.narrow(beside, max(0, -by), size - 1).add_(steep.narrow(beside, max(0, by), size - 1))
    return found * gain


def differences(x: Tensor, axis: int, border: Literal["edge", "reflect"]) -> Tensor:
    """The next value along an axis less the one before; beyond the edge lies the edge's pixel, or a mirror image."""
    import torch

    size = x.shape[axis]
    found = torch.zeros_like(x)
    if size > 1 and border == "edge":
        for first, edge in ((0, 0), (size - 2, size - 1)):
            found.narrow(axis, edge, 1).copy_(x.narrow(axis, first + 1, 1) - x.narrow(axis, first, 1))
    if size > 2:
        inner = x.narrow(axis, 2, size - 2) - x.narrow(axis, 0, size - 2)
        found.narrow(axis, 1, size - 2).copy_(inner)
    return found


def steps_between(size: int, border: Literal["edge", "reflect"] = "reflect") -> NDArray[np.float64]:
    """(size, size): `differences` of a line so long."""
    at, found = np.arange(size), np.zeros((size, size))
    for by in (1, -1):
        np.add.at(found, (at, _beside(at + by, size, border)), float(by))
    return found


def three_beside(size: int) -> NDArray[np.float64]:
    """(size, size): twice each value of a line, and those on both sides of it; beyond the edge it is mirrored."""
    at = np.arange(size)
    found = 2.0 * np.eye(size)
    for by in (1, -1):
        np.add.at(found, (at, _beside(at + by, size, "reflect")), 1.0)
    return found


def _beside(at: NDArray[np.int64], size: int, border: Literal["edge", "reflect"]) -> NDArray[np.int64]:
    if border == "reflect":
        at = np.where(at >= size, 2 * size - 2 - at, np.abs(at))
    return np.clip(at, 0, size - 1)


# -- on a CPU ----------------------------------------------------------------------------------------------------------


def _by_rows(routine: Routine, x: Tensor, gain: float, *, repeats: bool) -> Tensor:
    rows = Rows.of(x)
    images, height, length = rows.numbers.shape
    found = rows.empty()
    sizes = {"height": height, "length": length, "step": rows.step, "inward": int(not repeats and height > 1)}
    bordered = rows.bordered(1, repeats=repeats)
    routine(images * height, x.numel(), x=bordered, out=found, gain=gain, **sizes)
    return rows.map(found, x)


_Near = list[list[Value]]
"""What lies around a place: above, beside and below it, from the left to the right."""


def _loop(make: Callable[[_Near], Value]) -> Routine:
    def body(f: Function, first: Value, last: Value) -> None:
        wide, bottom = f["length"] + f["step"] * 2, f["height"] - 1
        with f.loop(first, last) as number:
            row = number % f["height"]
            top = number - row
            # Beyond the first and the last row lies the row itself, or the one on the other side of it.
            above = where(row > 0, row - 1, row + f["inward"])
            below = where(row < bottom, row + 1, row - f["inward"])
            begins = [(top + each) * wide for each in (above, row, below)]
            with f.blocks(f["length"]) as at:
                near = [[f.load("x", begin + at + f["step"] * by) for by in range(3)] for begin in begins]
                f.store("out", number * f["length"] + at, make(near) * f["gain"])

    numbers = dict.fromkeys(("height", "length", "step", "inward"), NUMBER)
    return Routine(body, x=FLOATS, out=FLOATS, gain=FLOAT, **numbers)


@cache
def _steepness() -> Routine:
    def make(near: _Near) -> Value:
        across, down = near[1][2] - near[1][0], near[2][1] - near[0][1]
        return (across * across + down * down).sqrt()

    return _loop(make)


@cache
def _edges(direction: str) -> Routine:
    def make(near: _Near) -> Value:
        ends = [near[2], near[0]] if direction == "down" else [[row[by] for row in near] for by in (2, 0)]
        far, close = (first + middle * 2.0 + last for first, middle, last in ends)
        return far - close

    return _loop(make)
