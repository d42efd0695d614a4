"""Medians of squares in PyTorch, by the networks that `shaders/lib/median_N.glsl` holds as well."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

from studio.bends._median_network import TOGETHER, Which, network

if TYPE_CHECKING:
    from torch import Tensor

_CACHED = 1 << 16
"""Values of a map, with its border, that are worked on at a time: they stay in the processor's cache."""


def median(x: Tensor, radius: int) -> Tensor:
    """(N, C, H, W) medians of squares of each channel; beyond the edge lies the edge's pixel."""
    if x.device.type == "cpu":
        return _by_opencv(x, radius) if radius < 3 else by_numpy(x, radius)
    return by_torch(x, radius)


def by_numpy(x: Tensor, radius: int) -> Tensor:
    """`median` on a CPU, where NumPy takes a third of PyTorch's time for a short step; a few channels at a time."""
    import numpy as np
    import torch

    planes = x.detach().contiguous().numpy().reshape(-1, *x.shape[2:])
    border = _Border(radius, *planes.shape[1:])
    few = min(len(planes), max(1, _CACHED // (border.tall * border.wide * TOGETHER)))
    columns, nodes, middles = _steps(radius, border, few, lambda *size: np.empty(size, np.float32))
    work: dict[Which, Callable[..., object]] = {"min": np.minimum, "max": np.maximum}
    found = np.empty_like(planes)
    for first in range(0, len(planes), few):
        part = planes[first : first + few]
        bordered = np.pad(part, ((0, few - len(part)), *border.pixels), "edge")
        columns[:] = bordered.reshape(-1, TOGETHER).T
        for which, one, two, out in nodes:
            work[which](one, two, out=out)
        for place, middle in enumerate(middles):
            into = found[first : first + few, :, place::TOGETHER]
            into[:] = middle[: len(part), : into.shape[1], : into.shape[2]]
    return torch.from_numpy(found).reshape(x.shape)


def by_torch(x: Tensor, radius: int) -> Tensor:
    """`median` on a GPU."""
    import torch
    from torch.nn import functional as F

    planes = x.detach().reshape(-1, *x.shape[2:])
    border = _Border(radius, *planes.shape[1:])
    columns, nodes, middles = _steps(radius, border, len(planes), x.new_empty)
    (above, below), (before, behind) = border.pixels
    bordered = F.pad(planes[None], (before, behind, above, below), mode="replicate")
    columns.copy_(bordered.reshape(-1, TOGETHER).T)
    work: dict[Which, Callable[..., object]] = {"min": torch.minimum, "max": torch.maximum}
    for which, one, two, out in nodes:
        work[which](one, two, out=out)
    found = torch.empty_like(planes, memory_format=torch.contiguous_format)
    for place, middle in enumerate(middles):
        into = found[:, :, place::TOGETHER]
        into.copy_(middle[:, : into.shape[1], : into.shape[2]])
    return found.reshape(x.shape)


class _Border(NamedTuple):
    """A map with as much around it as the network looks at, in whole fours of columns."""

    radius: int
    height: int
    width: int

    @property
    def tall(self) -> int:
        """Rows with the border."""
        return self.height + 2 * self.radius

    @property
    def wide(self) -> int:
        """Fours of columns with the border."""
        return -(-self.width // TOGETHER) + (TOGETHER - 1 + 2 * self.radius) // TOGETHER

    @property
    def pixels(self) -> tuple[tuple[int, int], tuple[int, int]]:
        """The border's, above and below, before and behind."""
        behind = self.wide * TOGETHER - self.width - self.radius
        return (self.radius, self.radius), (self.radius, behind)


def _steps(radius: int, border: _Border, planes: int, empty: Callable[..., Any]) -> tuple[Any, list[Any], list[Any]]:
    """A network at work: where pixels go, what is done in order, and where the medians are found.

    Pixels are four lines, (4, length), by their column's place among four. In a line the next four lie one further on,
    and the next row as many as a row has: what is worked out across the ends of rows is not looked at. What is done is
    the name of the work, two lines, and that which it goes into. Medians are (planes, tall, wide), by their place.
    """
    made, shape = network(radius), (planes, border.tall, border.wide)
    length = planes * border.tall * border.wide
    columns = empty(TOGETHER, length)
    lines = {
        column * made.side + row: columns[column][row * border.wide :]
        for column in range(TOGETHER)
        for row in range(made.side)
    }
    unused, nodes = made.last_uses(), []
    rooms: dict[int, Any] = {}
    free: list[Any] = []
    for number, (which, first, second) in made.nodes.items():
        one, two = (lines[ref.node][ref.shift :] for ref in (first, second))
        size = min(len(one), len(two))
        rooms[number] = free.pop() if free else empty(length)
        lines[number] = rooms[number][:size]
        nodes.append((which, one[:size], two[:size], lines[number]))
        free += [rooms.pop(node) for node in unused.get(number, ()) if node in rooms]
    return columns, nodes, [rooms[middle.node].reshape(shape) for middle in made.middles]


def _by_opencv(x: Tensor, radius: int) -> Tensor:
    import cv2
    import numpy as np
    import torch

    planes = x.detach().contiguous().numpy().reshape(-1, *x.shape[2:])
    found = np.empty_like(planes)
    for plane, into in zip(planes, found, strict=True):
        cv2.medianBlur(plane, 2 * radius + 1, into)
    return torch.from_numpy(found).reshape(x.shape)
