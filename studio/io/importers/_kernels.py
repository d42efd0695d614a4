"""What a network.json says of its tensors' files where they are not the studio's: Keras kernels, make_grid sheets."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from pydantic import AfterValidator, Field

from studio.errors import StudioError
from studio.io.folders import contained, is_file
from studio.io.manifest import Part
from studio.io.npy import read_npy
from studio.model.declared.size import Size
from studio.model.networks.shape import Array

_KERAS = {
    "weight": ("kernel", "depthwise_kernel", "gamma"),
    "bias": ("bias", "beta"),
    "running_mean": ("moving_mean",),
    "running_var": ("moving_variance",),
}

_End = Annotated[float, Field(ge=-1e6, le=1e6)]


def _ascending(ends: tuple[float, float]) -> tuple[float, float]:
    if not ends[0] < ends[1]:
        raise ValueError("must give a smaller number, then a larger one")
    return ends


class KernelGrid(Part):
    """How kernels lie on pictures that torchvision.utils.make_grid made.

    Attributes:
        nrow: kernels beside each other.
        padding: pixels around each.
        range: smallest and largest weight before make_grid(normalize=True) brought them to 0..1; None where it did not.
        normalised: False says that weights which all lie between 0 and 1 are as they were.
    """

    nrow: int = Field(8, ge=1, le=65536)
    padding: int = Field(2, ge=0, le=1024)
    range: Annotated[tuple[_End, _End], AfterValidator(_ascending)] | None = None
    normalised: bool = True


class Kernels(Part):
    """How the files of a network's tensors are named and laid out.

    Attributes:
        layout: of kernels: "OIHW" as PyTorch's, or "HWIO" as Keras's, whose transposed ones are HWOI.
        files: paths within the folder, without ".npy", of tensors whose file is not called after them.
        sheet: where kernels are pictures of make_grid.
    """

    layout: Literal["OIHW", "HWIO"] = "OIHW"
    files: dict[str, str] = Field(default_factory=dict, max_length=4096)
    sheet: KernelGrid | None = None


def read_kernel(folder: Path, of: Kernels, name: str, shape: tuple[int, ...]) -> tuple[str, Array, Array]:
    """A tensor from its file.

    Args:
        folder: that of the network.json.
        of: what it says of the files.
        name: the tensor's full name, ``layer.tensor``.
        shape: that it must come to, in PyTorch's layout.

    Returns:
        The file's path within the folder without its suffix, the tensor, and what the file holds.

    Raises:
        StudioError: naming the file, where it is missing, damaged, or does not come to that shape.
    """
    stem = _file_of(folder, of, name)
    path = contained(folder, f"{stem}.npy")
    held = read_npy(path)
    is_kernel = name.endswith(".weight") and len(shape) == 4
    if of.sheet is not None and is_kernel:
        return stem, _from_sheet(held, shape, of.sheet, path), held
    values = _from_keras(held, shape) if of.layout == "HWIO" else held
    if values.shape != shape:
        raise StudioError(
            f'{path}: the array has shape {held.shape}, which as {of.layout} is no tensor "{name}" of {shape}; '
            "mend the layer's parameters or the layout in network.json."
        )
    return stem, np.ascontiguousarray(values), held


def looks_like_sheet(array: Array) -> bool:
    """Whether it has the form of what make_grid gives, which no tensor of a layer has."""
    return array.ndim == 3 and array.shape[0] == 3 and min(array.shape[1:]) > 3


def _file_of(folder: Path, of: Kernels, name: str) -> str:
    layer, _, key = name.rpartition(".")
    likely = [name, *(f"{layer}{mark}{keras}" for keras in _KERAS.get(key, (key,)) for mark in "_/")]
    stems = [of.files[name]] if name in of.files else likely
    for stem in stems:
        if is_file(contained(folder, f"{stem}.npy")):
            return stem
    raise StudioError(
        f'{folder}: the tensor "{name}" has no file {" or ".join(f"{stem}.npy" for stem in stems)}; '
        'restore it, or name its file under "files" of "kernels" in network.json.'
    )


def _from_keras(held: Array, shape: tuple[int, ...]) -> Array:
    if len(shape) == 2 and held.ndim == 2:
        return held.T
    if len(shape) != 4 or held.ndim != 4:
        return held
    # HWIO to OIHW, and HWOI to IOHW, are one transposition.
    turned = held.transpose(3, 2, 0, 1)
    height, width, channels, times = held.shape
    if turned.shape != shape and shape == (channels * times, 1, height, width):
        return held.transpose(2, 3, 0, 1).reshape(shape)  # Keras's depthwise kernels
    return turned


def _from_sheet(held: Array, shape: tuple[int, ...], sheet: KernelGrid, path: Path) -> Array:
    rows, columns, *sides = shape
    size = Size(sides[0], sides[1])
    for planes in _planes(held, path):
        grey = bool((planes == planes[:1]).all())
        ways = [(rows, 3)] if columns == 3 and len(planes) == 3 else []
        ways += [(rows * columns, 1)] if grey else []
        for count, depth in ways:
            if planes.shape[1:] == _sheet_size(count, size, sheet):
                kernels = _cut(planes[:depth], count, size, sheet)
                return _unscaled(np.ascontiguousarray(kernels.reshape(shape)), sheet, path)
    needed = "×".join(map(str, _sheet_size(rows * columns, size, sheet)))
    raise StudioError(
        f"{path}: a sheet of shape {held.shape} does not hold the kernels of {shape}, which with nrow {sheet.nrow} and "
        f'padding {sheet.padding} are grey on {needed} (height × width); give make_grid\'s own under "sheet" in '
        "network.json."
    )


def _planes(held: Array, path: Path) -> list[Array]:
    """(channels, height, width), of one channel or three; both ways where it may be either."""
    found = [held[None]] if held.ndim == 2 else []
    found += [held] if held.ndim == 3 and held.shape[0] in (1, 3) else []
    found += [held.transpose(2, 0, 1)] if held.ndim == 3 and held.shape[2] in (1, 3) else []
    if not found:
        raise StudioError(
            f"{path}: an array of shape {held.shape} is no picture of make_grid; save its result as it is."
        )
    return found


def _sheet_size(count: int, size: Size, sheet: KernelGrid) -> Size:
    if count == 1:
        return size  # make_grid gives a single picture back as it is
    across = min(sheet.nrow, count)
    down = math.ceil(count / across)
    sides = zip((down, across), size, strict=True)
    return Size(*(each * (side + sheet.padding) + sheet.padding for each, side in sides))


def _cut(planes: Array, count: int, size: Size, sheet: KernelGrid) -> Array:
    """(count, channels, height, width)."""
    if count == 1:
        return planes[None]
    across = min(sheet.nrow, count)
    (height, width), padding = size, sheet.padding
    places = (divmod(k, across) for k in range(count))
    corners = [(row * (height + padding) + padding, column * (width + padding) + padding) for row, column in places]
    return np.stack([planes[:, y : y + height, x : x + width] for y, x in corners])


def _unscaled(kernels: Array, sheet: KernelGrid, path: Path) -> Array:
    if sheet.range is not None:
        low, high = sheet.range
        return np.asarray(kernels * np.float32(high - low) + np.float32(low))
    if sheet.normalised and kernels.min() >= 0 and kernels.max() <= 1:
        raise StudioError(
            f"{path}: all weights lie between 0 and 1, as make_grid(normalize=True) leaves them; give the smallest and "
            'largest that they had as "range" of "sheet" in network.json, or "normalised": false where they had these.'
        )
    return kernels
