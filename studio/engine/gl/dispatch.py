"""One compute pass with everything that it binds, made ready once so that a frame costs few calls."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import moderngl
import numpy as np

from studio.engine.gl.device import Device
from studio.engine.gl.kept import Past
from studio.engine.gl.told import Region

ALL_WRITES = (
    moderngl.TEXTURE_FETCH_BARRIER_BIT | moderngl.SHADER_STORAGE_BARRIER_BIT | moderngl.SHADER_IMAGE_ACCESS_BARRIER_BIT
)
"""A barrier that waits for every map and buffer written before it."""

# A dimension of workgroups may count no more in any GL 4.3 driver.
_LONGEST = 65535


@dataclass(frozen=True)
class Dispatch:
    """A compute pass.

    Attributes:
        program: the compiled shader.
        groups: workgroups along x, y and z.
        block: what its uniform block holds.
        textures: what it samples, by texture unit; None leaves a unit as it is.
        outputs: the maps it writes, by image unit.
        images: what it reads as images, by the units behind those.
        buffers: the storage buffers, by binding; None leaves one as it is.
        barrier: what to wait for before it runs, of what passes before it wrote.
        by_handle: whether its block holds handles of all textures, so that none is bound to a unit.
        numbers: what its layers' numbers are, by the bindings behind its block's.
    """

    program: moderngl.ComputeShader
    groups: tuple[int, int, int]
    block: moderngl.Buffer
    textures: tuple[moderngl.Texture | Past | None, ...] = ()
    outputs: tuple[moderngl.Texture, ...] = ()
    images: tuple[moderngl.Texture, ...] = ()
    buffers: tuple[moderngl.Buffer | None, ...] = ()
    barrier: int = 0
    by_handle: bool = False
    numbers: tuple[Region | None, ...] = ()

    def run(self, device: Device) -> None:
        """Bind everything and run."""
        if self.barrier:
            device.context.memory_barrier(self.barrier)
        self.block.bind_to_uniform_block(0)
        for binding, region in enumerate(self.numbers, start=1):
            if region is not None:
                region.bind(binding)
        if not self.by_handle:
            self._bind_to_units()
        for binding, buffer in enumerate(self.buffers):
            if buffer is not None:
                buffer.bind_to_storage_buffer(binding)
        device.dispatch(self.program, *self.groups)

    def _bind_to_units(self) -> None:
        for unit, texture in enumerate(self.textures):
            if texture is not None:
                texture.use(unit)
        for unit, output in enumerate(self.outputs):
            output.bind_to_image(unit, read=False, write=True)
        for unit, image in enumerate(self.images, start=len(self.outputs)):
            image.bind_to_image(unit, read=True, write=False)


def line_of(groups: int) -> tuple[int, int]:
    """So many workgroups or a few more as rows along x and y."""
    rows = -(-groups // _LONGEST)
    return -(-groups // rows), rows


def block_of(
    context: moderngl.Context, vectors: Sequence[tuple[int, int, int, int]], handles: Sequence[int] = ()
) -> moderngl.Buffer:
    """A uniform block of ivec4s, and of handles of textures behind them."""
    data = np.array(vectors, np.int32).tobytes() + np.array(handles, np.uint64).tobytes()
    return context.buffer(data + bytes(-len(data) % 16))


def in_a_row(dispatches: Sequence[Dispatch]) -> list[Dispatch]:
    """The same passes, right behind one another.

    Each waits for those before it only where it touches what they wrote, and binds only those storage buffers that are
    not bound already. The first waits for whatever came before, and finds nothing bound.
    """
    found: list[Dispatch] = []
    written: set[int] = set()
    bound: dict[int, moderngl.Buffer] = {}
    for number, dispatch in enumerate(dispatches):
        parts = {id(buffer) for buffer in dispatch.buffers[1:]}
        reads = {id(texture) for texture in (*dispatch.textures, *dispatch.images)} | parts
        waits = number == 0 or bool(reads & written)
        written = {*(() if waits else written), *(id(texture) for texture in dispatch.outputs), *parts}
        written.discard(id(None))
        at = list(enumerate(dispatch.buffers))
        buffers = tuple(None if buffer is bound.get(binding) else buffer for binding, buffer in at)
        bound |= {binding: buffer for binding, buffer in at if buffer is not None}
        found.append(replace(dispatch, buffers=buffers, barrier=ALL_WRITES if waits else 0))
    return found
