"""Activations with weights: PReLU."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from studio.model.declared.param import param
from studio.model.networks.op import Backward, Elementwise, Gradients, require
from studio.model.networks.shape import Array, Shape

if TYPE_CHECKING:
    from torch import Tensor


class PReLU(Elementwise):
    """``x`` where positive, else x * weight, as ``torch.nn.PReLU``: one weight, or one per channel.

    Source: K. He et al., "Delving deep into rectifiers", 2015.
    """

    shader = "prelu"

    num_parameters: int = param(1, lo=1, doc="1 for all channels alike, else the number of channels")

    def output_shape(self, *inputs: Shape) -> Shape:
        """See `Op.output_shape`: the input's."""
        require(
            self.num_parameters in (1, inputs[0].channels),
            f"its {self.num_parameters} slopes need as many channels, but its input has {inputs[0].channels}.",
        )
        return inputs[0]

    def tensor_shapes(self) -> dict[str, tuple[int, ...]]:
        """See `Op.tensor_shapes`."""
        return {"weight": (self.num_parameters,)}

    def structure(self) -> dict[str, int | float]:
        """See `Op.structure`."""
        return {"SHARED": int(self.num_parameters == 1)}

    def gradient(self, at: Backward) -> Gradients:
        """See `Op.gradient`."""
        from studio.ops._backward.slope import NegativePart, PReLUSlope
        from studio.ops._backward.sums import SumOfProducts
        from studio.ops.total import Sum

        of_weight = at.add(SumOfProducts(), at.grad, at.add(NegativePart(), at.read()))
        if self.num_parameters == 1 and at.shape().channels > 1:
            of_weight = at.add(Sum(dim="channels"), of_weight)
        slope = PReLUSlope(num_parameters=self.num_parameters)
        return {0: at.add(slope, at.read(), at.grad), "weight": of_weight}

    def torch(self, inputs: Sequence[Tensor], tensors: Mapping[str, Tensor]) -> Tensor:
        """See `Op.torch`."""
        from torch.nn import functional as F

        return F.prelu(inputs[0], tensors["weight"])

    def vector_rows(self) -> tuple[str, ...]:
        """See `Op.vector_rows`."""
        return ("weight",)

    def vectors(self, tensors: Mapping[str, Array]) -> Array:
        """See `Op.vectors`: the slopes."""
        return tensors["weight"][None]
