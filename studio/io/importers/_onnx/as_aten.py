"""ONNX's operators that are PyTorch's by another name, and what writes into a part of a map."""

from __future__ import annotations

import math

import numpy as np

from studio.errors import StudioError
from studio.io.importers._aten.picks import places
from studio.io.importers._aten.table import table as aten
from studio.io.importers._meanings.choices import scaled
from studio.io.importers._meanings.flow import Flow
from studio.io.importers._onnx.logic import axes_of, keeps
from studio.io.importers._onnx.table import OnnxNode, known, means
from studio.io.importers._values.views import Numbers, Value, reshaped

_OF_AXES = 13
"""From this operator set on, Hardmax goes over one axis."""
_SAME = {
    "Acos": "acos",
    "Acosh": "acosh",
    "Asin": "asin",
    "Asinh": "asinh",
    "Atan": "atan",
    "Atanh": "atanh",
}


def _same(f: Flow, n: OnnxNode) -> Value:
    found = aten()[f"aten.{_SAME[n.kind]}"](f, {"self": n.x})
    assert isinstance(found, Value)
    return found


means(*_SAME)(_same)


@means("CumSum")
def _running_sum(f: Flow, n: OnnxNode) -> Value:
    axis = int(known(n.at(1)).ravel()[0]) % len(n.x.shape)
    if n.attributes.get("exclusive", 0):
        raise StudioError("its sums leave out their own value (exclusive), which is not supported.")
    value = f.flipped(n.x, axis) if n.attributes.get("reverse", 0) else n.x
    made = aten()["aten.cumsum"](f, {"self": value, "dim": axis})
    assert isinstance(made, Value)
    return f.flipped(made, axis) if n.attributes.get("reverse", 0) else made


@means("ReduceProd")
def _product(f: Flow, n: OnnxNode) -> Value:
    made = n.x
    for axis in sorted((axis % len(n.x.shape) for axis in axes_of(n) or ()), reverse=True):
        found = aten()["aten.prod"](f, {"self": made, "dim": axis, "keepdim": keeps(n)})
        assert isinstance(found, Value)
        made = found
    return made


@means("IsInf")
def _is_infinite(f: Flow, n: OnnxNode) -> Value:
    signs = {name: n.attributes.get(f"detect_{name}", 1) for name in ("positive", "negative")}
    both = signs["positive"] == signs["negative"]
    value = n.x if both else f.each("ReLU", n.x if signs["positive"] else scaled(f, n.x, -1.0, 0.0))
    found = aten()["aten.isinf"](f, {"self": value})
    assert isinstance(found, Value)
    return found if any(signs.values()) else scaled(f, found, 0.0, 0.0)


@means("Hardmax")
def _hardmax(f: Flow, n: OnnxNode) -> Value:
    axis = n.attributes.get("axis", 1 if n.opset < _OF_AXES else -1)
    if n.opset < _OF_AXES and math.prod(n.x.shape[axis % len(n.x.shape) + 1 :]) > 1:
        raise StudioError("before operator set 13 it means several axes together; export with a later one.")
    found = places(f, n.x, axis, "Amax", keepdim=False)
    return f.move(found.hot(f), lambda x: np.moveaxis(x, -1, axis))


@means("ScatterND")
def _scattered(f: Flow, n: OnnxNode) -> Value:
    """A box of a map replaced, every so many rows of it perhaps: what ``x[:, 1:, ::2] = y`` becomes."""
    if n.at(1).constant is None or n.attributes.get("reduction", b"none") != b"none":
        raise StudioError(
            "it writes to places that depend on the picture, or adds there, which is not supported; write Where."
        )
    value, index = n.x, known(n.at(1)).astype(np.int64)
    depth = index.shape[-1]
    flat = index.reshape(-1, depth) % np.array(value.shape[:depth])
    lines = [np.unique(column) for column in flat.T]
    box = tuple(len(line) for line in lines)
    place = np.zeros(box, np.int64)
    place[tuple(np.searchsorted(line, column) for line, column in zip(lines, flat.T, strict=True))] = np.arange(
        len(flat)
    )
    if math.prod(box) != len(flat) or len(np.unique(place)) != len(flat):
        raise StudioError("it writes to places that make no box, which is not supported.")
    updates = reshaped(n.at(2), (len(flat), *value.shape[depth:]))
    part = reshaped(f.move(updates, lambda x: x[place.ravel()]), (*box, *value.shape[depth:]))
    return _into(f, value, part, lines, 0)


def _into(f: Flow, value: Value, part: Value, lines: list[Numbers], axis: int) -> Value:
    """The part written into these rows of an axis, and of those behind it."""
    if axis == len(lines):
        return part
    line = lines[axis].astype(np.int64)
    if len(line) == value.shape[axis]:
        return _into(f, value, part, lines, axis + 1)
    step = int(line[1] - line[0]) if len(line) > 1 else 1
    if not np.array_equal(line, line[0] + step * np.arange(len(line))):
        raise StudioError("it writes to rows that do not lie evenly, which is not supported.")
    within = f.move(value, lambda x: x.take(line, axis))
    made = aten()["aten.slice_scatter"](
        f,
        {
            "self": value,
            "src": _into(f, within, part, lines, axis + 1),
            "dim": axis,
            "start": int(line[0]),
            "end": int(line[-1]) + 1,
            "step": step,
        },
    )
    assert isinstance(made, Value)
    return made
