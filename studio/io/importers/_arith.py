"""What operators mean that work on every element by itself, or on two maps place by place."""

from __future__ import annotations

import operator as python
from collections.abc import Callable

import numpy as np

from studio.errors import StudioError
from studio.io.importers._draft import Draft, Weight
from studio.io.importers._views import Numbers, Value, as_map, constant, first, is_last, last, reshaped, shown

_FOLDED: dict[str, Callable[[Numbers, Numbers], Numbers]] = {
    "Add": python.add,
    "Sub": python.sub,
    "Mul": python.mul,
    "Div": python.truediv,
    "Maximum": np.maximum,
    "Minimum": np.minimum,
}


class Arithmetic:
    """Adds what an operator means to a draft.

    Attributes:
        name: what the layers that come next are to be called.
    """

    def __init__(self, draft: Draft) -> None:
        self.draft = draft
        self.name = ""

    def map_of(self, value: Value) -> str:
        """The layer whose map this value is."""
        if value.is_constant:
            raise StudioError("it works on a map of constants, which the studio's layers cannot hold.")
        return as_map(self.draft, value, self.name)

    def layer(
        self, op: str, *reads: Value, tensors: dict[str, Weight] | None = None, vector: bool = False, **params: object
    ) -> Value:
        """A layer on whole maps; a ``vector`` comes out as (1, values)."""
        made = self.draft.add(op, *(self.map_of(read) for read in reads), name=self.name, tensors=tensors, **params)
        shape = self.draft.shapes[made]
        return shown(made, (1, shape.channels) if vector else (1, *shape))

    def each(self, op: str, value: Value, tensors: dict[str, Weight] | None = None, **params: object) -> Value:
        """A layer on every element by itself; it may look at a map in any shape."""
        base, index = value.node, value.index
        if value.is_constant:
            raise StudioError("it works on constants alone, which the studio does not fold.")
        if index is not None and not is_last(self.draft, value):
            try:
                base, index = self.map_of(value), None
            except StudioError:
                # In a shape that is no map, what comes after must tell what it was: the layer goes before the move.
                base = value.node
        return Value(value.shape, self.draft.add(op, base, name=self.name, tensors=tensors, **params), index)

    # -- two operands ---------------------------------------------------------------------------------------------

    def binary(self, op: str, a: Value, b: Value) -> Value:
        """Add, Sub, Mul, Div, Maximum or Minimum, with PyTorch's broadcasting."""
        if a.constant is not None and b.constant is not None:
            with np.errstate(all="ignore"):
                return constant(_FOLDED[op](a.constant, b.constant))
        if b.constant is not None:
            return self._with_constant(op, a, b)
        if a.constant is not None:
            return self._from_constant(op, a, b)
        shape = np.broadcast_shapes(a.shape, b.shape)
        if len(a.shape) == len(b.shape) == 4 and (is_last(self.draft, a) or is_last(self.draft, b)):
            return last(self.draft, self.binary(op, first(self.draft, a), first(self.draft, b)))
        if a.index is None and b.index is None and (one := self._aligned(a)) and (two := self._aligned(b)):
            return shown(self.draft.add(op, one, two, name=self.name), shape)
        return self.layer(op, a, b) if len(shape) == 4 else self._vectors(op, a, b)

    def _vectors(self, op: str, a: Value, b: Value) -> Value:
        return self.layer(op, a, b, vector=True)

    def _with_constant(self, op: str, value: Value, other: Value) -> Value:
        numbers_ = np.asarray(other.constant, np.float64)
        scalar = numbers_.size == 1 or bool((numbers_ == numbers_.flat[0]).all() and not other.origin)
        if op in ("Maximum", "Minimum"):
            if not scalar:
                raise StudioError("it takes the maximum or minimum with many constants; only one is supported.")
            low, high = (float(numbers_.flat[0]), 3e38) if op == "Maximum" else (-3e38, float(numbers_.flat[0]))
            return self.each("Hardtanh", value, min_val=low, max_val=high)
        with np.errstate(all="ignore"):
            scale = {"Mul": numbers_, "Div": 1 / numbers_}.get(op, np.ones_like(numbers_))
            shift = {"Add": numbers_, "Sub": -numbers_}.get(op, np.zeros_like(numbers_))
        if scalar:
            self._check_broadcast(value, other)
            if scale.flat[0] == 1 and shift.flat[0] == 0:
                return value  # x + 0, x / 1: exporters leave such steps behind
            return self.each("Affine", value, scale=float(scale.flat[0]), shift=float(shift.flat[0]))
        return self._per_channel(value, other, scale, shift, "weight" if op in ("Mul", "Div") else "bias", op)

    def _check_broadcast(self, value: Value, other: Value) -> None:
        if np.broadcast_shapes(value.shape, other.shape) != value.shape:
            raise StudioError(f"it spreads {value.shape} over a constant of {other.shape}, which is not supported.")

    def _from_constant(self, op: str, number: Value, value: Value) -> Value:
        if op in ("Add", "Mul", "Maximum", "Minimum"):
            return self._with_constant(op, value, number)
        if op == "Sub":
            negative = self._with_constant("Mul", value, constant(np.float64(-1)))
            return self._with_constant("Add", negative, number)
        inverse = self.each("Pow", value, exponent=-1.0)
        return self._with_constant("Mul", inverse, number)

    def _per_channel(self, value: Value, other: Value, scale: Numbers, shift: Numbers, key: str, op: str) -> Value:
        self._check_broadcast(value, other)
        full = (1,) * (len(value.shape) - len(other.shape)) + other.shape
        are_last = value.index is not None or (len(value.shape) == 4 and value.shape[1:3] == (1, 1))
        if len(full) == 4 and full[:3] == (1, 1, 1) and are_last:
            # Channels that were moved last: the scale goes before the move.
            row = reshaped(other, (1, full[3], 1, 1))
            return last(self.draft, self._per_channel(first(self.draft, value), row, scale, shift, key, op))
        if len(value.shape) < 2 or any(length != 1 for axis, length in enumerate(full) if axis != 1):
            raise StudioError(f"it reads constants of shape {other.shape}, other than one for every channel.")
        channels = value.shape[1]
        base = self._aligned(value) if value.index is None else ""
        read = base or self.map_of(value)
        if self.draft.shapes[read].channels != channels:
            raise StudioError(f"it reads one constant for each of {channels} parts of a map, which are not channels.")
        origin = other.origin if op in ("Add", "Mul") else ()
        rows = {"weight": scale.reshape(-1), "bias": shift.reshape(-1)}
        tensors = {
            name: Weight(np.ascontiguousarray(row, np.float32), origin if name == key else ())
            for name, row in rows.items()
        }
        made = self.draft.add("ScaleShift", read, name=self.name, tensors=tensors, num_features=channels)
        return shown(made, value.shape if base else (1, *self.draft.shapes[made]))

    def _aligned(self, value: Value) -> str:
        """The layer a value shows whole, channels being its second axis; empty where they are not."""
        shape = self.draft.shapes[value.node]
        if shape == (1, 1, 1):
            return value.node
        fits = len(value.shape) > 2 and value.shape[:2] == (1, shape.channels)
        if len(value.shape) == 4:
            return value.node if fits and value.shape[1:] == shape else ""
        return value.node if fits else ""
