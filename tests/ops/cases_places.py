"""Cases of the operators that take values from places which another map says; `cases` says what a case is."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from cases import Case, Draw, case_of, channel_counts, pairs, sizes
from hypothesis import strategies as st
from torch import Tensor
from torch.nn import functional as F


def _on_the_map(x: Tensor) -> Tensor:
    """Coordinates a little past the borders, none of which lies in the middle between two pixels."""
    return (x / x.abs().max().clamp(min=1e-30) * 12).round() / 8 + 0.013


@case_of("GridSample")
def _grid_sample(draw: Draw) -> Case:
    mode = draw(st.sampled_from(["bilinear", "nearest", "bicubic"]))
    padding = draw(st.sampled_from(["zeros", "border", "reflection"]))
    corners = draw(st.booleans())
    shapes = (draw(channel_counts), *draw(sizes)), (2, *draw(sizes))

    def reference(inputs: Sequence[Tensor], _: dict[str, Tensor]) -> Tensor:
        return F.grid_sample(inputs[0], inputs[1].permute(0, 2, 3, 1), mode, padding, corners)

    return Case(shapes, reference, {"mode": mode, "padding": padding, "align_corners": corners}, _on_the_map)


def _some_alike(x: Tensor) -> Tensor:
    return (x / x.abs().max().clamp(min=1e-30) * 4).round() + 0.0


@case_of("Argmax")
def _argmax(draw: Draw) -> Case:
    smallest = draw(st.booleans())
    found = torch.argmin if smallest else torch.argmax
    shape = (draw(channel_counts), *draw(sizes))
    return Case((shape,), lambda inputs, _: found(inputs[0], 1, True).float(), {"smallest": smallest}, _some_alike)


@case_of("Argsort")
def _argsort(draw: Draw) -> Case:
    shape, descending = (draw(channel_counts), *draw(sizes)), draw(st.booleans())
    count = draw(st.integers(1, shape[0]))

    def reference(inputs: Sequence[Tensor], _: dict[str, Tensor]) -> Tensor:
        return torch.argsort(inputs[0], dim=1, descending=descending, stable=True)[:, :count].float()

    return Case((shape,), reference, {"count": count, "descending": descending}, _some_alike)


@case_of("Rank")
def _rank(draw: Draw) -> Case:
    descending = draw(st.booleans())

    def reference(inputs: Sequence[Tensor], _: dict[str, Tensor]) -> Tensor:
        order = torch.sort(inputs[0], dim=1, descending=descending, stable=True)[1]
        counted = torch.arange(order.shape[1]).view(1, -1, 1, 1).expand_as(order)
        return torch.zeros_like(order).scatter(1, order, counted).float()

    return Case(((draw(channel_counts), *draw(sizes)),), reference, {"descending": descending}, _some_alike)


@case_of("GatherChannels")
def _gather_channels(draw: Draw) -> Case:
    channels, made, (height, width) = draw(channel_counts), draw(channel_counts), draw(pairs(1, 9))
    sides = [draw(st.sampled_from([(height, width), (1, width), (height, 1), (1, 1)])) for _ in range(2)]
    whole = [max(a, b) for a, b in zip(*sides, strict=True)]

    def reference(inputs: Sequence[Tensor], _: dict[str, Tensor]) -> Tensor:
        values, numbers = (x.expand(-1, -1, *whole) for x in inputs)
        return torch.gather(values, 1, numbers.long())

    return Case(((channels, *sides[0]), (made, *sides[1])), reference, {}, lambda x: _counted(x, channels))


def _counted(x: Tensor, count: int) -> Tensor:
    return (x / x.abs().max().clamp(min=1e-30) * 99).round().remainder(count)
