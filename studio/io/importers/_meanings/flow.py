"""What operators of a file mean: neutral ones (convolve, normalise, join), on values, into a draft.

The tables of PyTorch's and ONNX's operators both end here, so that each meaning is written once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from studio.errors import StudioError
from studio.io.importers._draft import Draft, Weight
from studio.io.importers._meanings.batches import is_batch
from studio.io.importers._meanings.norms import Norms
from studio.io.importers._meanings.seen import LARGEST_FACTOR, seen
from studio.io.importers._values.views import Numbers, Value, constant, move, numbers, reshaped, shown
from studio.model.declared.size import Size
from studio.model.networks.shape import Shape

Pair = tuple[int, int]
LARGEST = 3.4e38
"""What a layer may be told: to two digits the largest number of float32."""


class Flow(Norms):
    """Adds what any operator means to a draft."""

    def concat(self, values: Sequence[Value], axis: int) -> Value:
        """Behind each other, along any axis."""
        values = [v for v in values if v.shape != (0,)]
        if len(values) == 1:
            return values[0]
        axis %= len(values[0].shape)
        if len({(*v.shape[:axis], *v.shape[axis + 1 :]) for v in values}) > 1:
            shapes = " and ".join(str(shape) for shape in dict.fromkeys(v.shape for v in values))
            raise StudioError(f"it joins maps of shapes that do not fit each other: {shapes}.")
        if all(v.constant is not None for v in values):
            return constant(np.concatenate([np.asarray(v.constant) for v in values], axis))
        if len({v.node for v in values}) == 1 and not self._some_spread(values):
            joined = np.concatenate([numbers(self.draft, v) for v in values], axis)
            whole = np.array_equal(joined.ravel(), np.arange(np.prod(self.draft.shapes[values[0].node])))
            ends = None if whole else self._ends(values, axis)
            if ends is not None and (rolled := self._swapped(*ends, axis)) is not None:
                return rolled
            return Value(joined.shape, values[0].node, None if whole else joined)
        if axis == 1 and len(values[0].shape) in (2, 4) and values[0].shape[0] == 1:
            if any(value.is_constant for value in values) and len(values[0].shape) == 4:
                return shown(
                    self._beside_constants(values), (1, sum(value.shape[1] for value in values), *values[0].shape[2:])
                )
            return self.layer("Concat", *values, vector=len(values[0].shape) == 2)
        return self._joined(values, axis)

    def _beside_constants(self, values: Sequence[Value]) -> str:
        """Maps of one picture behind each other, some of them constant."""
        like = next(self.map_of(value) for value in values if not value.is_constant)
        reads = [
            self._filled(np.asarray(value.constant)[0], like) if value.is_constant else self.map_of(value)
            for value in values
        ]
        return self.draft.add("Concat", *reads, name=self.name)

    def _filled(self, laid: Numbers, like: str) -> str:
        """A layer that holds a constant map; one of one number follows the size of that layer's, if it is as large."""
        have, one = self.draft.shapes[like], laid[:, :1, :1]
        if have[1:] == (1, 1) or laid.shape[1:] != have[1:] or not bool((laid == one).all()):
            return self.given(laid)
        if laid.shape == have and bool((one == one[0]).all() and np.isfinite(one[0]).all()):
            return self.draft.add("Affine", like, name=f"{self.name}.given", scale=0.0, shift=float(one.flat[0]))
        return self.given(one, like=like)

    def _some_spread(self, values: Sequence[Value]) -> bool:
        """Whether one view of a map repeats all that it shows, and others do not, as a token that is spread over them.

        What all of them repeat alike is a map that is enlarged, and what is repeated in parts is one with borders.
        """
        size = int(np.prod(self.draft.shapes[values[0].node]))
        counts = [np.bincount(numbers(self.draft, value).ravel(), minlength=size) for value in values]
        spread = any(each.max() > 1 and each[each > 0].min() == each.max() for each in counts)
        return spread and any(not np.array_equal(counts[0], each) for each in counts)

    def _ends(self, values: Sequence[Value], axis: int) -> tuple[Value, Value] | None:
        """Parts of a map as two: the one that lies behind, and the one before it; None where they are not two."""
        if len(values) == 2:
            return values[0], values[1]
        index = [numbers(self.draft, value) for value in values]
        for k in range(1, len(values)):
            ends = [np.concatenate(part, axis) for part in (index[:k], index[k:])]
            turned = np.concatenate(ends[::-1], axis).ravel()
            if np.array_equal(turned, np.arange(turned.size)):
                one, two = (Value(end.shape, values[0].node, end) for end in ends)
                return one, two
        return None

    def _swapped(self, one: Value, two: Value, axis: int) -> Value | None:
        """Both ends of a map in the opposite order, as exporters spell out a `Roll`; None where they are not."""
        base = np.concatenate([numbers(self.draft, value) for value in (two, one)], axis)
        # The nearer way round is the same at every size: what comes in opposite is as long.
        behind, before = one.shape[axis], two.shape[axis]
        shift = behind if behind < before else -before
        value = self.shown(one.node, base)
        made = self.turned_there(value, axis, lambda n: np.roll(n, shift, axis), "Roll", shift)
        if made is None and base.ndim == 4 and np.array_equal(np.sort(base, None), np.arange(base.size)):
            # Of windows, which are put back into their places first.
            try:
                made = self.rolled(value, shift, axis)
            except StudioError:
                return None
        return None if made is None or made.node == one.node else made

    def _joined(self, values: Sequence[Value], axis: int) -> Value:
        """Along an axis that is made the channels of every piece, whose places lie as those of the first."""
        node, places = self.channels_along(next(v for v in values if not v.is_constant), axis)
        each = self.draft.shapes[node][1:]
        count = each[0] * each[1]
        in_order = np.arange(count, dtype=np.int32)
        whole = places.size == count and np.array_equal(np.sort(places, None), in_order)
        # Windows of one shape are no layout for those of another.
        if not whole or not (np.array_equal(places.ravel(), in_order) or self._all_lie(values, axis, places, each)):
            in_order = np.arange(places.size, dtype=np.int32)
            node, places, each = "", in_order.reshape(places.shape), self._sides(places.shape)
        pieces = list[str | Numbers]()
        for value in values:
            held = np.asarray(value.constant) if value.constant is not None else numbers(self.draft, value)
            rows = np.moveaxis(held, axis, 0).reshape(value.shape[axis], -1)
            flat = np.empty_like(rows)
            flat[:, places.ravel()] = rows
            laid: Any = flat.reshape(value.shape[axis], *each)
            pieces.append(laid if value.is_constant else seen(self.draft, value.node, laid, self.name))
        like = next(piece for piece in pieces if isinstance(piece, str))
        reads = [piece if isinstance(piece, str) else self._filled(piece, like) for piece in pieces]
        made = self.draft.add("Concat", *reads, name=self.name)
        channels = self.draft.shapes[made].channels
        index = np.arange(channels, dtype=np.int32).reshape(-1, *[1] * places.ndim) * (each[0] * each[1]) + places
        return self.shown(made, np.moveaxis(index, 0, axis))

    def _all_lie(self, values: Sequence[Value], axis: int, places: Numbers, each: tuple[int, int]) -> bool:
        """Whether the places of all values, but constant ones, lie in maps of these sides as these do."""
        for value in values:
            if not value.is_constant:
                if self.draft.shapes[value.node][1:] != each:
                    return False
                own = np.moveaxis(numbers(self.draft, value), axis, 0)[0] % (each[0] * each[1])
                if not np.array_equal(own, places):
                    return False
        return True

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
        out, per_group, *kernel = weight.shape
        sizes: dict[str, Any] = {"in_channels": per_group * groups, "out_channels": out, "kernel_size": tuple(kernel)}
        sizes |= {"stride": stride, "dilation": dilation, "groups": groups, "bias": bias is not None}
        tensors = _tensors(weight, bias)
        if is_batch(value) and per_group == 1 == groups and not weight.origin and bias is None:
            # The same kernels over each of many maps, as perception is written: over each channel of one.
            count, _, high, wide = value.shape
            tiled = constant(np.tile(np.asarray(weight.constant), (count, 1, 1, 1)))
            apart = reshaped(value, (1, count, high, wide))
            made = self.conv(apart, tiled, None, stride, padding, dilation, count)
            return reshaped(made, (count, out, *made.shape[2:]))
        if is_batch(value):
            span = ((kernel[0] - 1) * dilation[0], (kernel[1] - 1) * dilation[1])
            name = self.name
            return self.over_batch(
                value, padding, span, stride, lambda x: self.draft.add("Conv2d", x, name=name, tensors=tensors, **sizes)
            )
        if (left, top) != (right, bottom):
            value = self._bordered("pad", value, padding)
            left = top = 0
        return self.layer("Conv2d", value, tensors=tensors, padding=(top, left), **sizes)

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
        """A matrix of (out, in) on a vector, or on the last axis of whatever else, at every place of the others."""
        if len(weight.shape) != 2:
            raise StudioError(f"it multiplies by a weight of {weight.shape}; only matrices are supported.")
        out, count = weight.shape
        sizes: dict[str, Any] = {"bias": bias is not None}
        if len(value.shape) == 2 and value.shape[0] == 1:
            order = _order(self.draft, value)
            if order is not None:
                # The vector in another order than its map's, as flattening (H, W, C) gives: columns are reordered.
                value = reshaped(shown(value.node, (1, *self.draft.shapes[value.node])), value.shape)
                weight = Value(weight.shape, constant=np.asarray(weight.constant)[:, order], origin=weight.origin)
            sizes |= {"in_features": count, "out_features": out}
            return self.layer("Linear", value, tensors=_tensors(weight, bias), vector=True, **sizes)
        tensors = _tensors(reshaped(weight, (out, count, 1, 1)), bias)
        sizes |= {"in_channels": count, "out_channels": out, "kernel_size": 1}
        return self.along(
            value, -1, lambda node: self.draft.add("Conv2d", node, name=self.name, tensors=tensors, **sizes)
        )

    def matmul(self, one: Value, two: Value) -> Value:
        """``one @ two`` as ``torch.matmul`` has it, where either may be a weight or a vector."""
        if one.constant is not None and two.constant is not None:
            return constant(np.matmul(one.constant, two.constant))
        if len(one.shape) == len(two.shape) == 1:
            return reshaped(self.matmul(reshaped(one, (1, *one.shape)), reshaped(two, (*two.shape, 1))), ())
        if len(one.shape) == 1:
            return _without(self.matmul(reshaped(one, (1, *one.shape)), two), -2)
        if len(two.shape) == 1:
            return _without(self.matmul(one, reshaped(two, (*two.shape, 1))), -1)
        if two.is_constant and len(two.shape) == 2 and not one.is_constant:
            return self.linear(one, self.move(two, _turned), None)
        if one.is_constant and len(one.shape) == 2 and not two.is_constant:
            return self.move(self.linear(self.move(two, _turned), one, None), _turned)
        return self.product(one, two)

    # -- space ----------------------------------------------------------------------------------------------------

    def pad(self, value: Value, padding: Sequence[int], mode: str, fill: float = 0.0) -> Value:
        """Left, right, top, bottom; what is negative is cut off.

        A border of infinity, which no maximum sees, is one of the largest number.
        """
        fill = min(max(fill, -LARGEST), LARGEST)
        cut = [max(-border, 0) for border in padding]
        add = [max(border, 0) for border in padding]
        if any(cut):
            left, right, top, bottom = cut
            value = self.layer("Crop", value, left=left, right=right, top=top, bottom=bottom)
        if not any(add):
            return value
        return self.layer("Pad", value, padding=tuple(add), mode=mode, value=fill)

    def resize(
        self, value: Value, size: Size, mode: str, align_corners: bool, factor: tuple[float, float] | None
    ) -> Value:
        """Interpolation; by a whole factor where it is one, so that the layer goes with every input size."""
        have = Shape(*value.shape[1:])
        extra: dict[str, Any] = {} if mode == "nearest" else {"align_corners": align_corners}
        whole = (size.height // have.height, size.width // have.width)
        if (
            (have.height * whole[0], have.width * whole[1]) == size
            and all(whole)
            and max(whole) <= LARGEST_FACTOR
            and (factor is None or factor == tuple(map(float, whole)))
        ):
            return self.layer("Upsample", value, scale_factor=whole, mode=mode, **extra)
        if factor is not None and max(factor) <= LARGEST_FACTOR:
            return self.layer("Upsample", value, scale_factor=factor, mode=mode, **extra)
        return self.layer("Upsample", value, size=size, mode=mode, **extra)

    def depth_to_space(self, value: Value, block: int) -> Value:
        """PixelShuffle as TensorFlow has it: all channels of one place of the square lie behind each other."""
        order = np.arange(value.shape[1]).reshape(block * block, -1).T.ravel()
        return self.layer("PixelShuffle", self.move(value, lambda x: x[:, order]), upscale_factor=block)

    def space_to_depth(self, value: Value, block: int) -> Value:
        """PixelUnshuffle as TensorFlow has it; the inverse of `depth_to_space`."""
        made = self.layer("PixelUnshuffle", value, downscale_factor=block)
        order = np.arange(made.shape[1]).reshape(-1, block * block).T.ravel()
        return self.move(made, lambda x: x[:, order])

    def move(self, value: Value, how: Callable[[Numbers], Numbers]) -> Value:
        """Rearranged elements."""
        return move(self.draft, value, how)


def _order(draft: Draft, value: Value) -> Numbers | None:
    """Where each value of a map stands in this vector of all of them; None where they are in order, or not all."""
    if value.index is None or value.index.size != np.prod(draft.shapes[value.node]):
        return None
    order = np.argsort(value.index.ravel())
    return order if np.array_equal(value.index.ravel()[order], np.arange(order.size)) else None


def _turned(n: Numbers) -> Numbers:
    return np.swapaxes(n, -1, -2)


def _without(value: Value, axis: int) -> Value:
    shape = list(value.shape)
    del shape[axis]
    return reshaped(value, tuple(shape))


def _tensors(weight: Value, bias: Value | None) -> dict[str, Weight]:
    return {"weight": weight.weight()} | ({"bias": bias.weight()} if bias is not None else {})


def _require_plane(kernel: Value) -> None:
    if len(kernel.shape) != 4:
        raise StudioError(
            f"it convolves with a kernel of shape {kernel.shape}; only two-dimensional ones are supported."
        )
