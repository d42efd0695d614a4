"""Operations on single elements, on two maps element by element, and over axes."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from studio.errors import StudioError
from studio.io.importers._meanings.flow import Flow
from studio.io.importers._tensors.table import axes_of, by_torch, known, means, valued
from studio.io.importers._values.views import Value, constant

# -- of one -----------------------------------------------------------------------------------------------------------

_ALIKE = {
    "relu": "relu", "relu6": "relu6", "sigmoid": "sigmoid", "tanh": "tanh", "silu": "silu", "swish": "silu",
    "hard_silu": "hardswish", "hard_swish": "hardswish", "softplus": "softplus", "softsign": "softsign",
    "selu": "selu", "mish": "mish", "log_sigmoid": "log_sigmoid", "exp": "exp", "exponential": "exp",
    "expm1": "expm1", "exp2": "exp2", "log": "log", "log1p": "log1p", "log2": "log2", "log10": "log10", "sqrt": "sqrt",
    "rsqrt": "rsqrt", "square": "square", "abs": "abs", "absolute": "abs", "fabs": "abs", "negative": "neg",
    "neg": "neg", "sign": "sign", "floor": "floor", "ceil": "ceil", "round": "round", "rint": "round",
    "trunc": "trunc", "sin": "sin", "cos": "cos", "tan": "tan", "sinh": "sinh", "cosh": "cosh", "arctan": "atan",
    "atan": "atan", "arcsin": "asin", "asin": "asin", "arccos": "acos", "acos": "acos", "arcsinh": "asinh",
    "asinh": "asinh", "reciprocal": "reciprocal", "inv": "reciprocal", "erf": "erf", "erfc": "erfc",
    "logical_not": "logical_not",
}  # fmt: skip

for _name, _operator in _ALIKE.items():
    means(_name)(lambda f, x, operator=_operator, **_: by_torch(f, operator, self=valued(x)))


@means("linear", "identity", "stop_gradient", "convert_to_tensor", "copy", "snapshot")
def _same(f: Flow, x: Any, **_: Any) -> Value:
    del f
    return valued(x)


@means("hard_sigmoid")
def _hard_sigmoid(f: Flow, x: Value) -> Value:
    return by_torch(f, "hardsigmoid", self=x)


@means("leaky_relu")
def _leaky_relu(f: Flow, x: Value, negative_slope: float = 0.2) -> Value:
    return by_torch(f, "leaky_relu", self=x, negative_slope=float(known(negative_slope)))


@means("elu", "celu")
def _elu(f: Flow, x: Value, alpha: float = 1.0) -> Value:
    return by_torch(f, "elu", self=x, alpha=float(alpha))


means("celu")(lambda f, x, alpha=1.0: by_torch(f, "celu", self=x, alpha=float(alpha)))
means("gelu")(lambda f, x, approximate=True: by_torch(f, "gelu", self=x, approximate="tanh" if approximate else "none"))
means("hard_tanh")(lambda f, x: by_torch(f, "hardtanh", self=x))
means("tanh_shrink")(lambda f, x: f.binary("Sub", x, by_torch(f, "tanh", self=x)))
means("soft_shrink")(lambda f, x, threshold=0.5: by_torch(f, "softshrink", self=x, lambd=float(threshold)))
means("hard_shrink")(lambda f, x, threshold=0.5: by_torch(f, "hardshrink", self=x, lambd=float(threshold)))
means("sparse_sigmoid")(lambda f, x: f.each("Hardtanh", f.each("Affine", x, scale=0.5, shift=0.5), **_UNIT))
_UNIT: dict[str, Any] = {"min_val": 0.0, "max_val": 1.0}


@means("threshold")
def _threshold(f: Flow, x: Value, threshold: float = 0.0, default_value: float = 0.0) -> Value:
    return by_torch(f, "threshold", self=x, threshold=float(threshold), value=float(default_value))


@means("squareplus")
def _squareplus(f: Flow, x: Value, b: float = 4.0) -> Value:
    root = f.each("Sqrt", f.each("Affine", f.each("Pow", x, exponent=2.0), scale=1.0, shift=float(b)))
    return f.each("Affine", f.binary("Add", x, root), scale=0.5, shift=0.0)


@means("sparse_plus")
def _sparse_plus(f: Flow, x: Value) -> Value:
    """A parabola between -1 and 1, and the line that it runs into."""
    between = f.each("Hardtanh", x, min_val=-1.0, max_val=1.0)
    curve = f.each("Affine", f.each("Pow", f.each("Affine", between, scale=1.0, shift=1.0), exponent=2.0), scale=0.25)
    beyond = f.each("ReLU", f.each("Affine", x, scale=1.0, shift=-1.0))
    return f.binary("Add", curve, beyond)


@means("clip", "clip_by_value")
def _clip(f: Flow, x: Any, x_min: Any = None, x_max: Any = None) -> Value:
    bounds = {"min": x_min, "max": x_max}
    plain = {key: bound if bound is None else float(known(bound)) for key, bound in bounds.items()}
    return by_torch(f, "clamp", self=valued(x), **plain)


@means("softmax")
def _softmax(f: Flow, x: Value, axis: int = -1) -> Value:
    (only,) = axes_of(x, axis)
    return f.softmax(x, only)


@means("log_softmax")
def _log_softmax(f: Flow, x: Value, axis: int = -1) -> Value:
    (only,) = axes_of(x, axis)
    return by_torch(f, "log_softmax", self=x, dim=only)


@means("glu")
def _glu(f: Flow, x: Value, axis: int = -1) -> Value:
    return by_torch(f, "glu", self=x, dim=axes_of(x, axis)[0])


# -- of two -----------------------------------------------------------------------------------------------------------

_PAIRS = {
    "add": "add", "add_v2": "add", "bias_add": "add", "subtract": "sub", "sub": "sub", "multiply": "mul", "mul": "mul",
    "true_divide": "div", "truediv": "div", "divide": "div", "real_div": "div", "realdiv": "div", "div": "div",
    "maximum": "maximum", "fmax": "maximum", "minimum": "minimum", "fmin": "minimum", "mod": "remainder",
    "floor_mod": "remainder", "floormod": "remainder", "floor_divide": "floor_divide", "floor_div": "floor_divide",
    "floordiv": "floor_divide", "fmod": "fmod", "arctan2": "atan2", "atan2": "atan2", "greater": "gt",
    "greater_equal": "ge", "less": "lt", "less_equal": "le", "equal": "eq", "not_equal": "ne",
    "logical_and": "logical_and", "logical_or": "logical_or", "logical_xor": "logical_xor",
}  # fmt: skip


def _pair(f: Flow, one: Any, two: Any, operator: str) -> Value:
    a, b = valued(one), valued(two)
    if a.is_constant and b.is_constant:
        return by_torch(f, f"{operator}.Tensor" if operator in _OVERLOADED else operator, self=a, other=b)
    return by_torch(f, operator, self=a, other=b)


_OVERLOADED = {"add", "sub", "mul", "div", "remainder", "fmod", "gt", "ge", "lt", "le", "eq", "ne"}

for _name, _operator in _PAIRS.items():
    means(_name)(lambda f, x1, x2, operator=_operator, **_: _pair(f, x1, x2, operator))


@means("power", "pow")
def _power(f: Flow, x1: Any, x2: Any) -> Value:
    base, exponent = valued(x1), valued(x2)
    if base.is_constant and exponent.is_constant:
        return constant(np.power(known(base).astype(np.float64), known(exponent)).astype(np.float32))
    if exponent.is_constant and known(exponent).size == 1:
        return f.each("Pow", base, exponent=float(known(exponent).reshape(())))
    logarithm = constant(np.log(known(base))) if base.is_constant else f.each("Log", base)
    return f.each("Exp", f.binary("Mul", logarithm, exponent))


@means("squared_difference")
def _squared_difference(f: Flow, x1: Any, x2: Any) -> Value:
    return by_torch(f, "square", self=_pair(f, x1, x2, "sub"))


@means("divide_no_nan", "div_no_nan")
def _divide_no_nan(f: Flow, x1: Any, x2: Any) -> Value:
    below = valued(x2)
    if below.is_constant:
        with np.errstate(divide="ignore"):
            return f.binary("Mul", valued(x1), constant(np.where(known(below), 1 / known(below), 0)))
    none = by_torch(f, "eq", self=below, other=0.0)
    made = f.binary("Div", valued(x1), f.binary("Add", below, none))
    return by_torch(f, "where", condition=none, self=0.0, other=made)


@means("where", "select", "select_v2")
def _where(f: Flow, condition: Value, x1: Any, x2: Any) -> Value:
    return by_torch(f, "where.self", condition=condition, self=valued(x1), other=valued(x2))


@means("add_n", "accumulate_n_v2")
def _add_n(f: Flow, xs: list[Value]) -> Value:
    total = valued(xs[0])
    for each in xs[1:]:
        total = _pair(f, total, each, "add")
    return total


# -- over axes --------------------------------------------------------------------------------------------------------


def _over(f: Flow, x: Value, axis: Any, keepdims: bool, operator: str) -> Value:
    if x.is_constant:
        return constant(getattr(np, operator)(known(x), axis=tuple(axes_of(x, axis)), keepdims=bool(keepdims)))
    if operator == "sum":
        return by_torch(f, "sum.dim_IntList", self=x, dim=axes_of(x, axis), keepdim=bool(keepdims))
    return f.reduced(operator.capitalize(), x, axes_of(x, axis), bool(keepdims))


_REDUCTIONS = {"mean": "mean", "sum": "sum", "max": "amax", "amax": "amax", "min": "amin", "amin": "amin"}
for _name, _operator in _REDUCTIONS.items():
    means(_name)(
        lambda f, x, axis=None, keepdims=False, operator=_operator, **_: _over(f, valued(x), axis, keepdims, operator)
    )


@means("prod")
def _prod(f: Flow, x: Any, axis: Any = None, keepdims: bool = False) -> Value:
    value = valued(x)
    if value.is_constant:
        return constant(np.prod(known(value), axis=tuple(axes_of(value, axis)), keepdims=bool(keepdims)))
    return _one_by_one(f, "prod.dim_int", value, axis, keepdims)


@means("any")
def _any(f: Flow, x: Value, axis: Any = None, keepdims: bool = False) -> Value:
    return _one_by_one(f, "any.dim", x, axis, keepdims)


@means("all")
def _all(f: Flow, x: Value, axis: Any = None, keepdims: bool = False) -> Value:
    return _one_by_one(f, "all.dim", x, axis, keepdims)


def _one_by_one(f: Flow, operator: str, x: Value, axis: Any, keepdims: bool) -> Value:
    """What PyTorch's operators do along one axis alone, along several."""
    for each in sorted(axes_of(x, axis), reverse=True):
        x = by_torch(f, operator, self=x, dim=each, keepdim=bool(keepdims))
    return x


