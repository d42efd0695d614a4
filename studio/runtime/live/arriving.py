"""Learnt weights on their way into the running engine: a few before each frame, so that no frame waits for all."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from studio.model.networks.graph import Graph
from studio.model.networks.layout import Rect, sheet_size, to_sheet
from studio.model.networks.shape import Array
from studio.runtime.live.orders import Order, Renew, Replace

_AT_ONCE = 1 << 18
"""Weights of a part: about a millisecond."""

_PART, _LEAST = 0.1, 0.005
"""Part of a frame's time, and seconds, that they may take before each frame."""


@dataclass
class _Left:
    """What is still to come of a tensor: so many rows of its first axis, from one on and round.

    Those that are to come `again` have come by now, and are others since: they wait until the other tensors had a turn.
    """

    graph: Graph
    values: Array
    row: int
    rows: int
    again: int = 0


class Arriving:
    """Brings learnt tensors in one after another, some rows at a time, always the newest. Belongs to the render thread.

    Args:
        carry_out: carries an order out.
        clock: seconds.
    """

    def __init__(self, carry_out: Callable[[Order], object], clock: Callable[[], float] = time.perf_counter) -> None:
        self._carry_out, self._clock = carry_out, clock
        self._left: dict[str, _Left] = {}

    def __bool__(self) -> bool:
        """Whether anything is still to come."""
        return bool(self._left)

    def clear(self) -> None:
        """Forget what is still to come, as another network runs."""
        self._left.clear()

    def obey(self, order: Order) -> None:
        """Carry an order out: learnt weights later unless they are urgent, all else at once.

        A stroke changes a tensor as it is by then, so what is still to come of that tensor comes first.
        """
        if isinstance(order, Renew):
            self._renew(order)
            return
        if isinstance(order, Replace):
            self._finish(order.tensor)
        self._carry_out(order)

    def go_on(self, frame: float, *, runs: bool) -> None:
        """Bring some in before the next frame; all of them where no engine runs that this could hold up.

        Args:
            frame: seconds that a frame takes.
            runs: whether an engine runs.
        """
        until = self._clock() + max(_PART * frame, _LEAST)
        while self._left:
            tensor, left = next(iter(self._left.items()))
            if not runs:
                self._finish(tensor)
                continue
            self._carry_out(self._part(tensor, left))
            if not left.rows:
                del self._left[tensor]
                if left.again:
                    self._left[tensor] = replace(left, rows=left.again, again=0)
            if self._clock() >= until:
                return

    def _renew(self, order: Renew) -> None:
        if order.urgent:
            self._left.pop(order.tensor, None)
            self._carry_out(_whole(order.graph, order.tensor, order.values))
            return
        count, known = len(order.values), self._left.get(order.tensor)
        row, rows = (0, count) if known is None else (known.row, known.rows)
        # One that is under way keeps its place, and its turn does not grow.
        self._left[order.tensor] = _Left(order.graph, order.values, row, rows, count - rows)

    def _finish(self, tensor: str) -> None:
        left = self._left.pop(tensor, None)
        if left is not None:
            self._carry_out(_whole(left.graph, tensor, left.values))

    def _part(self, tensor: str, left: _Left) -> Replace:
        values, count = left.values, len(left.values)
        height, width = sheet_size(values.shape)
        if values.ndim < 2:
            left.rows = 0
            return _whole(left.graph, tensor, values)
        most = max(1, _AT_ONCE * count // max(values.size, 1))
        first, some = left.row, min(most, left.rows, count - left.row)
        left.row, left.rows = (first + some) % count, left.rows - some
        each = height // count
        rect = Rect(first * each, 0, some * each, width)
        return Replace(left.graph, tensor, rect, to_sheet(values[first : first + some]))


def _whole(graph: Graph, tensor: str, values: Array) -> Replace:
    return Replace(graph, tensor, Rect(0, 0, *sheet_size(values.shape)), to_sheet(np.asarray(values, np.float32)))
