"""What ONNX's operators on whole numbers of 8 bits mean: the floats that they stand for.

A quantised map is taken as the floats that it is rounded from. What quantising does besides rounding is to clip; where
zero is the smallest number that the bytes hold, that is a ReLU, which quantisers leave out for this reason.
"""

from __future__ import annotations

import math

import numpy as np

from studio.errors import StudioError
from studio.io.importers._meanings.flow import Flow
from studio.io.importers._onnx.ops import conv
from studio.io.importers._onnx.table import OnnxNode, known, means
from studio.io.importers._values.views import Numbers, Value, constant

NOTE = "Its weights of 8 bits were made floats, and its maps are not rounded to 8 bits: pictures differ by a trifle."
_BOUNDS = {"int8": (-128, 127), "uint8": (0, 255), "int16": (-(2**15), 2**15 - 1), "uint16": (0, 2**16 - 1)}
_NEVER_NEGATIVE = ("ReLU", "ReLU6", "Sigmoid", "Hardsigmoid", "Softmax2d", "Softplus", "Abs", "Exp")


@means("QuantizeLinear")
def _quantise(f: Flow, n: OnnxNode) -> Value:
    if n.x.constant is not None:
        steps, zero = _along(n, n.at(1), n.get(2), n.x)
        least, most = _BOUNDS[zero.dtype.name]
        return constant(np.clip(np.rint(np.divide(n.x.constant, steps)) + zero, least, most).astype(zero.dtype))
    _say(f)
    return _clipped(f, n.x, n.get(2))


@means("DequantizeLinear")
def _dequantise(f: Flow, n: OnnxNode) -> Value:
    _say(f)
    if n.x.constant is None:
        return n.x
    steps, zero = _along(n, n.at(1), n.get(2), n.x)
    return _floats(n.x, steps, zero)


@means("DynamicQuantizeLinear")
def _quantise_as_it_comes(f: Flow, n: OnnxNode) -> list[Value]:
    _say(f)
    return [n.x, constant(np.float32(1)), constant(np.uint8(0))]


@means("QLinearConv")
def _quantised_conv(f: Flow, n: OnnxNode) -> Value:
    x, x_scale, _, w, w_scale, w_zero, _, y_zero, bias = (n.get(place) for place in range(9))
    if x is None or x_scale is None or w is None or w_scale is None:
        raise StudioError("one of its inputs is missing.")
    _say(f)
    per_filter = (-1, *(1,) * (len(w.shape) - 1))
    weight = _floats(w, known(w_scale).reshape(-1), _zero(w_zero).reshape(-1), per_filter)
    if bias is not None:
        steps = np.multiply(known(x_scale), known(w_scale).reshape(-1))
        bias = _floats(bias, np.broadcast_to(steps, bias.shape), np.zeros(1, np.int32))
    return _clipped(f, conv(f, n, x, weight, bias), y_zero)


@means("ConvInteger")
def _conv_of_bytes(f: Flow, n: OnnxNode) -> Value:
    w = n.at(1)
    zero = _zero(n.get(3)).reshape(-1)
    return conv(f, n, n.x, _floats(w, np.ones(1), zero, (-1, *(1,) * (len(w.shape) - 1))), None)


@means("MatMulInteger")
def _matmul_of_bytes(f: Flow, n: OnnxNode) -> Value:
    return f.matmul(n.x, _floats(n.at(1), np.ones(1), _zero(n.get(3))))


@means("QLinearMatMul")
def _quantised_matmul(f: Flow, n: OnnxNode) -> Value:
    _say(f)
    return _clipped(f, f.matmul(n.x, _floats(n.at(3), known(n.at(4)), _zero(n.get(5)))), n.get(7))


@means("QLinearAdd", "QLinearMul")
def _quantised_arithmetic(f: Flow, n: OnnxNode) -> Value:
    sides = []
    for place in (0, 3):
        value = n.at(place)
        floats = _floats(value, known(n.at(place + 1)), _zero(n.get(place + 2))) if value.is_constant else value
        sides.append(floats)
    return _clipped(f, f.binary(n.kind.removeprefix("QLinear"), *sides), n.get(7))


@means("QLinearGlobalAveragePool")
def _quantised_mean(f: Flow, n: OnnxNode) -> Value:
    return f.mean(n.x, (2, 3), keepdim=True)


@means("QLinearSigmoid")
def _quantised_sigmoid(f: Flow, n: OnnxNode) -> Value:
    return f.each("Sigmoid", n.x)


@means("QLinearLeakyRelu")
def _quantised_leaky_relu(f: Flow, n: OnnxNode) -> Value:
    return f.each("LeakyReLU", n.x, negative_slope=n.attributes.get("alpha", 0.01))


@means("QLinearConcat")
def _quantised_concat(f: Flow, n: OnnxNode) -> Value:
    return f.concat([n.at(place) for place in range(2, len(n.inputs), 3)], n.attributes.get("axis", 1))


def _say(f: Flow) -> None:
    if NOTE not in f.draft.notes:
        f.draft.notes.append(NOTE)


def _zero(value: Value | None) -> Numbers:
    return np.zeros(1, np.int8) if value is None else known(value)


def _along(n: OnnxNode, scale: Value, zero: Value | None, value: Value) -> tuple[Numbers, Numbers]:
    """Scale and zero as they spread over a value: one number, one for each slice of an axis, or one for each block."""
    steps, zeros = known(scale), known(zero) if zero is not None else np.zeros((), np.uint8)
    rank, axis = len(value.shape), n.attributes.get("axis", 1)
    block = n.attributes.get("block_size", 0)
    found = []
    for numbers in (steps, zeros):
        if numbers.size == 1:
            found.append(numbers.reshape(()))
        elif numbers.ndim == 1 and rank > 1:
            found.append(numbers.reshape([-1 if k == axis % rank else 1 for k in range(rank)]))
        else:
            times = block or math.ceil(value.shape[axis] / numbers.shape[axis])
            found.append(numbers.repeat(times, axis).take(range(value.shape[axis]), axis))
    return found[0], found[1]


def _floats(value: Value, steps: Numbers, zero: Numbers, shape: tuple[int, ...] = ()) -> Value:
    """What whole numbers stand for: (number - zero) · step."""
    numbers = known(value).astype(np.float64)
    if shape:
        steps, zero = (row.reshape(shape) if row.size > 1 else row.reshape(()) for row in (steps, zero))
    floats = np.multiply(numbers - zero.astype(np.float64), steps).astype(np.float32)
    return Value(value.shape, constant=floats, origin=value.origin)


def _clipped(f: Flow, value: Value, zero: Value | None) -> Value:
    """A ReLU where the bytes hold nothing below zero, and the map might."""
    numbers = known(zero) if zero is not None else np.zeros(1, np.uint8)
    if not np.all(numbers == _BOUNDS.get(numbers.dtype.name, (None, None))[0]):
        return value
    before = next((node for node in f.draft.nodes if node.name == value.node), None)
    kind = type(before.op).__name__ if before is not None else ""
    is_picture = before is None
    return value if kind in _NEVER_NEGATIVE or is_picture else f.each("ReLU", value)
