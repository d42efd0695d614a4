"""Batch norms of several pictures that stand side by side in one graph: their moments are pooled, and so derived.

    picture 1   x ──┬──────────────────────── norm ──     from behind: g, the gradient of what a norm made
                    └── Moments ──┐            │
    ...                           Pooled (m, v)┤           by x        weight / sqrt(v + eps) * g
    picture N   x ──┬── Moments ──┘            │           by m, v     sums of g, and of g times the normalised x,
                    └──────────────────────── norm ──                  added up over the pictures by the walk

What the gradient of the pooled moments gives those of a picture, and those the picture's map, are rules of their own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from studio.errors import StudioError
from studio.model.declared.param import param
from studio.model.networks.op import Backward, Gradients, Op, listed
from studio.model.networks.shape import Shape
from studio.ops._backward.base import BackwardOp
from studio.ops._training import LearningBatchNorm2d, NormGradient, NormSums, normal

if TYPE_CHECKING:
    from torch import Tensor

MOST = 8
"""Maps that `PooledMoments` reads."""


class PooledMoments(Op):
    """Mean and variance over several maps, of mean and variance of each, all C × 1 × 2.

    The variance is that around the common mean, of the parts' own and of their means, so that nothing is lost where
    means are large.
    """

    arity = None
    shader = "backward/pooled_moments"

    counts: tuple[int, ...] = param((1, 1), doc="Of how many values each is, or of how many pictures of one size")

    @property
    def shares(self) -> tuple[float, ...]:
        """What part of all values each is of."""
        return tuple(count / sum(self.counts) for count in self.counts)

    def output_shape(self, *inputs: Shape) -> Shape:
        """See `Op.output_shape`."""
        alike = len(set(inputs)) == 1 and inputs[0][1:] == (1, 2)
        if not alike or len(inputs) != len(self.counts) or not 2 <= len(inputs) <= MOST:
            raise StudioError(f"it pools moments of 2 to {MOST} maps, as many as counts, not {listed(inputs)}.")
        return inputs[0]

    def structure(self) -> dict[str, int | float]:
        """See `Op.structure`."""
        return {f"SHARE{k}": share for k, share in enumerate((*self.shares, *[0.0] * (MOST - len(self.counts))))}

    def gradient(self, at: Backward) -> Gradients:
        """See `Op.gradient`."""
        return {
            k: at.add(PooledPart(share=share), at.grad, at.read(k), at.output) for k, share in enumerate(self.shares)
        }

    def torch(self, inputs: Sequence[Tensor], tensors: Mapping[str, Tensor]) -> Tensor:
        """See `Op.torch`."""
        del tensors
        import torch

        mean = sum(share * held[..., :1] for share, held in zip(self.shares, inputs, strict=True))
        apart = [held[..., 1:] + (held[..., :1] - mean) ** 2 for held in inputs]
        variance = sum(share * part for share, part in zip(self.shares, apart, strict=True))
        return torch.cat([mean, variance], 3)  # type: ignore[list-item]


class PooledPart(BackwardOp):
    """The gradient of pooled moments by those of a part: of theirs, the part's moments, and the pooled ones."""

    arity = 3
    shader = "backward/pooled_part"

    share: float = param(1.0, lo=0.0, hi=1.0, doc="What part of all values the part is of")

    def output_shape(self, *inputs: Shape) -> Shape:
        """See `Op.output_shape`."""
        return inputs[0]

    def structure(self) -> dict[str, int | float]:
        """See `Op.structure`."""
        return {"SHARE": self.share}

    def torch(self, inputs: Sequence[Tensor], tensors: Mapping[str, Tensor]) -> Tensor:
        """See `Op.torch`."""
        del tensors
        import torch

        grad, own, pooled = inputs
        mean = grad[..., :1] + 2 * grad[..., 1:] * (own[..., :1] - pooled[..., :1])
        return self.share * torch.cat([mean, grad[..., 1:]], 3)


class PooledBatchNorm2d(LearningBatchNorm2d):
    """Batch normalisation of one of several pictures, by their pooled moments."""

    behind = None

    def gradient(self, at: Backward) -> Gradients:
        """See `Op.gradient`: by the map as if the moments were given, and by the moments."""
        from studio.ops.cut import Crop

        scale, by = (
            kind(num_features=self.num_features, eps=self.eps, affine=self.affine) for kind in (NormScale, NormMoments)
        )
        sums = at.add(NormSums(eps=self.eps), at.grad, at.read(0), at.read(1))
        found: dict[int | str, str] = {
            0: at.add(scale, at.grad, at.read(1)),
            1: at.add(by, sums, at.read(1)),
        }
        if self.affine:
            found["bias"] = at.add(Crop(right=1), sums)
            found["weight"] = at.add(Crop(left=1), sums)
        return found

    def torch(self, inputs: Sequence[Tensor], tensors: Mapping[str, Tensor]) -> Tensor:
        """See `Op.torch`."""
        made = normal(inputs[0], inputs[1], self.eps)
        return made * tensors["weight"][:, None, None] + tensors["bias"][:, None, None] if self.affine else made


class NormScale(NormGradient):
    """The gradient of a norm by its map, its moments given: of g, and the moments."""

    shader = "backward/norm_scale"

    def torch(self, inputs: Sequence[Tensor], tensors: Mapping[str, Tensor]) -> Tensor:
        """See `Op.torch`."""
        return inputs[0] * (inputs[1][..., 1:] + self.eps).rsqrt() * self.weight(tensors)


class NormMoments(NormGradient):
    """The gradient of a norm by its moments: of its `NormSums`, and the moments."""

    shader = "backward/norm_moments"

    def torch(self, inputs: Sequence[Tensor], tensors: Mapping[str, Tensor]) -> Tensor:
        """See `Op.torch`."""
        import torch

        sums, scale = inputs[0], (inputs[1][..., 1:] + self.eps).rsqrt()
        by = -scale * self.weight(tensors)
        return torch.cat([by * sums[..., :1], 0.5 * by * scale * sums[..., 1:]], 3)
