"""Resizing without weights: Upsample, UpsampleLike."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, PlainSerializer, model_validator

from studio.model.declared.param import param
from studio.model.declared.size import Size
from studio.model.networks.op import Backward, Gradients, Op, require
from studio.model.networks.shape import Scale, Shape
from studio.ops._backward.space import ResizeGradient, Resizing

if TYPE_CHECKING:
    from torch import Tensor


def as_pair(value: Any) -> Any:
    """One number as both sides."""
    return (value, value) if isinstance(value, (int, float)) and not isinstance(value, bool) else value


def _whole_where_it_can_be(factor: float) -> int | float:
    return int(factor) if float(factor).is_integer() else factor


# A whole factor is written as 2, not 2.0, as it was before there were others: digests of networks follow from it.
Factor = Annotated[
    float, Field(ge=1 / 64, le=64), AfterValidator(_whole_where_it_can_be), PlainSerializer(_whole_where_it_can_be)
]
"""Output pixels per input pixel."""
Side = Annotated[int, Field(ge=1, le=16384)]
"""A side of a map, in pixels."""

# A broken factor like 0.7 counts as the nearest of such fractions where pictures are padded to fit.
_FINEST_FRACTION = 16


class Upsample(Resizing):
    """Resizes every channel by a factor or to a size, as ``torch.nn.Upsample``; smaller, too.

    A factor is taken at its word: an output pixel lies at its place over the factor, though the output's size is
    rounded down, as PyTorch does without ``recompute_scale_factor``. With a size the two sizes' quotient counts.
    Bicubic is the convolution of R. Keys, "Cubic convolution interpolation for digital image processing", 1981, with
    a = -0.75.
    """

    shader = "upsample"

    scale_factor: Annotated[tuple[Factor, Factor] | None, BeforeValidator(as_pair)] = param(
        None, doc="Output pixels per input pixel"
    )
    mode: Literal["nearest", "bilinear", "bicubic"] = param("nearest", doc="How pixels between are found")
    align_corners: bool = param(False, doc="Whether corner pixels keep their places (not with nearest)")
    size: Annotated[tuple[Side, Side] | None, BeforeValidator(as_pair)] = param(
        None, doc="Height and width of the output, instead of a factor", unit="px"
    )

    @model_validator(mode="after")
    def _either_factor_or_size(self) -> Upsample:
        if (self.scale_factor is None) == (self.size is None):
            raise ValueError("must have either a scale_factor or a size")
        return self

    def output_shape(self, *inputs: Shape) -> Shape:
        """See `Op.output_shape`."""
        (shape,) = inputs
        require(
            self.mode != "nearest" or not self.align_corners,
            "align_corners goes with the bilinear and bicubic modes only.",
        )
        if self.scale_factor is None:
            assert self.size is not None
            return Shape(shape.channels, *self.size)
        height, width = (math.floor(side * factor) for side, factor in zip(shape[1:], self.scale_factor, strict=True))
        return Shape(shape.channels, height, width)

    def size_ratio(self) -> Scale | None:
        """See `Op.size_ratio`."""
        if self.scale_factor is None:
            return None
        y, x = (Fraction(factor).limit_denominator(_FINEST_FRACTION) for factor in self.scale_factor)
        return y, x

    def structure(self) -> dict[str, int | float]:
        """See `Op.structure`: whole factors as they are for nearest, else input pixels per output pixel."""
        found: dict[str, int | float] = {f"MODE_{self.mode.upper()}": 1, "ALIGN_CORNERS": int(self.align_corners)}
        if self.scale_factor is None:
            return found
        if self.mode == "nearest" and all(isinstance(factor, int) for factor in self.scale_factor):
            return found | dict(zip(("FACTOR_H", "FACTOR_W"), self.scale_factor, strict=True))
        return found | {"STEP_H": 1 / self.scale_factor[0], "STEP_W": 1 / self.scale_factor[1]}

    def gradient(self, at: Backward) -> Gradients:
        """See `Op.gradient`."""
        _, height, width = at.shape()
        return {0: at.add(ResizeGradient(of=self, height=height, width=width), at.grad)}

    def torch(self, inputs: Sequence[Tensor], tensors: Mapping[str, Tensor]) -> Tensor:
        """See `Op.torch`."""
        del tensors
        from torch.nn import functional as F

        corners = self.align_corners if self.mode != "nearest" else None
        factor = [float(f) for f in self.scale_factor] if self.scale_factor else None
        # PyTorch's own annotation leaves a pair of sizes beside a mode out, which it takes.
        size: Any = self.size
        return F.interpolate(inputs[0], size=size, scale_factor=factor, mode=self.mode, align_corners=corners)

    def torch_gradient(self, grad: Tensor, size: Size) -> Tensor:
        """See `Resizing.torch_gradient`."""
        import torch

        sizes = [*grad.shape[2:]], [*grad.shape[:2], *size]
        factors = tuple(map(float, self.scale_factor)) if self.scale_factor else (None, None)
        aten: Any = torch.ops.aten
        if self.mode == "nearest":
            found: Tensor = aten.upsample_nearest2d_backward(grad, *sizes, *factors)
            return found
        resize = aten.upsample_bilinear2d_backward if self.mode == "bilinear" else aten.upsample_bicubic2d_backward
        made: Tensor = resize(grad, *sizes, self.align_corners, *factors)
        return made


class UpsampleLike(Op):
    """Resizes every channel of the first map to the size of the second, as ``F.interpolate(x, size=y.shape[2:])``."""

    arity = 2
    follows = 1
    shader = "upsample"

    mode: Literal["nearest", "bilinear", "bicubic"] = param("nearest", doc="How pixels between are found")
    align_corners: bool = param(False, doc="Whether corner pixels keep their places (not with nearest)")

    def output_shape(self, *inputs: Shape) -> Shape:
        """See `Op.output_shape`."""
        require(
            self.mode != "nearest" or not self.align_corners,
            "align_corners goes with the bilinear and bicubic modes only.",
        )
        return Shape(inputs[0].channels, *inputs[1][1:])

    def structure(self) -> dict[str, int | float]:
        """See `Op.structure`: those of an `Upsample` to a size."""
        return {f"MODE_{self.mode.upper()}": 1, "ALIGN_CORNERS": int(self.align_corners)}

    def gradient(self, at: Backward) -> Gradients:
        """See `Op.gradient`: of the second map only the size counts."""
        _, height, width = at.shape()
        size = at.shape(1)[1:]
        of = Upsample(size=size, mode=self.mode, align_corners=self.align_corners)
        return {0: at.add(ResizeGradient(of=of, height=height, width=width), at.grad)}

    def torch(self, inputs: Sequence[Tensor], tensors: Mapping[str, Tensor]) -> Tensor:
        """See `Op.torch`."""
        del tensors
        from torch.nn import functional as F

        corners = self.align_corners if self.mode != "nearest" else None
        size: Any = tuple(inputs[1].shape[2:])
        return F.interpolate(inputs[0], size=size, mode=self.mode, align_corners=corners)
