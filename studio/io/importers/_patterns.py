"""Which `Rearrange` a move of a map's elements is: axes as digits of a number, told from where each element came.

Along every axis of the result the places in the map are written in mixed radix: a run of ``length`` elements that lie
``stride`` apart, runs of such runs, and so on. Digits that cross from one of the map's axes into another are cut there.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from studio.model.op import Shape

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
        at: which of its elements is taken, where it is left out.
    """

    length: int
    stride: int
    side: int
    target: int
    at: int = 0


@dataclass(frozen=True)
class Move:
    """A rearrangement, and the channels of it that are taken.

    Attributes:
        pattern: of `Rearrange`, every length given.
        start: first channel taken of what it makes.
        count: how many.
        whole: of what it makes before that.
    """

    pattern: str
    start: int
    count: int
    whole: Shape


def move_of(index: Index, have: Shape) -> Move | None:
    """The move by which a map becomes this result, (C, H, W) of places in it; None where no pattern says it."""
    steps = _digits(index)
    if steps is None:
        return None
    first = tuple(int(i) for i in np.unravel_index(int(index.flat[0]), have))
    found = _placed(steps, have)
    whole = None if found is None else _filled(found, first, have)
    if found is None or whole is None or len(whole) > _MOST_DIGITS:
        return None
    return _written(whole, found, index)


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
                if step % units[side] or (left > room and left % room) or room < 1:
                    return None
                run = min(left, room)
                if run > 1:
                    found.append(Digit(run, step // units[side], side, target))
                left, step = left // run, step * run
            if not step:
                found.append(Digit(length, 0, -1, target))
    return found


def _filled(digits: list[Digit], first: tuple[int, ...], have: Shape) -> list[Digit] | None:
    """With a digit for every part of the map that is left out; None where the digits do not cut the map evenly."""
    found = [digit for digit in digits if digit.side < 0]
    for side in range(3):
        expected, start = 1, first[side]
        for digit in sorted((d for d in digits if d.side == side), key=lambda d: d.stride):
            if digit.stride % expected:
                return None
            if digit.stride > expected:
                gap = digit.stride // expected
                found.append(Digit(gap, expected, side, -1, start // expected % gap))
                start -= start // expected % gap * expected
                expected = digit.stride
            found.append(digit)
            expected *= digit.length
        if have[side] % expected:
            return None
        if have[side] > expected:
            found.append(Digit(have[side] // expected, expected, side, -1, start // expected))
            start -= start // expected * expected
        if start:
            return None
    return found


def _written(digits: list[Digit], taken: list[Digit], index: Index) -> Move:
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
    out = [d for d in digits if d.target < 0]
    right = []
    for target in range(3):
        # Each axis's digits were found the fastest first.
        own = [d for d in reversed(taken) if d.target == target]
        right.append([*out, *own] if target == 0 else own)
    start, inner = 0, index.shape[0]
    for digit in out:
        start = start * digit.length + digit.at
    text = f"{' '.join(left)} -> {' '.join(group(part) for part in right)}".replace("()", "1")
    whole = Shape(inner * math.prod(d.length for d in out), index.shape[1], index.shape[2])
    return Move(text, start * inner, inner, whole)
