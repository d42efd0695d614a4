"""Activations, arithmetic and functions in ONNX."""

from __future__ import annotations

import math

from studio.io.exporters._onnx_graph import Layer, Writer, writer_of
from studio.model.networks.op import Op
from studio.ops.activation import LeakyReLU, ReLU, Sigmoid, Tanh
from studio.ops.activation_hard import Hardsigmoid, Hardswish, Hardtanh, ReLU6
from studio.ops.activation_learnt import PReLU
from studio.ops.activation_smooth import ELU, GELU, SiLU, Softplus
from studio.ops.arithmetic import Add, Div, Maximum, Minimum, Mul, Sub
from studio.ops.combine import Concat
from studio.ops.functions import Abs, Affine, Erf, Exp, Pow, Sqrt
from studio.ops.identity import Identity
from studio.ops.softmax import Softmax2d

TABLE: dict[str, Writer] = {}

_SAME = {
    ReLU: "Relu",
    Sigmoid: "Sigmoid",
    Tanh: "Tanh",
    Hardswish: "HardSwish",
    Sqrt: "Sqrt",
    Exp: "Exp",
    Abs: "Abs",
    Identity: "Identity",
    Sub: "Sub",
    Mul: "Mul",
    Div: "Div",
    Maximum: "Max",
    Minimum: "Min",
}


@writer_of(TABLE, *_SAME)
def _same(layer: Layer, op: Op) -> str:
    return layer.add(_SAME[type(op)], *layer.reads)


@writer_of(TABLE, Add)
def _add(layer: Layer, op: Add) -> str:
    del op
    total = layer.x
    for other in layer.reads[1:]:
        total = layer.add("Add", total, other)
    return total


@writer_of(TABLE, Concat)
def _concat(layer: Layer, op: Concat) -> str:
    del op
    return layer.add("Concat", *layer.reads, axis=1)


@writer_of(TABLE, LeakyReLU)
def _leaky_relu(layer: Layer, op: LeakyReLU) -> str:
    return layer.add("LeakyRelu", layer.x, alpha=op.negative_slope)


@writer_of(TABLE, ReLU6)
def _relu6(layer: Layer, op: ReLU6) -> str:
    del op
    return layer.add("Clip", layer.x, layer.number(0.0), layer.number(6.0))


@writer_of(TABLE, Hardtanh)
def _hardtanh(layer: Layer, op: Hardtanh) -> str:
    return layer.add("Clip", layer.x, layer.number(op.min_val), layer.number(op.max_val))


@writer_of(TABLE, Hardsigmoid)
def _hardsigmoid(layer: Layer, op: Hardsigmoid) -> str:
    del op
    return layer.add("HardSigmoid", layer.x, alpha=1 / 6, beta=0.5)


@writer_of(TABLE, PReLU)
def _prelu(layer: Layer, op: PReLU) -> str:
    del op
    slopes = layer.add("Unsqueeze", layer.tensor("weight"), layer.integers(1, 2))
    return layer.add("PRelu", layer.x, slopes)


@writer_of(TABLE, ELU)
def _elu(layer: Layer, op: ELU) -> str:
    # Spelled out: with the operator's own attribute, runtimes differ for a negative alpha.
    below = layer.add("Sub", layer.add("Exp", layer.add("Min", layer.x, layer.number(0.0))), layer.number(1.0))
    above = layer.add("Max", layer.x, layer.number(0.0))
    return layer.add("Add", above, layer.add("Mul", below, layer.number(op.alpha)))


@writer_of(TABLE, SiLU)
def _silu(layer: Layer, op: SiLU) -> str:
    del op
    return layer.add("Mul", layer.x, layer.add("Sigmoid", layer.x))


@writer_of(TABLE, GELU)
def _gelu(layer: Layer, op: GELU) -> str:
    if op.approximate == "tanh":
        cubed = layer.add("Mul", layer.add("Mul", layer.x, layer.x), layer.x)
        inner = layer.add("Add", layer.x, layer.add("Mul", cubed, layer.number(0.044715)))
        curve = layer.add("Tanh", layer.add("Mul", inner, layer.number(math.sqrt(2 / math.pi))))
    else:
        curve = layer.add("Erf", layer.add("Mul", layer.x, layer.number(math.sqrt(0.5))))
    half = layer.add("Mul", layer.x, layer.number(0.5))
    return layer.add("Mul", half, layer.add("Add", curve, layer.number(1.0)))


@writer_of(TABLE, Erf)
def _erf(layer: Layer, op: Erf) -> str:
    del op
    return layer.add("Erf", layer.x)


@writer_of(TABLE, Softplus)
def _softplus(layer: Layer, op: Softplus) -> str:
    sharp = layer.add("Mul", layer.x, layer.number(op.beta))
    # Past the threshold it is the value itself; the minimum keeps what is not taken from overflowing.
    curve = layer.add("Softplus", layer.add("Min", sharp, layer.number(op.threshold)))
    straight = layer.add("Greater", sharp, layer.number(op.threshold))
    return layer.add("Where", straight, layer.x, layer.add("Div", curve, layer.number(op.beta)))


@writer_of(TABLE, Affine)
def _affine(layer: Layer, op: Affine) -> str:
    return layer.add("Add", layer.add("Mul", layer.x, layer.number(op.scale)), layer.number(op.shift))


@writer_of(TABLE, Pow)
def _pow(layer: Layer, op: Pow) -> str:
    return layer.add("Pow", layer.x, layer.number(op.exponent))


@writer_of(TABLE, Softmax2d)
def _softmax(layer: Layer, op: Softmax2d) -> str:
    del op
    return layer.add("Softmax", layer.x, axis=1)
