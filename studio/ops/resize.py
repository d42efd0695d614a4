"""Resizing in the ways that PyTorch's own operator has not: Resize."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import TYPE_CHECKING, Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BeforeValidator, model_validator

from studio.model.declared.param import param
from studio.model.declared.size import Size
from studio.model.networks.op import Backward, Gradients, require
from studio.model.networks.shape import Array, Scale, Shape
from studio.ops._backward.space import ResizeGradient, Resizing
from studio.ops.upsample import Factor, Side, as_pair
from studio.tables import on_device

if TYPE_CHECKING:
    from torch import Tensor

# A factor such as 1.3333334 counts as the nearest of such fractions, so that places are computed in whole numbers.
_FINEST_FRACTION = 10_000
_COARSE_FRACTION = 16
_MOST = 2**31 - 1


class Resize(Resizing):
    """Resizes every channel as ONNX's ``Resize`` does, with its ways of placing, rounding and smoothing.

    `Upsample` is PyTorch's; this one has what that lacks: where an output pixel lies (``coordinates``), which pixel is
    the nearest (``rounding``), and kernels that widen where the map shrinks (``antialias``). With a factor and a size,
    the size is the output's and the factor places its pixels. Source: https://onnx.ai/onnx/operators/onnx__Resize.html
    """

    shader = "resize"

    scale_factor: Annotated[tuple[Factor, Factor] | None, BeforeValidator(as_pair)] = param(
        None, doc="Output pixels per input pixel"
    )
    size: Annotated[tuple[Side, Side] | None, BeforeValidator(as_pair)] = param(
        None, doc="Height and width of the output", unit="px"
    )
    mode: Literal["nearest", "bilinear", "bicubic"] = param("nearest", doc="How pixels between are found")
    coordinates: Literal[
        "half_pixel", "asymmetric", "align_corners", "half_pixel_symmetric", "pytorch_half_pixel", "tf_half_pixel"
    ] = param("half_pixel", doc="Where an output pixel lies in the input, under ONNX's names")
    rounding: Literal["round_prefer_floor", "round_prefer_ceil", "floor", "ceil"] = param(
        "round_prefer_floor", doc="Which pixel is the nearest (of that mode alone)"
    )
    cubic_a: float = param(-0.75, live=True, lo=-4.0, hi=4.0, doc="Slope of the bicubic kernel")
    exclude_outside: bool = param(False, doc="Whether pixels beyond the edge count nothing, instead of as the edge's")
    antialias: bool = param(False, doc="Whether kernels widen where the map shrinks")

    @model_validator(mode="after")
    def _factor_or_size(self) -> Resize:
        if self.scale_factor is None and self.size is None:
            raise ValueError("must have a scale_factor or a size")
        return self

    def factors(self) -> tuple[Fraction, Fraction] | None:
        """The factor as fractions, down and across; None where the sizes' quotient counts."""
        if self.scale_factor is None:
            return None
        y, x = (Fraction(factor).limit_denominator(_FINEST_FRACTION) for factor in self.scale_factor)
        return y, x

    def output_shape(self, *inputs: Shape) -> Shape:
        """See `Op.output_shape`."""
        (shape,), factors = inputs, self.factors()
        if self.size is not None:
            height, width = self.size
        else:
            assert factors is not None
            height, width = (math.floor(side * factor) for side, factor in zip(shape[1:], factors, strict=True))
        for side, made, factor in zip(shape[1:], (height, width), factors or (None, None), strict=True):
            largest = made * max(abs(step) for step in _line(self.coordinates, side, max(made, 1), factor))
            require(
                largest <= _MOST, f"its factor is too fine a fraction for maps of {side} pixels; use a smaller one."
            )
        return Shape(shape.channels, height, width)

    def size_ratio(self) -> Scale | None:
        """See `Op.size_ratio`."""
        factors = self.factors()
        if self.size is not None or factors is None:
            return None
        y, x = (factor.limit_denominator(_COARSE_FRACTION) for factor in factors)
        return y, x

    def structure(self) -> dict[str, int | float]:
        """See `Op.structure`."""
        found: dict[str, int | float] = {f"MODE_{self.mode.upper()}": 1, f"AT_{self.coordinates.upper()}": 1}
        if self.mode == "nearest":
            found |= {f"BY_{self.rounding.upper()}": 1}
        else:
            found |= {"ANTIALIAS": int(self.antialias), "EXCLUDE_OUTSIDE": int(self.exclude_outside)}
        for axis, factor in zip("HW", self.factors() or (), strict=False):
            found |= {f"FACTOR_{axis}": factor.numerator, f"OVER_{axis}": factor.denominator}
        return found

    def gradient(self, at: Backward) -> Gradients:
        """See `Op.gradient`."""
        _, height, width = at.shape()
        return {0: at.add(ResizeGradient(of=self, height=height, width=width), at.grad)}

    def torch(self, inputs: Sequence[Tensor], tensors: Mapping[str, Tensor]) -> Tensor:
        """See `Op.torch`."""
        del tensors

        (x,) = inputs
        made = self.output_shape(Shape(*x.shape[1:]))
        for axis in (2, 3):
            taps = _taps(self, axis - 2, x.shape[axis], made[axis - 1])
            total = None
            for places, weights in zip(taps.places, taps.weights, strict=True):
                part = x.index_select(axis, on_device(places, x.device))
                if self.mode != "nearest":
                    part = part * on_device(weights, x.device, x.dtype).reshape((-1, 1) if axis == 2 else (-1,))
                total = part if total is None else total + part
            assert total is not None
            x = total
        return x

    def torch_gradient(self, grad: Tensor, size: Size) -> Tensor:
        """See `Resizing.torch_gradient`."""
        import torch

        for axis, side in zip((2, 3), size, strict=True):
            matrix = torch.from_numpy(self.matrix(axis - 2, side, grad.shape[axis])).to(grad)
            grad = torch.tensordot(grad, matrix, ([axis], [0])).movedim(-1, axis)
        return grad

    def matrix(self, axis: int, side: int, made: int) -> Array:
        """(made, side): how much of every pixel of a column (axis 0) or row (1) goes into each that is made."""
        taps, found = _taps(self, axis, side, made), np.zeros((made, side))
        for places, weights in zip(taps.places, taps.weights, strict=True):
            found[np.arange(made), places] += weights
        return found.astype(np.float32)


