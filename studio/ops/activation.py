"""Activations: ReLU, LeakyReLU, Sigmoid, Tanh."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from studio.model.declared.param import param
from studio.ops._backward.slope import Curve

if TYPE_CHECKING:
    from torch import Tensor


class ReLU(Curve):
    """max(x, 0), as ``torch.nn.ReLU``."""

    shader = "relu"
    pointwise = True

    def torch(self, inputs: Sequence[Tensor], tensors: Mapping[str, Tensor]) -> Tensor:
        """See `Op.torch`."""
        del tensors
        return inputs[0].relu()

    def slope(self, x: Tensor, grad: Tensor) -> Tensor:
        """See `Curve.slope`."""
        import torch

        found: Tensor = torch.ops.aten.threshold_backward(grad, x, 0)
        return found


class LeakyReLU(Curve):
    """``x`` where positive, else x * negative_slope, as ``torch.nn.LeakyReLU``."""

    shader = "leaky_relu"
    pointwise = True

    negative_slope: float = param(0.01, live=True, doc="Slope below zero")

    def torch(self, inputs: Sequence[Tensor], tensors: Mapping[str, Tensor]) -> Tensor:
        """See `Op.torch`."""
        del tensors
        from torch.nn import functional as F

        return F.leaky_relu(inputs[0], self.negative_slope)

    def slope(self, x: Tensor, grad: Tensor) -> Tensor:
        """See `Curve.slope`."""
        import torch

        found: Tensor = torch.ops.aten.leaky_relu_backward(grad, x, self.negative_slope, False)
        return found


class Sigmoid(Curve):
    """1 / (1 + exp(-x)), as ``torch.nn.Sigmoid``."""

    shader = "sigmoid"
    pointwise = True

    def bounds(self) -> tuple[float, float]:
        """See `Op.bounds`."""
        return 0.0, 1.0

    def torch(self, inputs: Sequence[Tensor], tensors: Mapping[str, Tensor]) -> Tensor:
        """See `Op.torch`."""
        del tensors
        return inputs[0].sigmoid()

    def slope(self, x: Tensor, grad: Tensor) -> Tensor:
        """See `Curve.slope`."""
        import torch

        found: Tensor = torch.ops.aten.sigmoid_backward(grad, x.sigmoid())
        return found


class Tanh(Curve):
    """Hyperbolic tangent, as ``torch.nn.Tanh``."""

    shader = "tanh"
    pointwise = True

    def bounds(self) -> tuple[float, float]:
        """See `Op.bounds`."""
        return -1.0, 1.0

    def torch(self, inputs: Sequence[Tensor], tensors: Mapping[str, Tensor]) -> Tensor:
        """See `Op.torch`."""
        del tensors
        return inputs[0].tanh()

    def slope(self, x: Tensor, grad: Tensor) -> Tensor:
        """See `Curve.slope`."""
        import torch

        found: Tensor = torch.ops.aten.tanh_backward(grad, x.tanh())
        return found
