"""What stands in for operators while a network learns: BatchNorm2d by the statistics of what it reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from studio.model.gradient import Backward, Gradients
from studio.model.graph import Node
from studio.model.op import Array, Shape
from studio.ops.norm import BatchNorm2d
from studio.ops.norm_live import InstanceNorm2d, moments

if TYPE_CHECKING:
    from torch import Tensor


class LearningBatchNorm2d(BatchNorm2d):
    """Batch normalisation as it learns: by mean and variance of each picture's own map.

    With one picture a step this is what ``torch.nn.BatchNorm2d`` does in training mode. Of several pictures each is
    normalised by itself, so that a step is the same however it is divided, and on every engine.
    """

    shader = "group_norm"
    pointwise = False
    uncompiled = frozenset({"num_features"})

    def structure(self) -> dict[str, int | float]:
        """See `Op.structure`."""
        return {"EPS": self.eps, "AFFINE": int(self.affine)}

    def scratch(self, *inputs: Shape) -> tuple[tuple[str, Shape], ...]:
        """See `Op.scratch`: those of `InstanceNorm2d`."""
        return moments(inputs[0], grouped=False)

    def gradient(self, at: Backward) -> Gradients:
        """See `Op.gradient`: through the statistics, too."""
        from studio.ops._backward.norm import ChannelScale, Deviation, norm_gradient

        plain = InstanceNorm2d(num_features=self.num_features, eps=self.eps)
        weight = ChannelScale(num_features=self.num_features) if self.affine else None
        return norm_gradient(at, plain, Deviation(eps=self.eps), weight, 1)

    def torch(self, inputs: Sequence[Tensor], tensors: Mapping[str, Tensor]) -> Tensor:
        """See `Op.torch`."""
        import torch

        weight, bias = tensors.get("weight"), tensors.get("bias")
        return torch.instance_norm(inputs[0], weight, bias, None, None, True, 0.0, self.eps, False)

    def vector_rows(self) -> tuple[str, ...] | None:
        """See `Op.vector_rows`."""
        return ("weight", "bias") if self.affine else None

    def vectors(self, tensors: Mapping[str, Array]) -> Array | None:  # type: ignore[override]
        """See `Op.vectors`: weight and bias."""
        return np.stack([tensors["weight"], tensors["bias"]]) if self.affine else None


def as_it_learns(node: Node) -> Node:
    """The layer that takes this one's place while the network learns; mostly itself."""
    if type(node.op) is not BatchNorm2d:
        return node
    op = LearningBatchNorm2d.model_validate(node.op.model_dump())
    return Node(node.name, op, node.inputs, node.tensors_of)
