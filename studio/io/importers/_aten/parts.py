"""What PyTorch's operators mean that write into a part of a map: rows, columns, channels, every other one."""

from __future__ import annotations

import math

import numpy as np

from studio.io.importers._aten.table import means, operand
from studio.io.importers._meanings.choices import chosen
from studio.io.importers._meanings.flow import Flow
from studio.io.importers._meanings.handlers import Args
from studio.io.importers._values.views import Value, constant, reshaped, within

_WIDEST_BORDER = 16


@means("slice_scatter", "select_scatter")
def _scatter(f: Flow, a: Args) -> Value:
    """A map with a part of it replaced: what lies before, the part, what lies behind."""
    value, part, axis = operand(a), a["src"], a.get("dim", 0)
    length = value.shape[axis]
    if "index" in a:
        start = a["index"] % length
        end, step = start + 1, 1
        part = reshaped(part, tuple(1 if k == axis % len(value.shape) else n for k, n in enumerate(value.shape)))
    else:
        start, end, step = slice(a.get("start"), a.get("end"), a.get("step", 1)).indices(length)
    if not (rows := len(range(start, end, step))):
        return value
    if step != 1 or (rows == 1 < length and _is_a_side(value, axis)):
        return _every_other(f, value, part, axis % len(value.shape), range(start, end, step))
    if (laid := _laid_over(f, value, part, axis % len(value.shape), start, length - end)) is not None:
        return laid
    pieces = [_within_value(f, value, axis, slice(0, start)), part, _within_value(f, value, axis, slice(end, length))]
    return f.concat([piece for piece in pieces if math.prod(piece.shape)], axis)


def _is_a_side(value: Value, axis: int) -> bool:
    """Whether an axis is the height or the width of a map."""
    return not value.is_constant and len(value.shape) == 4 and axis % 4 > 1 and min(value.shape[2:]) > 1


def _laid_over(f: Flow, value: Value, part: Value, axis: int, before: int, behind: int) -> Value | None:
    """Rows or columns of a map replaced but for a border: the border, and the part with as much room around it.

    None where it is no side of a map, or the border is wide.
    """
    plain = len(value.shape) == 4 and value.shape[0] == 1 and axis > 1 and min(value.shape[2:]) > 1
    numbers_ = part.constant
    if plain and numbers_ is not None and not value.is_constant and not np.ptp(numbers_):
        # One number: where it reaches an edge, the map without that edge, with a border of it in its place.
        least, length = float(numbers_.flat[0]), value.shape[axis]
        if before == 0 or behind == 0:
            edge = length - before - behind
            sides = [edge if before == 0 else 0, edge if before else 0]
            border = [0, 0, *sides] if axis == 2 else [*sides, 0, 0]
            return f.pad(f.pad(value, [-side for side in border], "constant"), border, "constant", least)
        part = f.move(value, lambda n: within(n, axis, slice(before, length - behind)))
        part = f.each("Affine", part, scale=0.0, shift=least)
    if not plain or part.is_constant or max(before, behind) > _WIDEST_BORDER:
        return None
    border = [0, 0, before, behind] if axis == 2 else [before, behind, 0, 0]
    if value.constant is not None:
        if np.ptp(value.constant):
            return None
        return f.pad(part, border, "constant", float(value.constant.flat[0]))
    inside = f.pad(f.pad(value, [-side for side in border], "constant"), border, "constant")
    return f.binary("Add", f.binary("Sub", value, inside), f.pad(part, border, "constant"))


def _every_other(f: Flow, value: Value, part: Value, axis: int, rows: range) -> Value:
    """With rows that are so far apart replaced: the part spread over the map, and a choice."""
    count = value.shape[axis]
    nearest = np.clip(np.arange(count) // rows.step - rows.start // rows.step, 0, len(rows) - 1)
    mask = np.isin(np.arange(count), rows).astype(np.float32)
    spread = f.move(part, lambda n: n.take(nearest, axis))
    return chosen(f, constant(mask.reshape([-1 if k == axis else 1 for k in range(len(value.shape))])), spread, value)


def _within_value(f: Flow, value: Value, axis: int, cut: slice) -> Value:
    return f.move(value, lambda n: within(n, axis, cut))
