"""Loops over maps, compiled by LLVM for this processor: work that takes PyTorch and NumPy many passes over a map.

A loop is written in Python with values that stand for several numbers side by side, the lanes of a register. What is
done with them is recorded as instructions of LLVM's (`value`, `function`), compiled at the first call (`machine`), and
then runs without Python, in as many threads as PyTorch would take (`routine`). Where LLVM is missing or
may not compile, `works` says so, and PyTorch's own operators do the same, slower.
"""

from studio.lanes.function import Function
from studio.lanes.machine import works
from studio.lanes.maps import Rows, in_planes, suits
from studio.lanes.routine import FLOAT, FLOATS, NUMBER, NUMBERS, WORDS, Body, PlainRoutine, Routine, lanes_for
from studio.lanes.value import Value, larger, maximum, minimum, smaller, where

__all__ = [
    "FLOAT",
    "FLOATS",
    "NUMBER",
    "NUMBERS",
    "WORDS",
    "Body",
    "Function",
    "PlainRoutine",
    "Routine",
    "Rows",
    "Value",
    "in_planes",
    "lanes_for",
    "larger",
    "maximum",
    "minimum",
    "smaller",
    "suits",
    "where",
    "works",
]
