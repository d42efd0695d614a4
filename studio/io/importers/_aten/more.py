"""PyTorch's operators that are made of several plain ones: running sums, products, likeness, norms of tokens, lines."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np

from studio.errors import StudioError
from studio.io.importers._aten.table import TABLE, means, number, operand, pair
from studio.io.importers._meanings.choices import chosen, compared, p_norm, valued
from studio.io.importers._meanings.flow import LARGEST, Flow
from studio.io.importers._meanings.handlers import Args
from studio.io.importers._values.lines import counted_up
from studio.io.importers._values.views import Value, constant, reshaped

_MOST_FACTORS = 64
_NORM_EPS = float(np.finfo(np.float32).eps)


def _along_last(f: Flow, value: Value, axis: int, matrix: np.ndarray) -> Value:
    """A matrix of (made, given) on one axis."""
    rank = len(value.shape)
    if axis % rank == 1 and rank == 4 and value.shape[0] == 1:
        return f.conv(value, constant(matrix[:, :, None, None]), None, (1, 1), [0] * 4, (1, 1), 1)
    order = [k for k in range(rank) if k != axis % rank] + [axis % rank]
    made = f.linear(f.move(value, lambda n: n.transpose(order)), constant(matrix), None)
    return f.move(made, lambda n: n.transpose(np.argsort(order)))


def _pieces(f: Flow, value: Value, axis: int) -> list[Value]:
    """What lies behind each other along an axis, each of length 1."""
    count = value.shape[axis]
    if count > _MOST_FACTORS:
        raise StudioError(f"it multiplies {count} values with each other; {_MOST_FACTORS} at most are supported.")
    return [f.move(value, partial(np.take, indices=[k], axis=axis)) for k in range(count)]


@means("cumsum")
def _running_sum(f: Flow, a: Args) -> Value:
    axis, value = a["dim"], operand(a)
    if f.draft.lines.get(value.node) == 0 and (counted := counted_up(f.draft, value, axis, f.name)) is not None:
        return counted
    return _along_last(f, value, axis, np.tri(value.shape[axis], dtype=np.float32))


@means("cumprod")
def _running_product(f: Flow, a: Args) -> Value:
    made: list[Value] = []
    for piece in _pieces(f, operand(a), a["dim"]):
        made.append(f.binary("Mul", made[-1], piece) if made else piece)
    return f.concat(made, a["dim"] % len(operand(a).shape))


@means("prod")
def _product(f: Flow, a: Args) -> Value:
    if not isinstance(a.get("dim"), int):
        raise StudioError("it multiplies all values of a map; give it one axis.")
    axis = a["dim"] % len(operand(a).shape)
    found = _pieces(f, operand(a), axis)
    while len(found) > 1:
        pairs = [found[k : k + 2] for k in range(0, len(found), 2)]
        found = [f.binary("Mul", *two) if len(two) > 1 else two[0] for two in pairs]
    shape = found[0].shape
    return found[0] if a.get("keepdim") else reshaped(found[0], shape[:axis] + shape[axis + 1 :])


@means("aminmax")
def _ends(f: Flow, a: Args) -> list[Value]:
    axes = list(range(len(operand(a).shape))) if a.get("dim") is None else [a["dim"]]
    return [f.reduced(op, operand(a), axes, a.get("keepdim", False)) for op in ("Amin", "Amax")]


@means("addcdiv")
def _addcdiv(f: Flow, a: Args) -> Value:
    quotient = f.binary("Div", a["tensor1"], a["tensor2"])
    return f.binary("Add", operand(a), f.binary("Mul", quotient, valued(number(a.get("value", 1)))))


@means("nan_to_num")
def _nan_to_num(f: Flow, a: Args) -> Value:
    """Where nothing is given for infinities, they become the largest numbers."""
    value = operand(a)
    ends = {key: a.get(key) for key in ("nan", "posinf", "neginf")}
    held = f.each("Hardtanh", value, min_val=-LARGEST, max_val=LARGEST)
    for key, how, sign in (("posinf", "gt", 1), ("neginf", "lt", -1)):
        if ends[key] is not None:
            held = chosen(f, compared(f, how, value, sign * LARGEST), valued(number(ends[key])), held)
    return chosen(f, f.several("CompareMaps", value, value, how="ne"), valued(number(ends["nan"] or 0.0)), held)


# -- likeness and norms -------------------------------------------------------------------------------------------


@means("cosine_similarity")
def _cosine(f: Flow, a: Args) -> Value:
    one, two, axes, eps = a["x1"], a["x2"], [a.get("dim", 1)], number(a.get("eps", 1e-8))
    product = f.total(f.binary("Mul", one, two), axes, keepdim=False)
    lengths = (p_norm(f, value, 2.0, axes, keepdim=False) for value in (one, two))
    longer = [f.each("Hardtanh", length, min_val=eps, max_val=LARGEST) for length in lengths]
    return f.binary("Div", f.binary("Div", product, longer[0]), longer[1])


@means("pairwise_distance")
def _distance(f: Flow, a: Args) -> Value:
    apart = f.binary("Add", f.binary("Sub", a["x1"], a["x2"]), valued(number(a.get("eps", 1e-6))))
    return p_norm(f, apart, number(a.get("p", 2)), [-1], a.get("keepdim", False))


@means("rms_norm")
def _rms_norm(f: Flow, a: Args) -> Value:
    value, weight = operand(a), a.get("weight")
    axes = list(range(-len(a["normalized_shape"]), 0))
    eps = _NORM_EPS if a.get("eps") is None else number(a["eps"])
    mean = f.mean(f.each("Pow", value, exponent=2.0), axes, keepdim=True)
    scale = f.each("Pow", f.binary("Add", mean, constant(np.float32(eps))), exponent=-0.5)
    made = f.binary("Mul", value, scale)
    return made if weight is None else f.binary("Mul", made, weight)


@means("avg_pool3d")
def _mean_of_neighbours(f: Flow, a: Args) -> Value:
    """Of channels alone, as a local response norm has it: a banded matrix."""
    value, kernel = operand(a), list(a["kernel_size"])
    stride = list(a.get("stride") or kernel)
    plain = not any(a.get("padding") or ()) and a.get("divisor_override") is None and not a.get("ceil_mode")
    if kernel[1:] != [1, 1] or stride[1:] != [1, 1] or len(value.shape) != 5 or value.shape[:2] != (1, 1) or not plain:
        raise StudioError("it pools in three dimensions; only along channels is that supported.")
    size, step, have = kernel[0], stride[0], value.shape[2]
    rows = np.arange(0, have - size + 1, step)[:, None]
    places = np.arange(have)[None]
    matrix = ((places >= rows) & (places < rows + size)).astype(np.float32) / np.float32(size)
    made = _along_last(f, reshaped(value, value.shape[1:]), 1, matrix)
    return reshaped(made, (1, *made.shape))


# -- lines, as maps of one row ------------------------------------------------------------------------------------

_ROWS = {"kernel_size": 1, "stride": 1, "dilation": 1, "padding": 0, "output_padding": 0, "output_size": 1}
_LINEAR = {"upsample_linear1d": "upsample_bilinear2d", "upsample_nearest1d": "upsample_nearest2d"}


def _row(given: Any, other: int) -> list[int]:
    return [other, *pair(given, other)[:1]]


def _on_rows(name: str) -> None:
    def handle(f: Flow, a: Args) -> Value | list[Value]:
        value = operand(a)
        lines = reshaped(value, (1, *value.shape[-2:-1], 1, value.shape[-1]))
        along: dict[str, Any] = {
            key: _row(a[key], other) for key, other in _ROWS.items() if a.get(key) not in (None, [])
        }
        if "weight" in a:
            weight = a["weight"]
            along["weight"] = reshaped(weight, (*weight.shape[:-1], 1, weight.shape[-1]))
        made = TABLE[f"aten.{name}2d"](f, {**a, **along, "self": lines, "input": lines})
        found: Sequence[Value] = made if isinstance(made, list) else [made]
        flat = [reshaped(each, (*value.shape[:-2], each.shape[1], each.shape[-1])) for each in found]
        return flat if isinstance(made, list) else flat[0]

    means(f"{name}1d")(handle)


for _name in ("max_pool", "avg_pool", "adaptive_avg_pool", "adaptive_max_pool", "conv_transpose"):
    _on_rows(_name)


def _enlarged_rows(name: str, two: str) -> None:
    def handle(f: Flow, a: Args) -> Value:
        value = operand(a)
        lines = reshaped(value, (1, *value.shape[-2:-1], 1, value.shape[-1]))
        given = a.get("scale_factors") or ([a["scales"]] if a.get("scales") else None)
        size = None if a.get("output_size") is None else [1, *a["output_size"]]
        along = {"self": lines, "input": lines, "output_size": size, "align_corners": a.get("align_corners")}
        made = TABLE[f"aten.{two}"](f, {**along, "scale_factors": None if given is None else [1.0, *given]})
        assert isinstance(made, Value)
        return reshaped(made, (*value.shape[:-1], made.shape[-1]))

    means(name)(handle)


for _name, _two in _LINEAR.items():
    _enlarged_rows(_name, _two)
