"""Activations of smooth curves: ELU, SiLU, GELU, Softplus."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Literal

from studio.model.op import Elementwise
from studio.model.param import param

if TYPE_CHECKING:
    from torch import Tensor


class ELU(Elementwise):
    """``x`` where positive, else alpha * (exp(x) - 1), as ``torch.nn.ELU``.

    Source: D. Clevert, T. Unterthiner and S. Hochreiter, "Fast and accurate deep network learning by ELUs", 2015.
    """

    shader = "elu"

    alpha: float = param(1.0, doc="How far below zero it goes")

    def torch(self, inputs: Sequence[Tensor], tensors: Mapping[str, Tensor]) -> Tensor:
        """See `Op.torch`."""
        del tensors
        from torch.nn import functional as F

        return F.elu(inputs[0], self.alpha)


class SiLU(Elementwise):
    """x / (1 + exp(-x)), also called swish, as ``torch.nn.SiLU``.

    Source: S. Elfwing, E. Uchibe and K. Doya, "Sigmoid-weighted linear units", 2017.
    """

    shader = "silu"

    def torch(self, inputs: Sequence[Tensor], tensors: Mapping[str, Tensor]) -> Tensor:
        """See `Op.torch`."""
        del tensors
        from torch.nn import functional as F

        return F.silu(inputs[0])


class GELU(Elementwise):
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


class Softplus(Elementwise):
    """log(1 + exp(beta * x)) / beta, a rounded ReLU, as ``torch.nn.Softplus``."""

    shader = "softplus"

    beta: float = param(1.0, lo=1e-6, doc="How sharply it bends")
    threshold: float = param(20.0, doc="Where beta * x is above this it is ``x`` itself")

    def torch(self, inputs: Sequence[Tensor], tensors: Mapping[str, Tensor]) -> Tensor:
        """See `Op.torch`."""
        del tensors
        from torch.nn import functional as F

        return F.softplus(inputs[0], self.beta, self.threshold)
