"""One compute pass with everything that it binds, made ready once so that a frame costs few calls."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

import moderngl
import numpy as np

from studio.engine.gl.driver.device import Device
from studio.engine.gl.driver.shaders import Source
from studio.engine.gl.driver.tape import Made, Row, Tape
from studio.engine.gl.frame.writes import Writes
from studio.engine.gl.memory.kept import Past
from studio.engine.gl.memory.told import Region

ALL_WRITES = (
    moderngl.TEXTURE_FETCH_BARRIER_BIT | moderngl.SHADER_STORAGE_BARRIER_BIT | moderngl.SHADER_IMAGE_ACCESS_BARRIER_BIT
)
"""A barrier that waits for every map and buffer written before it."""

_UNIFORM, _STORAGE = 0x8A11, 0x90D2
_TEXTURE0, _TEXTURE_2D = 0x84C0, 0x0DE1
_READ_ONLY, _WRITE_ONLY = 0x88B8, 0x88B9
_IMAGES = {("f4", 4): 0x8814, ("f2", 4): 0x881A, ("f4", 1): 0x822E}
"""OpenGL's names of formats, by what moderngl calls them."""

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
        blocks: further uniform blocks, by binding.
        writes: which of its maps it writes, each row of several; none for all of them.
        source: the shader, of what may run as a row of a dispatch of many; see `studio.engine.gl.frame.rows`.
        told: the bytes of its block, then.
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
    blocks: tuple[tuple[int, moderngl.Buffer], ...] = ()
    writes: tuple[Writes, ...] = ()
    source: Source | None = None
    told: bytes = b""

    def run(self, device: Device) -> None:
        """Bind everything and run."""
        for made in self.calls(device):
            made.call()

    def calls(self, device: Device) -> list[Made]:
        """What binds everything and runs, call by call, so that a frame has nothing to work out but to make them.

        They go past moderngl's own wrappers, which cost as much again as the calls themselves.
        """
        found: list[Made] = []
        if self.barrier:
            found.append(_barrier(self.barrier, device))
        found.append(_block(0, self.block))
        for binding, region in enumerate(self.numbers, start=1):
            if region is not None:
                told = _UNIFORM, binding, region.told.cell.ctypes.data, region.offset, region.size
                found.append(Made(partial(region.bind, binding), (Row("glBindBufferRange", told, cell=True),)))
        found += [_block(binding, block) for binding, block in self.blocks]
        if not self.by_handle:
            found += self._units()
        for binding, buffer in enumerate(self.buffers):
            if buffer is not None:
                call = partial(buffer.mglo.bind_to_storage_buffer, binding, 0, buffer.size)
                found.append(Made(call, (_range(_STORAGE, binding, buffer),)))
        # Software may run them at once, so that other Python threads had to wait.
        run = partial(device.calls.dispatch, self.program) if device.is_software else self.program.mglo.run
        rows = Row("glUseProgram", (self.program.glo,)), Row("glDispatchCompute", self.groups)
        found.append(Made(partial(run, *self.groups), rows))
        return found

    def _units(self) -> list[Made]:
        found: list[Made] = []
        for unit, texture in enumerate(self.textures):
            if isinstance(texture, moderngl.Texture):
                rows = Row("glActiveTexture", (_TEXTURE0 + unit,)), Row("glBindTexture", (_TEXTURE_2D, texture.glo))
                found.append(Made(partial(texture.use, unit), rows))
            elif texture is not None:
                found.append(Made(partial(texture.use, unit)))
        found += [_image(unit, output, reads=False) for unit, output in enumerate(self.outputs)]
        return found + [_image(unit, image, reads=True) for unit, image in enumerate(self.images, len(self.outputs))]


def _barrier(bits: int, device: Device) -> Made:
    return Made(partial(device.context.mglo.memory_barrier, bits, False), (Row("glMemoryBarrier", (bits,)),))


def _range(kind: int, binding: int, buffer: moderngl.Buffer) -> Row:
    return Row("glBindBufferRange", (kind, binding, buffer.glo, 0, buffer.size))


