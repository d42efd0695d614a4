"""PyTorch's operators that only move values about; what they amount to is told from where each value ends."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from studio.errors import StudioError
from studio.io.importers._aten.masks import by_mask
from studio.io.importers._aten.picks import taken
from studio.io.importers._aten.table import means, number, operand
from studio.io.importers._meanings.flow import Flow
from studio.io.importers._meanings.handlers import Args
from studio.io.importers._values.views import Value, constant, reshaped, within


def whole_shape(shape: Sequence[int], value: Value) -> tuple[int, ...]:
    """The shape with its -1 worked out."""
    known = math.prod(length for length in shape if length != -1)
    if list(shape).count(-1) == 1 and known > 0:
        return tuple(math.prod(value.shape) // known if length == -1 else length for length in shape)
    return tuple(shape)


@means("view", "reshape", "_unsafe_view")
def _view(f: Flow, a: Args) -> Value:
    del f
    return reshaped(operand(a), whole_shape(a["size"] if "size" in a else a["shape"], operand(a)))


@means("flatten")
def _flatten(f: Flow, a: Args) -> Value:
    del f
    shape, rank = operand(a).shape, len(operand(a).shape)
    start, end = a.get("start_dim", 0) % rank, a.get("end_dim", -1) % rank
    return reshaped(operand(a), (*shape[:start], math.prod(shape[start : end + 1]), *shape[end + 1 :]))


@means("unflatten")
def _unflatten(f: Flow, a: Args) -> Value:
    del f
    shape = operand(a).shape
    axis = a["dim"] % len(shape)
    sizes = [s if s != -1 else shape[axis] // -math.prod(a["sizes"]) for s in a["sizes"]]
    return reshaped(operand(a), (*shape[:axis], *sizes, *shape[axis + 1 :]))


@means("squeeze")
def _squeeze(f: Flow, a: Args) -> Value:
    del f
    shape = operand(a).shape
    given = a.get("dim", list(range(len(shape))))
    axes = {axis % len(shape) for axis in ([given] if isinstance(given, int) else given)}
    return reshaped(operand(a), tuple(s for axis, s in enumerate(shape) if s != 1 or axis not in axes))


@means("unsqueeze")
def _unsqueeze(f: Flow, a: Args) -> Value:
    del f
    shape = list(operand(a).shape)
    shape.insert(a["dim"] % (len(shape) + 1), 1)
    return reshaped(operand(a), tuple(shape))


@means("permute")
def _permute(f: Flow, a: Args) -> Value:
    return f.move(operand(a), lambda n: n.transpose(a["dims"]))


@means("transpose", "swapaxes", "swapdims")
def _transpose(f: Flow, a: Args) -> Value:
    one, two = (a[f"dim{k}"] if f"dim{k}" in a else a[f"axis{k}"] for k in (0, 1))
    return f.move(operand(a), lambda n: n.swapaxes(one, two))


@means("t", "numpy_T")
def _t(f: Flow, a: Args) -> Value:
    return f.move(operand(a), lambda n: n.T)


@means("slice")
def _slice(f: Flow, a: Args) -> Value:
    cut = slice(a.get("start"), a.get("end"), a.get("step", 1))
    return f.move(operand(a), lambda n: within(n, a.get("dim", 0), cut))


@means("narrow")
def _narrow(f: Flow, a: Args) -> Value:
    return f.move(operand(a), lambda n: within(n, a["dim"], slice(a["start"], a["start"] + a["length"])))


@means("select")
def _select(f: Flow, a: Args) -> Value:
    return f.move(operand(a), lambda n: np.asarray(n.take(a["index"], a["dim"])))


def _pieces(f: Flow, value: Value, axis: int, lengths: Sequence[int]) -> list[Value]:
    ends = np.cumsum([0, *lengths])
    cuts = [slice(int(start), int(end)) for start, end in pairwise(ends)]
    return [f.move(value, lambda n, cut=cut: within(n, axis, cut)) for cut in cuts]  # type: ignore[misc]


@means("chunk")
def _chunk(f: Flow, a: Args) -> list[Value]:
    total = operand(a).shape[a.get("dim", 0)]
    each = -(-total // a["chunks"])
    return _pieces(f, operand(a), a.get("dim", 0), [min(each, total - start) for start in range(0, total, each)])


@means("split", "split_with_sizes")
def _split(f: Flow, a: Args) -> list[Value]:
    axis, given = a.get("dim", 0), a.get("split_size", a.get("split_sizes"))
    total = operand(a).shape[axis]
    sizes = [min(given, total - k) for k in range(0, total, given)] if isinstance(given, int) else list(given or [])
    return _pieces(f, operand(a), axis, sizes)


@means("expand", "expand_as", "broadcast_to")
def _expand(f: Flow, a: Args) -> Value:
    shape = operand(a).shape
    size = a["size"] if "size" in a else a["other"].shape
    aligned = (1,) * (len(size) - len(shape)) + shape
    wanted = tuple(have if want == -1 else want for have, want in zip(aligned, size, strict=True))
    return f.move(operand(a), lambda n: np.broadcast_to(n, wanted))


@means("repeat")
def _repeat(f: Flow, a: Args) -> Value:
    return f.move(operand(a), lambda n: np.tile(n, a["repeats"]))


@means("repeat_interleave")
def _repeat_interleave(f: Flow, a: Args) -> Value:
    return f.move(operand(a), lambda n: n.repeat(a["repeats"], a.get("dim")))


@means("cat", "concat")
def _cat(f: Flow, a: Args) -> Value:
    return f.concat(a["tensors"], a.get("dim", 0))


@means("stack")
def _stack(f: Flow, a: Args) -> Value:
    values = [_unsqueeze(f, {"self": v, "dim": a.get("dim", 0)}) for v in a["tensors"]]
    return f.concat([v for v in values if isinstance(v, Value)], a.get("dim", 0))


@means("alpha_dropout", "feature_alpha_dropout")
def _dropout(f: Flow, a: Args) -> Value:
    del f
    if a.get("train", a.get("training")):
        raise StudioError("it drops values at random; call eval() on the module.")
    return operand(a)


@means("contiguous", "clone", "detach", "alias", "lift_fresh_copy", "lift_fresh", "type_as", "positive")
def _same(f: Flow, a: Args) -> Value:
    del f
    return operand(a)


@means("to", "_to_copy")
def _to(f: Flow, a: Args) -> Value:
    """Another type of numbers: maps are float32 throughout, but whole numbers are cut, and truths are 0 and 1."""
    kind = str(a.get("dtype", "")).removeprefix("torch.")
    kind = {"1": "uint8", "2": "int8", "3": "int16", "4": "int32", "5": "int64", "12": "bool"}.get(kind, kind)
    if operand(a).is_constant or not (kind == "bool" or "int" in kind):
        return operand(a)
    if kind == "bool":
        return f.each("Compare", operand(a), how="ne", value=0.0)
    return f.each("Round", operand(a), how="trunc")


@means("roll")
def _roll(f: Flow, a: Args) -> Value:
    value, shifts, dims = operand(a), a["shifts"], a.get("dims") or []
    shifts, dims = ([each] if isinstance(each, int) else list(each) for each in (shifts, dims))
    if not dims:
        flat = f.rolled(reshaped(value, (math.prod(value.shape),)), shifts[0], 0)
        return reshaped(flat, value.shape)
    for shift, axis in zip(shifts, dims, strict=True):
        value = f.rolled(value, shift, axis)
    return value


@means("flip")
def _flip(f: Flow, a: Args) -> Value:
    value = operand(a)
    for axis in a["dims"]:
        value = f.flipped(value, axis)
    return value


@means("rot90")
def _rot90(f: Flow, a: Args) -> Value:
    value, (one, two) = operand(a), a.get("dims", [0, 1])
    for _ in range(a.get("k", 1) % 4):
        value = f.flipped(f.move(value, lambda n: n.swapaxes(one, two)), one)
    return value


@means("diagonal")
def _diagonal(f: Flow, a: Args) -> Value:
    offset, one, two = a.get("offset", 0), a.get("dim1", 0), a.get("dim2", 1)
    return f.move(operand(a), lambda n: np.diagonal(n, offset, one, two))


@means("movedim", "moveaxis")
def _movedim(f: Flow, a: Args) -> Value:
    return f.move(operand(a), lambda n: np.moveaxis(n, a["source"], a["destination"]))


@means("unbind")
def _unbind(f: Flow, a: Args) -> list[Value]:
    axis = a.get("dim", 0)
    return [f.move(operand(a), lambda n, k=k: n.take(k, axis)) for k in range(operand(a).shape[axis])]  # type: ignore[misc]


@means("view_as", "reshape_as")
def _view_as(f: Flow, a: Args) -> Value:
    del f
    return reshaped(operand(a), a["other"].shape)


@means("tile")
def _tile(f: Flow, a: Args) -> Value:
    return f.move(operand(a), lambda n: np.tile(n, a["dims"]))


@means("index", "_unsafe_index")
def _index(f: Flow, a: Args) -> Value:
    """By constant places along some axes, by a mask, or by places of extremes along the first."""
    if (found := taken(f, operand(a), a["indices"])) is not None:
        return found
    if (picked := by_mask(f, operand(a), a["indices"])) is not None:
        return picked
    places: list[Any] = [slice(None) if at is None else at for at in a["indices"]]
    if any(isinstance(at, Value) and not at.is_constant for at in places):
        raise StudioError("it takes values from places that depend on the picture, which is not supported.")
    cut = tuple(at.constant if isinstance(at, Value) else at for at in places)
    return f.move(operand(a), lambda n: n[cut])


@means("index_select")
def _index_select(f: Flow, a: Args) -> Value:
    if a["dim"] == 0 and (found := taken(f, operand(a), [a["index"]])) is not None:
        return found
    return f.move(operand(a), lambda n: n.take(np.asarray(a["index"].constant), a["dim"]))


@means("fill", "full_like", "zeros_like", "ones_like", "new_zeros", "new_ones", "new_full", "zero")
def _like(f: Flow, a: Args, name: str = "") -> Value:
    del f, name
    shape = tuple(a["size"]) if "size" in a else operand(a).shape
    value = a.get("value", a.get("fill_value"))
    return constant(np.full(shape, number(value) if value is not None else 0.0, np.float32))


means("ones_like", "new_ones")(lambda f, a: _like(f, {**a, "value": 1.0}))
means("copy")(lambda f, a: _expand(f, {"self": a["src"], "size": list(operand(a).shape)}))


@means("_weight_norm")
def _weight_norm(f: Flow, a: Args) -> Value:
    """A weight as direction times length, which is worked out here."""
    v, g = (np.asarray(a[key].weight().values) for key in ("v", "g"))
    axes = tuple(axis for axis in range(v.ndim) if axis != a.get("dim", 0) % v.ndim)
    length = np.sqrt(np.square(v.astype(np.float64)).sum(axis=axes, keepdims=True))
    return f.binary("Mul", constant(v), constant((g / length).astype(np.float32)))


@means("glu")
def _glu(f: Flow, a: Args) -> Value:
    axis = a.get("dim", -1)
    half = operand(a).shape[axis] // 2
    value, gate = _pieces(f, operand(a), axis, [half, half])
    return f.binary("Mul", value, f.each("Sigmoid", gate))


@means("channel_shuffle")
def _channel_shuffle(f: Flow, a: Args) -> Value:
    return f.layer("ChannelShuffle", operand(a), groups=a["groups"])
