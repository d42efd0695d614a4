"""Kernels that a style scales, as in StyleGAN2: kept as kernels, so that they stay a convolution's own.

A convolution by ``weight * style`` is one of the scaled map by the weight alone, and ``weight * demodulation`` one
whose result is scaled. Whatever else is done with such kernels is done with the map that they are.

Source: T. Karras et al., "Analyzing and improving the image quality of StyleGAN", 2020.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from studio.io.importers._values.views import Numbers, Value, constant, reshaped
from studio.io.importers._words import words

if TYPE_CHECKING:
    from studio.io.importers._meanings.flow import Flow
    from studio.io.importers._meanings.handlers import Args, Handler

_RANK = 5  # (pictures, out, in, height, width)
_SAME = words("contiguous clone detach to _to_copy alias")
_TURNS = words("transpose permute swapaxes")
_SHAPES = words("view reshape _unsafe_view squeeze unsqueeze")


@dataclass(frozen=True)
class Modulated(Value):
    """A constant times maps.

    Attributes:
        base: the constant.
        factors: maps, each along one axis of it at most.
    """

    base: Value | None = None
    factors: tuple[Value, ...] = ()

    @property
    def held(self) -> Numbers:
        """The constant's numbers."""
        assert self.base is not None
        return np.asarray(self.base.constant)


def _made(base: Value, factors: tuple[Value, ...]) -> Modulated:
    return Modulated(base.shape, base=base, factors=factors)


def _axis(factor: Value) -> int | None:
    """The one axis along which a factor is longer than 1; None where there is none, -1 where there are several."""
    long = [axis for axis, n in enumerate(factor.shape) if n > 1]
    return None if not long else long[0] if len(long) == 1 else -1


def _fits(factor: Value, shape: tuple[int, ...]) -> bool:
    same = len(factor.shape) == len(shape) and all(n in (1, m) for n, m in zip(factor.shape, shape, strict=True))
    return same and not factor.is_constant and _axis(factor) != -1


def begun(operator: str, args: Args) -> Modulated | None:
    """Kernels times a style, where a product is that."""
    one, two = args.get("self"), args.get("other")
    if operator != "aten.mul" or not isinstance(one, Value) or not isinstance(two, Value):
        return None
    base, factor = (one, two) if one.is_constant else (two, one)
    kernels = base.is_constant and len(base.shape) == _RANK and base.shape[0] == 1
    return _made(base, (factor,)) if kernels and _fits(factor, base.shape) else None


def as_maps(f: Flow, values: Iterable[Any]) -> list[Any]:
    """With the maps that such kernels are in their place, for what does not know them as kernels."""
    return [_whole(f, value) if isinstance(value, Modulated) else value for value in values]


def is_modulated(args: Mapping[str, Any]) -> bool:
    """Whether there are such kernels among these."""
    return any(isinstance(value, Modulated) for value in args.values())


def on_modulated(f: Flow, operator: str, args: Args, table: Mapping[str, Handler]) -> Value | list[Value]:
    """What an operator makes of kernels that a style scales."""
    name = operator.removeprefix("aten.").removesuffix("_")
    first = args.get("self")
    made: Value | None = None
    if name in _SAME and isinstance(first, Modulated):
        made = first
    elif name in _TURNS and isinstance(first, Modulated):
        made = _moved(f, operator, args, table)
    elif name in _SHAPES and isinstance(first, Modulated):
        made = _reshaped(operator, f, args, table)
    elif name in ("mul", "multiply"):
        made = _times(args)
    elif (name == "pow" and args.get("exponent") == 2) or name == "square":
        assert isinstance(first, Modulated)
        made = _made(constant(first.held**2), tuple(f.binary("Mul", v, v) for v in first.factors))
    elif name == "sum":
        made = _summed(f, args)
    elif name in ("conv2d", "conv_transpose2d", "convolution"):
        made = _convolved(f, operator, args, table)
    if made is not None:
        return made
    whole = {key: _whole(f, value) if isinstance(value, Modulated) else value for key, value in args.items()}
    return table[operator](f, whole)


def _whole(f: Flow, value: Modulated) -> Value:
    """The kernels as the map that they are."""
    made: Value = value.base or constant(value.held)
    for factor in value.factors:
        made = f.binary("Mul", made, factor)
    return made


