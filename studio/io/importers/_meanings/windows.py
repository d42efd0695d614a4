"""Windows of values along one axis, which overlap: a convolution with kernels of a single 1."""

from __future__ import annotations

from typing import Any

import numpy as np

from studio.io.importers._meanings.dynamic import taps
from studio.io.importers._meanings.flow import Flow
from studio.io.importers._values.views import Numbers, Value, numbers, reshaped


def cut_into_windows(f: Flow, value: Value, axis: int, size: int, step: int, apart: int = 1) -> Value:
    """``Tensor.unfold``: windows along one axis, in whose place they are counted, and their own values as a last one.

    Args:
        f: what layers are added to.
        value: of any number of axes.
        axis: which is cut.
        size: of a window, in values.
        step: from one window to the next.
        apart: from one value of a window to the next.
    """

    def windows(n: Numbers) -> Numbers:
        found: Any = np.lib.stride_tricks.sliding_window_view(n, (size - 1) * apart + 1, axis)
        return np.asarray(found[(slice(None),) * axis + (slice(None, None, step), ..., slice(None, None, apart))])

    if value.is_constant or step >= (size - 1) * apart + 1:
        return f.move(value, windows)
    rank = len(value.shape)
    others = [k for k in range(rank) if k != axis]
    partner = _partner(f, value, axis, others)
    before = [k for k in others if k != partner]
    order = [*before, partner, axis]
    turned = f.move(value, lambda n: n.transpose(order))
    *lengths, high, wide = turned.shape
    count = int(np.prod(lengths))
    laid = reshaped(turned, (1, count, high, wide))
    made = f.conv(laid, taps(count, (1, size)), None, (1, step), [0] * 4, (1, apart), count)
    made = reshaped(made, (*lengths, size, high, made.shape[3]))
    # (…, size, partner, windows), as its axes were, the windows' own values last.
    at = {axis_: place for place, axis_ in enumerate(before)}
    at |= {partner: len(before) + 1, axis: len(before) + 2}
    back = [at[k] for k in range(rank)] + [len(before)]
    return f.move(made, lambda n: n.transpose(back))


def _partner(f: Flow, value: Value, axis: int, others: list[int]) -> int:
    """The axis that is the other side of the map where this one is a side."""
    index, width = numbers(f.draft, value), f.draft.shapes[value.node].width

    def step(k: int) -> int:
        if value.shape[k] < 2:
            return 0
        first = [0] * len(value.shape)
        second = [int(axis_ == k) for axis_ in range(len(first))]
        return int(index[tuple(second)]) - int(index[tuple(first)])

    wanted = width if step(axis) == 1 else 1
    return next((k for k in others if step(k) == wanted), max(others, key=lambda k: (value.shape[k] > 1, k)))
