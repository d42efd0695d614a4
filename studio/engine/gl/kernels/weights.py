"""A layer's tensors on the GPU: packed kernels and per-channel vectors for the shaders."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

import moderngl
import numpy as np
from numpy.typing import NDArray

from studio.engine.gl.driver.device import Device
from studio.engine.gl.driver.text import Constants
from studio.engine.gl.kernels.packer import Packer, Piece
from studio.engine.gl.kernels.packing import kernel_constants, pack_kernel, pack_vectors
from studio.engine.gl.kernels.table import Packed, cells_of
from studio.engine.gl.memory.tensors import DeviceTensors
from studio.errors import StudioError
from studio.model.declared.size import Size
from studio.model.declared.taps import Cells, Taps, cell_order
from studio.model.networks.layout import Rect, kernel_grid, kernels_touched, sheet_size, tile_count
from studio.model.networks.node import Node
from studio.model.networks.shape import Array
from studio.ops._backward.norm import RunningScale
from studio.ops.given import GivenMap
from studio.ops.norm import BatchNorm2d


class LayerWeights:
    """The texture of vectors and the kernels that one layer's shader reads, kept in step with its tensors.

    Both layouts of packed kernels are drawn in ``shaders/lib/kernel.glsl``: a buffer for compute shaders, a texture
    for fragment shaders. Zeros fill the lanes past the last channel, and the input tiles that a group does not see.

    Args:
        device: where they are kept.
        node: the layer.
        tensors: its tensors, which are looked at again whenever they have `changed`.
        max_texture: the longest side a texture of kernels may have; None waits for a buffer, see `settle`.
        packer: says which kernels the device packs, and has them packed; None for a layer that has none.

    Attributes:
        kernel: packed kernels; None where there are none.
        vectors: what is read once per channel; None where nothing is.
        size: of the kernels, in texels; 0 where there are none.
        base: where they begin in their buffer, in texels.
    """

    def __init__(
        self,
        device: Device,
        node: Node,
        tensors: Mapping[str, Array],
        max_texture: int | None,
        packer: Packer | None = None,
    ) -> None:
        self._device = device
        self._packer = packer
        self._node = node
        self._tensors = tensors
        self.kernel: moderngl.Texture | moderngl.Buffer | None = None
        self.vectors: moderngl.Texture | None = None
        self.folds = 1
        self.base = self.size = 0
        vectors = node.op.vectors(tensors)
        if vectors is not None:
            rows = Size(vectors.shape[0], tile_count(vectors.shape[1]))
            if max(rows) > device.max_texture:
                raise StudioError(
                    f'Layer "{node.name}": what it holds for each channel, {rows} texels, passes this GPU\'s largest '
                    f"texture, {device.max_texture}×{device.max_texture}; use the engine torch."
                )
            self.vectors = device.texture(rows)
            self._write_vectors()
        taps = node.op.taps()
        if taps is not None:
            self._taps, self._cells = taps, Cells(taps)
            self._make_kernel(device, max_texture)

    def _canonical(self) -> NDArray[np.generic]:
        kernel = self._node.op.kernel(self._tensors["weight"])
        assert kernel is not None
        return kernel

    def _make_kernel(self, device: Device, max_texture: int | None) -> None:
        out_channels, self._in_per_group = self._canonical().shape[:2]
        self._out_per_group = out_channels // getattr(self._node.op, "groups", 1)
        self._out_tiles = tile_count(out_channels)
        self._spans = [self._span(tile) for tile in range(self._out_tiles)]
        self._in_tiles = max(end - start for start, end in self._spans)
        self._per_row = self._in_tiles
        texels = self._in_tiles * self._cells.count * 4
        self.size = texels * self._out_tiles
        if max_texture is None:
            return
        self._per_row = min(self._in_tiles, max(1, max_texture // (self._cells.count * 4)))
        self.folds = -(-self._in_tiles // self._per_row)
        size = Size(self._out_tiles * self.folds, self._per_row * self._cells.count * 4)
        if max(size) > max_texture:
            raise StudioError(
                f'Layer "{self._node.name}": its packed weights of {size} texels pass this GPU\'s '
                f"largest texture, {max_texture}×{max_texture}; use the engine torch."
            )
        self.kernel = device.texture(size)
        self._write_kernel(range(self._out_tiles), range(self._in_tiles))

    def settle(self, kernels: moderngl.Buffer, base: int) -> None:
        """Have the kernel in a buffer that layers share, from this texel on."""
        self.kernel, self.base = kernels, base
        self._write_kernel(range(self._out_tiles), range(self._in_tiles))

    @property
    def constants(self) -> tuple[tuple[str, int | tuple[int, ...]], ...]:
        """What ``shaders/lib/taps.glsl`` and ``kernel.glsl`` have ``#define``-d."""
        found: list[tuple[str, int | tuple[int, ...]]] = [("CELLS", self._cells.count)]
        for axis, taps in zip("HW", self._taps, strict=True):
            found += [(f"STEP_{axis}", taps.step), (f"SPACING_{axis}", taps.spacing)]
            found += [(f"PHASES_{axis}", len(taps.phases)), (f"CELLS_{axis}", sum(taps.counts))]
            found += [(f"FIRSTS_{axis}", tuple(phase.first for phase in taps.phases))]
            found += [(f"COUNTS_{axis}", taps.counts), (f"STARTS_{axis}", taps.starts)]
        return tuple(found)

    @property
    def taps(self) -> tuple[Taps, Taps]:
        """Where the kernel reads, down and across."""
        return self._taps

    @property
    def layout(self) -> tuple[int, int, int, int]:
        """The shader's ``u_kernel_layout``."""
        second = self.base if isinstance(self.kernel, moderngl.Buffer) else self._per_row
        return self._in_tiles, second, self._in_per_group, self._out_per_group

    @cached_property
    def grouped(self) -> bool:
        """Whether output channels of different groups read different inputs."""
        return bool(self._out_per_group < self._canonical().shape[0])

    def _span(self, out_tile: int) -> tuple[int, int]:
        """Input tiles that an output tile's channels see: first, and one past the last."""
        last_channel = min(out_tile * 4 + 3, self._canonical().shape[0] - 1)
        first_group, last_group = out_tile * 4 // self._out_per_group, last_channel // self._out_per_group
        return first_group * self._in_per_group // 4, tile_count((last_group + 1) * self._in_per_group)

    def retouched(self, node: Node) -> None:
        """Bring over what an operator without tensors says of every channel, when that has changed."""
        self._node = node
        self._write_vectors()

    def beside(self, tensor: str) -> tuple[str, ...]:
        """The full names of the tensors that are packed anew together with this one."""
        if self.vectors is None or (self.kernel is not None and tensor == "weight"):
            return ()
        return tuple(name for key, name in self._node.tensor_names.items() if key != tensor)

    def changed(self, tensor: str, rect: Rect) -> None:
        """Bring over a rectangle of a tensor's sheet: only the tiles it touches are packed and uploaded again."""
        if self.kernel is None or tensor != "weight":
            self._write_vectors()
            return
        shape = self._tensors["weight"].shape
        rows, columns = kernels_touched(rect, shape)
        if not self.grouped:
            outputs, inputs = (columns, rows) if self._swaps else (rows, columns)
            self._write_kernel(_tiles(outputs), _tiles(inputs))
            return
        touched = np.zeros(kernel_grid(shape)[:2], bool)
        touched[rows, columns] = True
        kernel = self._node.op.kernel(touched[:, :, None, None])
        assert kernel is not None
        out_tiles = np.flatnonzero(kernel.any(axis=(1, 2, 3))) // 4
        # Which input tiles these are differs from output tile to output tile.
        self._write_kernel(range(int(out_tiles[0]), int(out_tiles[-1]) + 1), range(self._in_tiles))

    @cached_property
    def _swaps(self) -> bool:
        """Whether rows of the sheet are inputs, without groups."""
        two_rows = self._node.op.kernel(np.zeros((2, 1, 1, 1), np.float32))
        assert two_rows is not None
        return bool(two_rows.shape[0] == 1)

    def repack(self, tensors: DeviceTensors, key: str) -> None:
        """Pack anew from a tensor that has changed on the device, through memory where shaders cannot."""
        if not self.repacked(tensors, key):
            name = self._node.tensor_names[key]
            height, width = sheet_size(tensors.store.tensor(name).shape)
            self.changed(key, Rect(0, 0, height, width))

    def repacked(self, tensors: DeviceTensors, key: str) -> bool:
        """Pack anew from a tensor that has changed on the device; False where that is made in memory."""
        names = self._node.tensor_names
        if self.kernel is not None and key == "weight":
            if self._on_device is None:
                return False
            held = tensors.of(names[key])
            pack_kernel(self._device, held, self.kernel, self._on_device, self.layout, self._out_tiles, self.folds)
            return True
        rows = self._vector_constants
        if rows is None or self.vectors is None:
            return self.vectors is None
        read, constants = rows
        pack_vectors(self._device, tuple(tensors.of(names[name]) for name in read), self.vectors, constants)
        return True

    def packed(self, key: str) -> list[Packed] | None:
        """Where a tensor of this layer goes, for who moves it on the device; None where it is packed otherwise."""
        if self.kernel is not None and key == "weight":
            if not isinstance(self.kernel, moderngl.Buffer) or self.grouped or self._tensors["weight"].ndim < 2:
                return None
            down, across = self._taps
            rows, columns = ([cell for phase in axis.phases for cell in phase.cells] for axis in (down, across))
            cells = cells_of(cell_order(self._taps), rows, columns)
            if cells is None:
                return None
            return [Packed("swapped" if self._node.op.swaps else "straight", self.base, self._in_tiles, cells)]
        if self._vector_constants is None or self.vectors is None:
            return [] if self.vectors is None else None
        rows_of = self._node.op.vector_rows()
        if rows_of is None:
            return None
        return [Packed("row", row, vectors=self.vectors) for row, name in enumerate(rows_of) if name == key]

    @cached_property
    def _on_device(self) -> Constants | None:
        shape = self._tensors["weight"].shape
        return kernel_constants(self._taps, shape, swaps=self._node.op.swaps, grouped=self.grouped)

    @cached_property
    def _from_memory(self) -> Constants | None:
        found = self._on_device
        return found if found is None or isinstance(self.kernel, moderngl.Buffer) else (*found, ("FOLDS", self.folds))

    @cached_property
    def _vector_constants(self) -> tuple[tuple[str, ...], Constants] | None:
        """The tensors that the rows of vectors are read from, and what the shader is told of them."""
        op, rows = self._node.op, self._node.op.vector_rows()
        if isinstance(op, BatchNorm2d | RunningScale) and rows is None:
            read = tuple(op.tensor_shapes())
            numbers = {"running_mean": "MEAN", "running_var": "VARIANCE", "weight": "WEIGHT", "bias": "BIAS"}
            at = [(said, read.index(name) if name in read else -1) for name, said in numbers.items()]
            return read, (("RUNNING", 1), ("MAP", 0), ("EPS", float(op.eps)), *at)
        if isinstance(op, GivenMap):
            return ("map",), (("RUNNING", 0), ("MAP", 1), ("WIDTH", op.width), ("TEXELS", op.texels_a_row))
        if rows is None:
            return None
        read = tuple(dict.fromkeys(filter(None, rows)))
        at = [(f"ROW{k}", read.index(name) if name else -1) for k, name in enumerate((*rows, "")[:2])]
        return (read, (("RUNNING", 0), ("MAP", 0), *at)) if read else None

    def _write_vectors(self) -> None:
        if self.vectors is None:
            return
        rows = self._node.op.vectors(self._tensors)
        assert rows is not None
        texels = np.zeros((rows.shape[0], tile_count(rows.shape[1]) * 4), np.float32)
        texels[:, : rows.shape[1]] = rows
        self._device.calls.write(self.vectors, texels.reshape(rows.shape[0], -1, 4))

    def _write_kernel(self, out_tiles: range, in_tiles: range) -> None:
        if self._packed_there(out_tiles, in_tiles):
            return
        packed = self._pack(out_tiles, in_tiles)
        if isinstance(self.kernel, moderngl.Buffer):
            self._write_buffer(self.kernel, packed, out_tiles, in_tiles)
        elif self.kernel is not None:
            self._write_texture(self.kernel, packed, out_tiles, in_tiles)

    def _packed_there(self, out_tiles: range, in_tiles: range) -> bool:
        """Have the device pack these tiles, where that is sooner done and it can; False where it is left to numpy."""
        if self.grouped or self.folds > 1:
            in_tiles = range(self._in_tiles)
        count = len(out_tiles) * len(in_tiles) * self._cells.count * 16
        packer, kernel, constants = self._packer, self.kernel, self._from_memory
        if packer is None or kernel is None or constants is None or not packer.takes(count, kernel, constants):
            return False
        grid = self._tensors["weight"].reshape(kernel_grid(self._tensors["weight"].shape))
        parts = [slice(tiles.start * 4, tiles.stop * 4) for tiles in (out_tiles, in_tiles)]
        rows, columns = (
            (slice(0, side) for side in grid.shape[:2]) if self.grouped else parts[:: -1 if self._swaps else 1]
        )
        piece = Piece(out_tiles, in_tiles, (rows.start, columns.start), grid[rows, columns])
        return packer.pack(piece, kernel, constants, self.layout, self.folds)

    def _write_buffer(self, kernel: moderngl.Buffer, packed: Array, out_tiles: range, in_tiles: range) -> None:
        tile = self._cells.count * 64
        start = self.base * 16
        if len(in_tiles) == self._in_tiles:
            self._device.write_buffer(kernel, packed, start + out_tiles.start * self._in_tiles * tile)
            return
        for row, out_tile in zip(packed, out_tiles, strict=True):
            self._device.write_buffer(kernel, row, start + (out_tile * self._in_tiles + in_tiles.start) * tile)

    def _write_texture(self, kernel: moderngl.Texture, packed: Array, out_tiles: range, in_tiles: range) -> None:
        wide = self._cells.count * 4
        for fold in range(in_tiles.start // self._per_row, (in_tiles.stop - 1) // self._per_row + 1):
            first = max(in_tiles.start, fold * self._per_row)
            last = min(in_tiles.stop, (fold + 1) * self._per_row)
            part = packed[:, first - in_tiles.start : last - in_tiles.start]
            x, width = (first - fold * self._per_row) * wide, (last - first) * wide
            if self.folds == 1:
                self._device.calls.write(kernel, part.reshape(len(out_tiles), width, 4), (x, out_tiles.start))
                continue
            for row, tile in zip(part, out_tiles, strict=True):
                self._device.calls.write(kernel, row.reshape(1, width, 4), (x, tile * self.folds + fold))

    def _pack(self, out_tiles: range, in_tiles: range) -> Array:
        """(out tiles, in tiles, cells, 4 input lanes, 4 output lanes) of the canonical kernel."""
        outputs = slice(out_tiles.start * 4, out_tiles.stop * 4)
        inputs = slice(in_tiles.start * 4, in_tiles.stop * 4)
        if not self.grouped:
            return _pack_block(self._cells.sums(self._canonical()[outputs, inputs]), out_tiles, in_tiles)
        kernel = self._cells.sums(self._canonical()[outputs])
        packed = np.zeros((len(out_tiles), len(in_tiles), self._cells.count, 4, 4), np.float32)
        for row, filters in enumerate(kernel):
            channel = out_tiles.start * 4 + row
            start = channel // self._out_per_group * self._in_per_group
            seen = np.arange(start, start + self._in_per_group) - self._spans[channel // 4][0] * 4
            packed[row // 4, seen // 4, :, seen % 4, row % 4] = filters
        return packed


def _tiles(channels: slice) -> range:
    """The tiles in which these channels lie."""
    return range(channels.start // 4, tile_count(channels.stop))


def _pack_block(block: NDArray[np.generic], out_tiles: range, in_tiles: range) -> Array:
    """Pack a block of an ungrouped (O, I, cells) kernel by one transposition."""
    padded = np.zeros((len(out_tiles) * 4, len(in_tiles) * 4, block.shape[2]), np.float32)
    padded[: block.shape[0], : block.shape[1]] = block
    return padded.reshape(len(out_tiles), 4, len(in_tiles), 4, -1).transpose(0, 2, 4, 3, 1)
