"""Tensors that one dispatch works on together, as the rows of a table; drawn in ``shaders/learn/table.glsl``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import moderngl
import numpy as np

from studio.engine.gl.driver.device import Device
from studio.engine.gl.driver.shaders import Source
from studio.engine.gl.driver.text import Constants
from studio.engine.gl.frame.dispatch import ALL_WRITES, Dispatch, block_of, line_of
from studio.engine.gl.memory.tensors import DeviceTensor
from studio.engine.gl.memory.told import Region
from studio.model.networks.layout import kernel_grid

_KINDS = {"straight": 1, "swapped": 2, "row": 3}
_ROWS = 11
_MOST_PACKED = 2


@dataclass(frozen=True)
class Packed:
    """Where a tensor is packed while it is moved.

    Attributes:
        kind: a kernel whose outputs are the tensor's rows, or its columns; or a row of a texture of vectors.
        at: where in the buffer of kernels it begins, in texels; or the row.
        in_tiles: input tiles that an output tile reads.
        cells: the cell of each tap.
        vectors: the texture.
    """

    kind: Literal["straight", "swapped", "row"]
    at: int
    in_tiles: int = 0
    cells: tuple[int, ...] = ()
    vectors: moderngl.Texture | None = None


@dataclass(frozen=True)
class Entry:
    """One tensor, and what belongs to it.

    Attributes:
        shape: the tensor's own.
        grad: its gradient.
        weight: the tensor.
        slots: what the optimiser remembers of it, two at most.
        rates: painted beside it.
        pull: strength and target.
        packed: where it goes besides, two places at most.
        more: three numbers of the shader's own.
    """

    shape: tuple[int, ...]
    grad: moderngl.Texture
    weight: DeviceTensor
    slots: tuple[DeviceTensor, ...] = ()
    rates: DeviceTensor | None = None
    pull: tuple[DeviceTensor, DeviceTensor] | None = None
    packed: tuple[Packed, ...] = ()
    more: tuple[int, int, int] = (0, 0, 0)

    @property
    def items(self) -> int:
        """Blocks of 4 × 4 weights at one tap."""
        rows, columns, kh, kw = kernel_grid(self.shape) if len(self.shape) > 1 else (self.shape[0], 1, 1, 1)
        return -(-rows // 4) * -(-columns // 4) * kh * kw


class Table:
    """Entries as a buffer, and the dispatches that work on them.

    Args:
        device: where it is kept.
        entries: one or more.
        per_group: items that a workgroup works on.
    """

    def __init__(self, device: Device, entries: Sequence[Entry], per_group: int = 64) -> None:
        self._device = device
        self._entries = tuple(entries)
        self._per_group = per_group
        self._by_handle = device.has_handles
        counts = [-(-entry.items // per_group) for entry in entries]
        self._firsts = [sum(counts[:n]) for n in range(len(counts))]
        self.groups = sum(counts)
        self._counts = counts
        self.buffer = device.context.buffer(self._rows().tobytes())

    def dispatches(
        self,
        files: tuple[str, ...],
        constants: Constants,
        numbers: tuple[str, ...],
        told: Region,
        buffers: Mapping[int, moderngl.Buffer],
    ) -> list[Dispatch]:
        """The passes of a shader over all entries: one, or one for each where textures have no handles.

        Args:
            files: of the shader.
            constants: what it has ``#define``-d.
            numbers: what ``told`` holds, by name.
            told: where those are.
            buffers: storage buffers besides the table, by binding.
        """
        count = len(self._entries)
        spans = [(0, count)] if self._by_handle else [(n, 1) for n in range(count)]
        source = Source(
            "compute", files, (*constants, ("HANDLES", int(self._by_handle))), numbers=numbers, handles=self._by_handle
        )
        most = max(buffers, default=1)
        held = tuple(self.buffer if n == 1 else buffers.get(n) for n in range(max(most, 1) + 1))
        found: list[Dispatch] = []
        for first, count in spans:
            groups = sum(self._counts[first : first + count])
            block = block_of(self._device.context, [(first, count, self._per_group, 0)])
            entry = self._entries[first]
            textures = () if self._by_handle else self._sampled(entry)
            outputs = () if self._by_handle else self._written(entry)
            found.append(
                Dispatch(
                    self._device.compute(source),
                    (*line_of(groups), 1),
                    block,
                    textures,
                    outputs,
                    buffers=held,
                    barrier=ALL_WRITES if not found else 0,
                    by_handle=self._by_handle,
                    numbers=(told,),
                )
            )
        return found

    def _sampled(self, entry: Entry) -> tuple[moderngl.Texture, ...]:
        # What is missing is bound to something, and not read.
        slots = [slot.texture for slot in entry.slots] + [entry.weight.texture] * 2
        rates = entry.rates.texture if entry.rates else entry.grad
        pull = [held.texture for held in entry.pull] if entry.pull else [entry.grad] * 2
        return (entry.grad, entry.weight.texture, slots[0], slots[1], rates, *pull)

    def _written(self, entry: Entry) -> tuple[moderngl.Texture, ...]:
        slots = [slot.texture for slot in entry.slots]
        vectors = [packed.vectors for packed in entry.packed]
        vectors += [None] * (_MOST_PACKED - len(vectors))
        images = [entry.weight.texture, *slots, *[None] * (2 - len(slots)), *vectors]
        return tuple(image or entry.weight.texture for image in images)

    def _rows(self) -> np.ndarray:
        rows = np.zeros((len(self._entries), _ROWS, 4), np.uint32)
        orders: list[int] = []
        end = rows.size // 4
        for row, entry, first in zip(rows, self._entries, self._firsts, strict=True):
            if self._by_handle:
                sampled, written = self._sampled(entry), self._written(entry)
                calls = self._device.calls
                handles = [calls.handle(texture) for texture in sampled[:4]]
                handles += [calls.image_handle(texture) for texture in written[:3]]
                handles += [calls.handle(texture) for texture in sampled[4:]]
                handles += [calls.image_handle(texture) for texture in written[3:]]
                row[:6] = np.array(handles, np.uint64).view(np.uint32).reshape(6, 4)
            grid = kernel_grid(entry.shape) if len(entry.shape) > 1 else (entry.shape[0], 1, 1, 1)
            row[6] = entry.weight.told
            row[7] = grid[1], grid[2], first, entry.more[2]
            for at, packed in enumerate(entry.packed, start=8):
                row[at] = _KINDS[packed.kind], packed.at, packed.in_tiles, end + len(orders) // 4
                orders += [*packed.cells, *[0] * (-len(packed.cells) % 4)]
            row[10] = entry.rates is not None, entry.pull is not None, *entry.more[:2]
        return np.concatenate([rows.reshape(-1), np.array(orders, np.uint32)])


def cells_of(
    order: Sequence[tuple[int, int]], rows: Sequence[Sequence[int]], columns: Sequence[Sequence[int]]
) -> tuple[int, ...] | None:
    """The cell of each tap, row by row, where every cell is one tap and every tap in one cell; else None.

    Args:
        order: row and column of every cell, as `studio.model.declared.taps.cell_order` gives them.
        rows: the taps of each row of cells.
        columns: the taps of each column of cells.
    """
    taps = [(ky, kx) for y, x in order for ky in rows[y] for kx in columns[x]]
    if len(taps) != len(order):
        return None
    height, width = (max(axis) + 1 for axis in zip(*taps, strict=True))
    if len(set(taps)) != height * width:
        return None
    return tuple(taps.index((ky, kx)) for ky in range(height) for kx in range(width))
