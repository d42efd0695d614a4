"""A layer that changes nothing: Identity."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from studio.model.networks.op import Backward, Elementwise, Gradients

if TYPE_CHECKING:
    from torch import Tensor


class Identity(Elementwise):
    """Its input as it is, as ``torch.nn.Identity``, and as dropout in evaluation mode."""

    shader = "identity"

    def gradient(self, at: Backward) -> Gradients:
        """See `Op.gradient`."""
        return {0: at.grad}

    def torch(self, inputs: Sequence[Tensor], tensors: Mapping[str, Tensor]) -> Tensor:
        """See `Op.torch`."""
        del tensors
        return inputs[0]
