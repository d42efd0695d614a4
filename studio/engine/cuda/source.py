"""From the GLSL of a pass to a kernel in C++ for CUDA.

The text stays as it is but for what C++ writes otherwise: numbers with a point are of float64 there, arguments that are
handed out are references, and swizzles are calls. Functions of the body become those of a structure, which holds what
shaders find in uniforms::

    glsl.h     struct Pass { what is told, reading, the body };     the kernel: a texel in each thread
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from studio.engine.gl.driver.text import PRELUDE, Constants, defines, expanded, include_file
from studio.model.networks.layout import tile_count
from studio.model.networks.shape import Shape

_SWIZZLE = re.compile(r"\.([xyzw]{2,4})\b(?!\()")
_NUMBER = re.compile(r"(?<![\w.])(\d+\.\d*(?:e[-+]?\d+)?|\.\d+(?:e[-+]?\d+)?|\d+e[-+]?\d+)(?![\w.])")
_FOUR = re.compile(r"\b([ub]?)vec4\b")
_HANDED_OUT = re.compile(r"\b(?:in)?out (\w+) (\w+)(\[)?")

ENTRY = "texels"
"""What a kernel is called."""

THREADS = 128
"""In a workgroup."""


@dataclass(frozen=True)
class KernelSource:
    """A kernel by the pass that it runs; equal ones are compiled once.

    Attributes:
        files: names under ``shaders/``.
        constants: what is ``#define``-d.
        numbers: what it is told, by name.
        channels: of each map that it reads, and of the one that it makes, whether they are a multiple of four.
        span: how many texels side by side a thread makes, each of a single channel; 1 for one of four channels.
    """

    files: tuple[str, ...]
    constants: Constants
    numbers: tuple[str, ...]
    channels: tuple[bool, ...]
    span: int = 1

    def text(self) -> str:
        """The whole C++ text."""
        return f"{include_file('cuda/glsl.h')}\nnamespace glsl {{\n{self.own_text()}}}\n"

    def own_text(self) -> str:
        """What stands behind the header."""
        *inputs, made = self.channels
        seen: set[str] = set()
        places = _in_cpp("\n".join([PRELUDE, expanded("lib/atlas.glsl", seen, once=True)]))
        body = "\n".join(
            [
                *(f"#define {name} u_told[{k}]" for k, name in enumerate(self.numbers)),
                *defines(self.constants),
                *_reading(inputs, single=self.span > 1),
                *(expanded(name, seen, once=name.startswith("lib/")) for name in self.files),
            ]
        )
        store = f"put_texel<{_truth(made)}>(made, pass.u_shape, tile, p, pass.texel(tile, p));"
        if self.span > 1:
            body = _FOUR.sub(r"\1vec1", body)
            store = (
                f"vec1 found[{self.span}];\n    pass.texel_span(tile, p, found);\n"
                f"    for (int k = 0; k < {self.span} && p.x + k < w; k++) "
                "put_channel(made, pass.u_shape, tile, ivec2(p.x + k, p.y), found[k]);"
            )
        maps = "".join(f", const float *map{k}, int c{k}, int h{k}, int w{k}" for k in range(len(inputs)))
        lines = [
            "struct Pass {",
            "ivec4 u_shape;\nconst float *u_told, *u_rows;",
            *(f"const float *u_map{k};\nivec4 u_shape{k};" for k in range(len(inputs))),
            places,
            _in_cpp(body),
            "};",
            f'extern "C" __global__ void {ENTRY}(',
            f"    float *made, int c, int h, int w, const float *told, const float *rows{maps}) {{",
            "    Pass pass;",
            "    pass.u_shape = ivec4(c, h, w, 1), pass.u_told = told, pass.u_rows = rows;",
            *(f"    pass.u_map{k} = map{k}, pass.u_shape{k} = ivec4(c{k}, h{k}, w{k}, 1);" for k in range(len(inputs))),
            f"    int deep = {'c' if self.span > 1 else '(c + 3) / 4'}, across = (w + {self.span - 1}) / {self.span};",
            f"    int at = blockIdx.x * {THREADS} + threadIdx.x, place = at / deep, tile = at - place * deep;",
            "    if (place >= h * across) return;",
            f"    ivec2 p(place % across * {self.span}, place / across);",
            f"    {store}",
            "}\n",
        ]
        return "\n".join(lines)

    def threads(self, shape: Shape) -> int:
        """How many it takes for a map of this shape."""
        deep = shape.channels if self.span > 1 else tile_count(shape.channels)
        return deep * shape.height * -(-shape.width // self.span)


@cache
def _in_cpp(text: str) -> str:
    text = re.sub(r"^#line.*$", "", text, flags=re.MULTILINE)
    text = _SWIZZLE.sub(r".\1()", text)
    text = _NUMBER.sub(r"\1f", text)
    return _HANDED_OUT.sub(lambda found: f"{found[1]} {found[2]}[" if found[3] else f"{found[1]} &{found[2]}", text)


def _reading(inputs: list[bool], *, single: bool) -> list[str]:
    """The functions that `studio.engine.gl.driver.shaders` gives a body to read maps by."""
    last = len(inputs) - 1
    lines = [f"#define INPUTS {len(inputs)}"]
    for k, fours in enumerate(inputs):
        given = f"u_map{k}, u_shape{k}, tile, p"
        lines.append(f"vec4 read{k}(int tile, ivec2 p) {{ return {_read(fours, single)}({given}); }}")
    cases = "".join(f" if (k == {k}) return read{k}(tile, p);" for k in range(last))
    lines.append(f"vec4 read(int k, int tile, ivec2 p) {{{cases} return read{last}(tile, p); }}")
    cases = "".join(f" if (k == {k}) return u_shape{k};" for k in range(last))
    lines.append(f"ivec4 input_shape(int k) {{{cases} return u_shape{last}; }}")
    # Rows have room for whole texels.
    given = "u_rows, ivec4((u_shape.x + 3) / 4 * 4, 1, 1, 1), tile, ivec2(0, row)"
    lines.append(f"vec4 vectors(int row, int tile) {{ return {_read(True, single)}({given}); }}")
    return lines


def _read(fours: bool, single: bool) -> str:
    return "channel_of" if single else f"texel_of<{_truth(fours)}>"


def _truth(value: bool) -> str:
    return "true" if value else "false"
