"""Shader text: includes, constants, and the wrapper that makes one texel body a fragment or a compute shader."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from studio.engine.gl.driver.row_text import block_text, in_rows, row_text, units_in_rows
from studio.engine.gl.driver.text import PRELUDE, Constants, defines, expanded, include_file, included

Stage = Literal["fragment", "compute"]

_FUNCTION = re.compile(r"^\w+ (\w+)\(", re.MULTILINE)

_VERSION = {"fragment": "#version 330 core", "compute": "#version 430 core"}
_HANDLES = "#extension GL_ARB_bindless_texture : require"
_HALVES = "#extension GL_NV_gpu_shader5 : require\n#define HALVES 1"

# One triangle over the whole target, from no vertex buffer.
VERTEX_SHADER = """#version 330 core
void main() {
    gl_Position = vec4(vec2(gl_VertexID & 1, gl_VertexID >> 1) * 4.0 - 1.0, 0.0, 1.0);
}
"""


@dataclass(frozen=True)
class Extra:
    """Another map that a compute shader writes besides its own (see `studio.engine.gl.frame.fuse`).

    Attributes:
        parent: which map it is made from: 0 is the shader's own, 1 the first extra one, and so on.
        files: names under ``shaders/`` of the body that takes the parent's texel; none where it is copied.
        constants: what that body has ``#define``-d.
        numbers: what it is told besides, by name.
        is_part: whether it takes a part of its parent's map alone.
        reads: of a body of several maps, each: the number of what makes it here, or -1 for the next of the others, -2
            where that is a single value.
        is_behind: whether its parent is a column or row of sums, of which it takes any.
        is_sum: whether it is the sum over space of what is made behind such sums.
    """

    parent: int
    files: tuple[str, ...]
    constants: Constants = ()
    numbers: tuple[str, ...] = ()
    is_part: bool = False
    reads: tuple[int, ...] = ()
    is_behind: bool = False
    is_sum: bool = False

    @property
    def others(self) -> int:
        """How many maps it reads besides."""
        return sum(number < 0 for number in self.reads)


@dataclass(frozen=True)
class Source:
    """A shader by its files and constants; equal sources share one compiled program.

    Attributes:
        stage: which kind of shader.
        files: names under ``shaders/``, in order.
        constants: what is ``#define``-d.
        inputs: how many feature maps it reads as ``read(k, tile, place)``; zero declares none.
        extras: what else a compute shader's ``store(tile, place, texel)`` makes of every texel.
        software: whether feature maps are read the way that software rasterisers are fast at: they look for the mip
            level of each texel that is fetched, but neither of one that is loaded from an image, which compute shaders
            can, nor of one that is sampled at its centre. That takes a third and two thirds of the time.
        half: whether the maps that a compute shader writes are of float16: each value is rounded before anything else
            is made of it, so that it is the same whether one pass makes both or two.
        handles: whether a compute shader finds its textures by handles (ARB_bindless_texture) that its uniform block
            holds: nothing but the block is then bound for a pass, which takes drivers half the time.
        numbers: what its own body is told in a uniform block, by name: what may change from frame to frame.
        halves: whether it computes in float16 (GL_NV_gpu_shader5); see ``lib/halves.glsl``.
        chooses: whether a compute shader is told which of its maps it writes; see `gl.frame.writes`.
        rows: how many passes one dispatch of a compute shader makes, see `gl.frame.rows`; 0 for one by itself.
    """

    stage: Stage
    files: tuple[str, ...]
    constants: Constants = ()
    inputs: int = 0
    extras: tuple[Extra, ...] = ()
    software: bool = False
    half: bool = False
    handles: bool = False
    numbers: tuple[str, ...] = ()
    halves: bool = False
    chooses: bool = False
    rows: int = 0

    def text(self) -> str:
        """The whole GLSL text."""
        asked = [*([_HANDLES] if self.handles else []), *([_HALVES] if self.halves else [])]
        head = "\n".join([_VERSION[self.stage], *asked, PRELUDE])
        parts = [include_file("lib/atlas.glsl")]
        seen: set[str] = {"lib/atlas.glsl"}
        if self.inputs and self.stage == "compute":
            # Before our own constants, which an extra body may have under the same names.
            told, textures = _told_of(self.inputs, self.extras, handles=self.handles, chooses=self.chooses)
            head += f"\n{row_text(told, self.rows) if self.rows else block_text(told)}"
            parts += [textures] if self.handles else [_units(self.inputs, self.extras, self.software, self.rows)]
            # The first part of a sum is kept where it loses nothing.
            writes = "if ((u_written.x & 1 << (n)) != 0)" if self.chooses else ""
            parts += [f"#define WRITES(n) {writes}"]
            parts += [_storing(self.extras, self.half, seen), *defines((("FIRST_IN_MAP", int(not self.half)),))]
        elif self.inputs:
            parts += [_uniforms(self.inputs)]
        parts += _told(0, self.numbers, self.stage)
        parts += defines(self.constants)
        parts += [_reading(self.inputs, self.stage if self.software else None)] if self.inputs else []
        parts += [expanded(name, seen, once=name.startswith("lib/")) for name in self.files]
        body = "\n".join(parts)
        return f"{head}\n{in_rows(body) if self.rows else body}\n"


def _told(n: int, numbers: Sequence[str], stage: Stage) -> list[str]:
    """The numbers of a map's body, as `gl.memory.told` lays them out; read where they lie, by these names."""
    if not numbers:
        return []
    layout = "std140" if stage == "fragment" else f"std140, binding = {n + 1}"
    block = f"layout({layout}) uniform Numbers{n} {{ vec4 u_numbers{n}[{-(-len(numbers) // 4)}]; }};"
    return [block, *(f"#define {name} u_numbers{n}[{k // 4}].{'xyzw'[k % 4]}" for k, name in enumerate(numbers))]


