"""Activations of smooth curves: ELU, SiLU, GELU, Softplus."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Literal

from studio.model.declared.param import param
from studio.ops._backward.slope import Curve

if TYPE_CHECKING:
    from torch import Tensor


class ELU(Curve):
    """``x`` where positive, else alpha * (exp(x) - 1), as ``torch.nn.ELU``.

    Source: D. Clevert, T. Unterthiner and S. Hochreiter, "Fast and accurate deep network learning by ELUs", 2015.
    """

    shader = "elu"

    alpha: float = param(1.0, live=True, doc="How far below zero it goes")

    def torch(self, inputs: Sequence[Tensor], tensors: Mapping[str, Tensor]) -> Tensor:
        """See `Op.torch`."""
        del tensors
        from torch.nn import functional as F

        return F.elu(inputs[0], self.alpha)

    def slope(self, x: Tensor, grad: Tensor) -> Tensor:
        """See `Curve.slope`."""
        import torch

        found: Tensor = torch.ops.aten.elu_backward(grad, self.alpha, 1, 1, False, x)
        return found


class SiLU(Curve):
    """x / (1 + exp(-x)), also called swish, as ``torch.nn.SiLU``.

    Source: S. Elfwing, E. Uchibe and K. Doya, "Sigmoid-weighted linear units", 2017.
    """

    shader = "silu"

    def torch(self, inputs: Sequence[Tensor], tensors: Mapping[str, Tensor]) -> Tensor:
        """See `Op.torch`."""
        del tensors
        from torch.nn import functional as F

        return F.silu(inputs[0])

    def slope(self, x: Tensor, grad: Tensor) -> Tensor:
        """See `Curve.slope`."""
        import torch

        found: Tensor = torch.ops.aten.silu_backward(grad, x)
        return found


class GELU(Curve):
    """``x`` times the normal distribution's cumulative function of it, as ``torch.nn.GELU``.

    With ``approximate="tanh"``, x / 2 * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 * x**3))).

    Source: D. Hendrycks and K. Gimpel, "Gaussian error linear units", 2016.
    """

    shader = "gelu"

    approximate: Literal["none", "tanh"] = param("none", doc="Whether a formula by tanh stands in")

    def torch(self, inputs: Sequence[Tensor], tensors: Mapping[str, Tensor]) -> Tensor:
        """See `Op.torch`."""
        del tensors
        from torch.nn import functional as F

        return F.gelu(inputs[0], approximate=self.approximate)

    def slope(self, x: Tensor, grad: Tensor) -> Tensor:
        """See `Curve.slope`."""
        import torch

        found: Tensor = torch.ops.aten.gelu_backward(grad, x, approximate=self.approximate)
        return found


class Softplus(Curve):
    """log(1 + exp(beta * x)) / beta, a rounded ReLU, as ``torch.nn.Softplus``."""

    shader = "softplus"

    beta: float = param(1.0, lo=1e-6, live=True, doc="How sharply it bends")
    threshold: float = param(20.0, live=True, doc="Where beta * x is above this it is ``x`` itself")

    def torch(self, inputs: Sequence[Tensor], tensors: Mapping[str, Tensor]) -> Tensor:
        """See `Op.torch`."""
        del tensors
        from torch.nn import functional as F

        return F.softplus(inputs[0], self.beta, self.threshold)

    def slope(self, x: Tensor, grad: Tensor) -> Tensor:
        """See `Curve.slope`."""
        import torch

        found: Tensor = torch.ops.aten.softplus_backward(grad, x, self.beta, self.threshold)
        return found
