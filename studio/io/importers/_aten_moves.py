"""PyTorch's operators that only move values about; what they amount to is told from where each value ends."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from studio.errors import StudioError
from studio.io.importers._aten_table import means, operand
from studio.io.importers._calls import Args
from studio.io.importers._flow import Flow
from studio.io.importers._views import Numbers, Value, constant, reshaped
from studio.model.op import Array


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


@means("transpose", "swapaxes")
def _transpose(f: Flow, a: Args) -> Value:
    return f.move(operand(a), lambda n: n.swapaxes(a["dim0"], a["dim1"]))


@means("t", "numpy_T")
def _t(f: Flow, a: Args) -> Value:
    return f.move(operand(a), lambda n: n.T)


def _within(numbers: Numbers, axis: int, cut: slice) -> Numbers:
    return numbers[(slice(None),) * (axis % numbers.ndim) + (cut,)]


@means("slice")
def _slice(f: Flow, a: Args) -> Value:
    cut = slice(a.get("start"), a.get("end"), a.get("step", 1))
    return f.move(operand(a), lambda n: _within(n, a.get("dim", 0), cut))


@means("narrow")
def _narrow(f: Flow, a: Args) -> Value:
    return f.move(operand(a), lambda n: _within(n, a["dim"], slice(a["start"], a["start"] + a["length"])))


@means("select")
def _select(f: Flow, a: Args) -> Value:
    return f.move(operand(a), lambda n: np.asarray(n.take(a["index"], a["dim"])))


def _pieces(f: Flow, value: Value, axis: int, lengths: Sequence[int]) -> list[Value]:
    ends = np.cumsum([0, *lengths])
    cuts = [slice(int(start), int(end)) for start, end in pairwise(ends)]
    return [f.move(value, lambda n, cut=cut: _within(n, axis, cut)) for cut in cuts]  # type: ignore[misc]


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


@means("expand", "expand_as")
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


@means("dropout", "feature_dropout", "alpha_dropout", "feature_alpha_dropout")
def _dropout(f: Flow, a: Args) -> Value:
    del f
    if a.get("train", a.get("training")):
        raise StudioError("it drops values at random; call eval() on the module.")
    return operand(a)


@means(
    "contiguous", "clone", "detach", "alias", "to", "_to_copy", "lift_fresh_copy", "lift_fresh", "type_as", "positive"
)
def _same(f: Flow, a: Args) -> Value:
    del f
    return operand(a)


def _filled(value: float, a: Args) -> Value:
    shape = tuple(a.get("size", ()))
    if math.prod(shape) > 2**24:
        raise StudioError("it makes a constant too large to be a weight.")
    return constant(np.full(shape, value, np.float32))


means("zeros")(lambda _, a: _filled(0.0, a))
means("ones")(lambda _, a: _filled(1.0, a))
means("full")(lambda _, a: _filled(a["fill_value"], a))
means("scalar_tensor")(lambda _, a: _filled(a["s"], a))


def _known(value: Value) -> Array:
    if value.constant is None:
        raise StudioError("it reckons with matrices that depend on the picture, which is not supported.")
    return np.asarray(value.constant, np.float32)


@means("mv", "dot", "vdot")
def _product(f: Flow, a: Args) -> Value:
    """Of a weight's spectral norm, which is worked out here."""
    del f
    other = next(a[key] for key in ("vec", "tensor", "other") if key in a)
    return constant(np.matmul(_known(a["self"]), _known(other)))


@means("_weight_norm")
def _weight_norm(f: Flow, a: Args) -> Value:
    """A weight as direction times length, which is worked out here."""
    v, g = _known(a["v"]), _known(a["g"])
    axes = tuple(axis for axis in range(v.ndim) if axis != a.get("dim", 0) % v.ndim)
    length = np.sqrt(np.square(v.astype(np.float64)).sum(axis=axes, keepdims=True))
    return f.binary("Mul", constant(v), constant((g / length).astype(np.float32)))


@means("glu")
def _glu(f: Flow, a: Args) -> Value:
    axis = a.get("dim", -1)
    half = operand(a).shape[axis] // 2
    value, gate = _pieces(f, operand(a), axis, [half, half])
    return f.binary("Mul", value, f.each("Sigmoid", gate))