def _uniforms(inputs: int) -> str:
    """What a fragment shader is told: each a uniform of its own."""
    lines = ["uniform ivec4 u_shape;", "uniform sampler2D u_vectors;"]
    for k in range(inputs):
        lines += [f"uniform sampler2D u_input{k};", f"uniform ivec4 u_shape{k};", f"uniform vec2 u_texel{k};"]
    return "\n".join(lines)


def _told_of(
    inputs: int, extras: Sequence[Extra], *, handles: bool = False, chooses: bool = False
) -> tuple[dict[str, str], str]:
    """What a compute shader is told, as `studio.engine.gl.frame.dispatch.block_of` writes it; bound once for a pass.

    Returns:
        The types by name; and what textures that it finds by handles are called.
    """
    vectors = ["u_shape", "u_grid", "u_kernel_layout", *(["u_written"] if chooses else [])]
    vectors += [f"u_shape{k}" for k in range(inputs)]
    for n in range(1, len(extras) + 1):
        vectors += [f"u_target{n}", f"u_shift{n}"]
    named = [f"u_other{n}_{k}" for n, extra in enumerate(extras, 1) if extra.is_behind for k in range(extra.others)]
    told = dict.fromkeys([*vectors, *(f"shape_of_{name}" for name in named)], "ivec4")
    if not handles:
        return told, ""
    # As numbers: drivers disagree on how far apart images lie in a block.
    images = [f"u_output{n}" for n in range(len(extras) + 1)]
    kinds = dict.fromkeys(_sampled(inputs, extras), "sampler2D") | dict.fromkeys(images, "image2D")
    told |= {f"handle_of_{name}": "uvec2" for name in kinds}
    return told, "\n".join(f"#define {name} {kind}(handle_of_{name})" for name, kind in kinds.items())


def _units(inputs: int, extras: Sequence[Extra], as_images: bool, rows: int) -> str:
    """Fixed units for the textures of a compute shader; images that are read have those behind the written ones."""
    written = len(extras) + 1
    if rows:
        return units_in_rows([f"u_output{n}" for n in range(written)], _sampled(inputs, extras), rows)
    lines = [f"layout(binding = {n}) writeonly uniform image2D u_output{n};" for n in range(written)]
    for unit, name in enumerate(_sampled(inputs, extras)):
        if as_images and unit < inputs:
            lines += [f"layout(rgba32f, binding = {written + unit}) readonly uniform image2D {name};"]
        else:
            lines += [f"layout(binding = {unit}) uniform sampler2D {name};"]
    return "\n".join(lines)


def _sampled(inputs: int, extras: Sequence[Extra]) -> list[str]:
    """Names of the textures that a compute shader reads, in the order of their units or handles."""
    maps = [f"u_input{k}" for k in range(inputs)]
    others = [f"u_other{n}_{k}" for n, extra in enumerate(extras, start=1) for k in range(extra.others)]
    return [*maps, "u_vectors", *(f"u_vectors{n}" for n in range(1, len(extras) + 1)), *others]


