"""Comparisons, masks and choices, norms and sums of exponentials: what several operators of a layer each come to."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from studio.errors import StudioError
from studio.io.importers._meanings.flow import Flow
from studio.io.importers._values.views import Value, constant, reshaped

_MOST = 3e38


def valued(value: Any) -> Value:
    """A value, also where the model gives a plain number."""
    return value if isinstance(value, Value) else constant(np.float32(value))


def scaled(f: Flow, value: Value, scale: float, shift: float = 0.0) -> Value:
    """``value * scale + shift``."""
    return f.each("Affine", value, scale=scale, shift=shift)


def compared(f: Flow, how: str, one: Value, two: Value | float) -> Value:
    """1 where the one compares so with the other, else 0; ``how`` is gt, ge, lt, le, eq or ne."""
    other = valued(two)
    if other.constant is not None and other.constant.size == 1:
        return f.each("Compare", one, how=how, value=max(min(float(other.constant.flat[0]), _MOST), -_MOST))
    if one.constant is not None and one.constant.size == 1:
        turned = {"gt": "lt", "ge": "le", "lt": "gt", "le": "ge"}.get(how, how)
        return compared(f, turned, other, float(one.constant.flat[0]))
    return f.several("CompareMaps", one, other, how=how)


def masked(f: Flow, value: Value) -> Value:
    """1 where a value is not zero; a comparison is so already."""
    if value.constant is not None:
        return constant((value.constant != 0).astype(np.float32))
    made = next((node for node in f.draft.nodes if node.name == value.node), None)
    plain = made is not None and type(made.op).__name__ in ("Compare", "CompareMaps")
    return value if plain else compared(f, "ne", value, 0.0)


def chosen(f: Flow, mask: Value, yes: Value, no: Value) -> Value:
    """The one where the mask is not zero, else the other."""
    if mask.constant is not None:
        held = (mask.constant != 0).astype(np.float32)
        if (held == held.flat[0]).all() and held.size:
            shape = np.broadcast_shapes(mask.shape, yes.shape, no.shape)
            return f.move(yes if held.flat[0] else no, lambda n: np.broadcast_to(n, shape))
        mask = constant(held)
    if yes.is_constant and no.is_constant and yes.constant.size == no.constant.size == 1:  # type: ignore[union-attr]
        low, high = (float(np.asarray(v.constant).flat[0]) for v in (no, yes))
        return scaled(f, masked(f, mask), high - low, low)
    return f.several("Where", mask, yes, no)


def p_norm(f: Flow, value: Value, power: float, axes: Sequence[int], keepdim: bool) -> Value:
    """``(sum of |value| ** power) ** (1 / power)`` over axes; an infinite power takes the largest or the smallest."""
    if math.isinf(power):
        return f.reduced("Amax" if power > 0 else "Amin", f.each("Abs", value), axes, keepdim)
    if power == 1:
        return f.total(f.each("Abs", value), axes, keepdim)
    if power == 2:
        return f.each("Sqrt", f.total(f.each("Pow", value, exponent=2.0), axes, keepdim))
    summed = f.total(f.each("Pow", f.each("Abs", value), exponent=power), axes, keepdim)
    return f.each("Pow", summed, exponent=1 / power)


def logsumexp(f: Flow, value: Value, axes: Sequence[int], keepdim: bool) -> Value:
    """Logarithm of the sum of exponentials over axes, without overflow."""
    most = f.reduced("Amax", value, axes, keepdim=True)
    summed = f.total(f.each("Exp", f.binary("Sub", value, most)), axes, keepdim=True)
    found = f.binary("Add", f.each("Log", summed), most)
    over = {axis % len(value.shape) for axis in axes}
    kept = tuple(n for axis, n in enumerate(found.shape) if keepdim or axis not in over)
    return reshaped(found, kept)


_MOST_EXPONENTS = 16
"""That are taken one after the other."""


def power(f: Flow, base: Value, exponent: Value) -> Value:
    """``base ** exponent``, either of which may be a map; few exponents that differ are taken one after the other.

    Raises:
        StudioError: where a number that is not positive is raised to what the picture says.
    """
    if base.constant is not None and exponent.constant is not None:
        return constant(np.power(np.asarray(base.constant), np.asarray(exponent.constant)))
    if base.constant is not None:
        if not (np.asarray(base.constant, np.float64) > 0).all():
            raise StudioError("it raises numbers that are not positive to a map, which is not supported.")
        return f.each("Exp", f.binary("Mul", exponent, constant(np.log(base.constant))))
    if exponent.constant is None:
        return _by_logarithm(f, base, exponent)
    held = np.asarray(exponent.constant)
    first, *others = np.unique(held)
    if len(others) >= _MOST_EXPONENTS:
        return _by_logarithm(f, base, exponent)
    made = f.each("Pow", base, exponent=float(first))
    for number in others:
        made = chosen(f, constant(held == number), f.each("Pow", base, exponent=float(number)), made)
    shape = np.broadcast_shapes(base.shape, exponent.shape)
    return made if made.shape == shape else f.move(made, lambda n: np.broadcast_to(n, shape))


def _by_logarithm(f: Flow, base: Value, exponent: Value) -> Value:
    """``base ** exponent`` by logarithms: of a negative value by that of its size, where the exponent is whole."""
    open_ = f.each("Exp", f.binary("Mul", f.each("Log", base), exponent))
    if exponent.constant is not None:
        held = np.asarray(exponent.constant)
        whole, odd, none = (constant(np.float32(how)) for how in (held % 1 == 0, held % 2 == 1, held == 0))
        if not np.any(whole.constant):
            return open_
    else:
        half = scaled(f, exponent, 0.5)
        whole = compared(f, "eq", exponent, f.each("Round", exponent, how="floor"))
        odd, none = compared(f, "ne", half, f.each("Round", half, how="floor")), compared(f, "eq", exponent, 0.0)
    sign = scaled(f, f.binary("Mul", compared(f, "lt", base, 0.0), odd), -2.0, 1.0)
    size = f.each("Exp", f.binary("Mul", f.each("Log", f.each("Abs", base)), exponent))
    made = chosen(f, whole, f.binary("Mul", size, sign), open_)
    return chosen(f, none, constant(np.ones((1,) * len(made.shape), np.float32)), made)
