"""Compiled programs: those that are remembered, and their uniforms by name."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping

import moderngl

from studio.engine.gl.driver.refused import Program
from studio.engine.gl.driver.shaders import Source

_PROGRAMS = 512
"""Compiled ones that are remembered: several times what the largest network needs."""


def keep(programs: OrderedDict[Source, Program], source: Source, program: Program) -> None:
    """Remember a program, and forget the one that has not been asked for longest; whoever runs it keeps it."""
    programs[source] = program
    if len(programs) > _PROGRAMS:
        programs.popitem(last=False)


def set_uniforms(program: moderngl.Program | moderngl.ComputeShader, values: Mapping[str, object]) -> None:
    """Set the uniforms that the program has; a compiler drops those it found unused."""
    for name, value in values.items():
        member = program.get(name, None)
        if isinstance(member, moderngl.Uniform):
            member.value = value
