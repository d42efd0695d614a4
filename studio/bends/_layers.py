"""Linear bends as layers of operators: filters along rows and columns, and channels made of channels."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from studio.bends._spectral import circle
from studio.model.bends.bend import Bend, Given, Layers

Matrix = NDArray[np.float64]


def lines_by(at: Layers, x: str, down: Callable[[int], Matrix], across: Callable[[int], Matrix]) -> str:
    """A map with its columns and rows filtered.

    Args:
        at: what adds the layers.
        x: the map.
        down: makes (size, size), by which each value of a column is a sum over that column.
        across: the same for a row.
    """
    _, height, width = at.shape(x)
    for size, filter_of, turn in ((width, across, "c y x -> x y c"), (height, down, "c y x -> y c x")):
        matrix = filter_of(size)
        if np.array_equal(matrix, np.eye(size)):
            continue
        # The axis becomes the channels, over which a product of matrices adds up.
        turned = at.add("Rearrange", x, pattern=turn)
        made = at.add("MatMul", turned, at.given(matrix.T[:, None].astype(np.float32)))
        # Both ways of turning are their own inverse, or each other's.
        x = at.add("Rearrange", made, pattern="x y c -> c y x" if turn.endswith("x y c") else "y c x -> c y x")
    return x


def low_passed(at: Layers, x: str, cutoff: float) -> str:
    """A map of which frequencies up to a cutoff are kept, as `studio.bends._spectral.low_pass` does."""
    return lines_by(
        at, x, lambda size: circle(size, cutoff).matrix(size), lambda size: circle(size, cutoff).matrix(size)
    )


def channels_again(at: Layers, name: str, count: int) -> str:
    """A map with so many channels, for which its own come around again."""
    own = at.shape(name).channels
    if own == count:
        return name
    taken = np.eye(own, dtype=np.float32)[:, None, np.arange(count) % own]
    return at.add("MatMul", name, at.given(taken))


def mixed_by(at: Layers, x: str, bend: Bend) -> str:
    """What a bend makes of a map whose every channel is a sum over channels at the same place."""
    import torch

    count = at.shape(x).channels
    # What it makes of one channel at a time: (places, channels of the output).
    made = bend.torch(torch.eye(count).reshape(count, count, 1, 1), Given())[:, :, 0, 0]
    return at.add("MatMul", x, at.given(np.ascontiguousarray(made.numpy()[:, None], np.float32)))
