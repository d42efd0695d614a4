"""What ONNX's operators mean that compute with values, of operator sets 7 to today's."""

from __future__ import annotations

import math
from functools import partial

import numpy as np

from studio.errors import StudioError
from studio.io.importers._meanings.choices import power
from studio.io.importers._meanings.dynamic import convolved, transposed
from studio.io.importers._meanings.flow import Flow
from studio.io.importers._onnx.table import OnnxNode, borders_of, bounded, known, means, on_lines, two
from studio.io.importers._values.views import Value, constant, first, is_last, last, reshaped

_SIMPLE = {
    "Relu": "ReLU",
    "Sigmoid": "Sigmoid",
    "Tanh": "Tanh",
    "Softplus": "Softplus",
    "HardSwish": "Hardswish",
    "Swish": "SiLU",
    "Erf": "Erf",
}
_MATHS = {"Sqrt": ("Sqrt", np.sqrt), "Exp": ("Exp", np.exp), "Abs": ("Abs", np.abs)}
_LEAST = -3e38  # a border that never wins a maximum

for _kind, _op in _SIMPLE.items():
    means(_kind)(lambda f, n, op=_op: f.each(op, n.x))
for _kind, (_op, _how) in _MATHS.items():
    means(_kind)(lambda f, n, op=_op, how=_how: f.move(n.x, how) if n.x.is_constant else f.each(op, n.x))


@means("Erfc")
def _erfc(f: Flow, n: OnnxNode) -> Value:
    """TensorFlow's, which tf2onnx hands on under its own name."""
    return f.each("Affine", f.each("Erf", n.x), scale=-1.0, shift=1.0)


@means("LeakyRelu")
def _leaky_relu(f: Flow, n: OnnxNode) -> Value:
    return f.each("LeakyReLU", n.x, negative_slope=n.attributes.get("alpha", 0.01))


@means("Elu")
def _elu(f: Flow, n: OnnxNode) -> Value:
    return f.each("ELU", n.x, alpha=n.attributes.get("alpha", 1.0))


@means("Selu")
def _selu(f: Flow, n: OnnxNode) -> Value:
    bent = f.each("ELU", n.x, alpha=n.attributes.get("alpha", 1.6732632423543772))
    return f.each("Affine", bent, scale=n.attributes.get("gamma", 1.0507009873554805), shift=0.0)


@means("Gelu")
def _gelu(f: Flow, n: OnnxNode) -> Value:
    return f.each("GELU", n.x, approximate=n.attributes.get("approximate", b"none").decode())


@means("Mish")
def _mish(f: Flow, n: OnnxNode) -> Value:
    return f.binary("Mul", n.x, f.each("Tanh", f.each("Softplus", n.x)))


@means("HardSigmoid")
def _hard_sigmoid(f: Flow, n: OnnxNode) -> Value:
    alpha, beta = n.attributes.get("alpha", 0.2), n.attributes.get("beta", 0.5)
    if abs(alpha - 1 / 6) < 1e-6 and beta == 0.5:
        return f.each("Hardsigmoid", n.x)
    return f.each("Hardtanh", f.each("Affine", n.x, scale=alpha, shift=beta), min_val=0.0, max_val=1.0)


@means("Clip")
def _clip(f: Flow, n: OnnxNode) -> Value:
    low, high = n.numbers(1, "min"), n.numbers(2, "max")
    least = max(float(low[0]), _LEAST) if low else _LEAST
    most = min(float(high[0]), -_LEAST) if high else -_LEAST
    if n.x.constant is not None:
        return constant(np.clip(n.x.constant, least, most))
    return f.each("Hardtanh", n.x, min_val=least, max_val=most)


@means("PRelu")
def _prelu(f: Flow, n: OnnxNode) -> Value:
    slope = n.at(1)
    if slope.shape and max(slope.shape) != math.prod(slope.shape):
        raise StudioError(f"its slopes have shape {slope.shape}; one, or one for every channel, is supported.")
    tensors = {"weight": reshaped(slope, (math.prod(slope.shape),)).weight()}
    if is_last(f.draft, n.x):
        turned = first(f.draft, n.x)
        return last(f.draft, f.layer("PReLU", turned, tensors=tensors, num_parameters=math.prod(slope.shape)))
    return f.layer("PReLU", n.x, tensors=tensors, num_parameters=math.prod(slope.shape), vector=len(n.x.shape) == 2)


