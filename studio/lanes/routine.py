"""A loop that can be called: it works on the memory of tensors, in several threads."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache
from threading import Lock
from typing import Any

import numpy as np

from studio.lanes.function import Function
from studio.lanes.machine import compiled, machine
from studio.lanes.value import Value

FLOAT, NUMBER = "float", "i64"
"""What a loop is given: a number, ..."""
FLOATS, WORDS, NUMBERS = "float*", "i32*", "i64*"
"""... or memory: float32, uint32 and int64, without gaps."""

_WORTH = 1 << 16
"""How many values are worth waking another thread for."""

Body = Callable[[Function, Value, Value], None]
"""Records a loop over a share of the items, from the first to before the last."""


class Routine:
    """A loop over many items, such as the rows of a map, compiled at its first call.

    Args:
        body: records it.
        arguments: the kind of each argument, by name.
    """

    def __init__(self, body: Body, **arguments: str) -> None:
        self._body = body
        self._kinds = {"first": NUMBER, "last": NUMBER, **arguments}
        self._known: dict[int, Any] = {}
        self._lock = Lock()

    def __call__(self, count: int, values: int, /, **given: Any) -> None:
        """Run it over so many items, in as many threads as PyTorch would take here.

        Args:
            count: how many items there are.
            values: how many values they make in all, by which threads are woken or not.
            given: the arguments. ``length`` is that of a line in memory; lines shorter than a register are worked on
                number by number.
        """
        run = self._compiled(self._lanes(given["length"]))
        told = [_address(given[key]) if kind.endswith("*") else given[key] for key, kind in self._rest.items()]
        parts = max(1, min(_threads(), values // _WORTH, count))
        ends = [count * part // parts for part in range(parts + 1)]
        others: list[Future[None]] = [_pool().submit(run, *ends[k : k + 2], *told) for k in range(1, parts)]
        try:
            run(*ends[:2], *told)
        finally:
            # Until all have ended the memory must stay.
            for other in others:
                other.result()

    def _lanes(self, length: int) -> int:
        return lanes_for(length)

    @property
    def _rest(self) -> Mapping[str, str]:
        return {key: kind for key, kind in self._kinds.items() if key not in ("first", "last")}

    def text(self, lanes: int) -> str:
        """What LLVM is given to compile."""
        function = Function("routine", self._kinds, lanes)
        self._body(function, function["first"], function["last"])
        return function.text()

    def _compiled(self, lanes: int) -> Any:
        with self._lock:
            if lanes not in self._known:
                kinds = [_C_TYPES.get(kind, ctypes.c_void_p) for kind in self._kinds.values()]
                self._known[lanes] = ctypes.CFUNCTYPE(None, *kinds)(compiled("routine", self.text(lanes)))
            return self._known[lanes]


class PlainRoutine(Routine):
    """A loop recorded for one number at a time, which LLVM vectorises where it can."""

    def _lanes(self, length: int) -> int:
        del length
        return 1


def lanes_for(length: int) -> int:
    """How many numbers of a line of this length are worked on side by side."""
    lanes = _lanes()
    return lanes if length >= lanes else 1


def _lanes() -> int:
    found = machine()
    assert found is not None, "works() was asked"
    return found.lanes


_C_TYPES: dict[str, Any] = {FLOAT: ctypes.c_float, NUMBER: ctypes.c_int64}


def _address(memory: Any) -> int:
    is_whole = memory.flags.c_contiguous if isinstance(memory, np.ndarray) else memory.is_contiguous()
    assert is_whole, "loops go through memory without gaps"
    address: int = memory.ctypes.data if isinstance(memory, np.ndarray) else memory.data_ptr()
    return address


def _threads() -> int:
    import torch

    return torch.get_num_threads()


@cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(thread_name_prefix="lanes")
