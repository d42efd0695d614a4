"""What stands in for operators while a network learns: norms by moments that a layer of their own takes, once for all.

A norm takes the mean m and the variance v of every channel; ``n = (x - m) / sqrt(v + eps)`` is times weight plus bias::

    x ──┬────────────────────┬── norm ──  ...   from behind: g, the gradient of what the norm made
        └── Moments (m, v) ──┘
                                          sums  S = sum of g, P = sum of g * n                 Crop: of bias, of weight
                                          by x  weight / sqrt(v + eps) * (g - S / count - n * P / count)

So a map is read twice on the way there and twice on the way back, and running statistics are learnt from the same
moments. The rule of the norm is that of both layers together, and gives the moments' layer no gradient of its own.
A batch norm's moments are those of all pictures of a step, where they are run together (`studio.ops._together`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from studio.model.declared.param import param
from studio.model.networks.node import Node
from studio.model.networks.op import Backward, Gradients, Op
from studio.model.networks.passes import Blocks, Scratch
from studio.model.networks.shape import Array, Shape
from studio.ops._backward.base import BackwardOp
from studio.ops._moments import moments
from studio.ops.norm import BatchNorm2d
from studio.ops.norm_live import InstanceNorm2d

if TYPE_CHECKING:
    from torch import Tensor


def whole_tiles(shader: str, shape: Shape) -> Blocks:
    """A workgroup for every tile of channels, which looks over the whole map."""
    return Blocks(shader, (), -(-shape.channels // 4), 1, whole=shape.height * shape.width)


class Moments(Op):
    """Mean and variance of every channel, as C × 1 × 2; the variance is the biased one."""

    shader = "backward/moments"

    def output_shape(self, *inputs: Shape) -> Shape:
        """See `Op.output_shape`."""
        return Shape(inputs[0].channels, 1, 2)

    def scratch(self, *inputs: Shape) -> tuple[tuple[str, Shape], ...]:
        """See `Op.scratch`: the passes of the norm."""
        return moments(inputs[0], grouped=False)

    def at_once(self, *inputs: Shape) -> Blocks:
        """See `Op.at_once`."""
        return whole_tiles("lib/moments_block.glsl", inputs[0])

    def gradient(self, at: Backward) -> Gradients:
        """See `Op.gradient`: where what reads them gives them one."""
        return {0: at.add(MomentsInput(), at.grad, at.read(0), at.output)}

    def torch(self, inputs: Sequence[Tensor], tensors: Mapping[str, Tensor]) -> Tensor:
        """See `Op.torch`."""
        del tensors
        import torch

        variance, mean = torch.var_mean(inputs[0].detach(), (2, 3), correction=0, keepdim=True)
        return torch.cat([mean, variance], 3)


class MomentsInput(BackwardOp):
    """The gradient of moments by their map: of theirs, the map, and the moments."""

    arity = 3
    shader = "backward/moments_input"

    def output_shape(self, *inputs: Shape) -> Shape:
        """See `Op.output_shape`."""
        return inputs[1]

    def torch(self, inputs: Sequence[Tensor], tensors: Mapping[str, Tensor]) -> Tensor:
        """See `Op.torch`."""
        del tensors
        grad, x, held = inputs
        return (grad[..., :1] + 2 * grad[..., 1:] * (x - held[..., :1])) / (x.shape[2] * x.shape[3])


class BatchMoments(Moments):
    """Mean and variance of every channel over all pictures, the same for each."""

    def torch(self, inputs: Sequence[Tensor], tensors: Mapping[str, Tensor]) -> Tensor:
        """See `Op.torch`."""
        del tensors
        import torch

        variance, mean = torch.var_mean(inputs[0].detach(), (0, 2, 3), correction=0, keepdim=True)
        return torch.cat([mean, variance], 3).expand(len(inputs[0]), -1, -1, -1)


class _ByMoments(Op):
    """A norm that reads its map's moments besides the map."""

    arity = 2
    shader = "backward/by_moments"
    pointwise = False
    behind: ClassVar[int | None] = 1
    uncompiled = frozenset({"num_features"})

    num_features: int
    eps: float
    affine: bool

    def structure(self) -> dict[str, int | float]:
        """See `Op.structure`."""
        return {"EPS": self.eps, "AFFINE": int(self.affine)}

    def scratch(self, *inputs: Shape) -> tuple[tuple[str, Shape], ...]:
        """See `Op.scratch`: none, for the moments are there."""
        del inputs
        return ()

    def gradient(self, at: Backward) -> Gradients:
        """See `Op.gradient`: through the moments, too."""
        from studio.ops.cut import Crop

        sums = at.add(NormSums(eps=self.eps), at.grad, at.read(0), at.read(1))
        op = NormInput(num_features=self.num_features, eps=self.eps, affine=self.affine)
        found: dict[int | str, str] = {0: at.add(op, at.grad, at.read(0), at.read(1), sums)}
        if self.affine:
            found["bias"] = at.add(Crop(right=1), sums)
            found["weight"] = at.add(Crop(left=1), sums)
        return found

    def torch(self, inputs: Sequence[Tensor], tensors: Mapping[str, Tensor]) -> Tensor:
        """See `Op.torch`: PyTorch takes the moments once more, and knows the derivative of both together."""
        norm = InstanceNorm2d(num_features=self.num_features, eps=self.eps, affine=self.affine)
        return norm.torch(inputs[:1], {key: tensors[key] for key in norm.tensor_shapes()})

    def vector_rows(self) -> tuple[str, ...] | None:
        """See `Op.vector_rows`."""
        return ("weight", "bias") if self.affine else None

    def vectors(self, tensors: Mapping[str, Array]) -> Array | None:
        """See `Op.vectors`: weight and bias; running statistics are left out."""
        return np.stack([tensors["weight"], tensors["bias"]]) if self.affine else None


