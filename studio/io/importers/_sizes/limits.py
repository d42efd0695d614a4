"""The sizes for which a file of torch.export holds: what it says of its axes, and where its numbers decide.

A program that was exported for any size is right where its guards hold: of a module that looks whether a picture is
upright, one way was traced. What takes the smaller or the larger of two sizes (`min`, `max`) goes one way at some
sizes and the other way at others, which no layer follows.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from studio.io.importers._meanings.call import Call, Name
from studio.io.importers._sizes.expressions import plainly, worked_out
from studio.io.importers._values.symbols import SYMBOLS
from studio.model.declared.size import Size
from studio.model.networks.inputs import Span

Shapes = Mapping[str, Sequence[int]]
Axis = int | str
"""How long an axis is: a number, or an expression of symbols, as text."""

_LEAST, _FAR = 64, 1000  # sides of the pictures that are asked about
_LONGEST_STEP = 256
_SMALL = 16  # sides of pictures so small that nobody needs to be told of them
_MOST_GUARDS = 2**16  # characters of all that are looked at
_SYMBOL = re.compile(r"Symbol\('(\w+)'")
_OF_A_SIDE = re.compile(r"\.size\(\)\[[23]\]")
_CHOICES = {"torch.sym_min", "torch.sym_max"}
_COMPARES = {"_operator.lt": "<", "_operator.le": "<=", "_operator.gt": ">", "_operator.ge": ">="}
_COMPARES |= {"_operator.eq": "==", "_operator.ne": "!="}
_SIDES = {2: "heights", 3: "widths"}


@dataclass(frozen=True)
class Limits:
    """What a file says of the sizes that it takes.

    Attributes:
        axes: of every input, the length of each axis.
        made: the same of every tensor in the graph.
        guards: conditions on sizes, as PyTorch writes them.
        ranges: the least and the largest value of every symbol; None where there is none.
        calls: the operators of the graph, in running order.
    """

    axes: Mapping[str, Sequence[Axis]] = field(default_factory=dict)
    made: Mapping[str, Sequence[Axis]] = field(default_factory=dict)
    guards: Sequence[str] = ()
    ranges: Mapping[str, tuple[int | None, int | None]] = field(default_factory=dict)
    calls: Sequence[Call] = ()

    def breach(self, shapes: Shapes) -> str:
        """Why the program does not hold for inputs of these shapes; empty where it does."""
        try:
            symbols = self._symbols(shapes)
        except ValueError as error:
            return str(error)
        sides = {f"{name}.shape[{k}]": n for name, shape in shapes.items() for k, n in enumerate(shape)}
        if sum(map(len, self._of_sides)) > _MOST_GUARDS:
            return "its conditions on sizes are longer than any that are looked at"
        for guard in self._of_sides:
            try:
                holds = bool(worked_out(guard, sides))
            except ValueError:
                holds = False
            if not holds:
                return f"it was exported for {plainly(guard)}"
        asserted = (call for call, held in self._decided(symbols) if call.operator not in _CHOICES and held is False)
        failed = next(asserted, None)
        return "" if failed is None else f"it stops at other sizes, {failed.args.get('assert_msg', '')}".rstrip(", ")

    def step(self, shapes_at: Callable[[Size], Shapes], own: Size) -> tuple[int, str]:
        """What the sides of its pictures must be multiples of: 1 where they may be any.

        Args:
            shapes_at: of the inputs, by the size of the pictures.
            own: the size that it is read at.

        Returns:
            The step; 0 where it holds for its own size alone, and why.
        """
        usual, why = self._ways(shapes_at(own)), ""
        for by in range(1, min(*own, _LONGEST_STEP) + 1):
            if own.height % by or own.width % by:
                continue
            told = (self._told(shapes_at(size), usual) for size in _asked_about(by))
            if not (why := next(filter(None, told), "")):
                return by, ""
        return 0, why

    def bounds(self) -> dict[str, dict[str, Span]]:
        """Of each input the heights and widths that it says it holds for, where it bounds them or one alone is free."""
        bounded: dict[str, dict[str, Span]] = {}
        for put, axes in self.axes.items():
            found: dict[str, Span] = {}
            sides = axes[2:] if len(axes) == len(_SIDES) + 2 else ()
            is_free = any(isinstance(side, str) for side in sides)
            for k, axis in enumerate(sides, 2):
                if isinstance(axis, int):
                    # Where neither side is free, layers say which sizes fit.
                    found |= {_SIDES[k]: (axis, axis)} if is_free else {}
                    continue
                names = _SYMBOL.findall(axis)
                low, high = self.ranges.get(names[0], (None, None)) if len(names) == 1 else (None, None)
                if (low or 0) > _SMALL or high is not None:
                    least = int(worked_out(str(axis), {names[0]: low or 1}))
                    most = None if high is None else int(worked_out(str(axis), {names[0]: high}))
                    found[_SIDES[k]] = (least, most)
            bounded |= {put: found} if found else {}
        return bounded

    @cached_property
    def _of_sides(self) -> list[str]:
        """The guards on sides of pictures, each once."""
        return list(dict.fromkeys(filter(_OF_A_SIDE.search, self.guards)))

    def _told(self, shapes: Shapes, usual: list[bool | None]) -> str:
        if why := self.breach(shapes):
            return why
        for call, one, other in zip(self._deciding, self._ways(shapes), usual, strict=True):
            if None not in (one, other) and one != other:
                return f"it goes by the smaller or the larger of two sizes ({call.line or call.result})"
        return ""

    @property
    def _deciding(self) -> list[Call]:
        return [call for call in self.calls if call.operator in _CHOICES]

    def _ways(self, shapes: Shapes) -> list[bool | None]:
        """Of every `min` and `max`, whether the first is the smaller; None where they are equal, or not known."""
        try:
            held = self._decided(self._symbols(shapes))
        except ValueError:
            return [None for _ in self._deciding]
        return [way for call, way in held if call.operator in _CHOICES]

    def _decided(self, symbols: Mapping[str, int]) -> Iterator[tuple[Call, bool | None]]:
        """The calls that decide by size, and how they do where these are the symbols."""
        numbers: dict[str, Any] = {}
        for call in self.calls:
            args = {key: _known(numbers, value) for key, value in call.args.items()}
            if call.operator in _CHOICES:
                a, b = args["a"], args["b"]
                yield call, None if None in (a, b) or a == b else a < b
            if call.operator == "aten._assert_scalar":
                yield call, None if (held := args.get("self")) is None else bool(held)
            if call.operator == "aten.sym_size" and isinstance(of := call.args["self"], Name):
                numbers[call.result] = self._length(of.text, call.args["dim"], symbols)
            elif call.operator in _COMPARES and None not in args.values():
                numbers[call.result] = worked_out(f"{args['a']} {_COMPARES[call.operator]} {args['b']}", {})
            elif call.operator in SYMBOLS and args and None not in args.values():
                try:
                    numbers[call.result] = SYMBOLS[call.operator](args)
                except (ArithmeticError, AttributeError, KeyError, TypeError, ValueError):
                    continue

    def _length(self, tensor: str, axis: int, symbols: Mapping[str, int]) -> int | None:
        length = self.made[tensor][axis] if tensor in self.made else None
        try:
            return length if length is None or isinstance(length, int) else int(worked_out(length, symbols))
        except ValueError:
            return None

    def _symbols(self, shapes: Shapes) -> dict[str, int]:
        """What every symbol is for inputs of these shapes; ValueError says why there is none."""
        found: dict[str, int] = {}
        for name, axes in self.axes.items():
            for k, (axis, length) in enumerate(zip(axes, shapes[name], strict=True)):
                if isinstance(axis, int):
                    continue
                symbol, each, begin = _linear(axis)
                value = (length - begin) // each
                if value * each + begin != length:
                    more = f" and {begin}" if begin else ""
                    raise ValueError(f"it was exported for {name}.shape[{k}] as a multiple of {each}{more}")
                if found.setdefault(symbol, value) != value:
                    raise ValueError("it was exported for sides that go with each other, as those of squares do")
        return found


def _known(numbers: Mapping[str, Any], value: Any) -> Any:
    """A number that a call is given; None for a map, and for what is not known."""
    return numbers.get(value.text) if isinstance(value, Name) else value


def _linear(text: str) -> tuple[str, int, int]:
    """Of a length that is a number of times a symbol, and some more: the symbol, how many times, and how many more."""
    names = set(_SYMBOL.findall(text))
    values = [worked_out(text, {name: n}) for name in names for n in (2, 3, 4)] if len(names) == 1 else []
    if not values or values[1] - values[0] != values[2] - values[1] or values[1] <= values[0]:
        raise ValueError("it was exported for sides that go with each other")
    each = values[1] - values[0]
    return names.pop(), each, values[0] - 2 * each


def _asked_about(by: int) -> Iterator[Size]:
    """Sizes that are multiples of a number: square, upright, wide, and far larger."""
    near, next_, far = -(-_LEAST // by) * by, (-(-_LEAST // by) + 1) * by, (-(-_FAR // by) + 1) * by
    wide = near + 2 * next_ + by
    for sides in ((near, near), (next_, wide), (far, far), (near, far)):
        yield Size(*sides)
        yield Size(*sides[::-1])
