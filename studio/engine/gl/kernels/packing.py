"""Packed weights made on the device, from tensors as they lie there; numpy's packing is its oracle."""

from __future__ import annotations

import moderngl

from studio.engine.gl.driver.device import Device
from studio.engine.gl.driver.programs import set_uniforms
from studio.engine.gl.driver.shaders import Source
from studio.engine.gl.driver.text import Constants
from studio.engine.gl.frame.dispatch import ALL_WRITES, Dispatch, block_of, line_of
from studio.engine.gl.memory.tensors import DeviceTensor
from studio.model.declared.taps import Taps, cell_order
from studio.model.networks.layout import kernel_grid

FRAMEBUFFERS = moderngl.FRAMEBUFFER_BARRIER_BIT if hasattr(moderngl, "FRAMEBUFFER_BARRIER_BIT") else 0x400

PACKED = ALL_WRITES | moderngl.BUFFER_UPDATE_BARRIER_BIT
"""A barrier behind kernels that a shader packs into a buffer: passes read them, and numpy's are copied over them."""

Ivec4 = tuple[int, int, int, int]


def kernel_constants(
    taps: tuple[Taps, Taps], shape: tuple[int, ...], *, swaps: bool, grouped: bool
) -> Constants | None:
    """What ``shaders/learn/pack_kernel.glsl`` has ``#define``-d; None where a cell's taps do not lie side by side."""
    _, _, kh, kw = kernel_grid(shape)
    axes = []
    for axis in taps:
        cells = [cell for phase in axis.phases for cell in phase.cells]
        if any(sorted(cell) != list(range(min(cell), min(cell) + len(cell))) for cell in cells):
            return None
        axes.append(cells)
    order = cell_order(taps)
    found: list[tuple[str, int | float | tuple[int, ...]]] = [("CELLS", len(order)), ("KH", kh), ("KW", kw)]
    found += [("SWAPS", int(swaps)), ("GROUPED", int(grouped))]
    found += [("CELL_ROWS", tuple(y for y, _ in order)), ("CELL_COLUMNS", tuple(x for _, x in order))]
    for name, cells in zip(("ROW", "COLUMN"), axes, strict=True):
        found += [(f"{name}S", len(cells)), (f"{name}_FIRSTS", tuple(min(cell) for cell in cells))]
        found += [(f"{name}_COUNTS", tuple(len(cell) for cell in cells))]
    return tuple(found)


def pack_kernel(
    device: Device,
    tensor: DeviceTensor,
    kernel: moderngl.Texture | moderngl.Buffer,
    constants: Constants,
    layout: Ivec4,
    out_tiles: int,
    folds: int,
) -> None:
    """Fill a texture or a buffer of packed kernels; both layouts are drawn in ``shaders/lib/kernel.glsl``."""
    if isinstance(kernel, moderngl.Buffer):
        source = Source("compute", ("learn/pack_kernel.glsl", "learn/pack_buffer.glsl"), constants, inputs=1)
        cells = next(value for name, value in constants if name == "CELLS")
        assert isinstance(cells, int)
        count = out_tiles * layout[0] * cells * 4
        sizes = [tensor.told, (count, 0, 0, 0), layout, tensor.told]
        block = block_of(device.context, sizes)
        groups = (*line_of(-(-count // 64)), 1)
        # Image 0 is declared and not written.
        Dispatch(device.compute(source), groups, block, (tensor.texture,), (), (), (kernel,), ALL_WRITES).run(device)
        device.context.memory_barrier(PACKED)
        return
    source = Source(
        "fragment", ("learn/pack_kernel.glsl", "learn/pack_texture.glsl"), (*constants, ("FOLDS", folds)), inputs=1
    )
    _draw(device, source, kernel, (tensor,), {"u_kernel_layout": layout})


def pack_vectors(
    device: Device, tensors: tuple[DeviceTensor, ...], vectors: moderngl.Texture, constants: Constants
) -> None:
    """Fill a texture of what shaders read once per channel."""
    source = Source("fragment", ("learn/pack_vectors.glsl",), constants, inputs=len(tensors))
    _draw(device, source, vectors, tensors, {})


def unpack_sheet(device: Device, tensor: DeviceTensor, sheet: moderngl.Texture, shape: tuple[int, ...]) -> None:
    """Fill the R32F texture of a tensor's filter sheet."""
    _, _, kh, kw = kernel_grid(shape)
    constants = (("KH", kh), ("KW", kw), ("VECTOR", int(len(shape) == 1)))
    _draw(device, Source("fragment", ("learn/sheet.glsl",), constants, inputs=1), sheet, (tensor,), {})


def _draw(
    device: Device,
    source: Source,
    target: moderngl.Texture,
    tensors: tuple[DeviceTensor, ...],
    more: dict[str, object],
) -> None:
    if device.has_compute:
        device.context.memory_barrier(ALL_WRITES | FRAMEBUFFERS)
    triangle = device.fragment(source)
    uniforms: dict[str, object] = dict(more)
    for k, tensor in enumerate(tensors):
        tensor.texture.use(k)
        uniforms |= {f"u_input{k}": k, f"u_shape{k}": tensor.told}
    set_uniforms(triangle.program, uniforms)
    device.context.framebuffer([target]).use()
    device.calls.draw(triangle)
    device.unbind()
    if device.has_compute:
        device.context.memory_barrier(ALL_WRITES | FRAMEBUFFERS)
