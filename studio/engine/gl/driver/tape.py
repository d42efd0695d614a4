"""Calls of OpenGL that native code makes one after the other: Python takes as long for each as most drivers do.

A tape is a table with a row for each call::

    kind of the function | its address | what it is told, seven numbers at most

A loop that LLVM compiles once goes through it (`studio.lanes.machine`). Where LLVM is missing, Python makes the calls.
"""

from __future__ import annotations

import ctypes
import logging
from collections.abc import Callable, Sequence
from functools import cache
from threading import Lock, Thread
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from studio.engine.gl.driver.calls import Calls
from studio.engine.libraries import load_llvm
from studio.lanes import machine

_log = logging.getLogger(__name__)

Call = Callable[[], object]

_MOST = 7
_WIDTH = 2 + _MOST

_FUNCTIONS: dict[str, str] = {
    "glFlush": "",
    "glMemoryBarrier": "u",
    "glBindBufferRange": "uuupp",
    "glActiveTexture": "u",
    "glBindTexture": "uu",
    "glBindImageTexture": "uuuuuuu",
    "glUseProgram": "u",
    "glDispatchCompute": "uuu",
}
"""What each is told: unsigned numbers of 32 bits, and sizes of memory."""

_PLACES = {"glUseProgram": 0, "glBindBufferRange": 2}
"""Of what binds something in a place that nothing else on a tape binds: how many of its numbers say where."""

_FROM_CELL = "glBindBufferRange from a cell"
"""Binds the buffer whose number stands in memory, at the address in its place."""

_KINDS = {name: number for number, name in enumerate([*_FUNCTIONS, _FROM_CELL])}

MANY = 64
"""Passes from which on they are called so: fewer gain nothing that could be measured, and others wait for many."""

_ASKED_BEFORE = 200
"""How often tapes are asked for in vain before LLVM is loaded: a few frames."""


class Row(NamedTuple):
    """A call as a tape holds it.

    Attributes:
        name: of the function.
        numbers: what it is told.
        cell: whether the third of them is the address of a buffer's number, and not the number.
    """

    name: str
    numbers: tuple[int, ...]
    cell: bool = False


class Made(NamedTuple):
    """A call that can be made by Python, and by native code where that is known.

    Attributes:
        call: makes it.
        rows: the same for a tape, as one or more; empty where Python alone can make it.
    """

    call: Call
    rows: tuple[Row, ...] = ()


class Tape:
    """A list of calls, made by native code as far as it can.

    Args:
        made: the calls; whoever holds the tape holds what they bind.
        calls: of the device that they are for.
        brief: whether Python's lock is kept meanwhile; else other threads run, and this one waits for them behind it.
    """

    def __init__(self, made: Sequence[Made], calls: Calls, *, brief: bool = False) -> None:
        self._calls: list[Call] = []
        rows: list[list[int]] = []
        bound: dict[tuple[str | int, ...], Row] = {}
        play = _player(brief=brief)

        def end() -> None:
            if rows:
                self._calls.append(_Run(play, np.array(rows, np.int64)))
                rows.clear()
                bound.clear()

        for each in made:
            if each.rows:
                rows += [_row(row, calls) for row in each.rows if not _is_bound(row, bound)]
            else:
                end()
                self._calls.append(each.call)
        end()

    def __call__(self) -> None:
        """Make them."""
        for call in self._calls:
            call()


def _is_bound(row: Row, bound: dict[tuple[str | int, ...], Row]) -> bool:
    """Whether this binds what is bound there already, by another row before it; takes note of it."""
    places = _PLACES.get(row.name)
    if places is None:
        return False
    place: tuple[str | int, ...] = (row.name, *row.numbers[:places])
    before, bound[place] = bound.get(place), row
    return before == row


class _Run:
    """Rows that are played, and kept for as long."""

    def __init__(self, play: Any, rows: NDArray[np.int64]) -> None:
        self._rows, self._play = rows, play
        self._at = ctypes.c_void_p(rows.ctypes.data), ctypes.c_int64(len(rows))

    def __call__(self) -> None:
        self._play(*self._at)


def _row(row: Row, calls: Calls) -> list[int]:
    kind = _KINDS[_FROM_CELL if row.cell else row.name]
    return [kind, calls.address(row.name), *row.numbers, *[0] * (_MOST - len(row.numbers))]


