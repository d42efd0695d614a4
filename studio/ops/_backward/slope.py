"""Derivatives of functions of one value: Slope, PReLUSlope, and what a PReLU's weight learns from."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Self

from studio.model.declared.param import Live, param
from studio.model.networks.op import Backward, Elementwise, Gradients, Op
from studio.model.networks.shape import Array, Shape
from studio.ops._backward.base import BackwardOp

if TYPE_CHECKING:
    from torch import Tensor


class Curve(Elementwise):
    """A function of one value, whose slope at every place the gradient is multiplied by.

    Its derivative is in ``shaders/ops/slopes/`` under the name of its own shader.
    """

    @abstractmethod
    def slope(self, x: Tensor, grad: Tensor) -> Tensor:
        """``grad`` times the derivative at ``x``, in PyTorch."""

    def gradient(self, at: Backward) -> Gradients:
        """See `Op.gradient`."""
        return {0: at.add(Slope(of=self), at.read(), at.grad)}


class Slope(BackwardOp):
    """The second input times the derivative of an operator of one value at the first."""

    arity = 2
    together = True

    of: Op = param(doc="The operator whose derivative it is")

    @property
    def shader(self) -> str:  # type: ignore[override]
        """See `Op.shader`: beside the operator's own."""
        return f"slopes/{self.of.shader}"

    def output_shape(self, *inputs: Shape) -> Shape:
        """See `Op.output_shape`: that of both inputs."""
        return inputs[0]

    def structure(self) -> dict[str, int | float]:
        """See `Op.structure`: the operator's."""
        return self.of.structure()

    def numbers(self) -> dict[str, float]:
        """See `Op.numbers`: the operator's."""
        return self.of.numbers()

    def live_params(self) -> tuple[Live, ...]:
        """See `Op.live_params`: the operator's."""
        return self.of.live_params()

    def live_value(self, name: str) -> float:
        """See `Op.live_value`."""
        return self.of.live_value(name)

    def turned(self, values: Mapping[str, float]) -> Self:
        """See `Op.turned`."""
        return self.model_copy(update={"of": self.of.turned(values)})

    def torch(self, inputs: Sequence[Tensor], tensors: Mapping[str, Tensor]) -> Tensor:
        """See `Op.torch`."""
        del tensors
        assert isinstance(self.of, Curve)
        return self.of.slope(inputs[0], inputs[1])


class PReLUSlope(BackwardOp):
    """The second input, times the slopes of a `PReLU` where the first is not positive."""

    arity = 2
    shader = "backward/prelu"
    uncompiled = frozenset({"num_parameters"})

    num_parameters: int = param(1, lo=1, doc="1 for all channels alike, else the number of channels")

    def output_shape(self, *inputs: Shape) -> Shape:
        """See `Op.output_shape`."""
        return inputs[0]

    def tensor_shapes(self) -> dict[str, tuple[int, ...]]:
        """See `Op.tensor_shapes`."""
        return {"weight": (self.num_parameters,)}

    def structure(self) -> dict[str, int | float]:
        """See `Op.structure`."""
        return {"SHARED": int(self.num_parameters == 1)}

    def torch(self, inputs: Sequence[Tensor], tensors: Mapping[str, Tensor]) -> Tensor:
        """See `Op.torch`."""
        import torch

        return torch.where(inputs[0] > 0, inputs[1], inputs[1] * tensors["weight"][:, None, None])

    def vector_rows(self) -> tuple[str, ...]:
        """See `Op.vector_rows`."""
        return ("weight",)

    def vectors(self, tensors: Mapping[str, Array]) -> Array:
        """See `Op.vectors`: the slopes."""
        return tensors["weight"][None]


class NegativePart(BackwardOp, Elementwise):
    """min(x, 0): what a slope below zero is multiplied by."""

    shader = "backward/negative_part"

    def torch(self, inputs: Sequence[Tensor], tensors: Mapping[str, Tensor]) -> Tensor:
        """See `Op.torch`."""
        del tensors
        return inputs[0].clamp(max=0)


class Pick(BackwardOp):
    """The third input where the first wins over the second, half of it where they are equal, else zero."""

    arity = 3
    shader = "backward/pick"

    larger: bool = param(doc="Whether the larger wins, or the smaller")

    def output_shape(self, *inputs: Shape) -> Shape:
        """See `Op.output_shape`."""
        return inputs[2]

    def torch(self, inputs: Sequence[Tensor], tensors: Mapping[str, Tensor]) -> Tensor:
        """See `Op.torch`."""
        del tensors
        a, b, grad = inputs if self.larger else (inputs[1], inputs[0], inputs[2])
        return grad * ((a > b).to(grad) + (a == b).to(grad) / 2)
