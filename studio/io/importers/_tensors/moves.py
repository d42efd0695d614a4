"""Operations that move values about, or compute with shapes, which is done at once."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from studio.errors import StudioError
from studio.io.importers._meanings.flow import Flow
from studio.io.importers._tensors.table import axes_of, by_torch, known, means, valued, whole
from studio.io.importers._values.views import Value, constant, reshaped

_MOST = 2**24


@means("reshape")
def _reshape(f: Flow, x: Any, newshape: Any) -> Value:
    del f
    value, shape = valued(x), whole(newshape)
    if shape.count(-1) == 1:
        rest = math.prod(side for side in shape if side != -1)
        shape[shape.index(-1)] = math.prod(value.shape) // max(rest, 1)
    return reshaped(value, tuple(shape))


@means("ravel")
def _ravel(f: Flow, x: Value) -> Value:
    del f
    return reshaped(x, (math.prod(x.shape),))


@means("flatten")
def _flatten(f: Flow, x: Value) -> Value:
    del f
    return reshaped(x, (x.shape[0], math.prod(x.shape[1:])))


@means("transpose", "permute_dimensions")
def _transpose(f: Flow, x: Any, axes: Any = None) -> Value:
    order = None if axes is None else whole(axes)
    return f.move(valued(x), lambda n: n.transpose(order))


@means("swapaxes")
def _swapaxes(f: Flow, x: Value, axis1: int, axis2: int) -> Value:
    return f.move(x, lambda n: n.swapaxes(axis1, axis2))


@means("moveaxis")
def _moveaxis(f: Flow, x: Value, source: Any, destination: Any) -> Value:
    return f.move(x, lambda n: np.moveaxis(n, whole(source), whole(destination)))


@means("expand_dims")
def _expand_dims(f: Flow, x: Any, axis: Any = -1) -> Value:
    del f
    value, added = valued(x), whole(axis)
    rank = len(value.shape) + len(added)
    new, old = {each % rank for each in added}, iter(value.shape)
    return reshaped(value, tuple(1 if k in new else next(old) for k in range(rank)))


@means("squeeze")
def _squeeze(f: Flow, x: Any, axis: Any = None) -> Value:
    del f
    value = valued(x)
    gone = set(axes_of(value, axis)) if axis not in (None, []) else {k for k, n in enumerate(value.shape) if n == 1}
    return reshaped(value, tuple(n for k, n in enumerate(value.shape) if k not in gone))


@means("concatenate", "concat", "concat_v2")
def _concatenate(f: Flow, xs: Sequence[Any], axis: Any = -1) -> Value:
    return f.concat([valued(x) for x in xs], int(known(axis)))


@means("stack", "pack")
def _stack(f: Flow, xs: Sequence[Any], axis: Any = 0) -> Value:
    values, place = [valued(x) for x in xs], int(known(axis))
    return f.concat([_expand_dims(f, value, place) for value in values], place)


@means("unstack", "unpack")
def _unstack(f: Flow, x: Value, num: int | None = None, axis: int = 0) -> list[Value]:
    del num
    (only,) = axes_of(x, axis)
    return [f.move(x, lambda n, k=k: n.take(k, only)) for k in range(x.shape[only])]  # type: ignore[misc]


@means("split")
def _split(f: Flow, x: Value, indices_or_sections: Any, axis: Any = 0) -> list[Value]:
    """In equal parts, or before the places that are named."""
    (only,) = axes_of(x, axis)
    total = x.shape[only]
    if np.ndim(known(indices_or_sections)) == 0:
        (parts,) = whole(indices_or_sections)
        if parts < 1 or total % parts:
            raise StudioError(f"it splits {total} values into {parts} equal parts.")
        ends = list(range(0, total + 1, total // parts))
    else:
        ends = [0, *whole(indices_or_sections), total]
    return _cut(f, x, only, ends)


@means("split_v")
def split_by_sizes(f: Flow, x: Value, sizes: Any, axis: Any = 0) -> list[Value]:
    """In parts of sizes that are named, of which one may be -1."""
    (only,) = axes_of(x, axis)
    lengths = whole(sizes)
    lengths = [x.shape[only] - sum(n for n in lengths if n != -1) if n == -1 else n for n in lengths]
    return _cut(f, x, only, [int(end) for end in np.cumsum([0, *lengths])])


def _cut(f: Flow, x: Value, axis: int, ends: Sequence[int]) -> list[Value]:
    before = (slice(None),) * axis
    cuts = [(*before, slice(start, end)) for start, end in pairwise(ends)]
    return [f.move(x, lambda n, cut=cut: n[cut]) for cut in cuts]  # type: ignore[misc]


@means("get_item")
def _get_item(f: Flow, x: Any, key: Any) -> Value:
    places = tuple(key) if isinstance(key, (list, tuple)) else (key,)
    cut = tuple(_place(place) for place in places)
    return f.move(valued(x), lambda n: np.asarray(n[cut]))


def _place(place: Any) -> Any:
    if isinstance(place, slice):
        return slice(*(None if at is None else int(known(at)) for at in (place.start, place.stop, place.step)))
    return place if place is None or place is Ellipsis or isinstance(place, int) else known(place)


@means("slice")
def _slice(f: Flow, x: Any, start_indices: Any, shape: Any) -> Value:
    value = valued(x)
    starts, lengths = whole(start_indices), whole(shape)
    ends = [n if size == -1 else at + size for at, size, n in zip(starts, lengths, value.shape, strict=True)]
    cut = tuple(slice(at, end) for at, end in zip(starts, ends, strict=True))
    return f.move(value, lambda n: n[cut])


@means("take", "gather", "gather_v2")
def _take(f: Flow, x: Any, indices: Any, axis: Any = 0, **_: Any) -> Value:
    places = known(indices).astype(np.int64)
    return f.move(valued(x), lambda n: np.asarray(n.take(places, int(known(axis)))))


@means("tile")
def _tile(f: Flow, x: Any, repeats: Any) -> Value:
    value, times = valued(x), whole(repeats)
    if math.prod(times) * math.prod(value.shape) > _MOST:
        raise StudioError("it repeats its input too often.")
    return f.move(value, lambda n: np.tile(n, times))


@means("repeat")
def _repeat(f: Flow, x: Value, repeats: Any, axis: int | None = None) -> Value:
    return f.move(x, lambda n: n.repeat(whole(repeats), axis))


@means("broadcast_to")
def _broadcast_to(f: Flow, x: Any, shape: Any) -> Value:
    wanted = tuple(whole(shape))
    return f.move(valued(x), lambda n: np.broadcast_to(n, wanted))


@means("flip", "reverse", "reverse_v2")
def _flip(f: Flow, x: Value, axis: Any = None) -> Value:
    for each in axes_of(x, axis):
        x = f.flipped(x, each)
    return x


@means("roll")
def _roll(f: Flow, x: Value, shift: Any, axis: Any = None) -> Value:
    if axis is None:
        return reshaped(f.rolled(reshaped(x, (math.prod(x.shape),)), whole(shift)[0], 0), x.shape)
    for by, each in zip(whole(shift), axes_of(x, axis), strict=True):
        x = f.rolled(x, by, each)
    return x


_PADS = {"edge": "replicate", "wrap": "circular"} | {how: how for how in ("constant", "reflect", "symmetric")}


@means("pad", "pad_v2", "mirror_pad")
def padded(f: Flow, x: Any, pad_width: Any, mode: str = "constant", constant_values: Any = 0.0) -> Value:
    """With borders: pairs of numbers, one for every axis."""
    value, how = valued(x), _PADS.get(str(mode).lower(), "")
    pairs = np.broadcast_to(known(pad_width).astype(int), (len(value.shape), 2)).tolist()
    if not how:
        raise StudioError(f'it pads by "{mode}", which is not supported.')
    if value.is_constant:
        if how != "constant":
            raise StudioError(f'it pads a constant by "{mode}", which is not supported.')
        return constant(np.pad(known(value), pairs, constant_values=float(known(constant_values))))
    borders = [side for pair in reversed(pairs) for side in pair]
    fill = 0.0 if constant_values is None else float(known(constant_values))
    if min(borders) < 0:
        raise StudioError("its borders are negative.")
    return by_torch(f, "pad", self=value, pad=borders, mode=how, value=fill)


# -- shapes -----------------------------------------------------------------------------------------------------------


@means("shape")
def _shape(f: Flow, x: Any, **_: Any) -> Value:
    del f
    return constant(np.asarray(valued(x).shape, np.int32))


@means("size")
def _size(f: Flow, x: Any, **_: Any) -> Value:
    del f
    return constant(np.int32(math.prod(valued(x).shape)))


@means("rank", "ndim")
def _rank(f: Flow, x: Any) -> Value:
    del f
    return constant(np.int32(len(valued(x).shape)))


@means("zeros_like")
def _zeros_like(f: Flow, x: Value, **_: Any) -> Value:
    return _filled(f, x.shape, 0.0)


@means("ones_like")
def _ones_like(f: Flow, x: Value, **_: Any) -> Value:
    return _filled(f, x.shape, 1.0)


@means("full_like")
def _full_like(f: Flow, x: Value, fill_value: Any, **_: Any) -> Value:
    return _filled(f, x.shape, fill_value)


@means("linspace")
def _linspace(f: Flow, start: Any, stop: Any, num: Any = 50, **_: Any) -> Value:
    del f
    (count,) = whole(num)
    if count > _MOST:
        raise StudioError("it counts too far.")
    return constant(np.linspace(float(known(start)), float(known(stop)), count).astype(np.float32))


@means("one_hot")
def one_hot(f: Flow, x: Value, depth: Any, on: Any = 1.0, off: Any = 0.0, axis: Any = -1, **_: Any) -> Value:
    """Number ``on`` at the places that the values count, ``off`` elsewhere, along a new last axis."""
    if int(known(axis)) not in (-1, len(x.shape)):
        raise StudioError(f"it adds its places as axis {axis}; only the last one is supported.")
    made = by_torch(f, "one_hot", self=x, num_classes=whole(depth)[0])
    low, high = float(known(0.0 if off is None else off)), float(known(1.0 if on is None else on))
    return made if (low, high) == (0.0, 1.0) else f.each("Affine", made, scale=high - low, shift=low)


@means("zeros")
def _zeros(f: Flow, newshape: Any, **_: Any) -> Value:
    return _filled(f, newshape, 0.0)


@means("ones")
def _ones(f: Flow, newshape: Any, **_: Any) -> Value:
    return _filled(f, newshape, 1.0)


@means("fill")
def _filled(f: Flow, dims: Any, value: Any) -> Value:
    del f
    shape, number = tuple(whole(dims)), known(value)
    if math.prod(shape) > _MOST:
        raise StudioError("it makes a constant too large to be a weight.")
    return constant(np.full(shape, number))


@means("range", "arange")
def _range(f: Flow, start: Any, stop: Any = None, step: Any = 1, **_: Any) -> Value:
    del f
    first, last, by = (np.zeros(1) if x is None else known(x).reshape(-1) for x in (start, stop, step))
    if stop is None:
        first, last = np.zeros_like(first), first
    if not by[0] or abs((last[0] - first[0]) / by[0]) > _MOST:
        raise StudioError("it counts too far.")
    return constant(np.arange(first[0], last[0], by[0]).astype(known(start).dtype))


@means("broadcast_args")
def _broadcast_args(f: Flow, one: Any, two: Any) -> Value:
    del f
    return constant(np.asarray(np.broadcast_shapes(tuple(whole(one)), tuple(whole(two))), np.int32))
