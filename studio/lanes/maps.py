"""How a map lies in memory, as loops see it."""

from __future__ import annotations

import logging
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from studio.lanes.machine import problem, works

if TYPE_CHECKING:
    from torch import Tensor

_log = logging.getLogger(__name__)


class Rows(NamedTuple):
    """A map (N, C, H, W) as rows in memory: (images, H, W × step) numbers without gaps.

    An engine's maps have all channels of a pixel side by side, and are N images with a step of C from a pixel to the
    next; those of other programs are N × C images of one channel each, with a step of 1.
    """

    numbers: Tensor
    step: int
    in_planes: bool

    @classmethod
    def of(cls, x: Tensor) -> Rows:
        """The rows of a map, which is copied where it lies in neither way."""
        images, channels, height, width = x.shape
        if in_planes(x):
            return cls(x.detach().reshape(-1, height, width), 1, in_planes=True)
        pixels = x.detach().permute(0, 2, 3, 1).contiguous()
        return cls(pixels.reshape(images, height, width * channels), channels, in_planes=False)

    @property
    def images(self) -> int:
        """How many there are."""
        return self.numbers.shape[0]

    @property
    def height(self) -> int:
        """Rows of each."""
        return self.numbers.shape[1]

    @property
    def length(self) -> int:
        """Numbers of a row."""
        return self.numbers.shape[2]

    def bordered(self, reach: int, *, repeats: bool) -> Tensor:
        """(images, H, (W + 2 × reach) × step): the rows with a border of pixels at both ends.

        Args:
            reach: how many pixels; where ``repeats`` is False, one.
            repeats: whether the border repeats the edge's pixel, or else mirrors the one beside it.
        """
        import torch

        images, height, length = self.numbers.shape
        inner = self.numbers.reshape(images, height, -1, self.step)
        found = torch.empty(images, height, length + 2 * reach * self.step)
        pixels = found.reshape(images, height, -1, self.step)
        pixels[:, :, reach:-reach] = inner
        edge = 0 if repeats or inner.shape[2] == 1 else 1
        pixels[:, :, :reach], pixels[:, :, -reach:] = inner[:, :, edge : edge + 1], inner[:, :, -1 - edge, None]
        return found

    def empty(self) -> Tensor:
        """Uninitialised memory for another map of the same layout."""
        import torch

        return torch.empty_like(self.numbers)

    def map(self, numbers: Tensor, like: Tensor) -> Tensor:
        """The map, of the shape of ``like``, whose rows these numbers are."""
        images, channels, height, width = like.shape
        if self.in_planes:
            return numbers.reshape(like.shape)
        return numbers.reshape(images, height, width, channels).permute(0, 3, 1, 2)


def suits(x: Tensor) -> bool:
    """Whether loops can work on a map: one of float32 on a CPU, where LLVM works."""
    import torch

    if x.device.type != "cpu" or x.dtype != torch.float32:
        return False
    if not works():
        _warn()
        return False
    return True


@cache
def _warn() -> None:
    _log.warning("Bends run through PyTorch's own operators, which is slower: %s.", problem())


def in_planes(x: Tensor) -> bool:
    """Whether each channel lies by itself, and not, as in an engine's maps, all channels of a pixel side by side."""
    return x.shape[1] > 1 and x.stride(3) == 1 and x.is_contiguous()
