"""What ONNX's operators mean that sample at places which constants say: a matrix from the pixels that are there."""

from __future__ import annotations

import math

import numpy as np

from studio.errors import StudioError
from studio.io.importers._flow import Flow
from studio.io.importers._onnx_table import OnnxNode, known, means
from studio.io.importers._views import Numbers, Value, constant, reshaped
from studio.model.size import Size

_MOST = 2**24
_MODES = {"linear": "bilinear", "cubic": "bicubic"}


@means("GridSample")
def _grid_sample(f: Flow, n: OnnxNode) -> Value:
    if n.at(1).constant is None:
        raise StudioError("it samples at places that depend on the picture, which is not supported.")
    if len(n.x.shape) != 4:
        raise StudioError("it samples volumes; only maps are supported.")
    _, channels, height, width = n.x.shape
    grid = known(n.at(1)).astype(np.float32)
    count = height * width * math.prod(grid.shape[1:3])
    if count > _MOST:
        raise StudioError(f"its {height}×{width} pixels are too many to be sampled at fixed places.")
    import torch
    from torch.nn import functional as F

    mode = n.attributes.get("mode", b"linear").decode()
    with torch.no_grad():
        pixels = torch.eye(height * width).reshape(-1, 1, height, width)
        shares = F.grid_sample(
            pixels,
            torch.from_numpy(grid).expand(len(pixels), -1, -1, -1),
            _MODES.get(mode, mode),
            n.attributes.get("padding_mode", b"zeros").decode(),
            bool(n.attributes.get("align_corners", 0)),
        )
    matrix = constant(shares.reshape(height * width, -1).numpy())
    made = f.matmul(reshaped(n.x, (1, channels, height * width)), matrix)
    return reshaped(made, (1, channels, *grid.shape[1:3]))


def crop_and_resize(f: Flow, n: OnnxNode, value: Value, size: Size) -> Value:
    """TensorFlow's CropAndResize: a fixed box of a map, resized; what lies outside the map is one number.

    Raises:
        StudioError: where the box is no constant, or the mode has none.
    """
    box, mode = n.numbers(1, "roi"), n.attributes.get("mode", b"nearest").decode()
    if not box or mode not in ("nearest", "linear"):
        raise StudioError(f'it crops and resizes by "{mode}", which is not supported.')
    axes = [axis % 4 for axis in n.attributes.get("axes") or range(4)]
    ends = {axis: (float(box[k]), float(box[k + len(axes)])) for k, axis in enumerate(axes)}
    lines = [
        _line(side, made, ends.get(axis, (0.0, 1.0)), mode)
        for axis, side, made in zip((2, 3), value.shape[2:], size, strict=True)
    ]
    (down, above), (across, beside) = lines
    made = f.matmul(f.matmul(constant(down), value), constant(np.ascontiguousarray(across.T)))
    outside = np.logical_or.outer(above, beside)
    fill = np.float32(n.attributes.get("extrapolation_value", 0.0))
    return f.binary("Add", made, constant((outside * fill)[None, None])) if fill and outside.any() else made


def _line(side: int, made: int, ends: tuple[float, float], mode: str) -> tuple[Numbers, Numbers]:
    """(made, side) shares of one axis, and which rows lie outside."""
    start, end = ends
    step = (end - start) * (side - 1) / (made - 1) if made > 1 else 0.0
    places = start * (side - 1) + np.arange(made) * step if made > 1 else np.array([(start + end) * (side - 1) / 2])
    outside = (places < 0) | (places > side - 1)
    whole = np.floor(places).astype(np.int64)
    part = places - whole
    if mode == "nearest":
        part = (part > 0.5).astype(np.float64)
    matrix = np.zeros((made, side), np.float32)
    rows = np.flatnonzero(~outside)
    np.add.at(matrix, (rows, whole[rows]), 1 - part[rows])
    np.add.at(matrix, (rows, np.minimum(whole[rows] + 1, side - 1)), part[rows])
    return matrix, outside