def _reading(inputs: int, in_software: Stage | None) -> str:
    """Functions that read ``inputs`` feature maps; GLSL 3.3 cannot index samplers by a variable."""
    lines = [f"#define INPUTS {inputs}"]
    # A loop over the tiles of its first input may carry along where they begin.
    lines += ["#ifdef GIVEN_ORIGIN", "ivec2 given_origin;", "#define origin0(tile) given_origin"]
    lines += ["#else", "#define origin0(tile) tile_origin(u_shape0, tile)", "#endif"]
    for k in range(inputs):
        read = {
            None: f"texelFetch(u_input{k}, at, 0)",
            "compute": f"imageLoad(u_input{k}, at)",
            "fragment": f"textureLod(u_input{k}, (vec2(at) + 0.5) * u_texel{k}, 0.0)",
        }[in_software]
        origin = "origin0(tile)" if k == 0 else f"tile_origin(u_shape{k}, tile)"
        lines.append(f"vec4 fetch{k}(ivec2 at) {{ return {read}; }}")
        lines.append(f"vec4 read{k}(int tile, ivec2 p) {{ return fetch{k}({origin} + p); }}")
    cases = "".join(f" if (k == {k}) return read{k}(tile, p);" for k in range(inputs - 1))
    lines.append(f"vec4 read(int k, int tile, ivec2 p) {{{cases} return read{inputs - 1}(tile, p); }}")
    cases = "".join(f" if (k == {k}) return u_shape{k};" for k in range(inputs - 1))
    lines.append(f"ivec4 input_shape(int k) {{{cases} return u_shape{inputs - 1}; }}")
    lines.append("vec4 vectors(int row, int tile) { return texelFetch(u_vectors, ivec2(tile, row), 0); }")
    return "\n".join(lines)


def _storing(extras: Sequence[Extra], half: bool, seen: set[str]) -> str:
    """The function ``store``, which writes a texel of the shader's own map and of every extra one.

    It does so in two steps, of which the first, for what all texels of a tile have in common, is done once where many
    follow. An extra body is taken as it is: its ``texel`` is renamed, and its ``read0`` gives the parent's texel.

    What is made behind sums, and what follows from that, has a function of its own, ``store_behind``: the shader calls
    it for every texel of the map that it added up, with the sums in ``g_sums``, and then ``store_total``.
    """
    kept = "kept" if half else ""
    partial = _in_parts(extras)
    declared = [include_file("lib/half.glsl"), _globals(0)] if half else [_globals(0)]
    own = [_place(0, "tile")], [f"    g_value0 = {kept}(value);\n    ivec2 p0 = p;", _write(0)]
    behind: tuple[list[str], list[str]] = ["    g_tile0 = tile;"], ["    ivec2 p0 = p;"]
    late: set[int] = set()
    totals: list[str] = []
    for n, extra in enumerate(extras, start=1):
        if extra.is_behind or extra.parent in late:
            late.add(n)
        placing, body = behind if n in late else own
        declared.append(_globals(n))
        placing.append(_place(n, f"g_tile{extra.parent} + u_shift{n}.x"))
        if extra.is_sum:
            placing.append(f"    g_value{n} = vec4(0.0);")
            body.append(f"    g_value{n} += g_value{extra.parent};")
            totals += [
                f"    g_value{n} = {kept}(total(g_value{n}));\n    if (gl_LocalInvocationIndex == 0u)",
                _write(n, place="ivec2(0)"),
            ]
            continue
        if n in partial:
            # What is joined behind a part lies at other tiles: its parent knows which are its own.
            own_tile = f"g_tile{n} >= 0 && g_tile{n} * 4 < u_target{n}.x"
            placing.append(f"    g_in{n} = g_in{extra.parent} && {own_tile};")
        value, place = f"g_value{extra.parent}", f"p{extra.parent}"
        body.append(f"    ivec2 p{n} = {place} - u_shift{n}.zy;" if extra.is_part else f"    ivec2 p{n} = {place};")
        if extra.files:
            declared.append(_body(n, extra, seen))
            value = f"texel{n}(g_tile{n}, p{n})"
        inside = f"if (g_in{n} && inside(p{n}, u_target{n})) " if n in partial else ""
        body += [f"    {inside}g_value{n} = {kept}({value});", _write(n, inside)]
    lines = ["#define u_target0 u_shape", *(["#define BEHIND 1", "vec4 g_sums[2];"] if late else []), *declared]
    lines += _two_steps("tile", "texel", "ivec2 p, vec4 value", *own)
    lines += ["void store(int tile, ivec2 p, vec4 value) { begin_tile(tile); store_texel(p, value); }"]
    if late:
        lines += _two_steps("behind", "behind", "ivec2 p", *behind)
        lines += ["vec4 total(vec4 own);", "void store_total() {", *totals, "}"]
    return "\n".join(lines)


