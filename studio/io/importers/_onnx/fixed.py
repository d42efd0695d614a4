"""TensorFlow's CropAndResize in ONNX: a box that constants say, by a matrix from the pixels that are there."""

from __future__ import annotations

import numpy as np

from studio.errors import StudioError
from studio.io.importers._meanings.flow import Flow
from studio.io.importers._onnx.table import OnnxNode
from studio.io.importers._values.views import Numbers, Value, constant
from studio.model.declared.size import Size


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
