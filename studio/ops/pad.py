"""Borders as a layer of their own: Pad."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from studio.model.declared.param import param
from studio.model.networks.op import Backward, Gradients, Op, require
from studio.model.networks.shape import Shape
from studio.ops import operator

if TYPE_CHECKING:
    from torch import Tensor

LARGEST_BORDER = 256

_Border = Annotated[int, Field(ge=0, le=LARGEST_BORDER)]


class Pad(Op):
    """Adds a border, as ``torch.nn.functional.pad``; "symmetric" mirrors the pixels at the edge, too, as NumPy's."""

    shader = "pad"

    padding: tuple[_Border, _Border, _Border, _Border] = param(doc="Left, right, top, bottom", unit="px")
    mode: Literal["constant", "reflect", "replicate", "circular", "symmetric"] = param(
        "constant", doc="What the border holds"
    )
    value: float = param(0.0, live=True, doc="The value of a constant border")

    def output_shape(self, *inputs: Shape) -> Shape:
        """See `Op.output_shape`."""
        (shape,) = inputs
        left, right, top, bottom = self.padding
        require(
            self.mode != "reflect" or (max(left, right) < shape.width and max(top, bottom) < shape.height),
            f"reflect padding of {self.padding} needs an input larger than that, not {shape.height}×{shape.width}.",
        )
        require(
            self.mode not in ("circular", "symmetric")
            or (max(left, right) <= shape.width and max(top, bottom) <= shape.height),
            f"{self.mode} padding of {self.padding} needs an input as large, not {shape.height}×{shape.width}.",
        )
        return Shape(shape.channels, shape.height + top + bottom, shape.width + left + right)

    def structure(self) -> dict[str, int | float]:
        """See `Op.structure`."""
        left, _, top, _ = self.padding
        return {"LEFT": left, "TOP": top, f"MODE_{self.mode.upper()}": 1}

    def gradient(self, at: Backward) -> Gradients:
        """See `Op.gradient`."""
        left, right, top, bottom = self.padding
        if self.mode == "constant":
            sides = {"left": left, "right": right, "top": top, "bottom": bottom}
            return {0: at.add(operator("Crop").model_validate(sides), at.grad)}
        from studio.ops._backward.space import FoldBorder

        return {0: at.add(FoldBorder(padding=self.padding, mode=self.mode), at.grad)}

    def torch(self, inputs: Sequence[Tensor], tensors: Mapping[str, Tensor]) -> Tensor:
        """See `Op.torch`."""
        del tensors
        from torch.nn import functional as F

        if self.mode == "symmetric":
            import torch

            from studio.ops._backward.space import mirrored

            x, (left, right, top, bottom) = inputs[0], self.padding
            rows = mirrored(torch.arange(-top, x.shape[2] + bottom, device=x.device), x.shape[2])
            columns = mirrored(torch.arange(-left, x.shape[3] + right, device=x.device), x.shape[3])
            return x[:, :, rows][:, :, :, columns]
        if self.mode == "constant":
            return F.pad(inputs[0], self.padding, value=self.value)
        return F.pad(inputs[0], self.padding, mode=self.mode)
