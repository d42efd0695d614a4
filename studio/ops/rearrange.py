"""Axes taken apart, put in another order and joined again: Rearrange, RearrangeLike; how windows and tokens come about.

A pattern is that of einops: ``c (y i=8) (x j=8) -> c (y x) (i j)`` cuts a map into windows of 8 × 8, which become
rows. On either side stand channels, height and width; parentheses join axes, the last of which runs fastest.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar, NamedTuple

from pydantic import model_validator

from studio.model.declared.param import param
from studio.model.networks.op import Backward, Gradients, Op, require
from studio.model.networks.shape import Scale, Shape

if TYPE_CHECKING:
    from torch import Tensor

Side = tuple[tuple[str, ...], ...]
_TOKEN = re.compile(r"\(([a-z0-9= ]*)\)|([a-z][a-z0-9]*(?:=[0-9]{1,7})?|1)")
_AXIS = re.compile(r"([a-z][a-z0-9]*)(?:=([1-9][0-9]{0,6}))?")
_MOST_AXES = 12


class Pattern(NamedTuple):
    """Both sides of a pattern, each channels, height and width as the axes that they are made of.

    Attributes:
        left: of the input.
        right: of the output.
        sizes: lengths of the axes that have one of their own.
    """

    left: Side
    right: Side
    sizes: dict[str, int]

    @property
    def sides(self) -> tuple[Side, Side]:
        """Left and right."""
        return self.left, self.right

    @property
    def axes(self) -> tuple[str, ...]:
        """Every axis once; those that only repeat what is there come last."""
        return tuple(dict.fromkeys(axis for side in self.sides for group in side for axis in group))


def parsed(text: str) -> Pattern:
    """A pattern by its text; ValueError where it is none."""
    left, arrow, right = text.partition("->")
    sizes: dict[str, int] = {}
    sides = _side(left, sizes), _side(right, sizes)
    if not arrow or any(len(side) != 3 for side in sides):
        raise ValueError("must give channels, height and width on both sides, as in c (y i) x -> (c i) y x")
    before, after = ([axis for group in side for axis in group] for side in sides)
    if len(set(before)) < len(before) or len(set(after)) < len(after) or not set(before) <= set(after):
        raise ValueError("must name every axis once on either side, and lose none")
    if len(after) > _MOST_AXES:
        raise ValueError(f"must have at most {_MOST_AXES} axes")
    return Pattern(sides[0], sides[1], sizes)


def _side(text: str, sizes: dict[str, int]) -> Side:
    found = []
    for match in _TOKEN.finditer(text):
        names = []
        for word in (match[1] if match[2] is None else match[2]).split():
            axis = _AXIS.fullmatch(word)
            if axis is None and word != "1":
                raise ValueError(
                    f"holds {word}, which is no axis; an axis is a small letter, or one and its length, i=8"
                )
            if axis is not None:
                names.append(axis[1])
                if axis[2] and sizes.setdefault(axis[1], int(axis[2])) != int(axis[2]):
                    raise ValueError(f"gives two lengths to {axis[1]}")
        found.append(tuple(names))
    rest = _TOKEN.sub("", text).strip()
    if rest:
        raise ValueError(f"holds {rest}, which is no axis; an axis is a small letter, or one and its length, i=8")
    return tuple(found)


class _Rearranged(Op):
    shader = "rearrange"

    pattern: str = param(doc="What becomes of the axes, as einops writes it, with lengths: c (y i=8) x -> (c i) y x")

    @model_validator(mode="after")
    def _is_whole(self) -> _Rearranged:
        assert self._open_axes
        return self

    @cached_property
    def both(self) -> Pattern:
        """The pattern, read."""
        return parsed(self.pattern)

    @cached_property
    def _open_axes(self) -> tuple[tuple[str, int, int], ...]:
        """The axes whose lengths follow, in the order in which they do: name, side, and which of its three."""
        known, found = set(self.both.sizes), []
        places = [(0, k) for k in range(3)] + [(1, k) for k in self._given]
        while missing := [axis for axis in self.both.axes if axis not in known]:
            for side, k in places:
                group = self.both.sides[side][k]
                open_ = [axis for axis in group if axis not in known]
                if len(open_) == 1:
                    found.append((open_[0], side, k))
                    known.add(open_[0])
                    break
            else:
                raise ValueError(f"must give the size of {' or '.join(missing)}, which nothing else tells")
        return tuple(found) or (("", 0, 0),)

    _given: ClassVar[tuple[int, ...]] = ()
    """Which sides of the output are known beforehand."""

    def lengths(self, read: Shape, made: Sequence[int]) -> dict[str, int]:
        """The length of every axis; ``made`` is the output's shape where it is known beforehand.

        Raises:
            StudioError: where the lengths do not divide the shape.
        """
        found = dict(self.both.sizes)
        for axis, side, k in self._open_axes:
            if axis:
                whole, others = (read, made)[side][k], [a for a in self.both.sides[side][k] if a != axis]
                part = math.prod(found[other] for other in others)
                name = ("channels", "height", "width")[k]
                require(whole % part == 0, f"its {name} of {whole} must be a multiple of {part}.")
                found[axis] = whole // part
        for k, group in enumerate(self.both.left):
            length = math.prod(found[axis] for axis in group)
            require(length == read[k], f'"{self.pattern}" takes {length}, not {read[k]}, as axis {k} of {read}.')
        return found

    def output_shape(self, *inputs: Shape) -> Shape:
        """See `Op.output_shape`."""
        made = inputs[-1] if self._given else (0, 0, 0)
        found = self.lengths(inputs[0], made)
        shape = Shape(*(math.prod(found[axis] for axis in group) for group in self.both.right))
        fits = all(shape[k] == made[k] for k in self._given)
        require(fits, f"it makes {shape.height}×{shape.width}, but is to be as large as {made}.")
        return shape

    def multiples(self) -> tuple[int, int]:
        """See `Op.multiples`: the known part of a height or width that is taken apart."""
        height, width = (math.prod(self.both.sizes.get(a, 1) for a in group) for group in self.both.left[1:])
        return height, width

    def structure(self) -> dict[str, int | float | tuple[int, ...]]:  # type: ignore[override]
        """See `Op.structure`: for every axis its length, 0 where it follows, and its places on both sides."""
        axes = self.both.axes
        number = {axis: k for k, axis in enumerate(axes)}
        found: dict[str, int | float | tuple[int, ...]] = {"AXES": len(axes)}
        found["LENGTHS"] = tuple(self.both.sizes.get(axis, 0) for axis in axes)
        for side, name in zip(self.both.sides, ("FROM", "TO"), strict=True):
            order = [(number[axis], k) for k, group in enumerate(side) for axis in group]
            found[f"{name}_COUNT"] = len(order)
            found[f"{name}_AXES"] = tuple(axis for axis, _ in order) or (0,)
            found[f"{name}_SIDES"] = tuple(k for _, k in order) or (0,)
        open_ = [step for step in self._open_axes if step[0]]
        found["OPEN_COUNT"] = len(open_)
        found["OPEN_AXES"] = tuple(number[axis] for axis, _, _ in open_) or (0,)
        found["OPEN_SIDES"] = tuple(side * 3 + k for _, side, k in open_) or (0,)
        return found

    def gradient(self, at: Backward) -> Gradients:
        """See `Op.gradient`: the way back, with repeats added up."""
        from studio.ops._backward.space import PassThroughGradient

        lengths = self.lengths(at.shape(), at.shapes[at.grad])
        left, right = self.both.sides
        new = tuple(dict.fromkeys(a for group in right for a in group if not any(a in back for back in left)))
        # What was repeated lies behind each other as blocks of channels, and is added up.
        blocks = ((*new, *left[0]), *left[1:])
        held = at.add(Rearrange(pattern=_spelt(right, blocks, lengths)), at.grad)
        channels, height, width = at.shape()
        if at.shapes[held] != at.shape():
            held = at.add(PassThroughGradient(channels=channels, height=height, width=width), held)
        return {0: held}

    def torch(self, inputs: Sequence[Tensor], tensors: Mapping[str, Tensor]) -> Tensor:
        """See `Op.torch`."""
        del tensors
        x, (batch, *shape) = inputs[0], inputs[0].shape
        made = self.output_shape(*(Shape(*read.shape[1:]) for read in inputs))
        split, order, joined = order_of(self, Shape(*shape), made)
        x = x.reshape(batch, *split).permute(0, *(1 + axis for axis in order))
        return x.expand(batch, *joined).reshape(batch, *made)


def _spelt(left: Side, right: Side, lengths: Mapping[str, int]) -> str:
    """A pattern with the length of every axis."""
    before = " ".join(f"({' '.join(f'{axis}={lengths[axis]}' for axis in group)})" if group else "1" for group in left)
    after = " ".join(f"({' '.join(group)})" if group else "1" for group in right)
    return f"{before} -> {after}"


def order_of(op: _Rearranged, read: Shape, made: Shape) -> tuple[list[int], list[int], list[int]]:
    """The lengths that a map is taken apart into, the order that these get, and their lengths then."""
    found = op.lengths(read, made)
    left, right = ([axis for group in side for axis in group] for side in op.both.sides)
    new = [axis for axis in right if axis not in left]
    split = [found[axis] for axis in left] + [1] * len(new)
    return split, [(left + new).index(axis) for axis in right], [found[axis] for axis in right]


class Rearrange(_Rearranged):
    """A map whose axes are taken apart and joined anew, as ``einops.rearrange`` and ``einops.repeat`` do it.

    Source: A. Rogozhnikov, "Einops: clear and reliable tensor manipulations with Einstein-like notation", 2022.
    """

    def size_ratio(self) -> Scale | None:
        """See `Op.size_ratio`: that of plain heights and widths alone."""
        return _ratio(self.both)


class RearrangeLike(_Rearranged):
    """As `Rearrange`, where height and width are those of a second map: windows, back in their places."""

    arity = 2
    follows = 1
    _given: ClassVar[tuple[int, ...]] = (1, 2)


def _ratio(pattern: Pattern) -> Scale | None:
    found, sizes = [], pattern.sizes
    for before, after in zip(pattern.left[1:], pattern.right[1:], strict=True):
        free = [[axis for axis in group if axis not in sizes] for group in (before, after)]
        if free[0] != free[1] or len(free[0]) != 1:
            return None
        parts = [math.prod(sizes.get(axis, 1) for axis in group) for group in (after, before)]
        found.append(Fraction(*parts))
    return found[0], found[1]