@dataclass(frozen=True)
class _Taps:
    """What every output pixel of one axis reads: rows of places and of weights, one row a tap."""

    places: NDArray[np.int64]
    weights: NDArray[np.float64]


def _line(coordinates: str, side: int, made: int, factor: Fraction | None) -> tuple[int, int, int]:
    """Output pixel p lies at (p · step + start) / over, in input pixels; ``shaders/ops/resize.glsl`` has the same."""
    n, d = (factor.numerator, factor.denominator) if factor else (made, side)
    if coordinates == "asymmetric":
        return d, 0, n
    if coordinates == "align_corners":
        if factor and side * n % d == 0:
            made, factor = side * n // d, None
        step, over = ((side - 1) * d, side * n - d) if factor else (side - 1, made - 1)
        return (step, 0, over) if over > 0 else (0, 0, 1)
    if coordinates == "pytorch_half_pixel" and made == 1:
        return 0, 0, 1
    start = {"half_pixel": d - n, "pytorch_half_pixel": d - n, "tf_half_pixel": d}.get(coordinates)
    # The middle of the input lies in the middle of the output, whatever was rounded off it.
    return 2 * d, side * n - made * d + d - n if start is None else start, 2 * n


@lru_cache(maxsize=256)
def _taps(op: Resize, axis: int, side: int, made: int) -> _Taps:
    factors = op.factors()
    factor = factors[axis] if factors else None
    step, start, over = _line(op.coordinates, side, made, factor)
    whole, part = np.divmod(np.arange(made, dtype=np.int64) * step + start, over)
    if op.mode == "nearest":
        up = {
            "floor": np.zeros(made, bool),
            "ceil": part > 0,
            "round_prefer_floor": 2 * part > over,
            "round_prefer_ceil": 2 * part >= over,
        }
        places = (whole + up[op.rounding])[None]
        return _Taps(places.clip(0, side - 1), np.ones(places.shape))
    shrink = min(factor or Fraction(made, side), Fraction(1)) if op.antialias else Fraction(1)
    reach = math.ceil((1 if op.mode == "bilinear" else 2) / shrink)
    offsets = np.arange(1 - reach, reach + 1)[:, None]
    weights = _curve(op, np.abs(offsets - part / over) * float(shrink))
    places = whole + offsets
    if op.exclude_outside:
        weights = weights * ((places >= 0) & (places < side))
    return _Taps(places.clip(0, side - 1), weights / weights.sum(0))


def _curve(op: Resize, x: NDArray[np.float64]) -> NDArray[np.float64]:
    """The kernel at a distance in input pixels."""
    if op.mode == "bilinear":
        return np.maximum(1 - x, 0)
    a = op.cubic_a
    near = ((a + 2) * x - (a + 3)) * x * x + 1
    far = ((a * x - 5 * a) * x + 8 * a) * x - 4 * a
    return np.where(x <= 1, near, np.where(x < 2, far, 0.0))
