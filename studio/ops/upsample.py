"""Upsampling without weights: Upsample."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Literal

from studio.model.op import Op, Shape, require
from studio.model.param import PositivePair, param

if TYPE_CHECKING:
    from torch import Tensor


class Upsample(Op):
    """Enlarges every channel by a whole factor, as ``torch.nn.Upsample``."""

    shader = "upsample"

    scale_factor: PositivePair = param(doc="Output pixels per input pixel")
    mode: Literal["nearest", "bilinear"] = param("nearest", doc="How pixels between are found")
    align_corners: bool = param(False, doc="Whether corner pixels keep their places (bilinear only)")

    def output_shape(self, *inputs: Shape) -> Shape:
        """See `Op.output_shape`."""
        (shape,) = inputs
        require(self.mode == "bilinear" or not self.align_corners, "align_corners goes with bilinear mode only.")
        return Shape(shape.channels, shape.height * self.scale_factor[0], shape.width * self.scale_factor[1])

    def size_ratio(self) -> tuple[Fraction, Fraction]:
        """See `Op.size_ratio`."""
        return Fraction(self.scale_factor[0]), Fraction(self.scale_factor[1])

    def torch(self, inputs: Sequence[Tensor], tensors: Mapping[str, Tensor]) -> Tensor:
        """See `Op.torch`."""
        del tensors
        from torch.nn import functional as F

        corners = self.align_corners if self.mode == "bilinear" else None
        factor = [float(f) for f in self.scale_factor]
        return F.interpolate(inputs[0], scale_factor=factor, mode=self.mode, align_corners=corners)
