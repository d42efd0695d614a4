"""How shaders make an operator's map: passes before its own, and several texels at once."""

from __future__ import annotations

from typing import Literal, NamedTuple

from studio.model.networks.shape import Shape


class Span(NamedTuple):
    """Texels that a body makes at once, by ``texel_span`` in place of ``texel``.

    Software rasterisers take it, in compute shaders: what such texels have in common is read and worked out once.

    Attributes:
        texels: how many.
        way: whether they lie beside or below one another, or at one place of several tiles.
    """

    texels: int
    way: Literal["x", "y", "tiles"] = "x"

    def blocks(self, shape: Shape) -> Blocks:
        """How a map of this shape is made so."""
        x, y, tiles = (self.texels if self.way == way else 1 for way in ("x", "y", "tiles"))
        line = -(-shape.height // y) * -(-shape.width // x)
        ways = ((f"SPAN_{way.upper()}", int(self.way == way)) for way in ("x", "y", "tiles"))
        constants = (("SPAN", self.texels), *ways)
        return Blocks("lib/span.glsl", constants, line, -(-shape.channels // (4 * tiles)), in_software=True)


class AtOnce(NamedTuple):
    """What GPUs do in place of a pass: a workgroup looks over all of a map's tile.

    Attributes:
        shader: as of `Blocks`; empty where the pass is left out, because one behind it needs it no more.
        of: the map, by number as in `Scratch`.
    """

    shader: str
    of: int = 0


class Scratch(NamedTuple):
    """A pass before a shader's own.

    Attributes:
        shader: as `Op.shader`; several of one shader, in order, are joined by "+", and a folder may stand before each.
        shape: of what it makes.
        reads: which maps it reads as ``read0``, ``read1`` and so on, by number: the operator's inputs, and behind them
            the scratch made so far; None is all of them.
        span: the texels that it makes at once, where it can.
        at_once: what GPUs do in its place. Shaders find AT_ONCE defined then.
    """

    shader: str
    shape: Shape
    reads: tuple[int, ...] | None = None
    span: Span | None = None
    at_once: AtOnce | None = None


class Blocks(NamedTuple):
    """A compute shader that makes several texels in one invocation.

    Attributes:
        shader: under ``shaders/``, behind the operator's own.
        constants: what it has ``#define``-d.
        line: blocks along a line.
        deep: groups of the output's tiles.
        whole: where a workgroup makes each block together, how many texels it looks over for it; else 0.
        in_software: whether software rasterisers alone make it so, and GPUs texel by texel.
    """

    shader: str
    constants: tuple[tuple[str, int], ...]
    line: int
    deep: int
    whole: int = 0
    in_software: bool = False


class Banked(NamedTuple):
    """Fragment shaders that make several texels in one, each in a target of its own, and one that puts them in place.

    Attributes:
        shader: under ``shaders/``, behind the operator's own; it writes ``o_bank``.
        rows: under ``shaders/``, the body that reads those targets as its maps.
        shape: of what lies in each target.
        targets: how many there are.
    """

    shader: str
    rows: str
    shape: Shape
    targets: int


def window(shape: Shape) -> Blocks:
    """How workgroups of GPUs make 16 × 16 texels each, and look over what lies around them together first."""
    count = -(-shape.height // 16) * -(-shape.width // 16)
    return Blocks("lib/window.glsl", (("WINDOW", 1),), count, -(-shape.channels // 4), whole=1024)
