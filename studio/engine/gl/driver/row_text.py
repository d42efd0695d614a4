"""What compute shaders are told, as text: a uniform block, or rows of one of which each workgroup takes its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

_HEAD = """
struct Row {{
    {told}
    ivec4 u_groups;
}};
layout(std140, binding = 0) uniform Rows {{ Row u_rows[{rows}]; }};
int row_at(int at) {{
    int row = 0;
    while (row < {rows} - 1 && at >= u_rows[row + 1].u_groups.w) row++;
    return row;
}}
int own_row = row_at(int(gl_WorkGroupID.x));
uvec3 own_groups = uvec3(u_rows[own_row].u_groups.xyz);
uint own_place = gl_WorkGroupID.x - uint(u_rows[own_row].u_groups.w);
uvec3 own_group = uvec3(
    own_place % own_groups.x, own_place / own_groups.x % own_groups.y, own_place / own_groups.x / own_groups.y
);
"""


def block_text(told: Mapping[str, str]) -> str:
    """The uniform block of one pass.

    Args:
        told: types by name.
    """
    return "\n".join(["layout(std140, binding = 0) uniform Sizes {", *_members(told), "};"])


def row_text(told: Mapping[str, str], rows: int) -> str:
    """The block of so many passes, as `studio.engine.gl.frame.rows` writes it, and the row of this workgroup.

    What it is told has the names that it has in a single pass.
    """
    own = [f"{kind} {name} = u_rows[own_row].{name};" for name, kind in told.items()]
    return _HEAD.format(told="\n    ".join(_members(told)), rows=rows) + "\n".join(own)


def units_in_rows(images: Sequence[str], sampled: Sequence[str], rows: int) -> str:
    """Fixed units for the textures of so many passes: those of one name side by side."""
    lines: list[str] = []
    for kind, names in (("writeonly uniform image2D", images), ("uniform sampler2D", sampled)):
        for number, name in enumerate(names):
            lines.append(f"layout(binding = {number * rows}) {kind} {name}_of[{rows}];")
            lines.append(f"#define {name} {name}_of[own_row]")
    return "\n".join(lines)


def in_rows(text: str) -> str:
    """The text of a shader for one pass, whose workgroups are those of a row."""
    return text.replace("gl_WorkGroupID", "own_group").replace("gl_NumWorkGroups", "own_groups")


def _members(told: Mapping[str, str]) -> list[str]:
    return [f"    {kind} {name};" for name, kind in told.items()]
