"""Which `Rearrange` a move of a map's elements is: axes as digits of a number, told from where each element came.

Along every axis of the result the places in the map are written in mixed radix: a run of ``length`` elements that lie
``stride`` apart, runs of such runs, and so on. Digits that cross from one of the map's axes into another are cut there.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from studio.model.networks.shape import Shape

Index = NDArray[np.integer]

_LETTERS = "abdefghijklmnopqrstuvwz"
_MOST_DIGITS = 11


@dataclass(frozen=True)
class Digit:
    """A run of elements.

    Attributes:
        length: how many.
        stride: how far apart they lie in the map, counted along one of its axes; 0 for the same one again.
        side: which of the map's axes: 0 channels, 1 height, 2 width; -1 for none.
        target: which of the result's axes it is part of; -1 for one that is left out, at ``at``.
        at: which of its elements is taken, where it is left out; the first that is, where only some are.
        count: how many are taken, where only some are; else 0.
    """

    length: int
    stride: int
    side: int
    target: int
    at: int = 0
    count: int = 0


@dataclass(frozen=True)
class Move:
    """A rearrangement, and what is taken of it.

    Attributes:
        pattern: of `Rearrange`, every length given.
        start: first channel, row and column taken of what it makes.
        count: how many of each.
        whole: of what it makes before that.
    """

    pattern: str
    start: tuple[int, int, int]
    count: Shape
    whole: Shape


def move_of(index: Index, have: Shape) -> Move | None:
    """The move by which a map becomes this result, (C, H, W) of places in it; None where no pattern says it."""
    steps = _digits(index)
    if steps is None:
        return None
    first = tuple(int(i) for i in np.unravel_index(int(index.flat[0]), have))
    found = _placed(steps, have)
    whole = None if found is None else _filled(found, first, have)
    if whole is None or len(whole) > _MOST_DIGITS:
        return None
    return _written(whole, index)


def _digits(index: Index) -> list[list[tuple[int, int]]] | None:
    """For each axis of the result, (length, stride) of its digits, the fastest first."""
    base = int(index[0, 0, 0])
    found = []
    for line in (index[:, 0, 0], index[0, :, 0], index[0, 0, :]):
        digits = _radix(np.asarray(line, np.int64) - base)
        if digits is None:
            return None
        found.append(digits)
    rebuilt: NDArray[np.int64] = np.full((1, 1, 1), base, np.int64)
    for axis, digits in enumerate(found):
        line = np.zeros(1, np.int64)
        for length, stride in digits:
            line = (np.arange(length)[:, None] * stride + line).ravel()
        rebuilt = rebuilt + line.reshape([-1 if k == axis else 1 for k in range(3)])
    return found if np.array_equal(rebuilt, index) else None


def _radix(line: NDArray[np.int64]) -> list[tuple[int, int]] | None:
    digits: list[tuple[int, int]] = []
    while line.size > 1:
        stride = int(line[1])
        straight = line == stride * np.arange(line.size)
        run = line.size if straight.all() else int(straight.argmin())
        # The longest run that all others like it repeat: one that goes on by chance does not.
        run = next((r for r in range(run, 1, -1) if line.size % r == 0 and _repeats(line, r, stride)), 1)
        if run < 2 or stride < 0:
            return None
        digits.append((run, stride))
        line = line[::run]
    return digits


def line_of(index: Index) -> list[int] | None:
    """Lengths of the runs of all elements in a row, the fastest first; None where they make none."""
    line = np.asarray(index.ravel(), np.int64)
    digits = _radix(line - line[0])
    return None if digits is None else [length for length, _ in digits]


def grown(line: Index) -> tuple[Index, int]:
    """A line of runs of which the first and the last may be cut short, in full; and how many stand before it then."""
    line = line.astype(np.int64)
    if line.size < 3 or (step := int(line[1] - line[0])) < 1:
        return line, 0
    ends = np.flatnonzero(np.diff(line) != step) + 1
    lengths = np.diff([0, *ends, line.size])
    run = int(lengths.max())
    if len(lengths) < 2 or (lengths[1:-1] != run).any():
        return line, 0
    before = run - int(lengths[0])
    starts = np.array([line[0] - before * step, *line[ends]])
    apart = int(starts[1] - starts[0])
    whole = starts[0] + (np.arange(len(starts)) * apart)[:, None] + np.arange(run) * step
    return whole.ravel(), before


def _repeats(line: NDArray[np.int64], run: int, stride: int) -> bool:
    rows = line.reshape(-1, run)
    return bool((rows == rows[:, :1] + stride * np.arange(run)).all())


def _placed(steps: list[list[tuple[int, int]]], have: Shape) -> list[Digit] | None:
    """The digits on the map's own axes, cut where they cross from one into another; each axis's fastest first."""
    units = (have.height * have.width, have.width, 1)
    found = []
    for target, digits in enumerate(steps):
        for length, stride in digits:
            left, step = length, stride
            while step and left > 1:
                side = next(k for k, unit in enumerate(units) if step >= unit)
                room = have[side] * units[side] // step if side else left
                if step % units[side] or (left > room and left % room) or room < 2:
                    return None
                run = min(left, room)
                if run > 1:
                    found.append(Digit(run, step // units[side], side, target))
                left, step = left // run, step * run
            if not step:
                found.append(Digit(length, 0, -1, target))
    return found


def _filled(digits: list[Digit], first: tuple[int, ...], have: Shape) -> list[Digit] | None:
    """With a digit for every part of the map that is left out; None where the digits do not cut the map evenly.

    A digit of which only some elements are taken, as of queries beside keys, gets all of them.
    """
    whole: dict[int, Digit] = {}
    added: list[Digit] = []
    for side in range(3):
        expected, start = 1, first[side]
        own = sorted((d for d in digits if d.side == side), key=lambda d: d.stride)
        ends = [*(d.stride for d in own[1:]), have[side]] if own else []
        for digit, after in zip(own, ends, strict=True):
            if digit.stride % expected or after % digit.stride:
                return None
            if digit.stride > expected:
                added.append(_left_out(digit.stride // expected, expected, side, start))
            room = after // digit.stride
            place = start // digit.stride % room
            if room % digit.length or place % digit.length:
                if place + digit.length > room:
                    return None
                whole[id(digit)] = replace(digit, length=room, at=place, count=digit.length)
            expected = digit.stride * whole.get(id(digit), digit).length
        if have[side] % expected:
            return None
        if have[side] > expected:
            added.append(_left_out(have[side] // expected, expected, side, start))
        told = [d for d in (*whole.values(), *added) if d.side == side]
        if sum(d.at * d.stride for d in told) != start:
            return None
    return [*(whole.get(id(digit), digit) for digit in digits), *added]


def _left_out(length: int, stride: int, side: int, start: int) -> Digit:
    return Digit(length, stride, side, -1, start // stride % length)


def _written(digits: list[Digit], index: Index) -> Move | None:
    """As a pattern; None where of an axis's digits, which stand the fastest first, some of a faster one are taken."""
    names: dict[int, str] = {}
    letters = iter(_LETTERS)
    plain = ("c", "y", "x")
    for side in (0, 1, 2, -1):
        own = [digit for digit in digits if digit.side == side]
        for digit in own:
            name = plain[side] if side >= 0 and len(own) == 1 else next(letters)
            names[id(digit)] = name

    def group(chosen: list[Digit]) -> str:
        words = [f"{names[id(d)]}={d.length}" for d in chosen]
        return f"({' '.join(words)})" if len(words) != 1 else words[0]

    left = [group(sorted((d for d in digits if d.side == s), key=lambda d: -d.stride)) for s in range(3)]
    targets = [[d for d in digits if d.target == target] for target in range(3)]
    if any(d.count for held in targets for d in held[:-1]):
        return None
    # What is left out lies beside channels, where those are: where it is cut off then does not depend on the size.
    place = next((k for k in range(3) if all(d.side == 0 for d in targets[k])), 0)
    out = [d for d in digits if d.target < 0]
    right, starts, lengths = [], [], []
    for target, held in enumerate(targets):
        inner = math.prod(d.length for d in held[:-1])
        start, length = (held[-1].at * inner, inner * held[-1].length) if held else (0, 1)
        beside = out if target == place else []
        for k, digit in enumerate(beside):
            start += digit.at * length * math.prod(d.length for d in beside[k + 1 :])
        right.append([*beside, *held[::-1]])
        starts.append(start)
        lengths.append(length * math.prod(d.length for d in beside))
    text = f"{' '.join(left)} -> {' '.join(group(part) for part in right)}".replace("()", "1")
    return Move(text, (starts[0], starts[1], starts[2]), Shape(*index.shape), Shape(*lengths))
