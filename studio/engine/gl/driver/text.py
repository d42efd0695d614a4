"""The text of shaders: files with what they include, and what is defined before them."""

from __future__ import annotations

import re
from functools import cache

import numpy as np

from studio.model.declared.shader_files import read_shader

Constants = tuple[tuple[str, int | float | tuple[int, ...]], ...]

_INCLUDE = re.compile(r'^#include "([^"]+)"$', re.MULTILINE)

PRELUDE = """
#define INFINITY uintBitsToFloat(0x7f800000u)
#define FLOAT_MAX 3.402823466e38
"""


def defines(constants: Constants) -> list[str]:
    """Lines that say what these are."""
    return [f"#define {name} {_literal(value)}" for name, value in constants]


def _literal(value: int | float | tuple[int, ...]) -> str:
    if isinstance(value, int):
        return str(value)
    if isinstance(value, tuple):
        return f"int[]({', '.join(map(str, value))})"
    text = repr(float(np.float32(value)))
    return text if any(mark in text for mark in ".en") else f"{text}.0"


@cache
def include_file(name: str) -> str:
    """The text of a file under ``shaders/``, or of a plug-in's package."""
    return read_shader(name)


def expanded(name: str, seen: set[str], *, once: bool) -> str:
    """A file with its includes, each at most once; ``#line`` keeps a compiler's line numbers those of the file.

    The body of an operator is taken not just ``once``: it may follow several times, under several names.
    """
    if name in seen:
        return ""
    if once:
        seen.add(name)
    lines = []
    for number, line in enumerate(include_file(name).splitlines(), start=1):
        found = _INCLUDE.match(line)
        lines.append(f"{expanded(found[1], seen, once=True)}\n#line {number + 1}" if found else line)
    return "\n".join(["#line 1", *lines])


def included(name: str) -> set[str]:
    """The files that one includes, and those include."""
    own = set(_INCLUDE.findall(include_file(name)))
    return own.union(*(included(each) for each in own))
