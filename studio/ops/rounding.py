"""Whole numbers: Round."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Literal

from studio.model.declared.param import param
from studio.model.networks.op import Elementwise

if TYPE_CHECKING:
    from torch import Tensor


class Round(Elementwise):
    """The whole number below, above, towards zero or nearest, as ``torch.floor``, ``ceil``, ``trunc``, ``round``."""

    shader = "round"
    flat = True  # a staircase

    how: Literal["floor", "ceil", "trunc", "round"] = param("round", doc="Which whole number; halves go to even ones")

    def torch(self, inputs: Sequence[Tensor], tensors: Mapping[str, Tensor]) -> Tensor:
        """See `Op.torch`."""
        del tensors
        found: Tensor = getattr(inputs[0], self.how)()
        return found