@means("cumsum")
def _cumsum(f: Flow, x: Value, axis: Any = 0, exclusive: bool = False, reverse: bool = False) -> Value:
    if exclusive or reverse:
        raise StudioError("it adds up backwards or without the last one, which is not supported.")
    return by_torch(f, "cumsum", self=x, dim=axes_of(x, axis)[0])


@means("xlogy")
def _xlogy(f: Flow, x: Value, x2: Any) -> Value:
    """Of values above zero."""
    return f.binary("Mul", x, by_torch(f, "log", self=valued(x2)))


@means("var", "variance", "reduce_variance")
def _variance(f: Flow, x: Value, axis: Any = None, keepdims: bool = False) -> Value:
    return by_torch(f, "var.correction", self=x, dim=axes_of(x, axis), correction=0, keepdim=bool(keepdims))


@means("std", "reduce_std")
def _deviation(f: Flow, x: Value, axis: Any = None, keepdims: bool = False) -> Value:
    return by_torch(f, "sqrt", self=_variance(f, x, axis, keepdims))


@means("moments")
def moments(f: Flow, x: Value, axes: Any = None, keepdims: bool = False, **_: Any) -> list[Value]:
    """Mean and variance over axes."""
    return [_over(f, x, axes, keepdims, "mean"), _variance(f, x, axes, keepdims)]


