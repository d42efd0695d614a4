"""What operators of a file mean: neutral ones (convolve, normalise, join), on values, into a draft.

The tables of PyTorch's and ONNX's operators both end here, so that each meaning is written once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from studio.errors import StudioError
from studio.io.importers._arith import Arithmetic
from studio.io.importers._draft import Draft, Weight
from studio.io.importers._views import Numbers, Value, constant, first, is_last, last, move, numbers, reshaped, shown
from studio.model.op import Shape

Pair = tuple[int, int]


class Flow(Arithmetic):
    """Adds what any operator means to a draft."""

    # -- over axes ------------------------------------------------------------------------------------------------

    def mean(self, value: Value, axes: Sequence[int], keepdim: bool) -> Value:
        """Mean over all pixels, or over all channels."""
        return self._reduced("Mean", value, axes, keepdim)

    def total(self, value: Value, axes: Sequence[int], keepdim: bool) -> Value:
        """Sum over all pixels, or over all channels."""
        return self._reduced("Sum", value, axes, keepdim)

    def _reduced(self, op: str, value: Value, axes: Sequence[int], keepdim: bool) -> Value:
        if value.is_constant:
            raise StudioError(f"it takes the {op.lower()} of constants alone, which the studio does not fold.")
        rank = len(value.shape)
        over = {axis % rank for axis in axes}
        if is_last(self.draft, value):
            moved = self._reduced(op, first(self.draft, value), [(0, 2, 3, 1)[axis] for axis in over], True)
            made = last(self.draft, moved)
            return reshaped(made, tuple(made.shape[axis] for axis in range(rank) if keepdim or axis not in over))
        if rank == 4 and (value.index is not None or self.draft.shapes[value.node].channels != value.shape[1]):
            value = shown(self.map_of(value), value.shape)
        shape = tuple(1 if axis in over else length for axis, length in enumerate(value.shape))
        channels = self.draft.shapes[value.node].channels
        whole = value.index is None and value.shape[:2] == (1, channels)
        if whole and rank > 2 and all(axis in over or value.shape[axis] == 1 for axis in range(2, rank)):
            result = shown(self.draft.add(op, value.node, name=self.name, dim="space"), shape)
            if 1 in over:
                result = shown(self.draft.add(op, result.node, name=self.name, dim="channels"), shape)
        elif over == {1} and rank == 4:
            result = shown(self.draft.add(op, self.map_of(value), name=self.name, dim="channels"), shape)
        else:
            raise StudioError(
                f"it takes the {op.lower()} over axes {sorted(over)} of {value.shape}; "
                "only over all pixels or channels."
            )
        kept = tuple(length for axis, length in enumerate(shape) if keepdim or axis not in over)
        return reshaped(result, kept)

    def softmax(self, value: Value, axis: int) -> Value:
        """Over channels."""
        if is_last(self.draft, value) and axis % 4 == 3:
            return last(self.draft, self.softmax(first(self.draft, value), 1))
        if axis % len(value.shape) != 1:
            raise StudioError(f"it takes a softmax over axis {axis} of {value.shape}; only over channels is supported.")
        return self.layer("Softmax2d", value, vector=len(value.shape) == 2)

    def concat(self, values: Sequence[Value], axis: int) -> Value:
        """Behind each other, along any axis where the pieces come from one map, else along channels."""
        values = [v for v in values if v.shape != (0,)]
        if len(values) == 1:
            return values[0]
        axis %= len(values[0].shape)
        if all(v.constant is not None for v in values):
            return constant(np.concatenate([np.asarray(v.constant) for v in values], axis))
        if any(v.is_constant for v in values):
            raise StudioError("it joins a map with constants, which the studio's layers cannot hold.")
        if len({v.node for v in values}) == 1:
            joined = np.concatenate([numbers(self.draft, v) for v in values], axis)
            whole = np.array_equal(joined.ravel(), np.arange(np.prod(self.draft.shapes[values[0].node])))
            return Value(joined.shape, values[0].node, None if whole else joined)
        if axis == 3 and any(is_last(self.draft, v) for v in values):
            return last(self.draft, self.concat([first(self.draft, v) for v in values], 1))
        if axis != 1 or len(values[0].shape) not in (2, 4):
            raise StudioError(f"it joins maps along axis {axis} of {values[0].shape}; only channels are joined.")
        return self.layer("Concat", *values, vector=len(values[0].shape) == 2)

    # -- with weights ---------------------------------------------------------------------------------------------

    def conv(
        self,
        value: Value,
        weight: Value,
        bias: Value | None,
        stride: Pair,
        padding: Sequence[int],
        dilation: Pair,
        groups: int,
    ) -> Value:
        """Convolution; ``padding`` is left, right, top, bottom."""
        _require_plane(weight)
        left, right, top, bottom = padding
        if (left, top) != (right, bottom):
            value = self._bordered("pad", value, padding)
            left = top = 0
        out, per_group, *kernel = weight.shape
        return self.layer(
            "Conv2d",
            value,
            tensors=_tensors(weight, bias),
            in_channels=per_group * groups,
            out_channels=out,
            kernel_size=tuple(kernel),
            stride=stride,
            padding=(top, left),
            dilation=dilation,
            groups=groups,
            bias=bias is not None,
        )

    def conv_transpose(
        self,
        value: Value,
        weight: Value,
        bias: Value | None,
        stride: Pair,
        padding: Sequence[int],
        output_padding: Pair,
        dilation: Pair,
        groups: int,
    ) -> Value:
        """Transposed convolution; ``padding`` is what is taken off left, right, top, bottom, added where negative."""
        _require_plane(weight)
        left, right, top, bottom = padding
        taken = (max(min(top, bottom), 0), max(min(left, right), 0))
        grows = min(padding) < 0
        own = None if grows else bias
        ins, per_group, *kernel = weight.shape
        made = self.layer(
            "ConvTranspose2d",
            value,
            tensors=_tensors(weight, own),
            in_channels=ins,
            out_channels=per_group * groups,
            kernel_size=tuple(kernel),
            stride=stride,
            padding=taken,
            output_padding=output_padding,
            dilation=dilation,
            groups=groups,
            bias=own is not None,
        )
        rest = (taken[1] - left, taken[1] - right, taken[0] - top, taken[0] - bottom)
        made = self._bordered("crop", made, rest)
        # What no kernel reaches holds the bias alone.
        return self.binary("Add", made, reshaped(bias, (1, *bias.shape, 1, 1))) if grows and bias is not None else made

    def _bordered(self, kind: str, value: Value, padding: Sequence[int]) -> Value:
        """An uneven border of a convolution, as a layer under its name."""
        own, self.name = self.name, f"{self.name}.{kind}"
        made = self.pad(value, padding, "constant")
        self.name = own
        return made

    def linear(self, value: Value, weight: Value, bias: Value | None) -> Value:
        """A matrix of (out, in) on a vector, or at every place of a map whose channels were moved last."""
        if len(weight.shape) == 2 and len(value.shape) == 4:
            taps = reshaped(weight, (*weight.shape, 1, 1))
            return last(self.draft, self.conv(first(self.draft, value), taps, bias, (1, 1), [0] * 4, (1, 1), 1))
        if len(weight.shape) != 2 or len(value.shape) != 2:
            raise StudioError(
                f"it multiplies {value.shape} by a matrix of {weight.shape}; only vectors of (1, values) and maps of "
                "(1, height, width, channels) are supported."
            )
        out, count = weight.shape
        order = _order(self.draft, value)
        if order is not None:
            # The vector in another order than its map's, as flattening (H, W, C) gives: the columns are reordered.
            value = reshaped(shown(value.node, (1, *self.draft.shapes[value.node])), value.shape)
            weight = Value(weight.shape, constant=np.asarray(weight.constant)[:, order], origin=weight.origin)
        return self.layer(
            "Linear",
            value,
            tensors=_tensors(weight, bias),
            vector=True,
            in_features=count,
            out_features=out,
            bias=bias is not None,
        )

    def norm(
        self,
        op: str,
        value: Value,
        weight: Value | None,
        bias: Value | None,
        eps: float,
        statistics: tuple[Value, Value] | None = None,
        groups: int = 0,
    ) -> Value:
        """A norm of the studio by its name; one of weight and bias alone is completed by ones or zeros."""
        channels = value.shape[1] if len(value.shape) > 1 else 0
        tensors = {}
        if affine := (weight is not None or bias is not None):
            tensors["weight"] = weight.weight() if weight else Weight(np.ones(channels, np.float32))
            tensors["bias"] = bias.weight() if bias else Weight(np.zeros(channels, np.float32))
        if statistics:
            tensors |= {"running_mean": statistics[0].weight(), "running_var": statistics[1].weight()}
        count: dict[str, Any] = {"num_groups": groups} if op == "GroupNorm" else {}
        count["num_features" if op in ("BatchNorm2d", "InstanceNorm2d") else "num_channels"] = channels
        return self.layer(op, value, tensors=tensors, vector=len(value.shape) == 2, eps=eps, affine=affine, **count)

    def layer_norm(
        self, value: Value, weight: Value | None, bias: Value | None, eps: float, axes: Sequence[int]
    ) -> Value:
        """LayerNorm2d over channels that were moved last, or of a vector; GroupNorm of one group over a whole map."""
        rank = len(value.shape)
        over = {axis % rank for axis in axes}
        if rank == 4 and over == {1, 2, 3} and not (weight or bias):
            return self.norm("GroupNorm", value, None, None, eps, groups=1)
        if rank == 4 and over == {3}:
            return last(self.draft, self.norm("LayerNorm2d", first(self.draft, value), weight, bias, eps))
        if (rank, over) in ((2, {1}), (4, {1})):
            return self.norm("LayerNorm2d", value, weight, bias, eps)
        raise StudioError(
            f"it normalises axes {sorted(over)} of {value.shape}; only channels, or a whole map without weights, are "
            "supported."
        )

    # -- space ----------------------------------------------------------------------------------------------------

    def pad(self, value: Value, padding: Sequence[int], mode: str, fill: float = 0.0) -> Value:
        """Left, right, top, bottom; what is negative is cut off."""
        if is_last(self.draft, value):
            return last(self.draft, self.pad(first(self.draft, value), padding, mode, fill))
        cut = [max(-border, 0) for border in padding]
        add = [max(border, 0) for border in padding]
        if any(cut):
            left, right, top, bottom = cut
            value = self.layer("Crop", value, left=left, right=right, top=top, bottom=bottom)
        if not any(add):
            return value
        return self.layer("Pad", value, padding=tuple(add), mode=mode, value=fill)

    def resize(
        self, value: Value, size: Pair, mode: str, align_corners: bool, factor: tuple[float, float] | None
    ) -> Value:
        """Interpolation; by a whole factor where it is one, so that the layer goes with every input size."""
        have = Shape(*value.shape[1:])
        extra: dict[str, Any] = {} if mode == "nearest" else {"align_corners": align_corners}
        whole = (size[0] // have.height, size[1] // have.width)
        if (
            (have.height * whole[0], have.width * whole[1]) == size
            and all(whole)
            and (factor is None or factor == tuple(map(float, whole)))
        ):
            return self.layer("Upsample", value, scale_factor=whole, mode=mode, **extra)
        if factor is not None:
            return self.layer("Upsample", value, scale_factor=factor, mode=mode, **extra)
        return self.layer("Upsample", value, size=size, mode=mode, **extra)

    def move(self, value: Value, how: Callable[[Numbers], Numbers]) -> Value:
        """Rearranged elements."""
        return move(self.draft, value, how)


def _order(draft: Draft, value: Value) -> Numbers | None:
    """Where each value of a map stands in this vector of all of them; None where they are in order, or not all."""
    if value.index is None or value.index.size != np.prod(draft.shapes[value.node]):
        return None
    order = np.argsort(value.index.ravel())
    return order if np.array_equal(value.index.ravel()[order], np.arange(order.size)) else None


def _tensors(weight: Value, bias: Value | None) -> dict[str, Weight]:
    return {"weight": weight.weight()} | ({"bias": bias.weight()} if bias is not None else {})


def _require_plane(kernel: Value) -> None:
    if len(kernel.shape) != 4:
        raise StudioError(
            f"it convolves with a kernel of shape {kernel.shape}; only two-dimensional ones are supported."
        )