def _moved(f: Flow, operator: str, args: Args, table: Mapping[str, Handler]) -> Value:
    given = args["self"]
    parts = [table[operator](f, {**args, "self": part}) for part in (given.base, *given.factors)]
    base, *factors = (part for part in parts if isinstance(part, Value))
    return _made(base, tuple(factors))


def _reshaped(operator: str, f: Flow, args: Args, table: Mapping[str, Handler]) -> Value | None:
    """In another shape, where axes of one come or go alone."""
    given = args["self"]
    base = table[operator](f, {**args, "self": given.base})
    assert isinstance(base, Value)
    long = [axis for axis, n in enumerate(given.shape) if n > 1]
    now = [axis for axis, n in enumerate(base.shape) if n > 1]
    if [given.shape[axis] for axis in long] != [base.shape[axis] for axis in now]:
        return None
    factors = []
    for factor in given.factors:
        axis, shape = _axis(factor), [1] * len(base.shape)
        if axis is not None:
            shape[now[long.index(axis)]] = factor.shape[axis]
        factors.append(reshaped(factor, tuple(shape)))
    return _made(base, tuple(factors))


def _times(args: Args) -> Value | None:
    one, two = args["self"], args["other"]
    given, other = (one, two) if isinstance(one, Modulated) else (two, one)
    if isinstance(other, Modulated) or given.base is None:
        return None
    if isinstance(other, Value) and not other.is_constant:
        return _made(given.base, (*given.factors, other)) if _fits(other, given.shape) else None
    by = np.asarray(other.constant if isinstance(other, Value) else other, np.float32)
    if np.broadcast_shapes(by.shape, given.shape) != given.shape:
        return None
    return _made(constant(np.asarray(given.held, np.float32) * by), given.factors)


def _summed(f: Flow, args: Args) -> Value | None:
    """Over all axes but that of what comes out: the factors within are a vector that a matrix weighs."""
    given, rank = args["self"], len(args["self"].shape)
    dims = args.get("dim") or []
    over = sorted({axis % rank for axis in ([dims] if isinstance(dims, int) else dims)})
    within = [factor for factor in given.factors if _axis(factor) in over]
    axes = {_axis(factor) for factor in within}
    rest = [axis for axis in range(rank) if axis not in over and given.shape[axis] > 1]
    if len(axes) != 1 or len(rest) != 1:
        return None
    (axis,), (kept,) = axes, rest
    assert axis is not None
    vector = within[0]
    for factor in within[1:]:
        vector = f.binary("Mul", vector, factor)
    held = given.held.astype(np.float64).sum(tuple(k for k in over if k != axis), keepdims=True)
    matrix = np.moveaxis(held, (kept, axis), (0, 1)).reshape(given.shape[kept], given.shape[axis])
    made = f.linear(reshaped(vector, (1, given.shape[axis])), constant(matrix.astype(np.float32)), None)
    shape = [given.shape[k] if k == kept else 1 for k in range(rank)]
    made = reshaped(made, tuple(shape))
    for factor in given.factors:
        made = made if _axis(factor) in over else f.binary("Mul", made, factor)
    if args.get("keepdim"):
        return made
    return reshaped(made, tuple(n for k, n in enumerate(shape) if k not in over))


def _convolved(f: Flow, operator: str, args: Args, table: Mapping[str, Handler]) -> Value | None:
    """By the constant kernels, of a scaled map, and scaled."""
    weight, key = args["weight"], "input" if "input" in args else "self"
    value, bias = args[key], args.get("bias")
    if not isinstance(weight, Modulated) or isinstance(value, Modulated) or args.get("groups", 1) != 1:
        return None
    turned = operator.startswith("aten.conv_transpose") or bool(args.get("transposed"))
    out, into = (1, 0) if turned else (0, 1)
    if any(_axis(factor) not in (None, out, into) for factor in weight.factors):
        return None
    after = []
    for factor in weight.factors:
        count = weight.shape[into] if _axis(factor) == into else weight.shape[out] if _axis(factor) == out else 1
        laid = reshaped(factor, (1, count, 1, 1))
        if _axis(factor) == into:
            value = f.binary("Mul", value, laid)
        else:
            after.append(laid)
    made = table[operator](f, {**args, key: value, "weight": weight.base, "bias": None})
    assert isinstance(made, Value)
    for laid in after:
        made = f.binary("Mul", made, laid)
    return made if bias is None else f.binary("Add", made, reshaped(bias, (1, *bias.shape, 1, 1)))
