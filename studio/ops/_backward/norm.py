"""Derivatives of normalisations: what is multiplied, by which scale, and what the statistics take back.

A norm takes the mean m and the variance v over a channel, a group of channels, or the channels of a place::

    n = (x - m) / sqrt(v + eps)            y = n * weight + bias            h = grad * weight
    gradient by x  =  (h - mean(h) - n * mean(h * n)) / sqrt(v + eps)       the means over what m and v are taken over
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Literal

import numpy as np

from studio.model.declared.param import param
from studio.model.networks.op import Backward, Elementwise, Gradients, Op
from studio.model.networks.shape import Array, Shape
from studio.ops._backward.base import BackwardOp
from studio.ops._backward.sums import SumOfProducts
from studio.ops._moments import moments

if TYPE_CHECKING:
    from torch import Tensor


class ChannelScale(BackwardOp, Elementwise):
    """Every channel times its weight."""

    shader = "backward/channel_scale"
    pointwise = True
    uncompiled = frozenset({"num_features"})

    num_features: int = param(lo=1, doc="Channels")

    def tensor_shapes(self) -> dict[str, tuple[int, ...]]:
        """See `Op.tensor_shapes`."""
        return {"weight": (self.num_features,)}

    def torch(self, inputs: Sequence[Tensor], tensors: Mapping[str, Tensor]) -> Tensor:
        """See `Op.torch`."""
        return inputs[0] * tensors["weight"][:, None, None]

    def vector_rows(self) -> tuple[str, ...]:
        """See `Op.vector_rows`."""
        return ("weight",)

    def vectors(self, tensors: Mapping[str, Array]) -> Array:
        """See `Op.vectors`: the weight."""
        return tensors["weight"][None]


class RunningScale(BackwardOp, Elementwise):
    """Every channel times what a `BatchNorm2d` of running statistics multiplies it by."""

    shader = "backward/channel_scale"
    pointwise = True
    uncompiled = frozenset({"num_features", "eps", "affine"})

    num_features: int = param(lo=1, doc="Channels")
    eps: float = param(1e-5, lo=0.0, doc="Added to the variance before its square root")
    affine: bool = param(True, doc="Whether a weight follows")

    def tensor_shapes(self) -> dict[str, tuple[int, ...]]:
        """See `Op.tensor_shapes`."""
        return dict.fromkeys((*(("weight",) if self.affine else ()), "running_var"), (self.num_features,))

    def torch(self, inputs: Sequence[Tensor], tensors: Mapping[str, Tensor]) -> Tensor:
        """See `Op.torch`."""
        scale = (tensors["running_var"] + self.eps).rsqrt()
        return inputs[0] * (scale * tensors["weight"] if self.affine else scale)[:, None, None]

    def vectors(self, tensors: Mapping[str, Array]) -> Array:
        """See `Op.vectors`: the scales, computed in float64."""
        with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
            scale = 1.0 / np.sqrt(tensors["running_var"].astype(np.float64) + self.eps)
            return (scale * tensors["weight"] if self.affine else scale).astype(np.float32)[None]


class Deviation(BackwardOp):
    """One over the standard deviation that `InstanceNorm2d` or `GroupNorm` divides a channel by, as C × 1 × 1."""

    shader = "backward/deviation"

    group_size: int = param(0, lo=0, doc="Channels of a group; 0 where every channel stands alone")
    eps: float = param(1e-5, lo=0.0, doc="Added to the variance before its square root")

    def output_shape(self, *inputs: Shape) -> Shape:
        """See `Op.output_shape`."""
        return Shape(inputs[0].channels, 1, 1)

    def scratch(self, *inputs: Shape) -> tuple[tuple[str, Shape], ...]:
        """See `Op.scratch`: those of the norm."""
        return moments(inputs[0], grouped=self.group_size > 0)

    def torch(self, inputs: Sequence[Tensor], tensors: Mapping[str, Tensor]) -> Tensor:
        """See `Op.torch`."""
        del tensors
        (x,) = inputs
        size = self.group_size or 1
        grouped = x.reshape(x.shape[0], x.shape[1] // size, -1)
        scale: Tensor = (grouped.var(2, correction=0) + self.eps).rsqrt()
        return scale.repeat_interleave(size, 1)[:, :, None, None]


class PlaceDeviation(BackwardOp):
    """One over the standard deviation that `LayerNorm2d` divides a place by, as 1 × H × W."""

    shader = "backward/place_deviation"

    eps: float = param(1e-5, lo=0.0, doc="Added to the variance before its square root")

    def output_shape(self, *inputs: Shape) -> Shape:
        """See `Op.output_shape`."""
        return inputs[0]._replace(channels=1)

    def scratch(self, *inputs: Shape) -> tuple[tuple[str, Shape], ...]:
        """See `Op.scratch`: mean and variance of every place."""
        return (("channel_moments", Shape(2, *inputs[0][1:])),)

    def torch(self, inputs: Sequence[Tensor], tensors: Mapping[str, Tensor]) -> Tensor:
        """See `Op.torch`."""
        del tensors
        return (inputs[0].var(1, correction=0, keepdim=True) + self.eps).rsqrt()


class Renormalise(BackwardOp):
    """The last line of the picture above: of h, n, one over the deviation, and the two means."""

    arity = 5
    shader = "backward/renormalise"

    def output_shape(self, *inputs: Shape) -> Shape:
        """See `Op.output_shape`."""
        return inputs[0]

    def torch(self, inputs: Sequence[Tensor], tensors: Mapping[str, Tensor]) -> Tensor:
        """See `Op.torch`."""
        del tensors
        held, normal, scale, mean, product = inputs
        return scale * (held - mean - normal * product)


def norm_gradient(at: Backward, plain: Op, deviation: Op, weight: Op | None, group_size: int | None) -> Gradients:
    """The rule of a norm by the map's own statistics.

    Args:
        at: the layer.
        plain: the norm without weight and bias.
        deviation: makes one over the standard deviation.
        weight: multiplies by the weight; None where there is none.
        group_size: channels that share statistics; None where it is a place's channels that do.
    """
    from studio.ops.total import Mean, Sum

    dim: Literal["space", "channels"] = "space" if group_size is not None else "channels"
    normal = at.add(plain, at.read())
    held = at.grad if weight is None else at.add(weight, at.grad)
    mean, product = at.add(Mean(dim=dim), held), at.add(SumOfProducts(dim=dim, mean=True), held, normal)
    if group_size is not None and group_size > 1:
        from studio.ops._backward.sums import GroupMean

        mean, product = (at.add(GroupMean(group_size=group_size), name) for name in (mean, product))
    found: dict[int | str, str] = {0: at.add(Renormalise(), held, normal, at.add(deviation, at.read()), mean, product)}
    if weight is not None:
        found["weight"] = at.add(SumOfProducts(), at.grad, normal)
        found["bias"] = at.add(Sum(dim="space"), at.grad)
    return found
