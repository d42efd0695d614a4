"""Activations: ReLU, LeakyReLU, Sigmoid, Tanh."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from studio.model.op import Elementwise
from studio.model.param import param

if TYPE_CHECKING:
    from torch import Tensor


class ReLU(Elementwise):
    """max(x, 0), as ``torch.nn.ReLU``."""

    shader = "relu"
    pointwise = True

    def torch(self, inputs: Sequence[Tensor], tensors: Mapping[str, Tensor]) -> Tensor:
        """See `Op.torch`."""
        del tensors
        return inputs[0].relu()


class LeakyReLU(Elementwise):
    """``x`` where positive, else x * negative_slope, as ``torch.nn.LeakyReLU``."""

    shader = "leaky_relu"
    pointwise = True

    negative_slope: float = param(0.01, doc="Slope below zero")

    def torch(self, inputs: Sequence[Tensor], tensors: Mapping[str, Tensor]) -> Tensor:
        """See `Op.torch`."""
        del tensors
        from torch.nn import functional as F

        return F.leaky_relu(inputs[0], self.negative_slope)


class Sigmoid(Elementwise):
    """1 / (1 + exp(-x)), as ``torch.nn.Sigmoid``."""

    shader = "sigmoid"
    pointwise = True

    def torch(self, inputs: Sequence[Tensor], tensors: Mapping[str, Tensor]) -> Tensor:
        """See `Op.torch`."""
        del tensors
        return inputs[0].sigmoid()


class Tanh(Elementwise):
    """Hyperbolic tangent, as ``torch.nn.Tanh``."""

    shader = "tanh"
    pointwise = True

    def torch(self, inputs: Sequence[Tensor], tensors: Mapping[str, Tensor]) -> Tensor:
        """See `Op.torch`."""
        del tensors
        return inputs[0].tanh()
