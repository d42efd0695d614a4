"""ONNX's operators that move values about, or compute with shapes, which is done at once."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np

from studio.errors import StudioError
from studio.io.importers._meanings.choices import masked
from studio.io.importers._meanings.flow import Flow
from studio.io.importers._onnx.table import OnnxNode, known, means
from studio.io.importers._values.views import Value, constant, reshaped

_MOST = 2**24
_ROUNDED = "The file rounds its output to whole numbers; the studio leaves it as it is."


@means("Identity", "Dropout")
def _same(f: Flow, n: OnnxNode) -> Value:
    del f
    if n.kind == "Dropout" and (training := n.get(2)) is not None and bool(known(training).any()):
        raise StudioError("it drops values at random; export the model in evaluation mode.")
    return n.x


@means("Cast", "CastLike")
def _cast(f: Flow, n: OnnxNode) -> Value:
    from onnx import TensorProto, helper

    kind = n.attributes.get("to", TensorProto.FLOAT)
    if n.x.constant is not None:
        return Value(n.x.shape, constant=n.x.constant.astype(helper.tensor_dtype_to_np_dtype(kind)), origin=n.x.origin)
    if n.kind == "CastLike" or kind in (
        TensorProto.FLOAT,
        TensorProto.FLOAT16,
        TensorProto.DOUBLE,
        TensorProto.BFLOAT16,
    ):
        return n.x
    if kind == TensorProto.BOOL:
        return masked(f, n.x)
    if not n.closing:
        raise StudioError("it makes whole numbers of a map in the midst of the model, which is not supported.")
    return _unrounded(f, n.x)


def _unrounded(f: Flow, value: Value) -> Value:
    """What is rounded at the very end alone is left as it is."""
    if _ROUNDED not in f.draft.notes:
        f.draft.notes.append(_ROUNDED)
    return value


@means("Constant")
def _constant(f: Flow, n: OnnxNode) -> Value:
    del f
    for key in ("value", "value_float", "value_floats", "value_int", "value_ints"):
        if key in n.attributes:
            kind = {"value_float": "f4", "value_floats": "f4"}.get(key)
            return constant(np.asarray(n.attributes[key], kind))
    raise StudioError("it holds no numbers.")


@means("Shape")
def _shape(f: Flow, n: OnnxNode) -> Value:
    del f
    cut = slice(n.attributes.get("start"), n.attributes.get("end"))
    return constant(np.asarray(n.x.shape[cut], np.int64))


@means("Size")
def _size(f: Flow, n: OnnxNode) -> Value:
    del f
    return constant(np.int64(math.prod(n.x.shape)))


@means("ConstantOfShape")
def _constant_of_shape(f: Flow, n: OnnxNode) -> Value:
    del f
    shape = tuple(int(length) for length in known(n.x).ravel())
    if math.prod(shape) > _MOST:
        raise StudioError("it makes a constant too large to be a weight.")
    value = np.asarray(n.attributes.get("value", np.float32(0))).ravel()[0]
    return constant(np.full(shape, value))


@means("Range")
def _range(f: Flow, n: OnnxNode) -> Value:
    del f
    start, limit, step = (float(known(n.at(k)).ravel()[0]) for k in range(3))
    if not step or abs((limit - start) / step) > _MOST:
        raise StudioError("it counts too far.")
    return constant(np.arange(start, limit, step).astype(known(n.x).dtype))


_ROUNDING = {"Floor": "floor", "Ceil": "ceil", "Round": "round"}


@means(*_ROUNDING)
def _round(f: Flow, n: OnnxNode) -> Value:
    return _unrounded(f, n.x) if n.closing else f.each("Round", n.x, how=_ROUNDING[n.kind])


@means("Reshape")
def _reshape(f: Flow, n: OnnxNode) -> Value:
    del f
    wanted = [int(length) for length in n.numbers(1, "shape") or []]
    if not n.attributes.get("allowzero", 0):
        wanted = [n.x.shape[axis] if length == 0 else length for axis, length in enumerate(wanted)]
    known_part = math.prod(length for length in wanted if length != -1)
    if wanted.count(-1) == 1 and known_part > 0:
        wanted[wanted.index(-1)] = math.prod(n.x.shape) // known_part
    return reshaped(n.x, tuple(wanted))


@means("Flatten")
def _flatten(f: Flow, n: OnnxNode) -> Value:
    del f
    axis = n.attributes.get("axis", 1) % (len(n.x.shape) + 1)
    return reshaped(n.x, (math.prod(n.x.shape[:axis]), math.prod(n.x.shape[axis:])))


@means("Squeeze")
def _squeeze(f: Flow, n: OnnxNode) -> Value:
    del f
    rank = len(n.x.shape)
    axes = n.numbers(1, "axes")
    gone = {a % rank for a in axes} if axes is not None else {a for a in range(rank) if n.x.shape[a] == 1}
    return reshaped(n.x, tuple(length for axis, length in enumerate(n.x.shape) if axis not in gone))


@means("Unsqueeze")
def _unsqueeze(f: Flow, n: OnnxNode) -> Value:
    del f
    axes = n.numbers(1, "axes") or []
    rank = len(n.x.shape) + len(axes)
    new, old = {int(axis) % rank for axis in axes}, iter(n.x.shape)
    return reshaped(n.x, tuple(1 if axis in new else next(old) for axis in range(rank)))


@means("Transpose")
def _transpose(f: Flow, n: OnnxNode) -> Value:
    return f.move(n.x, lambda x: x.transpose(n.attributes.get("perm")))


@means("Concat")
def _concat(f: Flow, n: OnnxNode) -> Value:
    return f.concat([n.at(place) for place in range(len(n.inputs))], n.attributes.get("axis", 1))


@means("Split")
def _split(f: Flow, n: OnnxNode) -> list[Value]:
    axis = n.attributes.get("axis", 0) % len(n.x.shape)
    total = n.x.shape[axis]
    each = -(-total // max(n.attributes.get("num_outputs", n.outputs), 1))
    sizes = n.numbers(1, "split") or [min(each, total - start) for start in range(0, total, each)]
    ends = np.cumsum([0, *sizes])
    if int(ends[-1]) != total:
        raise StudioError(f"it splits {total} into {sizes}.")
    before = (slice(None),) * axis
    cuts = [(*before, slice(int(start), int(end))) for start, end in pairwise(ends)]
    return [f.move(n.x, lambda x, cut=cut: x[cut]) for cut in cuts]  # type: ignore[misc]


@means("Slice")
def _slice(f: Flow, n: OnnxNode) -> Value:
    starts, ends = n.numbers(1, "starts") or [], n.numbers(2, "ends") or []
    axes = n.numbers(3, "axes") or list(range(len(starts)))
    steps = n.numbers(4, "steps") or [1] * len(starts)
    cut, turned = [slice(None)] * len(n.x.shape), list[int]()
    for axis, start, end, step in zip(axes, starts, ends, steps, strict=True):
        # Backwards, an end before the first element is said by a very negative number.
        places = range(n.x.shape[axis])[slice(start, None if step < 0 and end < -n.x.shape[axis] else end, step)]
        cut[axis] = slice(places.start, places.stop, step)
        if step < 0 and places:
            cut[axis] = slice(places[-1], places[0] + 1, -step)
            turned.append(axis)
    value = f.move(n.x, lambda x: x[tuple(cut)])
    for axis in turned:
        value = f.flipped(value, axis)
    return value


@means("Expand")
def _expand(f: Flow, n: OnnxNode) -> Value:
    shape = np.broadcast_shapes(n.x.shape, tuple(int(length) for length in known(n.at(1)).ravel()))
    return f.move(n.x, lambda x: np.broadcast_to(x, shape))


@means("Tile")
def _tile(f: Flow, n: OnnxNode) -> Value:
    times = [int(count) for count in known(n.at(1)).ravel()]
    if math.prod(times) * math.prod(n.x.shape) > _MOST:
        raise StudioError("it repeats its input too often.")
    return f.move(n.x, lambda x: np.tile(x, times))