class LearningBatchNorm2d(_ByMoments, BatchNorm2d):  # type: ignore[misc]
    """Batch normalisation as it learns: what ``torch.nn.BatchNorm2d`` does in training mode, by mean and variance over
    all pictures that are run together.
    """

    def torch(self, inputs: Sequence[Tensor], tensors: Mapping[str, Tensor]) -> Tensor:
        """See `Op.torch`: PyTorch takes the moments once more, and knows the derivative of both together."""
        import torch

        weight, bias = (tensors[key] if self.affine else None for key in ("weight", "bias"))
        return torch.batch_norm(inputs[0], weight, bias, None, None, True, 0.0, self.eps, False)


class LearningInstanceNorm2d(_ByMoments, InstanceNorm2d):
    """An `InstanceNorm2d` by the moments of a layer of their own."""


class NormSums(BackwardOp):
    """Of g, a map x and its moments, as C × 1 × 2: the sum of g, and of g times the normalised x."""

    arity = 3
    shader = "backward/norm_sums"

    eps: float = param(1e-5, lo=0.0, doc="Added to the variance before its square root")

    def output_shape(self, *inputs: Shape) -> Shape:
        """See `Op.output_shape`."""
        return Shape(inputs[0].channels, 1, 2)

    def scratch(self, *inputs: Shape) -> tuple[Scratch, ...]:
        """See `Op.scratch`: every row, before the column."""
        channels, height, _ = inputs[0]
        return (Scratch("backward/norm_rows", Shape(channels, height, 2)),)

    def at_once(self, *inputs: Shape) -> Blocks:
        """See `Op.at_once`."""
        return whole_tiles("lib/norm_sums_block.glsl", inputs[0])

    def torch(self, inputs: Sequence[Tensor], tensors: Mapping[str, Tensor]) -> Tensor:
        """See `Op.torch`."""
        del tensors
        import torch

        grad, made = inputs[0], normal(inputs[1], inputs[2], self.eps)
        return torch.cat([(each.sum((2, 3), keepdim=True)) for each in (grad, grad * made)], 3)


class NormGradient(BackwardOp):
    """A part of a norm's gradient that its weight scales, in the shape of the first input."""

    arity = 2
    uncompiled = frozenset({"num_features"})

    num_features: int = param(lo=1, doc="Channels")
    eps: float = param(1e-5, lo=0.0, doc="Added to the variance before its square root")
    affine: bool = param(True, doc="Whether a weight follows the norm")

    def output_shape(self, *inputs: Shape) -> Shape:
        """See `Op.output_shape`."""
        return inputs[0]

    def structure(self) -> dict[str, int | float]:
        """See `Op.structure`."""
        return {"EPS": self.eps, "AFFINE": int(self.affine)}

    def tensor_shapes(self) -> dict[str, tuple[int, ...]]:
        """See `Op.tensor_shapes`: the norm's weight."""
        return {"weight": (self.num_features,)} if self.affine else {}

    def vector_rows(self) -> tuple[str, ...] | None:
        """See `Op.vector_rows`."""
        return ("weight",) if self.affine else None

    def vectors(self, tensors: Mapping[str, Array]) -> Array | None:
        """See `Op.vectors`: the weight."""
        return tensors["weight"][None] if self.affine else None

    def weight(self, tensors: Mapping[str, Tensor]) -> Tensor | float:
        """(C, 1, 1), what each channel is multiplied by; 1 where no weight follows the norm."""
        return tensors["weight"][:, None, None] if self.affine else 1.0


class NormInput(NormGradient):
    """The gradient of a norm by its map: of g, x, the moments, and the two sums."""

    arity = 4
    shader = "backward/norm_input"
    behind = 3

    def torch(self, inputs: Sequence[Tensor], tensors: Mapping[str, Tensor]) -> Tensor:
        """See `Op.torch`."""
        grad, x, held, sums = inputs
        count = x.shape[2] * x.shape[3]
        mean, product = (sums[..., k : k + 1] / count for k in (0, 1))
        scale = (held[..., 1:] + self.eps).rsqrt() * self.weight(tensors)
        return scale * (grad - mean - normal(x, held, self.eps) * product)


def normal(x: Tensor, held: Tensor, eps: float) -> Tensor:
    """A map normalised by moments."""
    return (x - held[..., :1]) * (held[..., 1:] + eps).rsqrt()


def as_it_learns(node: Node) -> tuple[Node, ...]:
    """The layers that take this one's place while the network learns: mostly itself; of norms, their moments before.

    The moments' layer is the norm's name with ``~moments`` behind it.
    """
    kinds: dict[type[Op], tuple[type[Op], type[Moments]]] = {
        BatchNorm2d: (LearningBatchNorm2d, BatchMoments),
        InstanceNorm2d: (LearningInstanceNorm2d, Moments),
    }
    if type(node.op) not in kinds:
        return (node,)
    kind, taken = kinds[type(node.op)]
    held = Node(f"{node.name}~moments", taken(), node.inputs)
    return held, Node(node.name, kind.model_validate(node.op.model_dump()), (*node.inputs, held.name), node.tensors_of)
