"""Shader text: includes, constants, and the wrapper that makes one texel body a fragment or a compute shader."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Literal

import numpy as np

from studio.paths import SHADERS

Stage = Literal["fragment", "compute"]
Constants = tuple[tuple[str, int | float], ...]

_INCLUDE = re.compile(r'^#include "([^"]+)"$', re.MULTILINE)
_VERSION = {"fragment": "#version 330 core", "compute": "#version 430 core"}

_PRELUDE = """
#define INFINITY uintBitsToFloat(0x7f800000u)
#define FLOAT_MAX 3.402823466e38
"""

# One triangle over the whole target, from no vertex buffer.
VERTEX_SHADER = """#version 330 core
void main() {
    gl_Position = vec4(vec2(gl_VertexID & 1, gl_VertexID >> 1) * 4.0 - 1.0, 0.0, 1.0);
}
"""


@dataclass(frozen=True)
class Source:
    """A shader by its files and constants; equal sources share one compiled program.

    Attributes:
        stage: which kind of shader.
        files: names under ``shaders/``, in order.
        constants: what is ``#define``-d.
        inputs: how many feature maps it reads as ``read(k, tile, place)``; zero declares none.
    """

    stage: Stage
    files: tuple[str, ...]
    constants: Constants = ()
    inputs: int = 0

    def text(self) -> str:
        """The whole GLSL text."""
        defines = [f"#define {name} {_literal(value)}" for name, value in self.constants]
        parts = [_VERSION[self.stage], *defines, _PRELUDE, include_file("lib/atlas.glsl")]
        if self.inputs:
            parts.append(_reading(self.inputs))
        seen: set[str] = {"lib/atlas.glsl"}
        parts += [_expand(name, seen) for name in self.files]
        return "\n".join(parts) + "\n"


def _literal(value: int | float) -> str:
    if isinstance(value, int):
        return str(value)
    text = repr(float(np.float32(value)))
    return text if any(mark in text for mark in ".en") else f"{text}.0"


def _reading(inputs: int) -> str:
    """Declarations to read ``inputs`` feature maps; GLSL 3.3 cannot index samplers by a variable."""
    lines = [f"#define INPUTS {inputs}", "uniform ivec4 u_shape;", "uniform sampler2D u_vectors;"]
    for k in range(inputs):
        lines.append(f"uniform sampler2D u_input{k};")
        lines.append(f"uniform ivec4 u_shape{k};")
        lines.append(
            f"vec4 read{k}(int tile, ivec2 p) "
            f"{{ return texelFetch(u_input{k}, tile_origin(u_shape{k}, tile) + p, 0); }}"
        )
    cases = "".join(f" if (k == {k}) return read{k}(tile, p);" for k in range(inputs - 1))
    lines.append(f"vec4 read(int k, int tile, ivec2 p) {{{cases} return read{inputs - 1}(tile, p); }}")
    cases = "".join(f" if (k == {k}) return u_shape{k};" for k in range(inputs - 1))
    lines.append(f"ivec4 input_shape(int k) {{{cases} return u_shape{inputs - 1}; }}")
    lines.append("vec4 vectors(int row, int tile) { return texelFetch(u_vectors, ivec2(tile, row), 0); }")
    return "\n".join(lines)


@cache
def include_file(name: str) -> str:
    """The text of a file under ``shaders/``."""
    return (SHADERS / name).read_text("utf-8")


def _expand(name: str, seen: set[str]) -> str:
    """A file with its includes, each at most once; ``#line`` keeps a compiler's line numbers those of the file."""
    if name in seen:
        return ""
    seen.add(name)
    lines = []
    for number, line in enumerate(include_file(name).splitlines(), start=1):
        found = _INCLUDE.match(line)
        lines.append(f"{_expand(found[1], seen)}\n#line {number + 1}" if found else line)
    return "\n".join(["#line 1", *lines])