@means("logsumexp")
def _logsumexp(f: Flow, x: Value, axis: Any = None, keepdims: bool = False) -> Value:
    return by_torch(f, "logsumexp", self=x, dim=axes_of(x, axis), keepdim=bool(keepdims))


@means("norm")
def _norm(f: Flow, x: Value, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Value:  # noqa: A002
    if ord not in (None, 1, 2, "euclidean"):
        raise StudioError(f"it takes a norm of order {ord}; only 1 and 2 are supported.")
    power = 1 if ord == 1 else 2
    return by_torch(f, "linalg_vector_norm", self=x, ord=power, dim=axes_of(x, axis), keepdim=bool(keepdims))


@means("l2_normalize")
def _l2_normalised(f: Flow, x: Value, axis: Any = None, epsilon: float = 1e-12) -> Value:
    return l2_normalised(f, x, axis, epsilon=math.sqrt(epsilon))


@means("normalize")
def l2_normalised(f: Flow, x: Value, axis: Any = -1, order: int = 2, epsilon: float | None = None) -> Value:
    """Divided by its length along axes."""
    axes, eps = axes_of(x, axis), 1e-7 if epsilon is None else float(epsilon)
    if order != 2:
        raise StudioError(f"it normalises by a norm of order {order}; only 2 is supported.")
    squares = f.total(f.each("Pow", x, exponent=2.0), axes, keepdim=True)
    least = f.each("Hardtanh", squares, min_val=max(eps * eps, 1e-30), max_val=3e38)
    return f.binary("Mul", x, f.each("Pow", least, exponent=-0.5))


@means("rms_normalization", "rms_norm")
def rms_normalised(f: Flow, x: Value, scale: Any = None, axis: Any = -1, epsilon: float | None = None) -> Value:
    """Divided by the root of its mean square along axes, then scaled."""
    squares = f.mean(f.each("Pow", x, exponent=2.0), axes_of(x, axis), keepdim=True)
    root = f.each("Pow", f.each("Affine", squares, scale=1.0, shift=float(epsilon or 1e-7)), exponent=-0.5)
    found = f.binary("Mul", x, root)
    return found if scale is None else f.binary("Mul", found, valued(scale))


# -- products ---------------------------------------------------------------------------------------------------------


@means("matmul", "dot", "mat_mul", "batch_mat_mul", "batch_mat_mul_v2")
def product(f: Flow, x1: Any, x2: Any, transpose_a: bool = False, transpose_b: bool = False, **_: Any) -> Value:
    """A product of matrices, either turned beforehand."""
    one, two = (
        f.move(valued(x), lambda n: n.swapaxes(-1, -2)) if turned else valued(x)
        for x, turned in ((x1, transpose_a), (x2, transpose_b))
    )
    return f.matmul(one, two)


@means("einsum")
def _einsum(f: Flow, subscripts: str, *operands: Any) -> Value:
    tensors = [valued(x) for x in operands]
    rank = max(len(x.shape) for x in tensors)
    # An ellipsis stands for the axes that come first.
    spare = "ZYXWVU"[: max(rank - len(subscripts.partition(",")[0].replace("...", "").replace(" ", "")), 0)]
    return by_torch(f, "einsum", equation=subscripts.replace("...", spare), tensors=tensors)


@means("tensordot")
def _tensordot(f: Flow, x1: Any, x2: Any, axes: Any = 2) -> Value:
    one, two = valued(x1), valued(x2)
    if isinstance(axes, int):
        first, second = list(range(len(one.shape) - axes, len(one.shape))), list(range(axes))
    else:
        first, second = ([each] if isinstance(each, int) else list(each) for each in axes)
    return by_torch(f, "tensordot", self=one, other=two, dims_self=first, dims_other=second)


def attention(f: Flow, query: Value, key: Value, value: Value, scale: float | None = None) -> Value:
    """Dot-product attention over (…, places, values)."""
    return f.attention(query, key, value, None, 1 / math.sqrt(query.shape[-1]) if scale is None else scale)
