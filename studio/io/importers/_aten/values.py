"""PyTorch's operators that compare, choose, count and take functions of values."""

from __future__ import annotations

import math
from typing import Any, Literal

from studio.io.importers._aten.picks import places
from studio.io.importers._aten.table import means, number, operand
from studio.io.importers._meanings.choices import chosen, compared, logsumexp, masked, p_norm, power, scaled, valued
from studio.io.importers._meanings.flow import Flow
from studio.io.importers._meanings.handlers import Args
from studio.io.importers._values.views import Value


def _axes(value: Value, given: Any) -> list[int]:
    if given is None or given == []:
        return list(range(len(value.shape)))
    return [given] if isinstance(given, int) else list(given)


# -- functions ----------------------------------------------------------------------------------------------------

for _name, _op in {"sin": "Sin", "cos": "Cos", "log": "Log"}.items():
    means(_name)(lambda f, a, op=_op: f.each(op, operand(a)))
for _name in ("floor", "ceil", "trunc", "round"):
    means(_name)(lambda f, a, how=_name: f.each("Round", operand(a), how=how))


means("log2")(lambda f, a: scaled(f, f.each("Log", operand(a)), 1 / math.log(2)))
means("log10")(lambda f, a: scaled(f, f.each("Log", operand(a)), 1 / math.log(10)))
means("log1p")(lambda f, a: f.each("Log", scaled(f, operand(a), 1.0, 1.0)))
means("expm1")(lambda f, a: scaled(f, f.each("Exp", operand(a)), 1.0, -1.0))
means("exp2")(lambda f, a: f.each("Exp", scaled(f, operand(a), math.log(2))))
means("tan")(lambda f, a: f.binary("Div", f.each("Sin", operand(a)), f.each("Cos", operand(a))))
means("log_sigmoid")(lambda f, a: scaled(f, f.each("Softplus", scaled(f, operand(a), -1.0)), -1.0))
means("frac")(lambda f, a: f.binary("Sub", operand(a), f.each("Round", operand(a), how="trunc")))


@means("sign")
def _sign(f: Flow, a: Args) -> Value:
    return f.binary("Sub", compared(f, "gt", operand(a), 0.0), compared(f, "lt", operand(a), 0.0))


@means("softsign")
def _softsign(f: Flow, a: Args) -> Value:
    return f.binary("Div", operand(a), scaled(f, f.each("Abs", operand(a)), 1.0, 1.0))


@means("celu")
def _celu(f: Flow, a: Args) -> Value:
    alpha = number(a.get("alpha", 1))
    return scaled(f, f.each("ELU", scaled(f, operand(a), 1 / alpha)), alpha)


@means("threshold")
def _threshold(f: Flow, a: Args) -> Value:
    above = compared(f, "gt", operand(a), number(a["threshold"]))
    return chosen(f, above, operand(a), valued(a["value"]))


@means("hardshrink")
def _hardshrink(f: Flow, a: Args) -> Value:
    far = compared(f, "gt", f.each("Abs", operand(a)), number(a.get("lambd", 0.5)))
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


for _name in ("gt", "ge", "lt", "le", "eq", "ne"):
    means(_name)(lambda f, a, how=_name: compared(f, how, valued(a["self"]), a["other"]))
means("greater")(lambda f, a: compared(f, "gt", valued(a["self"]), a["other"]))
means("less")(lambda f, a: compared(f, "lt", valued(a["self"]), a["other"]))


@means("logical_and", "bitwise_and", "__and__")
def _and(f: Flow, a: Args) -> Value:
    return f.binary("Mul", masked(f, valued(a["self"])), masked(f, valued(a["other"])))


@means("logical_or", "bitwise_or", "__or__")
def _or(f: Flow, a: Args) -> Value:
    return f.binary("Maximum", masked(f, valued(a["self"])), masked(f, valued(a["other"])))


@means("logical_xor", "bitwise_xor", "__xor__")
def _xor(f: Flow, a: Args) -> Value:
    return compared(f, "ne", masked(f, valued(a["self"])), masked(f, valued(a["other"])))


@means("logical_not", "bitwise_not")
def _not(f: Flow, a: Args) -> Value:
    return scaled(f, masked(f, operand(a)), -1.0, 1.0)


@means("where")
def _where(f: Flow, a: Args) -> Value:
    return chosen(f, a["condition"], valued(a["self"]), valued(a["other"]))


@means("masked_fill")
def _masked_fill(f: Flow, a: Args) -> Value:
    return chosen(f, a["mask"], valued(a["value"]), operand(a))


# -- the whole, or over axes --------------------------------------------------------------------------------------


def _extreme(op: Literal["Amax", "Amin"]) -> Any:
    def handle(f: Flow, a: Args) -> Value | list[Value]:
        if isinstance(a.get("other"), Value):
            return f.binary("Maximum" if op == "Amax" else "Minimum", operand(a), a["other"])
        keeps, axis = a.get("keepdim", False), a.get("dim")
        found = f.reduced(op, operand(a), _axes(operand(a), axis), keeps)
        # torch.max over one axis gives places beside values.
        return [found, places(f, operand(a), axis, op, keepdim=keeps)] if isinstance(axis, int) else found

    return handle


means("max")(_extreme("Amax"))
means("min")(_extreme("Amin"))
means("amax")(lambda f, a: f.reduced("Amax", operand(a), _axes(operand(a), a.get("dim")), a.get("keepdim", False)))
means("amin")(lambda f, a: f.reduced("Amin", operand(a), _axes(operand(a), a.get("dim")), a.get("keepdim", False)))
means("any")(
    lambda f, a: f.reduced("Amax", masked(f, operand(a)), _axes(operand(a), a.get("dim")), a.get("keepdim", False))
)
means("all")(
    lambda f, a: f.reduced("Amin", masked(f, operand(a)), _axes(operand(a), a.get("dim")), a.get("keepdim", False))
)


@means("norm", "linalg_vector_norm")
def _norm(f: Flow, a: Args) -> Value:
    value = operand(a) if "self" in a else a["x"]
    given = a.get("p") if "p" in a else a.get("ord")
    power = 2.0 if given is None else number(given)
    axes, keepdim = _axes(value, a.get("dim")), a.get("keepdim", False)
    return p_norm(f, value, power, axes, keepdim)


@means("frobenius_norm")
def _frobenius(f: Flow, a: Args) -> Value:
    return _norm(f, {**a, "p": 2})


@means("logsumexp")
def _logsumexp(f: Flow, a: Args) -> Value:
    return logsumexp(f, operand(a), _axes(operand(a), a.get("dim")), a.get("keepdim", False))


@means("log_softmax", "_log_softmax")
def _log_softmax(f: Flow, a: Args) -> Value:
    return f.binary("Sub", operand(a), _logsumexp(f, {"self": operand(a), "dim": [a["dim"]], "keepdim": True}))


@means("pow")
def _pow(f: Flow, a: Args) -> Value:
    return power(f, valued(a["self"]), valued(a["exponent"]))
