"""Derivatives of what takes values from places that another map says: `GridSample`, `GatherChannels`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Literal

from studio.model.declared.param import param
from studio.model.networks.shape import Shape
from studio.ops._backward.base import BackwardOp

if TYPE_CHECKING:
    from torch import Tensor

_MODES = ("bilinear", "nearest", "bicubic")
_BORDERS = ("zeros", "border", "reflection")


class _Sampled(BackwardOp):
    """Reads what was sampled, the places, and the gradient of the samples."""

    arity = 3

    mode: Literal["bilinear", "nearest", "bicubic"] = param(doc="How pixels were weighed")
    padding: Literal["zeros", "border", "reflection"] = param(doc="What lay outside the map")
    align_corners: bool = param(doc="Whether ±1 were the middles of the outermost pixels")

    def _both(self, inputs: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
        import torch

        pixels, places, grad = inputs
        how = (_MODES.index(self.mode), _BORDERS.index(self.padding), self.align_corners)
        made = torch.ops.aten.grid_sampler_2d_backward(grad, pixels, places.permute(0, 2, 3, 1), *how, [True, True])
        return made[0], made[1].permute(0, 3, 1, 2)


class SamplesGradient(_Sampled):
    """The gradient of a `GridSample` by its first map: every pixel looks for the samples that it had a part in."""

    shader = "backward/grid_sample"

    def output_shape(self, *inputs: Shape) -> Shape:
        """See `Op.output_shape`."""
        return inputs[0]

    def scratch(self, *inputs: Shape) -> tuple[tuple[str, Shape], ...]:
        """See `Op.scratch`: the first and the last row that each row of samples is taken from."""
        return (("backward/grid_sample_rows", Shape(2, inputs[1].height, 1)),)

    def torch(self, inputs: Sequence[Tensor], tensors: Mapping[str, Tensor]) -> Tensor:
        """See `Op.torch`."""
        del tensors
        return self._both(inputs)[0]


class PlacesGradient(_Sampled):
    """The gradient of a `GridSample` by its places."""

    shader = "backward/grid_sample_places"

    def output_shape(self, *inputs: Shape) -> Shape:
        """See `Op.output_shape`."""
        return inputs[1]

    def torch(self, inputs: Sequence[Tensor], tensors: Mapping[str, Tensor]) -> Tensor:
        """See `Op.torch`."""
        del tensors
        return self._both(inputs)[1]


class ScatterChannels(BackwardOp):
    """Adds every value of its second map to the channel that its first says: the gradient of `GatherChannels`."""

    arity = 2
    shader = "backward/gather_channels"
    uncompiled = frozenset({"channels"})

    channels: int = param(lo=1, doc="Channels of what was gathered from")

    def output_shape(self, *inputs: Shape) -> Shape:
        """See `Op.output_shape`."""
        return inputs[1]._replace(channels=self.channels)

    def torch(self, inputs: Sequence[Tensor], tensors: Mapping[str, Tensor]) -> Tensor:
        """See `Op.torch`."""
        del tensors
        numbers, grad = inputs
        made = grad.new_zeros(grad.shape[0], self.channels, *grad.shape[2:])
        chosen = numbers.round().long().clamp(0, self.channels - 1)
        return made.scatter_add(1, chosen.expand_as(grad), grad)
