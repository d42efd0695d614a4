"""What operators of several maps have in common that work place by place."""

from __future__ import annotations

from studio.model.networks.op import Op, listed, require
from studio.model.networks.shape import Shape


class Combined(Op):
    """An operator of several maps, each of the whole size or of one along some axes."""

    def output_shape(self, *inputs: Shape) -> Shape:
        """See `Op.output_shape`: the largest of each axis; the others must be as large, or one."""
        largest = Shape(*(max(lengths) for lengths in zip(*inputs, strict=True)))
        fits = all(length in (1, most) for shape in inputs for length, most in zip(shape, largest, strict=True))
        require(fits, f"it combines maps of different shapes: {listed(inputs)}.")
        return largest
