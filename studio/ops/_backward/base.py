"""What all operators of backward graphs have in common."""

from __future__ import annotations

from studio.model.networks.op import Backward, Op


class BackwardOp(Op):
    """An operator that stands in backward graphs alone, and is not derived a second time."""

    def gradient(self, at: Backward) -> None:
        """See `Op.gradient`: none."""
        del at
