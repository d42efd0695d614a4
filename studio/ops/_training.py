"""What stands in for operators while a network learns: BatchNorm2d by the statistics of what it reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from studio.model.gradient import Backward, Gradients
from studio.model.graph import Node
from studio.model.op import Array, Shape
from studio.ops.norm import BatchNorm2d
from studio.ops.norm_live import InstanceNorm2d

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
        return self._norm().structure()

    def scratch(self, *inputs: Shape) -> tuple[tuple[str, Shape], ...]:
        """See `Op.scratch`."""
        return self._norm().scratch(*inputs)

    def gradient(self, at: Backward) -> Gradients:
        """See `Op.gradient`: through the statistics, too."""
        return self._norm().gradient(at)

    def torch(self, inputs: Sequence[Tensor], tensors: Mapping[str, Tensor]) -> Tensor:
        """See `Op.torch`."""
        return self._norm().torch(inputs, tensors)

    def vector_rows(self) -> tuple[str, ...] | None:
        """See `Op.vector_rows`."""
        return self._norm().vector_rows()

    def vectors(self, tensors: Mapping[str, Array]) -> Array | None:  # type: ignore[override]
        """See `Op.vectors`: weight and bias; the running statistics are left out."""
        return np.stack([tensors["weight"], tensors["bias"]]) if self.affine else None

    def _norm(self) -> InstanceNorm2d:
        """What it does while it learns."""
        return InstanceNorm2d(num_features=self.num_features, eps=self.eps, affine=self.affine)


def as_it_learns(node: Node) -> Node:
    """The layer that takes this one's place while the network learns; mostly itself."""
    if type(node.op) is not BatchNorm2d:
        return node
    op = LearningBatchNorm2d.model_validate(node.op.model_dump())
    return Node(node.name, op, node.inputs, node.tensors_of)
