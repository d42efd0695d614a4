"""What operators mean that work on every element by itself, or on two maps place by place."""

from __future__ import annotations

import itertools
import math
import operator as python
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from studio.errors import StudioError
from studio.io.importers._draft import Weight
from studio.io.importers._meanings.axes import Axes
from studio.io.importers._meanings.seen import as_map, seen
from studio.io.importers._values.lines import snapped
from studio.io.importers._values.views import Numbers, Value, constant, move, shown, target_shape

_MOST = 3e38
PLACES = "it reads the places that a pooling found, which only MaxUnpool takes; use its values."

FOLDED: dict[str, Callable[[Numbers, Numbers], Numbers]] = {
    "Add": python.add,
    "Sub": python.sub,
    "Mul": python.mul,
    "Div": python.truediv,
    "Maximum": np.maximum,
    "Minimum": np.minimum,
}


class Arithmetic(Axes):
    """Adds what an operator means to a draft.

    Attributes:
        draw: which of the model's random draws the next one is, counted from 0: its seed.
        within: the operators that are being read as others that they stand for.
    """

    draw = 0
    within: tuple[str, ...] = ()

    def map_of(self, value: Value) -> str:
        """The layer whose map this value is."""
        if value.constant is not None:
            return self.given(value.constant.reshape(target_shape(value)))
        if not value.node:
            raise StudioError(PLACES)
        return as_map(self.draft, value, self.name)

    def given(self, numbers_: Numbers, origin: tuple[str, ...] = (), like: str = "") -> str:
        """A layer that holds a constant map; repeated until it is as large as another one, where that is named."""
        channels, height, width = numbers_.shape
        # A mask of infinities is one of the largest numbers, of which an exponential is zero, too.
        finite = np.where(np.isinf(numbers_.astype(np.float32)), np.sign(numbers_.astype(np.float32)) * _MOST, numbers_)
        held = Weight(np.ascontiguousarray(finite, np.float32)[:, None], origin)
        return self.draft.add(
            "GivenMap",
            like or self.draft.inputs[0].name,
            name=self.name if origin else f"{self.name}.given",
            tensors={"map": held},
            channels=channels,
            height=height,
            width=width,
            repeat=bool(like),
            fixed=not origin,
        )

    def drawn(self, shape: tuple[int, ...], kind: str) -> Value:
        """Random numbers of this shape, "uniform" or "gaussian", drawn anew in each step.

        Two of its axes, whichever they are, are those of a map that there is.
        """
        if len(shape) == 2 and shape[0] == 1 < shape[1]:
            # A vector, as of a code: one value for each of its channels.
            made = self.drawn((*shape, 1, 1), kind)
            self.draft.draws[self.draw] = (0, 1, 2, 3)
            return Value(shape, made.node, made.index)
        long = (1,) * (2 - len(shape)) + shape
        inputs = [i.name for i in self.draft.inputs]
        maps = {self.draft.shapes[name][1:]: name for name in [n.name for n in self.draft.nodes] + inputs[::-1]}
        last = len(long) - 1
        pairs = [(last - 1, last), *itertools.permutations(range(last, -1, -1), 2)]
        down, across = next((pair for pair in pairs if (long[pair[0]], long[pair[1]]) in maps), (last - 1, last))
        size = long[down], long[across]
        if size not in maps and size == (1, 1):
            maps[size] = self.draft.add("Mean", inputs[0], name=f"{self.name}.mean")
        if size not in maps:
            raise StudioError(f"it draws random numbers of {shape}, but no map of the model is as large.")
        order = (*(axis for axis in range(last + 1) if axis not in (down, across)), down, across)
        laid = tuple(long[axis] for axis in order)
        self.draft.draws[self.draw] = order
        node = self.draft.add(
            "RandomMap", maps[size], name=self.name, channels=math.prod(laid[:-2]), kind=kind, seed=self.draw
        )
        back = tuple(order.index(axis) for axis in range(last + 1))
        made = shown(node, laid)
        return made if order == tuple(range(last + 1)) else move(self.draft, made, lambda n: n.transpose(back))

    def layer(
        self,
        op: str,
        *reads: Value,
        tensors: Mapping[str, Weight] | None = None,
        vector: bool = False,
        **params: object,
    ) -> Value:
        """A layer on whole maps; a ``vector`` comes out as (1, values)."""
        made = self.draft.add(op, *(self.map_of(read) for read in reads), name=self.name, tensors=tensors, **params)
        shape = self.draft.shapes[made]
        return shown(made, (1, shape.channels) if vector else (1, *shape))

    def each(self, op: str, value: Value, /, tensors: Mapping[str, Weight] | None = None, **params: Any) -> Value:
        """A layer on every element by itself; it may look at a map in any shape."""
        if value.is_constant:
            raise StudioError("it works on constants alone, which the studio does not fold.")
        base = value.node
        return Value(value.shape, self.draft.add(op, base, name=self.name, tensors=tensors, **params), value.index)

    # -- several operands -----------------------------------------------------------------------------------------

    def binary(self, op: str, a: Value, b: Value, **params: Any) -> Value:
        """An operator of two maps, such as Add, with PyTorch's broadcasting."""
        if a.constant is not None and b.constant is not None and op in FOLDED:
            with np.errstate(all="ignore"):
                return constant(FOLDED[op](a.constant, b.constant))
        if op in FOLDED and b.constant is not None:
            return self._with_constant(op, a, b)
        if op in FOLDED and a.constant is not None:
            return self._from_constant(op, a, b)
        return self.several(op, a, b, **params)

    def several(self, op: str, *values: Value, **params: Any) -> Value:
        """An operator of maps place by place, each of the whole size or of one along some axes."""
        shape = _together(*values)
        maps = [value for value in values if not value.is_constant]
        if len(maps) == len(values) and all(value.index is None for value in values):
            aligned = [self._aligned(value) for value in values]
            if all(aligned):
                return shown(self.draft.add(op, *aligned, name=self.name, **params), shape)
        first = max(maps, key=lambda value: math.prod(value.shape))
        if first.shape != shape:
            first = move(self.draft, first, lambda n: np.broadcast_to(n, shape))
        first = self.settled(snapped(self.draft, first))
        reads = [first.node if value is first else self._like(value, first) for value in values]
        return Value(shape, self.draft.add(op, *reads, name=self.name, **params), first.index)

    def _like(self, value: Value, first: Value) -> str:
        """The layer that holds a value as the first one's map lies, but for sides of one."""
        if value.node == first.node and value.shape == first.shape and value.index is first.index:
            return value.node
        laid = self.laid_like(value, first)
        if value.constant is not None:
            return self._given_like(laid, first.node, value.origin)
        have = self.draft.shapes[value.node]
        if laid.shape == have and laid.size and np.array_equal(laid.ravel(), np.arange(laid.size)):
            return value.node
        return seen(self.draft, value.node, laid, self.name)

    def _given_like(self, laid: Numbers, node: str, origin: tuple[str, ...]) -> str:
        """A constant map, told by as little of it as repeats."""
        own = tuple(_period(laid, axis) for axis in (1, 2))
        whole = self.draft.shapes[node]
        if own != laid.shape[1:] and all(n in (1, side) for n, side in zip(laid.shape[1:], whole[1:], strict=True)):
            return self.given(laid[:, : own[0], : own[1]], origin, like=node)
        run = _run(laid)
        if run == 1:
            return self.given(laid, origin)
        # Each row several times, the bias of a head for all of its windows; as wide as the map that it meets, whose
        # size it follows.
        columns = "x" if laid.shape[2] == whole.width else f"(x b={whole.width})"
        pattern = f"c y x -> c (y a={run}) {columns}"
        return self.draft.add(
            "Rearrange", self.given(laid[:, ::run], origin), name=f"{self.name}.repeat", pattern=pattern
        )

    def _with_constant(self, op: str, value: Value, other: Value) -> Value:
        numbers_ = np.asarray(other.constant, np.float64)
        scalar = numbers_.size == 1 or bool((numbers_ == numbers_.flat[0]).all() and not other.origin)
        if scalar and _together(value, other) == value.shape:
            return self._with_number(op, value, float(numbers_.flat[0]))
        if op in ("Maximum", "Minimum"):
            return self.several(op, value, other)
        with np.errstate(all="ignore"):
            scale = {"Mul": numbers_, "Div": 1 / numbers_}.get(op, np.ones_like(numbers_))
            shift = {"Add": numbers_, "Sub": -numbers_}.get(op, np.zeros_like(numbers_))
        whole = _together(value, other)
        if value.shape != whole:
            value = move(self.draft, value, lambda n: np.broadcast_to(n, whole))
        value = self.settled(snapped(self.draft, value))
        scales, shifts = (self.laid_like(constant(each), value) for each in (scale, shift))
        if scales.shape[1:] != (1, 1) or shifts.shape[1:] != (1, 1):
            return self.several(op, value, other)
        return self._per_channel(value, other, scales, shifts, op)

    def _with_number(self, op: str, value: Value, number: float) -> Value:
        if op in ("Maximum", "Minimum"):
            low, high = (number, _MOST) if op == "Maximum" else (-_MOST, number)
            return self.each("Hardtanh", value, min_val=low, max_val=high)
        with np.errstate(all="ignore"):
            scale = {"Mul": number, "Div": float(np.divide(1.0, number))}.get(op, 1.0)
        shift = {"Add": number, "Sub": -number}.get(op, 0.0)
        if (scale, shift) == (1, 0):
            return value  # x + 0, x / 1: exporters leave such steps behind
        return self.each("Affine", value, scale=scale, shift=shift)

    def _from_constant(self, op: str, number: Value, value: Value) -> Value:
        if op in ("Add", "Mul", "Maximum", "Minimum"):
            return self._with_constant(op, value, number)
        if op == "Sub":
            negative = self._with_constant("Mul", value, constant(np.float64(-1)))
            return self._with_constant("Add", negative, number)
        inverse = self.each("Pow", value, exponent=-1.0)
        return self._with_constant("Mul", inverse, number)

    def _per_channel(self, value: Value, other: Value, scale: Numbers, shift: Numbers, op: str) -> Value:
        key, channels = "weight" if op in ("Mul", "Div") else "bias", self.draft.shapes[value.node].channels
        if scale.size == shift.size == 1 and not other.origin:
            return self.each("Affine", value, scale=float(scale.flat[0]), shift=float(shift.flat[0]))
        origin = other.origin if op in ("Add", "Mul") else ()
        rows = {"weight": scale.reshape(-1), "bias": shift.reshape(-1)}
        tensors = {
            name: Weight(
                np.ascontiguousarray(np.broadcast_to(row, channels), np.float32), origin if name == key else ()
            )
            for name, row in rows.items()
        }
        return self.each("ScaleShift", value, tensors=tensors, num_features=channels)

    def _aligned(self, value: Value) -> str:
        """The layer a value shows whole, channels being its second axis; empty where they are not."""
        shape = self.draft.shapes[value.node]
        if shape == (1, 1, 1):
            return value.node
        fits = len(value.shape) > 2 and value.shape[:2] == (1, shape.channels)
        if len(value.shape) == 4:
            return value.node if fits and value.shape[1:] == shape else ""
        return ""


def _period(laid: Numbers, axis: int) -> int:
    """After how many rows or columns a map repeats itself; its whole side where it does not."""
    side = int(laid.shape[axis])
    for period in range(1, side // 2 + 1):
        if side % period == 0:
            folded = np.moveaxis(laid, axis, 0).reshape(side // period, period, -1)
            if (folded == folded[:1]).all():
                return period
    return side


def _run(laid: Numbers) -> int:
    """How many rows are always the same one again."""
    rows = np.moveaxis(laid, 1, 0).reshape(laid.shape[1], -1)
    for run in range(len(rows) // 2, 1, -1):
        if len(rows) % run == 0:
            folded = rows.reshape(len(rows) // run, run, -1)
            if (folded == folded[:, :1]).all():
                return run
    return 1


def _together(*values: Value) -> tuple[int, ...]:
    """The shape of what is worked out place by place."""
    try:
        return np.broadcast_shapes(*(value.shape for value in values))
    except ValueError as error:
        shapes = " and ".join(str(value.shape) for value in values)
        raise StudioError(f"it combines maps of shapes that do not fit each other: {shapes}.") from error
