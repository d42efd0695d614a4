"""Packed kernels from tensors in memory: made by numpy or by the device, whichever is sooner done with it."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import NamedTuple

import moderngl
import numpy as np

from studio.engine.gl.driver.device import Device
from studio.engine.gl.driver.programs import set_uniforms
from studio.engine.gl.driver.shaders import Source
from studio.engine.gl.driver.text import Constants
from studio.engine.gl.frame.dispatch import ALL_WRITES, Dispatch, block_of, line_of
from studio.engine.gl.kernels.packing import FRAMEBUFFERS, PACKED, Ivec4
from studio.errors import EngineError
from studio.model.declared.size import Size
from studio.model.networks.shape import Array

_log = logging.getLogger(__name__)

_WIDTH = 4096
"""Numbers to a row of what is lent; GL 3.3 drivers take 1,024 at least, those of GPUs 16,384."""

_FEWEST = 1 << 15
"""Packed numbers into a buffer below which numpy is done sooner: the calls take as long, however few they are."""

_WORTH_COMPILING = 1 << 22
"""Packed numbers from which it pays to have a shader compiled first."""

_KEPT = 1 << 20
"""Numbers that may stay lent between strokes: 4 MB."""

Kernel = moderngl.Texture | moderngl.Buffer


class Piece(NamedTuple):
    """Tiles of a packed kernel, and the part of the tensor that they are made of.

    Attributes:
        out_tiles: output tiles.
        in_tiles: input tiles.
        first: where the part begins in the tensor's first two axes.
        values: (rows, columns, kh, kw) float32, the part.
    """

    out_tiles: range
    in_tiles: range
    first: tuple[int, int]
    values: Array


class Packer:
    """Has kernels packed by the device, from tensors as they lie in memory.

    On a GPU that costs an upload; numpy would have to lay them out anew before. A software rasteriser is this very
    processor, and slower at it than numpy. What is lent to the device for it is given back: kernels lie there once.

    Args:
        device: what the kernels are kept on.
    """

    def __init__(self, device: Device) -> None:
        self._device = device
        self._lent: moderngl.Texture | None = None
        self._refused: set[Source] = set()

    def takes(self, count: int, kernel: Kernel, constants: Constants) -> bool:
        """Whether the device is to pack so many numbers; numpy packs all others.

        Args:
            count: how many, packed.
            kernel: where they go; a driver takes 3 ms to write the smallest part of a large texture.
            constants: see `pack`.
        """
        if self._device.is_software or count > self._device.max_texture * _WIDTH:
            return False
        source = _source(kernel, constants)
        if source in self._refused:
            return False
        if not self._device.has(source):
            return count >= _WORTH_COMPILING
        return count >= _FEWEST or isinstance(kernel, moderngl.Texture)

    def pack(self, piece: Piece, kernel: Kernel, constants: Constants, layout: Ivec4, folds: int) -> bool:
        """Fill some tiles of packed kernels; both layouts are drawn in ``shaders/lib/kernel.glsl``.

        Args:
            piece: which, and of what.
            kernel: what is filled.
            constants: of `studio.engine.gl.kernels.packing.kernel_constants`, and for a texture ``FOLDS``.
            layout: the shader's ``u_kernel_layout``.
            folds: rows of the texture to an output tile; where there are several, the piece has all input tiles.

        Returns:
            False where the driver refuses the shader: numpy packs these, and those that come after.
        """
        rows, columns = piece.values.shape[:2]
        part = (*piece.first, rows, columns)
        source, texels = _source(kernel, constants), _texels(constants)
        try:
            ready = self._device.fragment(source) if source.stage == "fragment" else self._device.compute(source)
        except EngineError as error:
            _log.debug("NumPy packs kernels in the place of a shader: %s", error)
            self._refused.add(source)
            return False
        lent = self._lend(piece.values)
        if isinstance(kernel, moderngl.Buffer):
            assert isinstance(ready, moderngl.ComputeShader)
            self._into_buffer(piece, lent, kernel, ready, texels, [part, layout])
        else:
            assert isinstance(ready, moderngl.VertexArray)
            told = {"u_memory": 0, "u_part": part, "u_kernel_layout": layout}
            lent.use(0)
            self._into_texture(piece, kernel, ready, texels, folds, told)
        return True

    def give_back(self) -> None:
        """Free what is lent, unless it is little: nothing follows soon."""
        if self._lent is not None and self._lent.width * self._lent.height > _KEPT:
            self._drop()

    def _drop(self) -> None:
        # What is dropped alone takes room until somebody else clears up.
        self._lent = None
        self._device.context.gc()

    def _lend(self, values: Array) -> moderngl.Texture:
        flat = np.ascontiguousarray(values, np.float32).reshape(-1, 1)
        rows, rest = divmod(len(flat), _WIDTH)
        needed = rows + (rest > 0)
        if self._lent is None or self._lent.height < needed:
            self._drop()
            self._lent = self._device.context.texture(Size(needed, _WIDTH).wh, 1, dtype="f4")
            self._lent.filter = moderngl.NEAREST, moderngl.NEAREST
        whole = rows * _WIDTH
        if rows:
            self._device.calls.write(self._lent, flat[:whole].reshape(rows, _WIDTH, 1))
        if rest:
            self._device.calls.write(self._lent, flat[whole:].reshape(1, rest, 1), (0, rows))
        return self._lent

    def _into_buffer(
        self,
        piece: Piece,
        lent: moderngl.Texture,
        kernel: moderngl.Buffer,
        program: moderngl.ComputeShader,
        texels: int,
        told: list[Ivec4],
    ) -> None:
        device, (out_tiles, in_tiles) = self._device, piece[:2]
        tiles = (out_tiles.start, len(out_tiles), in_tiles.start, len(in_tiles))
        block = block_of(device.context, [*told, tiles])
        groups = (*line_of(-(-len(out_tiles) * len(in_tiles) * texels // 64)), 1)
        Dispatch(program, groups, block, (lent,), (), (), (kernel,), ALL_WRITES).run(device)
        device.context.memory_barrier(PACKED)

    def _into_texture(
        self,
        piece: Piece,
        kernel: moderngl.Texture,
        triangle: moderngl.VertexArray,
        texels: int,
        folds: int,
        told: Mapping[str, object],
    ) -> None:
        device = self._device
        set_uniforms(triangle.program, told)
        if device.has_compute:
            device.context.memory_barrier(ALL_WRITES | FRAMEBUFFERS)
        target = device.context.framebuffer([kernel])
        x, width = 0, kernel.width
        if folds == 1:
            x, width = piece.in_tiles.start * texels, len(piece.in_tiles) * texels
        target.scissor = x, piece.out_tiles.start * folds, width, len(piece.out_tiles) * folds
        target.use()
        device.calls.draw(triangle)
        device.unbind()
        if device.has_compute:
            device.context.memory_barrier(ALL_WRITES | FRAMEBUFFERS)


def _source(kernel: Kernel, constants: Constants) -> Source:
    constants = (*constants, ("WIDTH", _WIDTH))
    if isinstance(kernel, moderngl.Buffer):
        return Source("compute", ("lib/pack_memory.glsl", "lib/pack_memory_buffer.glsl"), constants)
    return Source("fragment", ("lib/pack_memory.glsl", "learn/pack_texture.glsl"), constants)


def _texels(constants: Constants) -> int:
    """Of one output tile and one input tile: a cell has one for each of its four input lanes."""
    cells = next(value for name, value in constants if name == "CELLS")
    assert isinstance(cells, int)
    return cells * 4
