"""The arithmetic of everything that is a 2D texture, in one place.

Activation atlas: four channels to an RGBA texel, one tile of the map's size for every four, in a near-square grid.
Channel ``c`` at ``(y, x)`` is lane ``c % 4`` of tile ``c // 4``; lanes past the last channel are zero::

            columns = 3
        +------+------+------+
        | 0..3 | 4..7 | 8..11|   each tile is height × width texels,
        +------+------+------+   row 0 of the picture is row 0 of the tile
        |12..15|16..18|  -   |
        +------+------+------+

Filter sheet: one single-channel texture, a grid of kernels, a row for each of the weight's first axis and a column
for each of its second (``O × I`` for Conv2d, ``I × O`` for ConvTranspose2d)::

                 I * kw
        +-----+-----+-----+
        | 0,0 | 0,1 | 0,2 |      sheet = weight.transpose(0, 2, 1, 3)
        +-----+-----+-----+              .reshape(O * kh, I * kw)
        | 1,0 | 1,1 | 1,2 |  O * kh
        +-----+-----+-----+

A vector (a bias, a norm's scale) is a sheet of one row.

The gradient of a tensor is a map (`tensor_map`), so that whatever can be done with maps can be done with it: an axis of
channels for the tensor's first, and a column of kernels for its second. Four output channels lie in one texel, as
packed kernels have them, and no memory is wasted.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from studio.errors import StudioError
from studio.model.declared.size import Size
from studio.model.networks.shape import Array, Shape

_FEW = 1 << 10
"""Weights that are sooner moved one by one than by rows of kernels, which take 8 µs to be seen as such."""


class Rect(NamedTuple):
    """A rectangle: top row, left column, height, width. Of a filter sheet in weights, of the screen in pixels."""

    y: int
    x: int
    height: int
    width: int

    @property
    def size(self) -> Size:
        """Without its place."""
        return Size(self.height, self.width)


def around(rects: Iterable[Rect]) -> Rect | None:
    """The smallest rectangle that holds them all; None for none."""
    edges = [(rect.y, rect.x, rect.y + rect.height, rect.x + rect.width) for rect in rects]
    if not edges:
        return None
    tops, lefts, bottoms, rights = zip(*edges, strict=True)
    top, left = min(tops), min(lefts)
    return Rect(top, left, max(bottoms) - top, max(rights) - left)


class Atlas(NamedTuple):
    """Where the channels of one feature map lie in its texture."""

    shape: Shape
    columns: int
    rows: int

    @property
    def tiles(self) -> int:
        """Tiles in use: one for every four channels."""
        return tile_count(self.shape.channels)

    @property
    def size(self) -> Size:
        """Of its texture, in texels."""
        return Size(self.rows * self.shape.height, self.columns * self.shape.width)


def tile_count(channels: int) -> int:
    """Tiles that so many channels take."""
    return -(-channels // 4)


def atlas_for(shape: Shape, max_size: int) -> Atlas:
    """The near-square atlas of a feature map, no side over ``max_size`` texels.

    Raises:
        StudioError: where no grid fits.
    """
    tiles = tile_count(shape.channels)
    widest = max_size // shape.width
    wanted = math.ceil(math.sqrt(tiles * shape.height / shape.width))
    for columns in (min(wanted, widest, tiles), min(widest, tiles)):
        if columns and -(-tiles // columns) * shape.height <= max_size:
            return Atlas(shape, columns, -(-tiles // columns))
    raise StudioError(
        f"a feature map of {shape} (channels × height × width) passes this GPU's largest texture, "
        f"{max_size}×{max_size}; work at a smaller size, or use the engine torch."
    )


def pack_atlas(activation: Array, atlas: Atlas) -> Array:
    """(C, H, W) to the texels of its atlas, (rows * H, columns * W, 4)."""
    channels, height, width = atlas.shape
    if atlas.rows * atlas.columns == 1:
        texels = np.zeros((height, width, 4), np.float32)
        for lane, plane in enumerate(activation):
            texels[:, :, lane] = plane
        return texels
    lanes = np.zeros((atlas.rows * atlas.columns * 4, height, width), np.float32)
    lanes[:channels] = activation
    grid = lanes.reshape(atlas.rows, atlas.columns, 4, height, width).transpose(0, 3, 1, 4, 2)
    return np.ascontiguousarray(grid).reshape(atlas.rows * height, atlas.columns * width, 4)


def unpack_atlas(texels: Array, atlas: Atlas) -> Array:
    """The texels of an atlas back to (C, H, W)."""
    channels, height, width = atlas.shape
    grid = texels.reshape(atlas.rows, height, atlas.columns, width, 4).transpose(0, 2, 4, 1, 3)
    return np.ascontiguousarray(grid.reshape(-1, height, width)[:channels])


def kernel_grid(shape: tuple[int, ...]) -> tuple[int, int, int, int]:
    """A tensor's shape as (rows, columns, kh, kw) of its sheet: vectors are one row, matrices 1×1 kernels."""
    if len(shape) == 4:
        return shape[0], shape[1], shape[2], shape[3]
    if len(shape) == 2:
        return shape[0], shape[1], 1, 1
    if len(shape) == 1:
        return 1, shape[0], 1, 1
    raise ValueError(f"a tensor of {len(shape)} axes has no sheet")


