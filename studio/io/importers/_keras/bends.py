"""What Keras's activations mean, as layers of their own and as settings of others."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from studio.errors import StudioError
from studio.io.importers._keras.table import ElementOrder, Held, KerasLayer, means, picked
from studio.io.importers._meanings.flow import Flow
from studio.io.importers._tensors.table import by_torch
from studio.io.importers._tensors.table import table as tensors
from studio.io.importers._values.views import Value, constant, reshaped

_LARGEST = 3e38
_SIMPLE = {
    "relu": "ReLU",
    "relu6": "ReLU6",
    "sigmoid": "Sigmoid",
    "tanh": "Tanh",
    "elu": "ELU",
    "softplus": "Softplus",
    "swish": "SiLU",
    "silu": "SiLU",
    "exponential": "Exp",
    "hard_swish": "Hardswish",
    "hard_silu": "Hardswish",
    "hard_sigmoid": "Hardsigmoid",
}


def activated(f: Flow, n: KerasLayer, value: Value, order: ElementOrder | None = None) -> Held:
    """A layer's value after the activation that its settings name."""
    own, f.name = f.name, f"{f.name}_act"
    made = bent(f, value, n)
    f.name = own
    return Held(made, order)


def bent(f: Flow, value: Value, n: KerasLayer) -> Value:
    """A value after a layer's activation, by its Keras name or by what Keras writes of an activation layer.

    Raises:
        StudioError: where it is not known.
    """
    activation: Any = n.config.get("activation")
    axis = _last(value, n)
    if isinstance(activation, dict):
        config = activation.get("config")
        named = config if isinstance(config, str) else activation.get("class_name")
        if (kind := str(named).rpartition(">")[2]) in _LAYERS:
            return _LAYERS[kind](f, value, config if isinstance(config, dict) else {}, n)
        activation = named
    name = "linear" if activation is None else str(activation).rpartition(">")[2]
    if name == "hard_sigmoid" and n.saved.main < 3:
        return f.each("Hardtanh", f.each("Affine", value, scale=0.2, shift=0.5), min_val=0.0, max_val=1.0)
    if name in _SIMPLE:
        return f.each(_SIMPLE[name], value)
    if name == "softmax":
        return f.softmax(value, axis)
    if name == "gelu":
        return f.each("GELU", value)
    if name in ("log_softmax", "glu", "sparsemax"):
        return _of_tensors(name, f, value, axis)
    if name in tensors() and name in _NAMED:
        return _of_tensors(name, f, value)
    raise StudioError(f'its activation "{name}" is not supported.')


_NAMED = {
    "linear", "selu", "mish", "softsign", "leaky_relu", "log_sigmoid", "celu", "hard_tanh", "tanh_shrink",
    "soft_shrink", "hard_shrink", "squareplus", "sparse_plus", "sparse_sigmoid", "square",
}  # fmt: skip


def _of_tensors(name: str, f: Flow, value: Value, *settings: Any) -> Value:
    made = tensors()[name](f, value, *settings)
    assert isinstance(made, Value)
    return made


def _last(value: Value, n: KerasLayer) -> int:
    """Keras's last axis: of a map with its channels last the one that is held first."""
    return 1 if len(value.shape) == 4 and n.channels_last else len(value.shape) - 1


def _relu(f: Flow, value: Value, settings: dict[str, Any], n: KerasLayer) -> Value:
    del n
    most, slope = settings.get("max_value"), float(settings.get("negative_slope") or 0.0)
    if start := float(settings.get("threshold") or 0.0):
        above = by_torch(f, "ge", self=value, other=start)
        below = f.each("Affine", value, scale=slope, shift=-slope * start)
        value = by_torch(f, "where.self", condition=above, self=value, other=below)
        return value if most is None else f.each("Hardtanh", value, min_val=-_LARGEST, max_val=float(most))
    if slope and most is not None:
        return f.each("Hardtanh", f.each("LeakyReLU", value, negative_slope=slope), min_val=-_LARGEST, max_val=most)
    if slope:
        return f.each("LeakyReLU", value, negative_slope=slope)
    if most is None:
        return f.each("ReLU", value)
    return f.each("ReLU6", value) if most == 6 else f.each("Hardtanh", value, min_val=0.0, max_val=float(most))


