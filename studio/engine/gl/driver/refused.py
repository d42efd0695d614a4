"""What is said where a driver refuses a shader."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Protocol, TypeVar

import moderngl

from studio.engine.gl.driver.shaders import Source
from studio.errors import EngineError

Program = TypeVar("Program", moderngl.VertexArray, moderngl.ComputeShader)


class Compiles(Protocol):
    """What compiles: its context, and the layer that it does so for."""

    context: moderngl.Context
    layer: str


Owner = TypeVar("Owner", bound=Compiles)


def explained(compiled: Callable[[Owner, Source], Program]) -> Callable[[Owner, Source], Program]:
    """What a driver's compiler objects to, in a sentence that names layer and files: a plug-in's package
    stands there.
    """

    @wraps(compiled)
    def said(self: Owner, source: Source) -> Program:
        try:
            return compiled(self, source)
        except moderngl.Error as error:
            self.context.clear_errors()
            wrong = next((line for line in str(error).splitlines() if "error" in line.lower()), "no reason given")
            files = ", ".join(
                dict.fromkeys((*source.files, *(file for extra in source.extras for file in extra.files)))
            )
            of, self.layer = f"Layer {self.layer}: the" if self.layer else "The", ""
            raise EngineError(f"{of} driver cannot compile {files}: {wrong}; choose the engine torch.") from error

    return said
