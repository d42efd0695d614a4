"""PyTorch's operators of angles, and of what is left over of a division."""

from __future__ import annotations

import math
from typing import Any

from studio.errors import StudioError
from studio.io.importers._aten.table import means, operand
from studio.io.importers._meanings.choices import compared, scaled, valued
from studio.io.importers._meanings.flow import LARGEST, Flow
from studio.io.importers._meanings.handlers import Args
from studio.io.importers._values.views import Value


def rounded_quotient(f: Flow, one: Any, two: Any, how: str) -> Value:
    """``torch.div`` that rounds: "floor" or "trunc"."""
    return f.each("Round", f.binary("Div", valued(one), valued(two)), how=how)


def _rest(f: Flow, a: Args, how: str) -> Value:
    one, two = valued(a["self"]), valued(a["other"])
    return f.binary("Sub", one, f.binary("Mul", rounded_quotient(f, one, two, how), two))


means("remainder")(lambda f, a: _rest(f, a, "floor"))
means("fmod")(lambda f, a: _rest(f, a, "trunc"))
means("floor_divide")(lambda f, a: rounded_quotient(f, a["self"], a["other"], "floor"))


# -- angles -------------------------------------------------------------------------------------------------------


means("atan2", "arctan2")(lambda f, a: f.binary("Atan2", operand(a), a["other"]))
means("atan", "arctan")(lambda f, a: f.binary("Atan2", operand(a), scaled(f, operand(a), 0.0, 1.0)))


def _across(f: Flow, value: Value) -> Value:
    """``sqrt(1 - x * x)``, without a loss of digits near one."""
    product = f.binary("Mul", scaled(f, value, -1.0, 1.0), scaled(f, value, 1.0, 1.0))
    return f.each("Sqrt", product)


means("asin", "arcsin")(lambda f, a: f.binary("Atan2", operand(a), _across(f, operand(a))))
means("acos", "arccos")(lambda f, a: f.binary("Atan2", _across(f, operand(a)), operand(a)))
means("deg2rad")(lambda f, a: scaled(f, operand(a), math.pi / 180))
means("rad2deg")(lambda f, a: scaled(f, operand(a), 180 / math.pi))


@means("hypot")
def _hypot(f: Flow, a: Args) -> Value:
    one, two = operand(a), a["other"]
    return f.each("Sqrt", f.binary("Add", f.binary("Mul", one, one), f.binary("Mul", two, two)))


# -- hyperbolic ---------------------------------------------------------------------------------------------------


def _halves(f: Flow, a: Args, op: str) -> Value:
    up, down = f.each("Exp", operand(a)), f.each("Exp", scaled(f, operand(a), -1.0))
    return scaled(f, f.binary(op, up, down), 0.5)


means("sinh")(lambda f, a: _halves(f, a, "Sub"))
means("cosh")(lambda f, a: _halves(f, a, "Add"))


@means("asinh", "arcsinh")
def _asinh(f: Flow, a: Args) -> Value:
    value = f.each("Abs", operand(a))
    root = f.each("Sqrt", scaled(f, f.binary("Mul", value, value), 1.0, 1.0))
    found = f.each("Log", f.binary("Add", value, root))
    sign = f.binary("Sub", compared(f, "gt", operand(a), 0.0), compared(f, "lt", operand(a), 0.0))
    return f.binary("Mul", sign, found)


@means("acosh", "arccosh")
def _acosh(f: Flow, a: Args) -> Value:
    value = operand(a)
    root = f.binary("Mul", *(f.each("Sqrt", scaled(f, value, 1.0, one)) for one in (-1.0, 1.0)))
    return f.each("Log", f.binary("Add", value, root))


@means("atanh", "arctanh")
def _atanh(f: Flow, a: Args) -> Value:
    more, less = (scaled(f, operand(a), sign, 1.0) for sign in (1.0, -1.0))
    return scaled(f, f.binary("Sub", f.each("Log", more), f.each("Log", less)), 0.5)


@means("logit")
def _logit(f: Flow, a: Args) -> Value:
    value = operand(a)
    if a.get("eps") is not None:
        value = f.each("Hardtanh", value, min_val=float(a["eps"]), max_val=1 - float(a["eps"]))
    return f.each("Log", f.binary("Div", value, scaled(f, value, -1.0, 1.0)))


# -- signs and bells ----------------------------------------------------------------------------------------------


means("erfc")(lambda f, a: scaled(f, f.each("Erf", operand(a)), -1.0, 1.0))
means("isnan")(lambda f, a: f.several("CompareMaps", operand(a), operand(a), how="ne"))
means("isinf")(lambda f, a: compared(f, "gt", f.each("Abs", operand(a)), LARGEST))


@means("sgn")
def _sgn(f: Flow, a: Args) -> Value:
    return f.binary("Sub", compared(f, "gt", operand(a), 0.0), compared(f, "lt", operand(a), 0.0))


@means("sinc")
def _sinc(f: Flow, a: Args) -> Value:
    """1 at zero, else ``sin(pi x) / (pi x)``."""
    turned = scaled(f, operand(a), math.pi)
    at_zero = compared(f, "eq", turned, 0.0)
    return f.binary("Div", f.binary("Add", f.each("Sin", turned), at_zero), f.binary("Add", turned, at_zero))


@means("heaviside")
def _heaviside(f: Flow, a: Args) -> Value:
    at_zero = f.binary("Mul", compared(f, "eq", operand(a), 0.0), valued(a["values"]))
    return f.binary("Add", compared(f, "gt", operand(a), 0.0), at_zero)


@means("rrelu")
def _rrelu(f: Flow, a: Args) -> Value:
    if a.get("training"):
        raise StudioError("it draws a slope at random; call eval() on the module.")
    low, high = float(a.get("lower", 1 / 8)), float(a.get("upper", 1 / 3))
    return f.each("LeakyReLU", operand(a), negative_slope=(low + high) / 2)
