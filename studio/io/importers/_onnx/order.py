"""What ONNX's operators mean that sort, or take and write values where others say."""

from __future__ import annotations

from typing import Literal

import numpy as np

from studio.errors import StudioError
from studio.io.importers._aten.picks import Places, places, scattered_one, taken_by
from studio.io.importers._meanings.deformed import deformed
from studio.io.importers._meanings.flow import Flow
from studio.io.importers._meanings.order import gathered, one_where, ordered, scattered
from studio.io.importers._meanings.samples import affine_grid, folded_windows, sampled
from studio.io.importers._meanings.windows import cut_into_windows
from studio.io.importers._onnx.table import OnnxNode, known, means
from studio.io.importers._values.views import Numbers, Value, reshaped
from studio.model.declared.size import Size

_MODES = {"linear": "bilinear", "cubic": "bicubic"}


@means("TopK")
def _top_k(f: Flow, n: OnnxNode) -> list[Value]:
    count = int(known(n.at(1)).ravel()[0]) if len(n.inputs) > 1 else int(n.attributes["k"])
    axis, largest = n.attributes.get("axis", -1), bool(n.attributes.get("largest", 1))
    return list(ordered(f, n.x, axis, descending=largest, count=count))


def _extreme(f: Flow, n: OnnxNode, which: Literal["Amax", "Amin"]) -> Value:
    if n.attributes.get("select_last_index", 0):
        raise StudioError("of values that are equal it takes the last one (select_last_index), which is not supported.")
    return places(f, n.x, n.attributes.get("axis", 0), which, keepdim=bool(n.attributes.get("keepdims", 1)))


means("ArgMax")(lambda f, n: _extreme(f, n, "Amax"))
means("ArgMin")(lambda f, n: _extreme(f, n, "Amin"))


@means("Gather")
def _gather(f: Flow, n: OnnxNode) -> Value:
    axis, found = n.attributes.get("axis", 0), n.at(1)
    if found.constant is None:
        return taken_by(f, n.x, found, axis)
    held = known(found).astype(np.int64)
    if (windows := _windows(f, n.x, held, axis)) is not None:
        return windows
    return f.move(n.x, lambda x: x.take(held, axis))


def _windows(f: Flow, value: Value, held: Numbers, axis: int) -> Value | None:
    """Windows that overlap, as exporters spell out ``unfold``: (taps, windows) in place of an axis; None for others."""
    if value.is_constant or held.ndim != 2 or min(held.shape) < 2 or np.unique(held).size == held.size:
        return None
    apart, step = int(held[1, 0] - held[0, 0]), int(held[0, 1] - held[0, 0])
    even = held[0, 0] + apart * np.arange(held.shape[0])[:, None] + step * np.arange(held.shape[1])
    if held[0, 0] != 0 or min(apart, step) < 1 or not np.array_equal(even, held):
        return None
    made = cut_into_windows(f, value, axis % len(value.shape), held.shape[0], step, apart)
    within = f.move(made, lambda x: x.take(range(held.shape[1]), axis))
    return f.move(within, lambda x: np.moveaxis(x, -1, axis % len(value.shape)))


@means("GatherElements")
def _gather_elements(f: Flow, n: OnnxNode) -> Value:
    found, axis = n.at(1), n.attributes.get("axis", 0)
    if found.constant is None:
        return gathered(f, n.x, found, axis)
    held = known(found).astype(np.int64)
    return f.move(n.x, lambda x: np.take_along_axis(x, np.where(held < 0, held + x.shape[axis], held), axis))


@means("ScatterElements")
def _scatter_elements(f: Flow, n: OnnxNode) -> Value:
    if n.attributes.get("reduction", b"none") != b"none":
        raise StudioError("it adds up what it writes (reduction), which is not supported.")
    found, source, axis = n.at(1), n.at(2), n.attributes.get("axis", 0)
    even = source.constant is not None and not np.ptp(source.constant)
    number: Value | float = float(np.asarray(source.constant).flat[0]) if even else source
    if isinstance(found, Places):
        return scattered_one(f, n.x, found, axis, number)
    return scattered(f, n.x, found, axis, number)


@means("GatherND")
def _gathered_at(f: Flow, n: OnnxNode) -> Value:
    found = n.at(1)
    if n.attributes.get("batch_dims", 0):
        raise StudioError("its batch_dims are not supported.")
    if found.constant is None and found.shape[-1] == 1:
        return taken_by(f, n.x, reshaped(found, found.shape[:-1]), 0)
    if found.constant is None:
        raise StudioError("it gathers by places along several axes that depend on the picture, which is not supported.")
    index = known(found).astype(np.int64)
    return f.move(n.x, lambda x: x[tuple(np.moveaxis(index, -1, 0))])


@means("OneHot")
def _one_hot(f: Flow, n: OnnxNode) -> Value:
    count = int(known(n.at(1)).ravel()[0])
    off, on = (float(number) for number in known(n.at(2)).ravel())
    found, axis = n.x, n.attributes.get("axis", -1)
    whole = isinstance(found, Places) and found.among is not None and found.among.shape[-1] == count
    hot = found.hot(f) if isinstance(found, Places) and whole else one_where(f, found, count)
    made = hot if (off, on) == (0.0, 1.0) else f.each("Affine", hot, scale=on - off, shift=off)
    return f.move(made, lambda x: np.moveaxis(x, -1, axis))


# -- samples ----------------------------------------------------------------------------------------------------------


@means("GridSample")
def _grid_sample(f: Flow, n: OnnxNode) -> Value:
    mode = n.attributes.get("mode", b"linear").decode()
    padding = n.attributes.get("padding_mode", b"zeros").decode()
    corners = bool(n.attributes.get("align_corners", 0))
    return sampled(f, n.x, n.at(1), _MODES.get(mode, mode), padding, align_corners=corners)


@means("AffineGrid")
def _affine_grid(f: Flow, n: OnnxNode) -> Value:
    size = [int(side) for side in n.numbers(1) or []]
    if len(size) != 4:
        raise StudioError("it makes a grid for volumes; only maps are supported.")
    return affine_grid(f, n.x, Size(*size[2:]), align_corners=bool(n.attributes.get("align_corners", 0)))


@means("Col2Im")
def _col2im(f: Flow, n: OnnxNode) -> Value:
    size, kernel = ([int(side) for side in n.numbers(k) or []] for k in (1, 2))
    if len(size) != 2:
        raise StudioError("it folds windows of lines or volumes; only those of maps are supported.")
    strides, dilations = (tuple(n.attributes.get(key) or (1, 1)) for key in ("strides", "dilations"))
    top, left, bottom, right = n.attributes.get("pads") or (0, 0, 0, 0)
    borders = (left, right, top, bottom)
    return folded_windows(f, n.x, Size(*size), (kernel[0], kernel[1]), strides, borders, dilations)


@means("DeformConv")
def _deformed(f: Flow, n: OnnxNode) -> Value:
    """A convolution whose taps lie where a map says."""
    weight, given = n.at(1), n.attributes
    strides, dilations = (tuple(given.get(key) or (1, 1)) for key in ("strides", "dilations"))
    top, left, *_ = given.get("pads") or (0, 0, 0, 0)
    groups, parts = given.get("group", 1), given.get("offset_group", 1)
    return deformed(f, n.x, weight, n.at(2), n.get(4), n.get(3), strides, (top, left), dilations, groups, parts)
