"""Functions of one map, value by value: Affine, Pow, Sqrt, Exp, Log, Erf, Abs."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from studio.model.declared.param import param
from studio.model.networks.op import Backward, Elementwise, Gradients
from studio.ops import operator
from studio.ops._backward.slope import Curve

if TYPE_CHECKING:
    from torch import Tensor

# Whole exponents up to here are multiplied out: by then float32 has long overflowed or come to nothing.
_LARGEST_WHOLE = 64


class Affine(Elementwise):
    """x * scale + shift: a multiplication by, or an addition of, one number; the negative by -1."""

    shader = "affine"
    pointwise = True

    scale: float = param(1.0, live=True, doc="What every value is multiplied by")
    shift: float = param(0.0, live=True, doc="What is added then")

    def gradient(self, at: Backward) -> Gradients:
        """See `Op.gradient`."""
        return {0: at.add(Affine(scale=self.scale), at.grad)}

    def torch(self, inputs: Sequence[Tensor], tensors: Mapping[str, Tensor]) -> Tensor:
        """See `Op.torch`."""
        del tensors
        return inputs[0] * self.scale + self.shift


class Pow(Elementwise):
    """``x ** exponent``, as ``torch.pow``; NaN for a negative ``x`` and a broken exponent."""

    shader = "pow"

    exponent: float = param(live=True, doc="The power that every value is raised to")

    def numbers(self) -> dict[str, float]:
        """See `Op.numbers`: its magnitude, whether it is negative, and which way it is worked out."""
        magnitude = abs(self.exponent)
        is_whole = magnitude.is_integer() and magnitude <= _LARGEST_WHOLE
        return {
            "WHOLE": magnitude if is_whole else -1.0,
            "MAGNITUDE": magnitude,
            "ROOT": float(magnitude == 0.5),
            "NEGATIVE": float(self.exponent < 0),
        }

    def gradient(self, at: Backward) -> Gradients:
        """See `Op.gradient`."""
        if self.exponent == 0:
            return {0: at.add(Affine(scale=0.0), at.grad)}
        slope = at.add(Affine(scale=self.exponent), at.add(Pow(exponent=self.exponent - 1), at.read()))
        return {0: at.add(operator("Mul")(), at.grad, slope)}

    def torch(self, inputs: Sequence[Tensor], tensors: Mapping[str, Tensor]) -> Tensor:
        """See `Op.torch`."""
        del tensors
        power: Tensor = inputs[0].pow(self.exponent)
        return power


class Sqrt(Elementwise):
    """Square root, as ``torch.sqrt``; NaN for negative values."""

    shader = "sqrt"

    def gradient(self, at: Backward) -> Gradients:
        """See `Op.gradient`."""
        return {0: at.add(operator("Div")(), at.grad, at.add(Affine(scale=2.0), at.output))}

    def torch(self, inputs: Sequence[Tensor], tensors: Mapping[str, Tensor]) -> Tensor:
        """See `Op.torch`."""
        del tensors
        return inputs[0].sqrt()


class Exp(Elementwise):
    """Exponential function, as ``torch.exp``."""

    shader = "exp"

    def gradient(self, at: Backward) -> Gradients:
        """See `Op.gradient`."""
        return {0: at.add(operator("Mul")(), at.grad, at.output)}

    def torch(self, inputs: Sequence[Tensor], tensors: Mapping[str, Tensor]) -> Tensor:
        """See `Op.torch`."""
        del tensors
        return inputs[0].exp()


class Log(Elementwise):
    """Natural logarithm, as ``torch.log``; NaN for negative values, minus infinity for zero."""

    shader = "log"

    def gradient(self, at: Backward) -> Gradients:
        """See `Op.gradient`."""
        return {0: at.add(operator("Div")(), at.grad, at.read())}

    def torch(self, inputs: Sequence[Tensor], tensors: Mapping[str, Tensor]) -> Tensor:
        """See `Op.torch`."""
        del tensors
        return inputs[0].log()


class Erf(Elementwise):
    """The error function, as ``torch.erf``."""

    shader = "erf"

    def gradient(self, at: Backward) -> Gradients:
        """See `Op.gradient`."""
        squared = at.add(Affine(scale=-1.0), at.add(operator("Mul")(), at.read(), at.read()))
        slope = at.add(Affine(scale=2 / math.sqrt(math.pi)), at.add(Exp(), squared))
        return {0: at.add(operator("Mul")(), at.grad, slope)}

    def torch(self, inputs: Sequence[Tensor], tensors: Mapping[str, Tensor]) -> Tensor:
        """See `Op.torch`."""
        del tensors
        return inputs[0].erf()


class Abs(Curve):
    """Absolute value, as ``torch.abs``."""

    shader = "abs"

    def torch(self, inputs: Sequence[Tensor], tensors: Mapping[str, Tensor]) -> Tensor:
        """See `Op.torch`."""
        del tensors
        return inputs[0].abs()

    def slope(self, x: Tensor, grad: Tensor) -> Tensor:
        """See `Curve.slope`."""
        found: Tensor = grad * x.sign()
        return found