class _Loading:
    """Has LLVM loaded and the loop compiled in a thread of its own, once there have been some frames.

    Nobody waits for it: it takes a fifth of a second, and the first picture comes before.

    Attributes:
        address: of the loop; 0 where LLVM does not work, None before that is known.
    """

    def __init__(self) -> None:
        self._asked = 0
        self.address: int | None = None
        self._lock = Lock()

    @property
    def is_over(self) -> bool:
        """Whether tapes can be made now."""
        if self.address is not None:
            return self.address != 0
        self._asked += 1
        if self._asked == _ASKED_BEFORE:
            # Python waits for it at its end: LLVM must not run on while the process is taken down.
            Thread(target=self.load, name="tape").start()
        return False

    def load(self) -> int:
        """The address of the loop; 0 where LLVM does not work."""
        with self._lock:
            if self.address is None:
                load_llvm()
                self.address = machine.compiled("play", _text()) if machine.works() else 0
                if not self.address:
                    _log.debug("Python makes the calls of OpenGL: %s.", machine.problem())
            return self.address


_loading = _Loading()


def can_play(calls: Calls) -> bool:
    """Whether tapes of a device's calls can be made; where they cannot yet, that is begun after some time."""
    # Native code asks nobody whether there is a function where it is told to go.
    return all(calls.address(name) for name in _FUNCTIONS) and _loading.is_over


def can_play_now(calls: Calls) -> bool:
    """Whether tapes of a device's calls can be made at once; see `can_play`."""
    return bool(_loading.address) and can_play(calls)


def prepare() -> bool:
    """Wait until tapes can be made; False where LLVM does not work."""
    return _loading.load() != 0


@cache
def _player(*, brief: bool) -> Any:
    """Plays rows, at an address, so many; Python's other threads run meanwhile, unless it is brief."""
    kind = ctypes.PYFUNCTYPE if brief else ctypes.CFUNCTYPE
    return kind(None, ctypes.c_void_p, ctypes.c_int64)(_loading.load())


def _text() -> str:
    """The loop in LLVM's intermediate representation."""
    kinds = [*_FUNCTIONS.items(), (_FROM_CELL, _FUNCTIONS["glBindBufferRange"])]
    cases = " ".join(f"i64 {number}, label %kind{number}" for number in range(len(kinds)))
    loads = "\n".join(
        f"  %at{k} = getelementptr i64, ptr %row, i64 {2 + k}\n  %n{k} = load i64, ptr %at{k}" for k in range(_MOST)
    )
    lines = [
        "define void @play(ptr %rows, i64 %count) {",
        "entry:",
        f"  %end = getelementptr [{_WIDTH} x i64], ptr %rows, i64 %count",
        "  br label %head",
        "head:",
        "  %row = phi ptr [%rows, %entry], [%next, %done]",
        "  %over = icmp eq ptr %row, %end",
        "  br i1 %over, label %out, label %body",
        "body:",
        "  %kind = load i64, ptr %row",
        "  %place = getelementptr i64, ptr %row, i64 1",
        "  %function = load ptr, ptr %place",
        loads,
        f"  switch i64 %kind, label %done [{cases}]",
    ]
    for number, (name, kind) in enumerate(kinds):
        lines.append(f"kind{number}:")
        told = []
        for k, each in enumerate(kind):
            if k == 2 and name == _FROM_CELL:
                lines += [f"  %cell{number} = inttoptr i64 %n2 to ptr", f"  %k{number}_2 = load i32, ptr %cell{number}"]
                told.append(f"i32 %k{number}_2")
            elif each == "u":
                lines.append(f"  %k{number}_{k} = trunc i64 %n{k} to i32")
                told.append(f"i32 %k{number}_{k}")
            else:
                told.append(f"i64 %n{k}")
        lines += [f"  call void %function({', '.join(told)})", "  br label %done"]
    lines += [
        "done:",
        f"  %next = getelementptr [{_WIDTH} x i64], ptr %row, i64 1",
        "  br label %head",
        "out:",
        "  ret void",
        "}",
    ]
    return "\n".join(lines) + "\n"
