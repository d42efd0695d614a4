"""Normalisation of every place by its own channels: LayerNorm2d."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from studio.model.declared.param import param
from studio.model.networks.op import Backward, Elementwise, Gradients
from studio.model.networks.shape import Array, Shape
from studio.ops.conv import check_channels

if TYPE_CHECKING:
    from torch import Tensor


class LayerNorm2d(Elementwise):
    """Every place less the mean of its channels over their deviation: ``torch.nn.LayerNorm``, channels first.

    On a vector it is ``torch.nn.LayerNorm`` itself; on a map what networks in the manner of ConvNeXt spell out by
    moving the channels last and back. The variance is the biased one.

    Source: J. L. Ba, J. R. Kiros and G. E. Hinton, "Layer normalization", 2016.
    """

    shader = "layer_norm2d"

    num_channels: int = param(lo=1, doc="Channels")
    eps: float = param(1e-5, lo=0.0, doc="Added to the variance before its square root")
    affine: bool = param(True, doc="Whether a weight and a bias per channel follow")

    def output_shape(self, *inputs: Shape) -> Shape:
        """See `Op.output_shape`."""
        check_channels(self.num_channels, inputs[0])
        return inputs[0]

    def tensor_shapes(self) -> dict[str, tuple[int, ...]]:
        """See `Op.tensor_shapes`."""
        return dict.fromkeys(("weight", "bias"), (self.num_channels,)) if self.affine else {}

    def structure(self) -> dict[str, int | float]:
        """See `Op.structure`."""
        return {"EPS": self.eps, "AFFINE": int(self.affine)}

    def scratch(self, *inputs: Shape) -> tuple[tuple[str, Shape], ...]:
        """See `Op.scratch`: mean and variance of every place."""
        return (("channel_moments", Shape(2, *inputs[0][1:])),)

    def gradient(self, at: Backward) -> Gradients:
        """See `Op.gradient`."""
        from studio.ops._backward.norm import ChannelScale, PlaceDeviation, norm_gradient

        plain = LayerNorm2d(num_channels=self.num_channels, eps=self.eps, affine=False)
        weight = ChannelScale(num_features=self.num_channels) if self.affine else None
        return norm_gradient(at, plain, PlaceDeviation(eps=self.eps), weight, None)

    def torch(self, inputs: Sequence[Tensor], tensors: Mapping[str, Tensor]) -> Tensor:
        """See `Op.torch`."""
        import torch

        last = inputs[0].permute(0, 2, 3, 1)
        size = [self.num_channels]
        normal = torch.layer_norm(last, size, tensors.get("weight"), tensors.get("bias"), self.eps)
        return normal.permute(0, 3, 1, 2)

    def vector_rows(self) -> tuple[str, ...] | None:
        """See `Op.vector_rows`."""
        return ("weight", "bias") if self.affine else None

    def vectors(self, tensors: Mapping[str, Array]) -> Array | None:
        """See `Op.vectors`: weight and bias."""
        return np.stack([tensors["weight"], tensors["bias"]]) if tensors else None