@means("Softmax")
def _softmax(f: Flow, n: OnnxNode) -> Value:
    axis = n.attributes.get("axis", 1 if n.opset < 13 else -1)
    rest = [k for k in range(axis % len(n.x.shape), len(n.x.shape)) if n.x.shape[k] > 1]
    if n.opset < 13 and len(rest) > 1:
        raise StudioError("before operator set 13 it means several axes together; export with a later one.")
    return f.softmax(n.x, rest[0] if n.opset < 13 and rest else axis)


# -- arithmetic ---------------------------------------------------------------------------------------------------


@means("Add", "Sub", "Mul", "Div")
def _arithmetic(f: Flow, n: OnnxNode) -> Value:
    one, two = n.at(0), n.at(1)
    if n.kind == "Div" and one.constant is not None and two.constant is not None:
        a, b = np.asarray(one.constant), np.asarray(two.constant)
        if a.dtype.kind in "iu":
            return constant(np.trunc(a / np.where(b == 0, 1, b)).astype(a.dtype))
    if n.kind == "Add" and one.is_constant != two.is_constant:
        one, two = (bounded(value) if value.is_constant else value for value in (one, two))
    return f.binary(n.kind, one, two)


@means("Sum", "Max", "Min", "Mean")
def _many(f: Flow, n: OnnxNode) -> Value:
    op = {"Max": "Maximum", "Min": "Minimum"}.get(n.kind, "Add")
    total = n.at(0)
    for place in range(1, len(n.inputs)):
        total = f.binary(op, total, n.at(place))
    return f.binary("Div", total, constant(np.float32(len(n.inputs)))) if n.kind == "Mean" else total


@means("Neg")
def _neg(f: Flow, n: OnnxNode) -> Value:
    return f.binary("Mul", n.x, constant(np.asarray(-1, np.asarray(n.x.constant).dtype if n.x.is_constant else "f4")))


@means("Reciprocal")
def _reciprocal(f: Flow, n: OnnxNode) -> Value:
    return f.binary("Div", constant(np.float32(1)), n.x)


@means("Pow")
def _pow(f: Flow, n: OnnxNode) -> Value:
    return power(f, n.at(0), n.at(1))


# -- with weights -------------------------------------------------------------------------------------------------


@means("Conv")
@on_lines
def _conv(f: Flow, n: OnnxNode) -> Value:
    return conv(f, n, n.x, n.at(1), n.get(2))


def conv(f: Flow, n: OnnxNode, value: Value, weight: Value, bias: Value | None) -> Value:
    """A convolution with the attributes of this node."""
    stride, dilation = two(n.attributes.get("strides")), two(n.attributes.get("dilations"))
    borders = borders_of(n, two(weight.shape[2:]), stride, dilation)
    work = f.conv if weight.is_constant else partial(convolved, f)
    return work(value, weight, bias, stride, borders, dilation, n.attributes.get("group", 1))


@means("ConvTranspose")
@on_lines
def _conv_transpose(f: Flow, n: OnnxNode) -> Value:
    weight, bias = n.at(1), n.get(2)
    stride, dilation = two(n.attributes.get("strides")), two(n.attributes.get("dilations"))
    extra = two(n.attributes.get("output_padding"), 0)
    automatic = n.attributes.get("auto_pad", b"NOTSET").decode()
    wanted = n.attributes.get("output_shape")
    if automatic.startswith("SAME") or wanted:
        borders = []
        for axis in (1, 0):
            size = n.x.shape[2 + axis]
            target = wanted[-2:][axis] if wanted else size * stride[axis]
            full = stride[axis] * (size - 1) + extra[axis] + (weight.shape[2 + axis] - 1) * dilation[axis] + 1
            total = full - target
            small, large = max(total, 0) // 2, total - max(total, 0) // 2
            # Of an uneven border the larger part lies behind by SAME_UPPER alone; what no kernel reaches lies behind.
            borders += [small, large] if automatic == "SAME_UPPER" or total < 0 else [large, small]
    else:
        borders = borders_of(n, two(weight.shape[2:]), stride, dilation)
    work = f.conv_transpose if weight.is_constant else partial(transposed, f)
    return work(n.x, weight, bias, stride, borders, extra, dilation, n.attributes.get("group", 1))


