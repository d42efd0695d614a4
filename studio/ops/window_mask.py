"""Which places of a shifted window may attend to each other: WindowMask."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated

import numpy as np
from pydantic import Field

from studio.model.declared.param import PositivePair, param
from studio.model.declared.size import Size
from studio.model.networks.op import Op, require
from studio.model.networks.shape import Array, Shape
from studio.tables import on_device

if TYPE_CHECKING:
    from torch import Tensor

_Shift = Annotated[int, Field(ge=0, le=64)]


class WindowMask(Op):
    """A number where two places of a window come from opposite edges of its input's picture, else 0.

    A picture that was rolled up and left by ``shift`` is cut into windows, of which those at the lower and right edge
    hold what came in opposite. The channels are keys, the rows windows and, within each, heads, the columns queries:
    what `MatMul` makes of windows, to which this is added.

    Source: Z. Liu et al., "Swin transformer", 2021.
    """

    shader = "window_mask"
    flat = True  # only the size of its input counts

    window: PositivePair = param(doc="Height and width of a window", unit="px")
    shift: tuple[_Shift, _Shift] = param(doc="How far the picture was rolled up and left", unit="px")
    heads: int = param(1, lo=1, doc="Rows for every window")
    repeats: int = param(1, lo=1, doc="How often all windows follow each other, where heads are not within them")
    value: float = param(-100.0, live=True, doc="What is added where places do not belong together")

    def output_shape(self, *inputs: Shape) -> Shape:
        """See `Op.output_shape`."""
        (shape,), (height, width) = inputs, self.window
        require(
            shape.height % height == 0 and shape.width % width == 0,
            f"windows of {height}×{width} do not divide {shape.height}×{shape.width}.",
        )
        count = shape.height // height * (shape.width // width)
        return Shape(height * width, count * self.heads * self.repeats, height * width)

    def size_ratio(self) -> None:
        """See `Op.size_ratio`."""

    def multiples(self) -> tuple[int, int]:
        """See `Op.multiples`."""
        return self.window

    def torch(self, inputs: Sequence[Tensor], tensors: Mapping[str, Tensor]) -> Tensor:
        """See `Op.torch`."""
        del tensors

        (x,) = inputs
        made = np.tile(
            mask_of(Size(x.shape[2], x.shape[3]), Size(*self.window), self.shift, self.heads), (1, self.repeats, 1)
        )
        return (on_device(made, x.device, x.dtype) * self.value).expand(x.shape[0], -1, -1, -1)


def mask_of(size: Size, window: Size, shift: tuple[int, int], heads: int) -> Array:
    """(keys, windows and heads, queries), 1 where two places of a window lie in different parts of the picture.

    Args:
        size: of the picture.
        window: of each window.
        shift: how far the picture was rolled up and left.
        heads: rows for every window.
    """
    parts = []
    for side, length, moved in zip(size, window, shift, strict=True):
        place = np.arange(side)
        parts.append((place >= side - length).astype(int) + ((place >= side - moved) if moved else 0))
    regions = parts[0][:, None] * 3 + parts[1]
    (height, width), (h, w) = size, window
    rows = regions.reshape(height // h, h, width // w, w).transpose(0, 2, 1, 3).reshape(-1, h * w)
    mask = (rows[:, :, None] != rows[:, None, :]).astype(np.float32)
    return np.ascontiguousarray(mask.repeat(heads, 0).transpose(1, 0, 2))
