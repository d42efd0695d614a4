"""What PyTorch's operators mean that compute with values: one entry for each, by its ATen name."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from studio.errors import StudioError
from studio.io.importers._aten.table import means, number, operand, pair
from studio.io.importers._meanings.dynamic import convolved, transposed
from studio.io.importers._meanings.flow import Flow
from studio.io.importers._meanings.handlers import Args
from studio.io.importers._values.views import Value, constant, reshaped


def _value(value: Any) -> Value:
    return value if isinstance(value, Value) else constant(np.float32(value))


def _simple(**ops: str) -> None:
    for name, op in ops.items():
        means(name)(lambda f, a, op=op: f.each(op, operand(a)))


_simple(relu="ReLU", relu6="ReLU6", sigmoid="Sigmoid", tanh="Tanh", silu="SiLU", hardswish="Hardswish")
_simple(hardsigmoid="Hardsigmoid", sqrt="Sqrt", exp="Exp", abs="Abs", erf="Erf")


@means("leaky_relu")
def _leaky_relu(f: Flow, a: Args) -> Value:
    return f.each("LeakyReLU", operand(a), negative_slope=number(a.get("negative_slope", 0.01)))


@means("elu")
def _elu(f: Flow, a: Args) -> Value:
    if number(a.get("scale", 1)) != 1 or number(a.get("input_scale", 1)) != 1:
        raise StudioError("only an ELU with scales of 1 is supported.")
    return f.each("ELU", operand(a), alpha=number(a.get("alpha", 1)))


@means("selu")
def _selu(f: Flow, a: Args) -> Value:
    bent = f.each("ELU", operand(a), alpha=1.6732632423543772)
    return f.each("Affine", bent, scale=1.0507009873554805, shift=0.0)


@means("gelu")
def _gelu(f: Flow, a: Args) -> Value:
    return f.each("GELU", operand(a), approximate=a.get("approximate", "none"))


@means("softplus")
def _softplus(f: Flow, a: Args) -> Value:
    beta, threshold = number(a.get("beta", 1)), number(a.get("threshold", 20))
    return f.each("Softplus", operand(a), beta=beta, threshold=threshold)


@means("mish")
def _mish(f: Flow, a: Args) -> Value:
    return f.binary("Mul", operand(a), f.each("Tanh", f.each("Softplus", operand(a))))


@means("hardtanh")
def _hardtanh(f: Flow, a: Args) -> Value:
    return f.each("Hardtanh", operand(a), min_val=number(a.get("min_val", -1)), max_val=number(a.get("max_val", 1)))


@means("clamp", "clip", "clamp_min", "clamp_max")
def _clamp(f: Flow, a: Args) -> Value:
    low, high = a.get("min"), a.get("max")
    for op, bound in (("Maximum", low), ("Minimum", high)):
        if isinstance(bound, Value) and (bound.constant is None or bound.constant.size > 1):
            rest = {**a, "min" if op == "Maximum" else "max": None}
            return _clamp(f, {**rest, "self": f.binary(op, operand(a), bound)})
    if low is None and high is None:
        return operand(a)
    least, most = -3e38 if low is None else number(low), 3e38 if high is None else number(high)
    return f.each("Hardtanh", operand(a), min_val=least, max_val=most)


@means("prelu", "_prelu_kernel")
def _prelu(f: Flow, a: Args) -> Value:
    weight = a["weight"]
    flat = reshaped(weight, (math.prod(weight.shape),))
    tensors = {"weight": flat.weight()}
    if flat.shape == (1,):
        return f.each("PReLU", operand(a), tensors=tensors, num_parameters=1)
    return f.layer(
        "PReLU", operand(a), tensors=tensors, num_parameters=flat.shape[0], vector=len(operand(a).shape) == 2
    )


@means("softmax", "_softmax")
def _softmax(f: Flow, a: Args) -> Value:
    return f.softmax(operand(a), a["dim"])


# -- with weights -------------------------------------------------------------------------------------------------


@means("conv2d")
def _conv2d(f: Flow, a: Args) -> Value:
    kernel, dilation, padding = a["weight"].shape[2:], pair(a.get("dilation")), a.get("padding", 0)
    if padding == "same":
        spans = [d * (k - 1) for d, k in zip(dilation, kernel, strict=True)]
        borders = [spans[1] // 2, spans[1] - spans[1] // 2, spans[0] // 2, spans[0] - spans[0] // 2]
    else:
        top, left = (0, 0) if padding == "valid" else pair(padding, 0)
        borders = [left, left, top, top]
    work = f.conv if a["weight"].is_constant else partial(convolved, f)
    return work(operand(a), a["weight"], a.get("bias"), pair(a.get("stride")), borders, dilation, a.get("groups", 1))


@means("conv1d")
def _conv1d(f: Flow, a: Args) -> Value:
    """A line as a map of one row."""
    value, weight = operand(a), a["weight"]
    lines, rows = reshaped(value, (*value.shape[:-1], 1, value.shape[-1])), (*weight.shape[:-1], 1, weight.shape[-1])
    along: dict[str, object] = {key: [1, *pair(a.get(key))[:1]] for key in ("stride", "dilation")}
    padding = a.get("padding", 0)
    along["padding"] = padding if isinstance(padding, str) else [0, *pair(padding, 0)[:1]]
    made = _conv2d(f, {**a, **along, "self": lines, "input": lines, "weight": reshaped(weight, rows)})
    return reshaped(made, (*made.shape[:-2], made.shape[-1]))


@means("conv_transpose2d")
def _conv_transpose2d(f: Flow, a: Args) -> Value:
    top, left = pair(a.get("padding"), 0)
    extra, dilation = pair(a.get("output_padding"), 0), pair(a.get("dilation"))
    stride, groups = pair(a.get("stride")), a.get("groups", 1)
    work = f.conv_transpose if a["weight"].is_constant else partial(transposed, f)
    return work(operand(a), a["weight"], a.get("bias"), stride, (left, left, top, top), extra, dilation, groups)


@means("convolution")
def _convolution(f: Flow, a: Args) -> Value:
    return _conv_transpose2d(f, a) if a.get("transposed") else _conv2d(f, a)


@means("linear")
def _linear(f: Flow, a: Args) -> Value:
    return f.linear(operand(a), a["weight"], a.get("bias"))


@means("batch_norm", "_native_batch_norm_legit_no_training")
def _batch_norm(f: Flow, a: Args) -> Value:
    mean, variance, eps = a.get("running_mean"), a.get("running_var"), number(a["eps"])
    if a.get("training") or mean is None or variance is None:
        return f.norm_by_own(operand(a), a.get("weight"), a.get("bias"), eps)
    # PyTorch gives 0 where a module's is None, the mean over all batches ever, of which one counts next to nothing.
    momentum = number(a.get("momentum", 0.1))
    return f.norm("BatchNorm2d", operand(a), a.get("weight"), a.get("bias"), eps, (mean, variance), momentum=momentum)


@means("native_batch_norm", "_native_batch_norm_legit", "_native_batch_norm_legit_functional")
def _batch_norm_and_statistics(f: Flow, a: Args) -> list[Value]:
    return [_batch_norm(f, a)]


@means("instance_norm")
def _instance_norm(f: Flow, a: Args) -> Value:
    if not a.get("use_input_stats", True):
        return _batch_norm(f, {**a, "training": False})
    return f.norm("InstanceNorm2d", operand(a), a.get("weight"), a.get("bias"), number(a["eps"]))


@means("group_norm")
def _group_norm(f: Flow, a: Args) -> Value:
    eps, groups = number(a.get("eps", 1e-5)), a["num_groups"]
    return f.norm("GroupNorm", operand(a), a.get("weight"), a.get("bias"), eps, groups=groups)


@means("layer_norm")
def _layer_norm(f: Flow, a: Args) -> Value:
    rank, count = len(operand(a).shape), len(a["normalized_shape"])
    axes = range(rank - count, rank)
    return f.layer_norm(operand(a), a.get("weight"), a.get("bias"), number(a.get("eps", 1e-5)), axes)


# -- arithmetic ---------------------------------------------------------------------------------------------------


def _arithmetic(op: str, first: str = "self", second: str = "other") -> Callable[[Flow, Args], Value]:
    def handle(f: Flow, a: Args) -> Value:
        if a.get("rounding_mode"):
            from studio.io.importers._aten.curves import rounded_quotient

            return rounded_quotient(f, a[first], a[second], a["rounding_mode"])
        one, two, alpha = _value(a[first]), _value(a[second]), number(a.get("alpha", 1))
        return f.binary(op, one, two if alpha == 1 else f.binary("Mul", two, constant(np.float32(alpha))))

    return handle


means("add")(_arithmetic("Add"))
means("sub", "subtract")(_arithmetic("Sub"))
means("mul", "multiply")(_arithmetic("Mul"))
means("div", "true_divide", "divide")(_arithmetic("Div"))
means("maximum")(_arithmetic("Maximum"))
means("minimum")(_arithmetic("Minimum"))


@means("rsub")
def _rsub(f: Flow, a: Args) -> Value:
    return _arithmetic("Sub", "other", "self")(f, a)


@means("neg")
def _neg(f: Flow, a: Args) -> Value:
    return f.binary("Mul", operand(a), constant(np.float32(-1)))


def _power(name: str, exponent: float) -> None:
    means(name)(lambda f, a: f.each("Pow", operand(a), exponent=exponent))


_power("square", 2.0)
_power("rsqrt", -0.5)
_power("reciprocal", -1.0)


@means("mean")
def _mean(f: Flow, a: Args) -> Value:
    rank = len(operand(a).shape)
    return f.mean(operand(a), a.get("dim") or list(range(rank)), a.get("keepdim", False))


@means("sum")
def _sum(f: Flow, a: Args) -> Value:
    rank = len(operand(a).shape)
    return f.total(operand(a), a.get("dim") or list(range(rank)), a.get("keepdim", False))


def _variance(f: Flow, a: Args) -> Value:
    value = operand(a)
    axes = a.get("dim") or list(range(len(value.shape)))
    count = math.prod(value.shape[axis] for axis in axes)
    correction = number(a["correction"]) if a.get("correction") is not None else float(a.get("unbiased", True))
    if count <= correction:
        raise StudioError("it takes the variance of a single value.")
    centred = f.binary("Sub", value, f.mean(value, axes, keepdim=True))
    variance = f.mean(f.binary("Mul", centred, centred), axes, a.get("keepdim", False))
    # Not rounded: the count, of which there may be millions, is told from it.
    return f.binary("Mul", variance, constant(np.float64(count / (count - correction))))


means("var")(_variance)
means("std")(lambda f, a: f.each("Sqrt", _variance(f, a)))


@means("var_mean")
def _variance_and_mean(f: Flow, a: Args) -> list[Value]:
    axes = a.get("dim") or list(range(len(operand(a).shape)))
    return [_variance(f, a), f.mean(operand(a), axes, a.get("keepdim", False))]


@means("std_mean")
def _deviation_and_mean(f: Flow, a: Args) -> list[Value]:
    variance, mean = _variance_and_mean(f, a)
    return [f.each("Sqrt", variance), mean]
