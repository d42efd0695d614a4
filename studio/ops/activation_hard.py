"""Activations of straight pieces: ReLU6, Hardtanh, Hardsigmoid, Hardswish."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from studio.model.declared.param import param
from studio.model.networks.op import require
from studio.model.networks.shape import Shape
from studio.ops._backward.slope import Curve

if TYPE_CHECKING:
    from torch import Tensor


class ReLU6(Curve):
    """min(max(x, 0), 6), as ``torch.nn.ReLU6``."""

    shader = "hardtanh"

    def structure(self) -> dict[str, int | float]:
        """See `Op.structure`: those of a `Hardtanh` from 0 to 6, that has no slope where it is 0 or 6 itself."""
        return {"MIN_VAL": 0.0, "MAX_VAL": 6.0, "SLOPE_WITHIN": 1}

    def bounds(self) -> tuple[float, float]:
        """See `Op.bounds`."""
        return 0.0, 6.0

    def torch(self, inputs: Sequence[Tensor], tensors: Mapping[str, Tensor]) -> Tensor:
        """See `Op.torch`."""
        del tensors
        from torch.nn import functional as F

        return F.relu6(inputs[0])

    def slope(self, x: Tensor, grad: Tensor) -> Tensor:
        """See `Curve.slope`."""
        import torch

        found: Tensor = torch.ops.aten.hardtanh_backward(grad, x, 0.0, 6.0)
        return found


class Hardtanh(Curve):
    """min(max(x, min_val), max_val), as ``torch.nn.Hardtanh`` and ``torch.clamp``.

    Of a value that is a limit itself the slope is 1, as that of ``torch.clamp``; that of the module is 0 there.
    """

    shader = "hardtanh"

    min_val: float = param(-1.0, live=True, doc="Smallest value let through")
    max_val: float = param(1.0, live=True, doc="Largest value let through")

    def output_shape(self, *inputs: Shape) -> Shape:
        """See `Op.output_shape`: the input's."""
        require(self.min_val <= self.max_val, f"min_val {self.min_val} must not pass max_val {self.max_val}.")
        return inputs[0]

    def bounds(self) -> tuple[float, float]:
        """See `Op.bounds`."""
        return self.min_val, self.max_val

    def torch(self, inputs: Sequence[Tensor], tensors: Mapping[str, Tensor]) -> Tensor:
        """See `Op.torch`."""
        del tensors
        # Unlike torch.nn.functional.hardtanh it takes limits that have been turned past each other.
        return inputs[0].clamp(self.min_val, self.max_val)

    def slope(self, x: Tensor, grad: Tensor) -> Tensor:
        """See `Curve.slope`."""
        import torch

        return torch.where((x >= self.min_val) & (x <= self.max_val), grad, 0.0)


class Hardsigmoid(Curve):
    """min(max(x + 3, 0), 6) / 6, as ``torch.nn.Hardsigmoid``."""

    shader = "hardsigmoid"

    def bounds(self) -> tuple[float, float]:
        """See `Op.bounds`."""
        return 0.0, 1.0

    def torch(self, inputs: Sequence[Tensor], tensors: Mapping[str, Tensor]) -> Tensor:
        """See `Op.torch`."""
        del tensors
        from torch.nn import functional as F

        return F.hardsigmoid(inputs[0])

    def slope(self, x: Tensor, grad: Tensor) -> Tensor:
        """See `Curve.slope`."""
        import torch

        found: Tensor = torch.ops.aten.hardsigmoid_backward(grad, x)
        return found


class Hardswish(Curve):
    """x * min(max(x + 3, 0), 6) / 6, as ``torch.nn.Hardswish``.

    Source: A. Howard et al., "Searching for MobileNetV3", 2019.
    """

    shader = "hardswish"

    def torch(self, inputs: Sequence[Tensor], tensors: Mapping[str, Tensor]) -> Tensor:
        """See `Op.torch`."""
        del tensors
        from torch.nn import functional as F

        return F.hardswish(inputs[0])

    def slope(self, x: Tensor, grad: Tensor) -> Tensor:
        """See `Curve.slope`."""
        import torch

        found: Tensor = torch.ops.aten.hardswish_backward(grad, x)
        return found
