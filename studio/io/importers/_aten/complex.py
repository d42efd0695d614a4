"""PyTorch's operators that make complex numbers and compute with them: Fourier transforms first of all."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from studio.errors import StudioError
from studio.io.importers._aten.table import means, number, operand
from studio.io.importers._meanings.complex import (
    MOVED,
    Complex,
    apart,
    frequencies,
    from_frequencies,
    norm_of,
    of_parts,
    transformed,
)
from studio.io.importers._meanings.flow import Flow
from studio.io.importers._meanings.handlers import Args, Handler
from studio.io.importers._values.views import Value, constant

PLANES: dict[str, Handler] = {}
"""What operators mean where one of their operands is complex, besides those that do the same to both parts."""


def on_planes(f: Flow, operator: str, args: Args, table: Mapping[str, Handler]) -> Value | list[Value]:
    """What an operator makes of complex numbers.

    Raises:
        StudioError: where it is none that is read so.
    """
    name = operator.removeprefix("aten.").removesuffix("_")
    if name in PLANES:
        return PLANES[name](f, args)
    if name in MOVED and f"aten.{name}" in table:
        return apart(table, name, f, args)
    raise StudioError("it works with complex numbers in a way that is not supported.")


def _plane(*names: str) -> Callable[[Handler], Handler]:
    def enter(handler: Handler) -> Handler:
        PLANES.update(dict.fromkeys(names, handler))
        return handler

    return enter


# -- transforms ---------------------------------------------------------------------------------------------------


def _axes(value: Value, a: Args, many: int | None) -> list[int]:
    """The axes of a transform, none of which is cut or filled up."""
    given = a.get("dim")
    rank = len(value.shape)
    if many == 1:
        axes = [-1 if given is None else given]
    elif given is not None:
        axes = list(given)
    else:
        axes = [-2, -1] if many == 2 else list(range(rank))
    return [axis % rank for axis in axes]


def _lengths(a: Args, count: int) -> list[int | None]:
    given = a.get("n") if "n" in a else a.get("s")
    if given is None:
        return [None] * count
    lengths = [given] if isinstance(given, int) else list(given)
    return [None if length == -1 else length for length in lengths]


def _whole(value: Value, axes: list[int], lengths: list[int | None]) -> None:
    for axis, length in zip(axes, lengths, strict=True):
        if length is not None and length != value.shape[axis]:
            raise StudioError(f"it transforms {value.shape[axis]} values as {length}, which is not supported.")


def _back_and_forth(many: int | None, *, inverse: bool) -> Handler:
    def handle(f: Flow, a: Args) -> Value:
        value, norm = operand(a), norm_of(a.get("norm"))
        axes = _axes(value, a, many)
        _whole(value, axes, _lengths(a, len(axes)))
        for axis in reversed(axes):
            value = transformed(f, value, axis, norm, inverse=inverse)
        return value

    return handle


def _of_real(many: int | None) -> Handler:
    def handle(f: Flow, a: Args) -> Value:
        value, norm = operand(a), norm_of(a.get("norm"))
        axes = _axes(value, a, many)
        _whole(value, axes, _lengths(a, len(axes)))
        made: Value = frequencies(f, value, axes[-1], norm)
        for axis in reversed(axes[:-1]):
            made = transformed(f, made, axis, norm)
        return made

    return handle


def _to_real(many: int | None) -> Handler:
    def handle(f: Flow, a: Args) -> Value:
        value, norm = operand(a), norm_of(a.get("norm"))
        axes = _axes(value, a, many)
        *others, length = _lengths(a, len(axes))
        _whole(value, axes[:-1], others)
        for axis in axes[:-1]:
            value = transformed(f, value, axis, norm, inverse=True)
        return from_frequencies(f, value, axes[-1], length or 2 * (value.shape[axes[-1]] - 1), norm)

    return handle


for _mark, _many in (("", 1), ("2", 2), ("n", None)):
    for _name, _made in {
        f"fft_fft{_mark}": _back_and_forth(_many, inverse=False),
        f"fft_ifft{_mark}": _back_and_forth(_many, inverse=True),
        f"fft_rfft{_mark}": _of_real(_many),
        f"fft_irfft{_mark}": _to_real(_many),
    }.items():
        means(_name)(_made)
        _plane(_name)(_made)


# -- from numbers, and to them -------------------------------------------------------------------------------------


@means("complex")
def _complex(f: Flow, a: Args) -> Value:
    del f
    return of_parts(a["real"], a["imag"])


@means("view_as_complex")
def _view_as_complex(f: Flow, a: Args) -> Value:
    value = operand(a)
    return of_parts(*(f.move(value, lambda n, k=k: n[..., k]) for k in (0, 1)))  # type: ignore[misc]


@means("polar")
def _polar(f: Flow, a: Args) -> Value:
    length, angle = a["abs"], a["angle"]
    return of_parts(*(f.binary("Mul", length, f.each(op, angle)) for op in ("Cos", "Sin")))


@means("real")
def _same(f: Flow, a: Args) -> Value:
    del f
    return operand(a)


@_plane("real")
def _real(f: Flow, a: Args) -> Value:
    del f
    real, _ = _both(a["self"])
    return real


@_plane("imag")
def _imag(f: Flow, a: Args) -> Value:
    del f
    found: Value = a["self"].both[1]
    return found


@_plane("view_as_real")
def _view_as_real(f: Flow, a: Args) -> Value:
    real, imag = (f.move(part, lambda n: n[..., None]) for part in a["self"].both)
    return f.concat([real, imag], len(real.shape) - 1)


@_plane("abs")
def _abs(f: Flow, a: Args) -> Value:
    return f.each("Sqrt", _squared(f, a["self"]))


@_plane("angle")
def _angle(f: Flow, a: Args) -> Value:
    real, imag = a["self"].both
    return f.binary("Atan2", imag, real)


@_plane("conj", "_conj", "conj_physical")
def _conj(f: Flow, a: Args) -> Value:
    real, imag = a["self"].both
    return of_parts(real, f.binary("Mul", imag, constant(np.float32(-1))))


@_plane("resolve_conj", "resolve_neg")
def _resolved(f: Flow, a: Args) -> Value:
    del f
    return operand(a)


# -- arithmetic ---------------------------------------------------------------------------------------------------


def _squared(f: Flow, value: Complex) -> Value:
    return f.binary("Add", *(f.binary("Mul", part, part) for part in value.both))


def _both(value: Any) -> tuple[Value, Value | None]:
    """Real and imaginary parts; a number or a map of them has none."""
    if isinstance(value, Complex):
        return value.both
    if isinstance(value, complex):
        return constant(np.float32(value.real)), constant(np.float32(value.imag))
    return value if isinstance(value, Value) else constant(np.float32(value)), None


def _sum(op: str) -> Handler:
    def handle(f: Flow, a: Args) -> Value:
        if number(a.get("alpha", 1)) != 1:
            raise StudioError("a sum of complex numbers with a factor is not supported.")
        (real, imag), (other, across) = _both(a["self"]), _both(a["other"])
        made = f.binary(op, real, other)
        if imag is None:
            assert across is not None
            imag = constant(np.zeros(across.shape, np.float32))
        return of_parts(made, imag if across is None else f.binary(op, imag, across))

    return handle


_plane("add")(_sum("Add"))
_plane("sub", "subtract")(_sum("Sub"))


@_plane("mul", "multiply")
def _mul(f: Flow, a: Args) -> Value:
    (real, imag), (other, across) = _both(a["self"]), _both(a["other"])
    if imag is None:
        (real, imag), (other, across) = (other, across), (real, imag)
    assert imag is not None
    if across is None:
        return of_parts(f.binary("Mul", real, other), f.binary("Mul", imag, other))
    return of_parts(
        f.binary("Sub", f.binary("Mul", real, other), f.binary("Mul", imag, across)),
        f.binary("Add", f.binary("Mul", real, across), f.binary("Mul", imag, other)),
    )


@_plane("div", "true_divide", "divide")
def _div(f: Flow, a: Args) -> Value:
    (real, imag), other = _both(a["self"]), a["other"]
    if isinstance(other, Complex):
        real, imag = _both(_mul(f, {"self": a["self"], "other": _conj(f, {"self": other})}))
        other = _squared(f, other)
    by = other if isinstance(other, Value) else constant(np.float32(other))
    assert imag is not None
    return of_parts(f.binary("Div", real, by), f.binary("Div", imag, by))


@_plane("exp")
def _exp(f: Flow, a: Args) -> Value:
    real, imag = a["self"].both
    return _polar(f, {"abs": f.each("Exp", real), "angle": imag})