def tensor_map(shape: tuple[int, ...]) -> Shape:
    """A tensor as a map: (O, I, kh, kw) as O × (I * kh) × kw, a matrix as O × I × 1, a vector as C × 1 × 1.

    No value moves: it is a reshaping of memory.
    """
    if len(shape) == 1:
        return Shape(shape[0], 1, 1)
    rows, columns, kh, kw = kernel_grid(shape)
    return Shape(rows, columns * kh, kw)


def sheet_size(shape: tuple[int, ...]) -> Size:
    """That of a tensor's sheet, in weights."""
    rows, columns, kh, kw = kernel_grid(shape)
    return Size(rows * kh, columns * kw)


def to_sheet(tensor: Array) -> Array:
    """A tensor as its sheet, (rows * kh, columns * kw); a copy."""
    rows, columns, kh, kw = kernel_grid(tensor.shape)
    sheet = np.empty((rows * kh, columns * kw), tensor.dtype)
    lines = _kernel_rows(tensor.reshape(rows, columns, kh, kw))
    _kernel_rows(sheet.reshape(rows, kh, columns, kw))[...] = lines.transpose(0, 2, 1)
    return sheet


def from_sheet(sheet: Array, shape: tuple[int, ...]) -> Array:
    """A sheet back to a tensor of this shape, C-contiguous; a copy."""
    rows, columns, kh, kw = kernel_grid(shape)
    return np.array(sheet.reshape(rows, kh, columns, kw).transpose(0, 2, 1, 3), order="C").reshape(shape)


def check_rect(rect: Rect, patch: NDArray[np.generic], shape: tuple[int, ...]) -> None:
    """Raise StudioError unless the rectangle lies in the sheet of such a tensor and the patch has its size."""
    height, width = sheet_size(shape)
    if patch.shape != (rect.height, rect.width):
        raise StudioError(f"a patch of {patch.shape} does not fill a rectangle of {rect.height}×{rect.width} weights.")
    bottom, right = rect.y + rect.height, rect.x + rect.width
    if not (0 <= rect.y < bottom <= height and 0 <= rect.x < right <= width):
        raise StudioError(f"{rect} lies outside the filter sheet of {height}×{width} weights.")


def kernels_touched(rect: Rect, shape: tuple[int, ...]) -> tuple[slice, slice]:
    """The kernels a rectangle touches: slices along the sheet's grid of rows and columns."""
    _, _, kh, kw = kernel_grid(shape)
    return (
        slice(rect.y // kh, -(-(rect.y + rect.height) // kh)),
        slice(rect.x // kw, -(-(rect.x + rect.width) // kw)),
    )


def put(tensor: Array, rect: Rect, patch: Array) -> None:
    """Write a patch into the rectangle of a C-contiguous tensor's sheet, in place."""
    check_rect(rect, patch, tensor.shape)
    if not tensor.flags.c_contiguous:
        raise ValueError("only a C-contiguous tensor can be written in place")
    rows, columns = kernels_touched(rect, tensor.shape)
    block = tensor.reshape(kernel_grid(tensor.shape))[rows, columns]
    sheet = patch
    if patch.shape != sheet_size(block.shape):  # it ends within kernels
        sheet = to_sheet(block)
        sheet[_inner(rect, rows, columns, tensor.shape)] = patch
    shape = block.shape
    lines = sheet.astype(tensor.dtype, copy=False).reshape(shape[0], shape[2], shape[1], shape[3])
    if sheet.size <= _FEW:
        block[...] = lines.transpose(0, 2, 1, 3)
    else:
        _kernel_rows(block)[...] = _kernel_rows(lines).transpose(0, 2, 1)


def crop(tensor: Array, rect: Rect) -> Array:
    """The rectangle of a tensor's sheet, (rect.height, rect.width); a copy. `put` is its inverse."""
    rows, columns = kernels_touched(rect, tensor.shape)
    block = to_sheet(tensor.reshape(kernel_grid(tensor.shape))[rows, columns])
    return np.ascontiguousarray(block[_inner(rect, rows, columns, tensor.shape)])


def _kernel_rows(of: Array) -> NDArray[np.void]:
    """The last axis as one item: a row of a kernel moved whole takes a quarter of the time of its weights.

    A view, unless the last axis is strided.
    """
    width, item = of.shape[-1], of.dtype.itemsize
    if width > 1 and of.strides[-1] != item:
        of = np.ascontiguousarray(of)
    return of.view(np.dtype((np.void, width * item)))[..., 0]


def _inner(rect: Rect, rows: slice, columns: slice, shape: tuple[int, ...]) -> tuple[slice, slice]:
    """Where the rectangle lies in the sheet of these rows and columns alone."""
    _, _, kh, kw = kernel_grid(shape)
    y, x = rect.y - rows.start * kh, rect.x - columns.start * kw
    return slice(y, y + rect.height), slice(x, x + rect.width)


def channel_grid(activation: Array) -> Array:
    """(C, H, W) as one picture, a tile per channel in a near-square grid; the places past the last are NaN."""
    channels, height, width = activation.shape
    columns = math.ceil(math.sqrt(channels * height / width))
    rows = -(-channels // columns)
    tiles = np.full((rows * columns, height, width), np.nan, np.float32)
    tiles[:channels] = activation
    return tiles.reshape(rows, columns, height, width).transpose(0, 2, 1, 3).reshape(rows * height, columns * width)
