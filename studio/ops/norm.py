"""What is learnt per channel: BatchNorm2d, with the statistics it learnt, and ScaleShift."""

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


class BatchNorm2d(Elementwise):
    """Batch normalisation in evaluation mode, as ``torch.nn.BatchNorm2d(...).eval()``.

    ``(x - running_mean) / sqrt(running_var + eps) * weight + bias``, each per channel; the last two with ``affine``
    alone. All tensors stay editable; nothing is folded into the layer before.

    Source: S. Ioffe and C. Szegedy, "Batch normalization", 2015.
    """

    shader = "scale_shift"
    pointwise = True
    uncompiled = frozenset({"num_features", "eps", "affine", "momentum"})
    newer = frozenset({"momentum"})

    num_features: int = param(lo=1, doc="Channels")
    eps: float = param(1e-5, lo=0.0, doc="Added to the variance before its square root")
    affine: bool = param(True, doc="Whether a weight and a bias per channel follow")
    momentum: float = param(0.1, lo=0.0, hi=1.0, doc="How far a step of learning moves its statistics to its own")

    def output_shape(self, *inputs: Shape) -> Shape:
        """See `Op.output_shape`."""
        check_channels(self.num_features, inputs[0])
        return inputs[0]

    def tensor_shapes(self) -> dict[str, tuple[int, ...]]:
        """See `Op.tensor_shapes`."""
        learnt = ("weight", "bias") if self.affine else ()
        return dict.fromkeys((*learnt, "running_mean", "running_var"), (self.num_features,))

    def gradient(self, at: Backward) -> Gradients:
        """See `Op.gradient`: with the statistics that it has learnt, which do not learn so themselves."""
        from studio.ops._backward.norm import RunningScale
        from studio.ops._backward.sums import SumOfProducts
        from studio.ops.total import Sum

        scale = RunningScale(num_features=self.num_features, eps=self.eps, affine=self.affine)
        found: dict[int | str, str] = {0: at.add(scale, at.grad)}
        if self.affine:
            normal = at.add(BatchNorm2d(num_features=self.num_features, eps=self.eps, affine=False), at.read())
            found["weight"] = at.add(SumOfProducts(), at.grad, normal)
            found["bias"] = at.add(Sum(dim="space"), at.grad)
        return found

    def torch(self, inputs: Sequence[Tensor], tensors: Mapping[str, Tensor]) -> Tensor:
        """See `Op.torch`."""
        from torch.nn import functional as F

        return F.batch_norm(
            inputs[0],
            tensors["running_mean"],
            tensors["running_var"],
            tensors.get("weight"),
            tensors.get("bias"),
            training=False,
            eps=self.eps,
        )

    def vectors(self, tensors: Mapping[str, Array]) -> Array:
        """See `Op.vectors`: one scale and one shift per channel, computed in float64."""
        # A variance bent below zero gives NaN, as it does in PyTorch; the studio shows it rather than hide it.
        with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
            scale = 1.0 / np.sqrt(tensors["running_var"].astype(np.float64) + self.eps)
            if self.affine:
                scale = scale * tensors["weight"]
            shift = (tensors["bias"] if self.affine else 0.0) - tensors["running_mean"] * scale
            return np.stack([scale, shift]).astype(np.float32)


class ScaleShift(Elementwise):
    """``x * weight + bias``, each per channel: what is left of a normalisation whose statistics are constants."""

    shader = "scale_shift"
    pointwise = True
    uncompiled = frozenset({"num_features"})

    num_features: int = param(lo=1, doc="Channels")

    def output_shape(self, *inputs: Shape) -> Shape:
        """See `Op.output_shape`."""
        check_channels(self.num_features, inputs[0])
        return inputs[0]

    def tensor_shapes(self) -> dict[str, tuple[int, ...]]:
        """See `Op.tensor_shapes`."""
        return dict.fromkeys(("weight", "bias"), (self.num_features,))

    def gradient(self, at: Backward) -> Gradients:
        """See `Op.gradient`."""
        from studio.ops._backward.norm import ChannelScale
        from studio.ops._backward.sums import SumOfProducts
        from studio.ops.total import Sum

        return {
            0: at.add(ChannelScale(num_features=self.num_features), at.grad),
            "weight": at.add(SumOfProducts(), at.grad, at.read()),
            "bias": at.add(Sum(dim="space"), at.grad),
        }

    def torch(self, inputs: Sequence[Tensor], tensors: Mapping[str, Tensor]) -> Tensor:
        """See `Op.torch`."""
        return inputs[0] * tensors["weight"][:, None, None] + tensors["bias"][:, None, None]

    def vector_rows(self) -> tuple[str, ...]:
        """See `Op.vector_rows`."""
        return ("weight", "bias")

    def vectors(self, tensors: Mapping[str, Array]) -> Array:
        """See `Op.vectors`: weight and bias."""
        return np.stack([tensors["weight"], tensors["bias"]])
