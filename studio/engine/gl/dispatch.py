"""One compute pass with everything that it binds, made ready once so that a frame costs few calls."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import moderngl
import numpy as np

from studio.engine.gl.device import Device

# A dimension of workgroups may count no more in any GL 4.3 driver.
_LONGEST = 65535


@dataclass(frozen=True)
class Dispatch:
    """A compute pass.

    Attributes:
        program: the compiled shader.
        groups: workgroups along x, y and z.
        sizes: what its uniform block holds.
        textures: what it samples, by texture unit; None leaves a unit as it is.
        outputs: the maps it writes, by image unit.
        images: what it reads as images, by the units behind those.
        buffers: the storage buffers, by binding; None leaves one as it is.
        barrier: what to wait for before it runs, of what passes before it wrote.
    """

    program: moderngl.ComputeShader
    groups: tuple[int, int, int]
    sizes: moderngl.Buffer
    textures: tuple[moderngl.Texture | None, ...] = ()
    outputs: tuple[moderngl.Texture, ...] = ()
    images: tuple[moderngl.Texture, ...] = ()
    buffers: tuple[moderngl.Buffer | None, ...] = ()
    barrier: int = 0

    def run(self, device: Device) -> None:
        """Bind everything and run."""
        if self.barrier:
            device.context.memory_barrier(self.barrier)
        self.sizes.bind_to_uniform_block(0)
        for unit, texture in enumerate(self.textures):
            if texture is not None:
                texture.use(unit)
        for unit, output in enumerate(self.outputs):
            output.bind_to_image(unit, read=False, write=True)
        for unit, image in enumerate(self.images, start=len(self.outputs)):
            image.bind_to_image(unit, read=True, write=False)
        for binding, buffer in enumerate(self.buffers):
            if buffer is not None:
                buffer.bind_to_storage_buffer(binding)
        device.calls.dispatch(self.program, *self.groups)


def line_of(groups: int) -> tuple[int, int]:
    """So many workgroups or a few more as rows along x and y."""
    rows = -(-groups // _LONGEST)
    return -(-groups // rows), rows


def block_of(context: moderngl.Context, vectors: Sequence[tuple[int, int, int, int]]) -> moderngl.Buffer:
    """A uniform block of ivec4s."""
    return context.buffer(np.array(vectors, np.int32).tobytes())
