"""Between two networks: Mix."""

from __future__ import annotations

from typing import ClassVar

from studio.model.declared.param import param
from studio.model.filters.edit import Edit, Rule, Selection
from studio.model.networks.shape import Array


class Mix(Edit):
    """Moves every selected weight towards that of a second tensor: the original, or the same layer elsewhere.

    `with_other` gives the second tensor, of the same shape.
    """

    label: ClassVar[str] = "Mix"
    group: ClassVar[str] = "Blend"
    in_pieces: ClassVar[bool] = True
    needs_other: ClassVar[bool] = True

    amount: float = param(0.5, lo=0.0, hi=1.0, doc="How far: 0 leaves the weights, 1 puts the second tensor's")

    def rule(self, tensor: Array, selection: Selection) -> Rule:
        """See `Edit.rule`."""
        del selection
        other = self.other(tensor)
        # The ends are exact, down to the sign of a zero.
        if self.amount == 0.0:
            return lambda piece: piece.kernels
        if self.amount == 1.0:
            return lambda piece: other[piece.rows, piece.columns]
        return lambda piece: piece.kernels * (1 - self.amount) + other[piece.rows, piece.columns] * self.amount
