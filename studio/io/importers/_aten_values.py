"""PyTorch's operators that compare, choose, count and take functions of values."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from studio.io.importers._aten_table import means, number, operand
from studio.io.importers._calls import Args
from studio.io.importers._flow import Flow
from studio.io.importers._views import Value, constant, reshaped


def valued(value: Any) -> Value:
    """A value, also where the model gives a plain number."""
    return value if isinstance(value, Value) else constant(np.float32(value))


def _axes(value: Value, given: Any) -> list[int]:
    if given is None or given == []:
        return list(range(len(value.shape)))
    return [given] if isinstance(given, int) else list(given)


# -- functions ----------------------------------------------------------------------------------------------------

for _name, _op in {"sin": "Sin", "cos": "Cos", "log": "Log"}.items():
    means(_name)(lambda f, a, op=_op: f.each(op, operand(a)))
for _name in ("floor", "ceil", "trunc", "round"):
    means(_name)(lambda f, a, how=_name: f.each("Round", operand(a), how=how))


def _scaled(f: Flow, value: Value, scale: float, shift: float = 0.0) -> Value:
    return f.each("Affine", value, scale=scale, shift=shift)


means("log2")(lambda f, a: _scaled(f, f.each("Log", operand(a)), 1 / math.log(2)))
means("log10")(lambda f, a: _scaled(f, f.each("Log", operand(a)), 1 / math.log(10)))
means("log1p")(lambda f, a: f.each("Log", _scaled(f, operand(a), 1.0, 1.0)))
means("expm1")(lambda f, a: _scaled(f, f.each("Exp", operand(a)), 1.0, -1.0))
means("exp2")(lambda f, a: f.each("Exp", _scaled(f, operand(a), math.log(2))))
means("tan")(lambda f, a: f.binary("Div", f.each("Sin", operand(a)), f.each("Cos", operand(a))))
means("log_sigmoid")(lambda f, a: _scaled(f, f.each("Softplus", _scaled(f, operand(a), -1.0)), -1.0))
means("frac")(lambda f, a: f.binary("Sub", operand(a), f.each("Round", operand(a), how="trunc")))


@means("sign")
def _sign(f: Flow, a: Args) -> Value:
    return f.binary("Sub", _compared(f, "gt", operand(a), 0.0), _compared(f, "lt", operand(a), 0.0))


@means("softsign")
def _softsign(f: Flow, a: Args) -> Value:
    return f.binary("Div", operand(a), _scaled(f, f.each("Abs", operand(a)), 1.0, 1.0))


@means("celu")
def _celu(f: Flow, a: Args) -> Value:
    alpha = number(a.get("alpha", 1))
    return _scaled(f, f.each("ELU", _scaled(f, operand(a), 1 / alpha)), alpha)


@means("threshold")
def _threshold(f: Flow, a: Args) -> Value:
    above = _compared(f, "gt", operand(a), number(a["threshold"]))
    return _chosen(f, above, operand(a), valued(a["value"]))


@means("hardshrink")
def _hardshrink(f: Flow, a: Args) -> Value:
    far = _compared(f, "gt", f.each("Abs", operand(a)), number(a.get("lambd", 0.5)))
    return f.binary("Mul", operand(a), far)


@means("softshrink")
def _softshrink(f: Flow, a: Args) -> Value:
    bound = number(a.get("lambd", 0.5))
    return f.binary("Sub", operand(a), f.each("Hardtanh", operand(a), min_val=-bound, max_val=bound))


@means("lerp")
def _lerp(f: Flow, a: Args) -> Value:
    start, end, part = operand(a), a["end"], valued(a["weight"])
    return f.binary("Add", start, f.binary("Mul", part, f.binary("Sub", end, start)))


@means("addcmul")
def _addcmul(f: Flow, a: Args) -> Value:
    product = f.binary("Mul", f.binary("Mul", a["tensor1"], a["tensor2"]), valued(number(a.get("value", 1))))
    return f.binary("Add", operand(a), product)


# -- comparisons --------------------------------------------------------------------------------------------------


def _compared(f: Flow, how: str, one: Value, two: Value | float) -> Value:
    other = valued(two)
    if other.constant is not None and other.constant.size == 1:
        return f.each("Compare", one, how=how, value=max(min(float(other.constant.flat[0]), 3e38), -3e38))
    if one.constant is not None and one.constant.size == 1:
        turned = {"gt": "lt", "ge": "le", "lt": "gt", "le": "ge"}.get(how, how)
        return _compared(f, turned, other, float(one.constant.flat[0]))
    return f.several("CompareMaps", one, other, how=how)


for _name in ("gt", "ge", "lt", "le", "eq", "ne"):
    means(_name)(lambda f, a, how=_name: _compared(f, how, valued(a["self"]), a["other"]))
means("greater")(lambda f, a: _compared(f, "gt", valued(a["self"]), a["other"]))
means("less")(lambda f, a: _compared(f, "lt", valued(a["self"]), a["other"]))


def _mask(f: Flow, value: Value) -> Value:
    """1 where a value is not zero; a comparison is so already."""
    if value.constant is not None:
        return constant((value.constant != 0).astype(np.float32))
    made = next((node for node in f.draft.nodes if node.name == value.node), None)
    plain = made is not None and type(made.op).__name__ in ("Compare", "CompareMaps")
    return value if plain else _compared(f, "ne", value, 0.0)


@means("logical_and", "bitwise_and", "__and__")
def _and(f: Flow, a: Args) -> Value:
    return f.binary("Mul", _mask(f, valued(a["self"])), _mask(f, valued(a["other"])))


@means("logical_or", "bitwise_or", "__or__")
def _or(f: Flow, a: Args) -> Value:
    return f.binary("Maximum", _mask(f, valued(a["self"])), _mask(f, valued(a["other"])))


@means("logical_xor", "bitwise_xor", "__xor__")
def _xor(f: Flow, a: Args) -> Value:
    return _compared(f, "ne", _mask(f, valued(a["self"])), _mask(f, valued(a["other"])))


@means("logical_not", "bitwise_not")
def _not(f: Flow, a: Args) -> Value:
    return _scaled(f, _mask(f, operand(a)), -1.0, 1.0)


def _chosen(f: Flow, mask: Value, yes: Value, no: Value) -> Value:
    if mask.constant is not None:
        held = (mask.constant != 0).astype(np.float32)
        if (held == held.flat[0]).all() and held.size:
            shape = np.broadcast_shapes(mask.shape, yes.shape, no.shape)
            return f.move(yes if held.flat[0] else no, lambda n: np.broadcast_to(n, shape))
        mask = constant(held)
    if yes.is_constant and no.is_constant and yes.constant.size == no.constant.size == 1:  # type: ignore[union-attr]
        low, high = number(no), number(yes)
        return _scaled(f, _mask(f, mask), high - low, low)
    return f.several("Where", mask, yes, no)


@means("where")
def _where(f: Flow, a: Args) -> Value:
    return _chosen(f, a["condition"], valued(a["self"]), valued(a["other"]))


@means("masked_fill")
def _masked_fill(f: Flow, a: Args) -> Value:
    return _chosen(f, a["mask"], valued(a["value"]), operand(a))


# -- the whole, or over axes --------------------------------------------------------------------------------------


def _extreme(op: str) -> Any:
    def handle(f: Flow, a: Args) -> Value | list[Value]:
        if isinstance(a.get("other"), Value):
            return f.binary("Maximum" if op == "Amax" else "Minimum", operand(a), a["other"])
        found = f.reduced(op, operand(a), _axes(operand(a), a.get("dim")), a.get("keepdim", False))
        # torch.max over one axis gives places beside values, which the studio has no use for.
        return [found] if isinstance(a.get("dim"), int) else found

    return handle


means("max")(_extreme("Amax"))
means("min")(_extreme("Amin"))
means("amax")(lambda f, a: f.reduced("Amax", operand(a), _axes(operand(a), a.get("dim")), a.get("keepdim", False)))
means("amin")(lambda f, a: f.reduced("Amin", operand(a), _axes(operand(a), a.get("dim")), a.get("keepdim", False)))
means("any")(
    lambda f, a: f.reduced("Amax", _mask(f, operand(a)), _axes(operand(a), a.get("dim")), a.get("keepdim", False))
)
means("all")(
    lambda f, a: f.reduced("Amin", _mask(f, operand(a)), _axes(operand(a), a.get("dim")), a.get("keepdim", False))
)


@means("norm", "linalg_vector_norm")
def _norm(f: Flow, a: Args) -> Value:
    value = operand(a) if "self" in a else a["x"]
    given = a.get("p") if "p" in a else a.get("ord")
    power = 2.0 if given is None else number(given)
    axes, keepdim = _axes(value, a.get("dim")), a.get("keepdim", False)
    if math.isinf(power):
        return f.reduced("Amax" if power > 0 else "Amin", f.each("Abs", value), axes, keepdim)
    if power == 1:
        return f.total(f.each("Abs", value), axes, keepdim)
    if power == 2:
        return f.each("Sqrt", f.total(f.each("Pow", value, exponent=2.0), axes, keepdim))
    summed = f.total(f.each("Pow", f.each("Abs", value), exponent=power), axes, keepdim)
    return f.each("Pow", summed, exponent=1 / power)


@means("frobenius_norm")
def _frobenius(f: Flow, a: Args) -> Value:
    return _norm(f, {**a, "p": 2})


@means("logsumexp")
def _logsumexp(f: Flow, a: Args) -> Value:
    axes = _axes(operand(a), a.get("dim"))
    most = f.reduced("Amax", operand(a), axes, keepdim=True)
    summed = f.total(f.each("Exp", f.binary("Sub", operand(a), most)), axes, keepdim=True)
    found = f.binary("Add", f.each("Log", summed), most)
    if a.get("keepdim", False):
        return found
    over = {axis % len(operand(a).shape) for axis in axes}
    return reshaped(found, tuple(n for axis, n in enumerate(found.shape) if axis not in over))


@means("log_softmax", "_log_softmax")
def _log_softmax(f: Flow, a: Args) -> Value:
    return f.binary("Sub", operand(a), _logsumexp(f, {"self": operand(a), "dim": [a["dim"]], "keepdim": True}))


@means("pow")
def _pow(f: Flow, a: Args) -> Value:
    base, exponent = a["self"], a["exponent"]
    if not isinstance(base, Value) or base.is_constant:
        return f.each("Exp", f.binary("Mul", exponent, constant(np.log(valued(base).constant))))  # type: ignore[arg-type]
    if isinstance(exponent, Value) and (exponent.constant is None or exponent.constant.size > 1):
        return f.each("Exp", f.binary("Mul", f.each("Log", base), exponent))
    return f.each("Pow", base, exponent=number(exponent))