@means("Gemm")
def _gemm(f: Flow, n: OnnxNode) -> Value:
    a, bias = n.attributes, n.get(2)
    alpha, beta = a.get("alpha", 1.0), a.get("beta", 1.0)
    one = f.move(n.x, lambda x: x.T) if a.get("transA", 0) else n.x
    weight, plain = n.at(1), (alpha, beta) == (1, 1) and (bias is None or bias.is_constant)
    if plain and weight.is_constant and one.shape[0] == 1 and not one.is_constant:
        weight = weight if a.get("transB", 0) else f.move(weight, lambda w: w.T)
        flat = None if bias is None else f.move(bias, lambda b: np.broadcast_to(b.reshape(-1), (weight.shape[0],)))
        return f.linear(one, weight, flat)
    made = f.matmul(one, f.move(weight, lambda w: w.T) if a.get("transB", 0) else weight)
    made = f.binary("Mul", made, constant(np.float32(alpha)))
    return made if bias is None else f.binary("Add", made, f.binary("Mul", bias, constant(np.float32(beta))))


@means("MatMul")
def _matmul(f: Flow, n: OnnxNode) -> Value:
    return f.matmul(n.at(0), n.at(1))


@means("BatchNormalization")
def _batch_norm(f: Flow, n: OnnxNode) -> Value | list[Value]:
    eps = n.attributes.get("epsilon", 1e-5)
    if n.attributes.get("training_mode", 0):
        return [f.norm_by_own(n.x, n.at(1), n.at(2), eps)]
    # What stays, in ONNX; in float32, of which that many digits are meant.
    momentum = round(1 - n.attributes.get("momentum", 0.9), 6)
    return f.norm("BatchNorm2d", n.x, n.at(1), n.at(2), eps, (n.at(3), n.at(4)), momentum=momentum)


@means("LayerNormalization")
def _layer_norm(f: Flow, n: OnnxNode) -> Value:
    if n.outputs > 1:
        raise StudioError("its statistics are read, which the studio's layers do not give.")
    rank, axis = len(n.x.shape), n.attributes.get("axis", -1)
    axes = range(axis % rank, rank)
    return f.layer_norm(n.x, n.at(1), n.get(2), n.attributes.get("epsilon", 1e-5), axes)


@means("InstanceNormalization")
def _instance_norm(f: Flow, n: OnnxNode) -> Value:
    eps, shape = n.attributes.get("epsilon", 1e-5), n.x.shape
    if len(shape) == 3 and n.x.index is None:
        return _group_norm_by_instance_norm(f, n, eps)
    return f.norm("InstanceNorm2d", n.x, n.at(1), n.at(2), eps)


def _group_norm_by_instance_norm(f: Flow, n: OnnxNode, eps: float) -> Value:
    """PyTorch exports a group norm as an instance norm over (1, groups, values)."""
    have, groups = f.draft.shapes[n.x.node], n.x.shape[1]
    if have.channels % groups:
        raise StudioError(f"it normalises {groups} parts of {have.channels} channels, which do not divide them.")
    whole = reshaped(n.x, (1, *have))
    made = f.norm("GroupNorm", whole, None, None, eps, groups=groups)
    each = have.channels // groups
    for op, place, plain in (("Mul", 1, 1), ("Add", 2, 0)):
        numbers = known(n.at(place))
        if not (numbers == plain).all():
            made = f.binary(op, made, constant(numbers.repeat(each).reshape(-1, 1, 1)))
    return reshaped(made, n.x.shape)


@means("GroupNormalization")
def _group_norm(f: Flow, n: OnnxNode) -> Value:
    groups, channels = n.attributes["num_groups"], n.x.shape[1]
    rows = [n.at(1), n.at(2)]
    if n.opset < 21:
        rows = [f.move(row, lambda r: r.repeat(channels // groups)) for row in rows]
    return f.norm("GroupNorm", n.x, rows[0], rows[1], n.attributes.get("epsilon", 1e-5), groups=groups)
