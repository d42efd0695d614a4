"""Normalisation by the map's own statistics: InstanceNorm2d, GroupNorm. Their passes are drawn in `_moments`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Literal

import numpy as np

from studio.model.declared.param import param
from studio.model.networks.op import Backward, Elementwise, Gradients, require
from studio.model.networks.shape import Array, Shape
from studio.ops._moments import Scratch, moments
from studio.ops.conv import check_channels

if TYPE_CHECKING:
    from torch import Tensor


def _affine_rows(tensors: Mapping[str, Array]) -> Array | None:
    return np.stack([tensors["weight"], tensors["bias"]]) if tensors else None


class InstanceNorm2d(Elementwise):
    """Every channel less its mean over its standard deviation, as ``torch.nn.InstanceNorm2d``.

    ``(x - mean) / sqrt(variance + eps)``, and with ``affine`` times weight plus bias. The variance is the biased one.
    A map of one pixel, which PyTorch's module refuses, gives zero, or the bias.

    Source: D. Ulyanov, A. Vedaldi and V. Lempitsky, "Instance normalization", 2016.
    """

    shader = "group_norm"

    num_features: int = param(lo=1, doc="Channels")
    eps: float = param(1e-5, lo=0.0, doc="Added to the variance before its square root")
    affine: bool = param(False, doc="Whether a weight and a bias per channel follow")
    track_running_stats: Literal[False] = param(
        False, doc="Statistics are always the map's own; with running ones it is a BatchNorm2d"
    )

    def output_shape(self, *inputs: Shape) -> Shape:
        """See `Op.output_shape`."""
        check_channels(self.num_features, inputs[0])
        return inputs[0]

    def tensor_shapes(self) -> dict[str, tuple[int, ...]]:
        """See `Op.tensor_shapes`."""
        return dict.fromkeys(("weight", "bias"), (self.num_features,)) if self.affine else {}

    def structure(self) -> dict[str, int | float]:
        """See `Op.structure`."""
        return {"EPS": self.eps, "AFFINE": int(self.affine)}

    def scratch(self, *inputs: Shape) -> Scratch:
        """See `Op.scratch`: the passes drawn in `_moments`."""
        return moments(inputs[0], grouped=False)

    def gradient(self, at: Backward) -> Gradients:
        """See `Op.gradient`."""
        from studio.ops._backward.norm import ChannelScale, Deviation, norm_gradient

        plain = InstanceNorm2d(num_features=self.num_features, eps=self.eps)
        weight = ChannelScale(num_features=self.num_features) if self.affine else None
        return norm_gradient(at, plain, Deviation(eps=self.eps), weight, 1)

    def torch(self, inputs: Sequence[Tensor], tensors: Mapping[str, Tensor]) -> Tensor:
        """See `Op.torch`."""
        import torch

        # What the module calls once it has checked that a map has more than one pixel.
        weight, bias = tensors.get("weight"), tensors.get("bias")
        found = torch.instance_norm(inputs[0], weight, bias, None, None, True, 0.0, self.eps, False)
        if found.requires_grad:
            # PyTorch 2.13 reads the gradient of a single picture as if its channels lay first, wherever they lie.
            found.register_hook(torch.Tensor.contiguous)  # type: ignore[no-untyped-call]
        return found

    def vector_rows(self) -> tuple[str, ...] | None:
        """See `Op.vector_rows`."""
        return ("weight", "bias") if self.affine else None

    def vectors(self, tensors: Mapping[str, Array]) -> Array | None:
        """See `Op.vectors`: weight and bias."""
        return _affine_rows(tensors)


class GroupNorm(Elementwise):
    """Every group of channels less its mean over its standard deviation, as ``torch.nn.GroupNorm``.

    Source: Y. Wu and K. He, "Group normalization", 2018.
    """

    shader = "group_norm"

    num_groups: int = param(lo=1, doc="Groups, each normalised by itself")
    num_channels: int = param(lo=1, doc="Channels, a multiple of the groups")
    eps: float = param(1e-5, lo=0.0, doc="Added to the variance before its square root")
    affine: bool = param(True, doc="Whether a weight and a bias per channel follow")

    def output_shape(self, *inputs: Shape) -> Shape:
        """See `Op.output_shape`."""
        check_channels(self.num_channels, inputs[0])
        require(
            self.num_channels % self.num_groups == 0,
            f"{self.num_groups} groups do not divide {self.num_channels} channels.",
        )
        return inputs[0]

    def tensor_shapes(self) -> dict[str, tuple[int, ...]]:
        """See `Op.tensor_shapes`."""
        return dict.fromkeys(("weight", "bias"), (self.num_channels,)) if self.affine else {}

    def structure(self) -> dict[str, int | float]:
        """See `Op.structure`."""
        return {"EPS": self.eps, "AFFINE": int(self.affine), "GROUP_SIZE": self.num_channels // self.num_groups}

    def scratch(self, *inputs: Shape) -> Scratch:
        """See `Op.scratch`: the passes drawn in `_moments`."""
        return moments(inputs[0], grouped=True)

    def gradient(self, at: Backward) -> Gradients:
        """See `Op.gradient`."""
        from studio.ops._backward.norm import ChannelScale, Deviation, norm_gradient

        size = self.num_channels // self.num_groups
        plain = GroupNorm(num_groups=self.num_groups, num_channels=self.num_channels, eps=self.eps, affine=False)
        weight = ChannelScale(num_features=self.num_channels) if self.affine else None
        return norm_gradient(at, plain, Deviation(eps=self.eps, group_size=size), weight, size)

    def torch(self, inputs: Sequence[Tensor], tensors: Mapping[str, Tensor]) -> Tensor:
        """See `Op.torch`."""
        import torch

        x = inputs[0]
        if x.device.type == "cpu" and not x.is_contiguous():
            # For channels-last maps PyTorch takes the mean's square off the mean of squares: what varies little around
            # a value far from zero lost most of its digits. A group less its mean has the same norm.
            size = self.num_channels // self.num_groups
            means = x.detach().mean((2, 3)).reshape(-1, self.num_groups, size).mean(2)
            x = x - means.repeat_interleave(size, 1)[:, :, None, None]
        # What the module calls once it has checked that a group has more than one value.
        return torch.group_norm(x, self.num_groups, tensors.get("weight"), tensors.get("bias"), self.eps)

    def vector_rows(self) -> tuple[str, ...] | None:
        """See `Op.vector_rows`."""
        return ("weight", "bias") if self.affine else None

    def vectors(self, tensors: Mapping[str, Array]) -> Array | None:
        """See `Op.vectors`: weight and bias."""
        return _affine_rows(tensors)
