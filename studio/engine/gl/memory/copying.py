"""One texture into another of its size: by computing on GPUs, by drawing elsewhere."""

from __future__ import annotations

import moderngl

from studio.engine.gl.driver.device import Device
from studio.engine.gl.driver.shaders import Source

# Texels along each side of what a workgroup of view/copy.glsl copies.
_BLOCK = 16

_COPY = Source("compute", ("view/copy.glsl",))


def copy_texture(device: Device, source: moderngl.Texture, target: moderngl.Texture) -> None:
    """Copy all texels, once what wrote the source is done; what reads the target waits for it by a barrier.

    A GPU that has just computed copies sooner by computing than by drawing: NVIDIA's takes 0.1 ms to change over.
    """
    context = device.context
    if device.is_software or not device.has_compute:
        context.copy_framebuffer(context.framebuffer([target]), context.framebuffer([source]))
        return
    context.memory_barrier()
    source.use(0)
    target.bind_to_image(0, read=False, write=True)
    device.dispatch(device.compute(_COPY), *(-(-side // _BLOCK) for side in target.size))
