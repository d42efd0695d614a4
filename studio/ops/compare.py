"""Comparisons, whose result is 1 where they hold and 0 elsewhere, and the choice by such a mask."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Literal

from studio.model.declared.param import param
from studio.model.networks.op import Backward, Elementwise, Gradients
from studio.ops._backward.sums import summed_to
from studio.ops._combined import Combined

if TYPE_CHECKING:
    from torch import Tensor

How = Literal["gt", "ge", "lt", "le", "eq", "ne"]
_DOC = "gt is >, ge is >=, lt is <, le is <=, eq is ==, ne is !="


class Compare(Elementwise):
    """1 where a value compares so with a number, else 0, as ``torch.gt`` and its siblings; NaN only differs."""

    shader = "compare"
    flat = True  # a step

    how: How = param("gt", doc=_DOC)
    value: float = param(0.0, live=True, doc="What every value is compared with")

    def torch(self, inputs: Sequence[Tensor], tensors: Mapping[str, Tensor]) -> Tensor:
        """See `Op.torch`."""
        del tensors
        import torch

        (x,) = inputs
        found: Tensor = getattr(torch, self.how)(x, self.value)
        return found.to(x.dtype)


class CompareMaps(Combined):
    """1 where a value of the first map compares so with that of the second, else 0, as ``torch.gt``."""

    arity = 2
    shader = "compare_maps"
    flat = True  # a step

    how: How = param("gt", doc=_DOC)

    def torch(self, inputs: Sequence[Tensor], tensors: Mapping[str, Tensor]) -> Tensor:
        """See `Op.torch`."""
        del tensors
        import torch

        found: Tensor = getattr(torch, self.how)(inputs[0], inputs[1])
        return found.to(inputs[0].dtype)


class Where(Combined):
    """The second map where the first is not zero, else the third, as ``torch.where``."""

    arity = 3
    shader = "where"

    def gradient(self, at: Backward) -> Gradients:
        """See `Op.gradient`."""
        from studio.ops.functions import Affine

        nothing = at.add(Affine(scale=0.0), at.grad)
        taken = at.add(Where(), at.read(), at.grad, nothing), at.add(Where(), at.read(), nothing, at.grad)
        return {k: summed_to(at, held, at.shape(k)) for k, held in enumerate(taken, start=1)}

    def torch(self, inputs: Sequence[Tensor], tensors: Mapping[str, Tensor]) -> Tensor:
        """See `Op.torch`."""
        del tensors
        import torch

        return torch.where(inputs[0] != 0, inputs[1], inputs[2])
