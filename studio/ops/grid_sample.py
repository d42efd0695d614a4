"""Maps sampled wherever a second map says: GridSample."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from studio.model.declared.param import param
from studio.model.networks.op import Backward, Gradients, Op, require
from studio.model.networks.shape import Shape

if TYPE_CHECKING:
    from torch import Tensor


class GridSample(Op):
    """The first map at the places of the second, as ``torch.nn.functional.grid_sample``.

    The second map has two channels: the column and the row, from -1 at the left or upper border to 1 at the right or
    lower one. The output is as large as the second map.

    Source: M. Jaderberg et al., "Spatial transformer networks", 2015.
    """

    arity: ClassVar[int | None] = 2
    follows = 1
    shader = "grid_sample"

    mode: Literal["bilinear", "nearest", "bicubic"] = param("bilinear", doc="How pixels are weighed")
    padding: Literal["zeros", "border", "reflection"] = param("zeros", doc="What lies outside the map")
    align_corners: bool = param(False, doc="Whether ±1 are the middles of the outermost pixels, not their far edges")

    def output_shape(self, *inputs: Shape) -> Shape:
        """See `Op.output_shape`."""
        pixels, places = inputs
        require(places.channels == 2, f"its places have {places.channels} channels; they must have 2, column and row.")
        return pixels._replace(height=places.height, width=places.width)

    def gradient(self, at: Backward) -> Gradients:
        """See `Op.gradient`."""
        from studio.ops._backward.samples import PlacesGradient, SamplesGradient

        how, reads = self.model_dump(), (at.read(0), at.read(1), at.grad)
        return {0: at.add(SamplesGradient(**how), *reads), 1: at.add(PlacesGradient(**how), *reads)}

    def torch(self, inputs: Sequence[Tensor], tensors: Mapping[str, Tensor]) -> Tensor:
        """See `Op.torch`."""
        del tensors
        from torch.nn import functional as F

        how: dict[str, Any] = {"mode": self.mode, "padding_mode": self.padding, "align_corners": self.align_corners}
        return F.grid_sample(inputs[0], inputs[1].permute(0, 2, 3, 1), **how)