def _two_steps(first: str, second: str, takes: str, placing: Sequence[str], body: Sequence[str]) -> list[str]:
    begin = [f"void begin_{first}(int tile) {{", *placing, "}"]
    return [*begin, f"void store_{second}({takes}) {{", *body, "}"]


def _in_parts(extras: Sequence[Extra]) -> frozenset[int]:
    """The extra maps of which some texels of the shader's own are no part."""
    found: set[int] = set()
    for n, extra in enumerate(extras, start=1):
        if extra.is_part or extra.parent in found:
            found.add(n)
    return frozenset(found)


def _globals(n: int) -> str:
    return f"int g_tile{n};\nivec2 g_origin{n};\nbvec4 g_live{n};\nvec4 g_value{n};\nbool g_in{n} = true;"


def _place(n: int, tile: str) -> str:
    return (
        f"    g_tile{n} = {tile};\n    g_origin{n} = tile_origin(u_target{n}, g_tile{n});\n"
        f"    g_live{n} = live_lanes(u_target{n}, g_tile{n});"
    )


def _write(n: int, inside: str = "", place: str = "") -> str:
    at = f"g_origin{n} + {place or f'p{n}'}"
    return f"    {inside}WRITES({n}) imageStore(u_output{n}, {at}, mix(vec4(0.0), g_value{n}, g_live{n}));"


def _body(n: int, extra: Extra, seen: set[str]) -> str:
    count = len(extra.reads) or 1
    names = {name: f"{name}_{n}" for name in ("read", *(f"read{k}" for k in range(count)), "vectors")}
    names |= {name: f"{name}{n}" for file in extra.files for name in _FUNCTION.findall(include_file(file))}
    names |= {"spread": f"read_{n}", "INPUTS": str(count)}
    lines = [f"#define {name} {new}" for name, new in names.items()]
    lines += [*_told(n, extra.numbers, "compute"), *defines(extra.constants)]
    other = 0
    for k, number in enumerate(extra.reads or (extra.parent,)):
        sampler = f"u_other{n}_{other}"
        given = {-1: f"texelFetch({sampler}, g_origin{n} + p, 0)", -2: f"texelFetch({sampler}, ivec2(0), 0).xxxx"}
        if extra.is_behind:
            given = dict.fromkeys((-1, -2), f"texelFetch({sampler}, tile_origin(shape_of_{sampler}, tile) + p, 0)")
            given[0] = "g_sums[p.x]"
        value = given.get(number, f"g_value{number}")
        other += number < 0
        lines.append(f"vec4 read{k}(int tile, ivec2 p) {{ return {value}; }}")
    cases = "".join(f" if (k == {k}) return read{k}(tile, p);" for k in range(count - 1))
    lines += [
        f"vec4 read(int k, int tile, ivec2 p) {{{cases} return read{count - 1}(tile, p); }}",
        f"vec4 vectors(int row, int tile) {{ return texelFetch(u_vectors{n}, ivec2(tile, row), 0); }}",
    ]
    for file in extra.files:
        # All of its maps are of its own shape, so that nothing is spread.
        lines.append(expanded(file, seen | {"lib/broadcast.glsl"}, once=False))
        seen |= included(file) - {"lib/broadcast.glsl"}
    lines += [f"#undef {name}" for name in (*names, *extra.numbers, *(name for name, _ in extra.constants))]
    return "\n".join(lines)


HALVES_TRIAL = Source("compute", ("lib/halves_trial.glsl",), halves=True)
"""What a driver must compile before products are made in half precision."""

HANDLES_TRIAL = Source("compute", ("lib/planes.glsl", "lib/compute.glsl"), inputs=1, handles=True)
"""What a driver must compile before textures are found by handles: compilers differ in what they take for an image."""