def _block(binding: int, block: moderngl.Buffer) -> Made:
    call = partial(block.mglo.bind_to_uniform_block, binding, 0, block.size)
    return Made(call, (_range(_UNIFORM, binding, block),))


def _image(unit: int, image: moderngl.Texture, *, reads: bool) -> Made:
    call = partial(image.bind_to_image, unit, read=reads, write=not reads)
    kind = _IMAGES.get((image.dtype, image.components))
    if kind is None:
        return Made(call)
    access = _READ_ONLY if reads else _WRITE_ONLY
    return Made(call, (Row("glBindImageTexture", (unit, image.glo, 0, 0, 0, access, kind)),))


class Recorded:
    """Passes as a list of calls, made once.

    Args:
        dispatches: the passes; whoever holds the list holds what they bind.
        device: what they run on.
        barrier: what is waited for behind them, of what they wrote.

    Attributes:
        dispatches: the passes.
        made: the calls.
    """

    def __init__(self, dispatches: Sequence[Dispatch], device: Device, barrier: int = 0) -> None:
        self.dispatches = tuple(dispatches)
        made = [made for dispatch in dispatches for made in dispatch.calls(device)]
        self.made = (*made, *([_barrier(barrier, device)] if barrier else []))

    def __call__(self) -> None:
        """Run them."""
        for made in self.made:
            made.call()


class Taped(Recorded):
    """Passes that Python need not call one by one: by native code, where that is at hand for larger frames."""

    def __init__(self, dispatches: Sequence[Dispatch], device: Device, barrier: int = 0) -> None:
        super().__init__(dispatches, device, barrier)
        self._device = device
        self._tape: Tape | None = None

    def __call__(self) -> None:
        """Run them."""
        if self._tape is None and self._device.can_play_few():
            self._tape = Tape(self.made, self._device.calls, brief=True)
        if self._tape is None:
            super().__call__()
        else:
            self._tape()


def line_of(groups: int) -> tuple[int, int]:
    """So many workgroups or a few more as rows along x and y."""
    rows = -(-groups // _LONGEST)
    return -(-groups // rows), rows


def block_of(
    context: moderngl.Context, vectors: Sequence[tuple[int, int, int, int]], handles: Sequence[int] = ()
) -> moderngl.Buffer:
    """A uniform block of ivec4s, and of handles of textures behind them."""
    return context.buffer(bytes_of(vectors, handles))


def bytes_of(vectors: Sequence[tuple[int, int, int, int]], handles: Sequence[int] = ()) -> bytes:
    """What a uniform block of these holds."""
    data = np.array(vectors, np.int32).tobytes() + np.array(handles, np.uint64).tobytes()
    return data + bytes(-len(data) % 16)


def in_a_row(dispatches: Sequence[Dispatch], rounds: Sequence[int] = ()) -> list[Dispatch]:
    """The same passes, right behind one another.

    Each waits for those before it only where it touches what they wrote, and binds only those storage buffers that are
    not bound already. The first waits for whatever came before, and finds nothing bound.

    Args:
        dispatches: the passes.
        rounds: the round of each: those of one do not wait for one another, though they have places in one buffer. As
            a rule each is a round.
    """
    found: list[Dispatch] = []
    written: dict[int, int] = {}
    bound: dict[int, moderngl.Buffer] = {}
    for number, (dispatch, turn) in enumerate(zip(dispatches, rounds or range(len(dispatches)), strict=True)):
        parts = {id(buffer) for buffer in dispatch.buffers[1:] if buffer is not None}
        reads = {id(texture) for texture in (*dispatch.textures, *dispatch.images)} | parts
        waits = number == 0 or any(written.get(each, turn) != turn for each in reads)
        written = {} if waits else written
        written |= dict.fromkeys((*(id(texture) for texture in dispatch.outputs), *parts), turn)
        at = list(enumerate(dispatch.buffers))
        buffers = tuple(None if buffer is bound.get(binding) else buffer for binding, buffer in at)
        bound |= {binding: buffer for binding, buffer in at if buffer is not None}
        found.append(replace(dispatch, buffers=buffers, barrier=ALL_WRITES if waits else 0))
    return found
