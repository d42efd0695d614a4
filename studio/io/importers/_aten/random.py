"""PyTorch's operators that draw random numbers: each call by a seed of its own, its place among the model's draws."""

from __future__ import annotations

from studio.io.importers._aten.table import means, number, operand
from studio.io.importers._meanings.choices import compared, scaled
from studio.io.importers._meanings.flow import Flow
from studio.io.importers._meanings.handlers import Args
from studio.io.importers._values.views import Value

for _kind, _name in (("uniform", "rand"), ("gaussian", "randn")):
    means(_name)(lambda f, a, kind=_kind: f.drawn(tuple(a["size"]), kind))
    means(f"{_name}_like")(lambda f, a, kind=_kind: f.drawn(operand(a).shape, kind))


@means("uniform")
def _uniform(f: Flow, a: Args) -> Value:
    low, high = number(a.get("from", 0)), number(a.get("to", 1))
    return scaled(f, f.drawn(operand(a).shape, "uniform"), high - low, low)


@means("normal")
def _normal(f: Flow, a: Args) -> Value:
    """As large as a map, or of a size of its own."""
    shape = tuple(a["size"]) if "size" in a else operand(a).shape
    return scaled(f, f.drawn(shape, "gaussian"), number(a.get("std", 1)), number(a.get("mean", 0)))


@means("bernoulli")
def _bernoulli(f: Flow, a: Args) -> Value:
    found = f.drawn(operand(a).shape, "uniform")
    part = a.get("p")
    return compared(f, "lt", found, operand(a) if part is None else number(part))


@means("dropout")
def _dropout(f: Flow, a: Args) -> Value:
    """Where it is at work, whatever the mode: values or channels are left out by chance, and the others enlarged."""
    value, part = operand(a), number(a.get("p", 0.5))
    if not a.get("train") or part == 0:
        return value
    if part >= 1:
        return scaled(f, value, 0.0)
    return _left_out(f, value, value.shape, part)


@means("feature_dropout")
def _feature_dropout(f: Flow, a: Args) -> Value:
    """As dropout, of whole channels."""
    value, part = operand(a), number(a.get("p", 0.5))
    if not a.get("train") or part == 0:
        return value
    shape = (*value.shape[:2], *[1] * (len(value.shape) - 2))
    return _left_out(f, value, shape, part) if part < 1 else scaled(f, value, 0.0)


def _left_out(f: Flow, value: Value, shape: tuple[int, ...], part: float) -> Value:
    kept = compared(f, "lt", f.drawn(shape, "uniform"), 1 - part)
    return scaled(f, f.binary("Mul", value, kept), 1 / (1 - part))