def _leaky_relu(f: Flow, value: Value, settings: dict[str, Any], n: KerasLayer) -> Value:
    del n
    slope = settings.get("negative_slope", settings.get("alpha", 0.3))
    slope = slope.get("value", 0.3) if isinstance(slope, dict) else slope
    return f.each("LeakyReLU", value, negative_slope=float(np.asarray(slope).reshape(-1)[0]))


def _thresholded(f: Flow, value: Value, settings: dict[str, Any], n: KerasLayer) -> Value:
    del n
    theta = settings.get("theta", 1.0)
    theta = theta.get("value", 1.0) if isinstance(theta, dict) else theta
    return by_torch(f, "threshold", self=value, threshold=float(np.asarray(theta).reshape(-1)[0]), value=0.0)


def _elu(f: Flow, value: Value, settings: dict[str, Any], n: KerasLayer) -> Value:
    del n
    return f.each("ELU", value, alpha=float(settings.get("alpha", 1.0)))


def _softmax(f: Flow, value: Value, settings: dict[str, Any], n: KerasLayer) -> Value:
    rank = len(value.shape)
    axis = int(settings.get("axis", -1)) % rank
    return f.softmax(value, {1: 2, 2: 3, 3: 1}[axis] if rank == 4 and n.channels_last else axis)


_LAYERS: dict[str, Callable[[Flow, Value, dict[str, Any], KerasLayer], Value]] = {
    "ReLU": _relu,
    "LeakyReLU": _leaky_relu,
    "ELU": _elu,
    "Softmax": _softmax,
    "ThresholdedReLU": _thresholded,
}


@means("Activation")
def _activation(f: Flow, n: KerasLayer) -> Held:
    return Held(bent(f, n.x.value, n), n.x.order)


@means(*_LAYERS)
def _layer(f: Flow, n: KerasLayer) -> Held:
    return Held(_LAYERS[n.kind](f, n.x.value, dict(n.config), n), n.x.order)


@means("PReLU")
def _prelu(f: Flow, n: KerasLayer) -> Held:
    slopes, x = n.need("alpha"), n.x
    channels = slopes.shape[-1 if n.channels_last or not x.is_map else 0] if slopes.shape else 1
    if channels > 1 and channels == np.prod(slopes.shape):
        weight = picked(reshaped(slopes, (int(np.prod(slopes.shape)),)), x.order)
        tensors_ = {"weight": weight.weight()}
        made = f.layer("PReLU", x.value, tensors=tensors_, num_parameters=weight.shape[0], vector=not x.is_map)
        return Held(made, x.order)
    # A slope for every place, or one for all: what is below zero, times that.
    laid = np.asarray(slopes.constant)
    laid = laid.transpose(2, 0, 1) if laid.ndim == 3 and n.channels_last else laid
    below = f.each("Hardtanh", x.value, min_val=-_LARGEST, max_val=0.0)
    scaled = f.binary("Mul", below, Value((1, *laid.shape), constant=laid[None], origin=slopes.origin))
    return Held(f.binary("Add", f.each("ReLU", x.value), scaled), x.order)


@means("Rescaling")
def _rescaling(f: Flow, n: KerasLayer) -> Held:
    value = n.x.value
    for op, name in (("Mul", "scale"), ("Add", "offset")):
        numbers = np.asarray(n.config.get(name, 1.0 if op == "Mul" else 0.0), np.float32)
        if numbers.size > 1 and not n.channels_last:
            raise StudioError(f'its "{name}" has a number for each column, which is not supported.')
        shaped = constant(numbers.reshape(-1, 1, 1) if numbers.size > 1 else numbers.reshape(()))
        value = f.binary(op, value, shaped)
    return Held(value, n.x.order)
