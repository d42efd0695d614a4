"""What Keras's layers mean that normalise."""

from __future__ import annotations

from typing import Any

import numpy as np

from studio.errors import StudioError
from studio.io.importers._keras.table import Held, KerasLayer, means, picked
from studio.io.importers._meanings.flow import Flow
from studio.io.importers._tensors.arithmetic import l2_normalised, rms_normalised
from studio.io.importers._values.views import Value, constant, reshaped


@means("BatchNormalization", "SyncBatchNormalization", "BatchNormalizationV1", "BatchNormalizationV2")
def _batch_norm(f: Flow, n: KerasLayer) -> Held:
    _require_channels(n)
    x, eps = n.x, float(n.config.get("epsilon", 1e-3))
    # What stays, in Keras.
    momentum = round(1 - float(n.config.get("momentum", 0.99)), 9)
    # Keras 1: 2 has it go by the statistics of what it is fed, 1 normalises each vector by itself.
    if (mode := n.config.get("mode", 0)) == 2:
        return Held(f.norm_by_own(_map(n), n.get("gamma"), n.get("beta"), eps))
    if mode:
        raise StudioError(f"it normalises in mode {mode} of Keras 1, which is not supported.")
    weight, bias = (_ordered(n.get(name), x) for name in ("gamma", "beta"))
    statistics = picked(n.need("moving_mean"), x.order), picked(n.need("moving_variance"), x.order)
    if len(x.value.shape) == 3:
        turned = f.norm("BatchNorm2d", f.move(x.value, _swapped), weight, bias, eps, statistics, momentum=momentum)
        return Held(f.move(turned, _swapped))
    return Held(f.norm("BatchNorm2d", x.value, weight, bias, eps, statistics, momentum=momentum), x.order)


def _swapped(numbers: Any) -> Any:
    return numbers.swapaxes(1, 2)


@means("InstanceNormalization")
def _instance_norm(f: Flow, n: KerasLayer) -> Held:
    _require_channels(n)
    eps = float(n.config.get("epsilon", 1e-3))
    return Held(f.norm("InstanceNorm2d", _map(n), n.get("gamma"), n.get("beta"), eps))


@means("GroupNormalization")
def _group_norm(f: Flow, n: KerasLayer) -> Held:
    _require_channels(n)
    value, groups = _map(n), int(n.config.get("groups", 32))
    groups = value.shape[1] if groups == -1 else groups
    eps = float(n.config.get("epsilon", 1e-3))
    return Held(f.norm("GroupNorm", value, n.get("gamma"), n.get("beta"), eps, groups=groups))


def _map(n: KerasLayer) -> Value:
    if not n.x.is_map:
        raise StudioError(f"it normalises values of shape {n.x.value.shape}; it is supported for maps alone.")
    return n.x.value


@means("LayerNormalization")
def _layer_norm(f: Flow, n: KerasLayer) -> Held:
    if n.config.get("rms_scaling"):
        raise StudioError("it scales by root mean squares, which is not supported.")
    x, eps, axes = n.x, float(n.config.get("epsilon", 1e-3)), n.axes(n.config.get("axis", -1))
    if len(x.value.shape) == 2:
        weight, bias = (_ordered(n.get(name), x) for name in ("gamma", "beta"))
        return Held(f.norm("LayerNorm2d", x.value, weight, bias, eps), x.order)
    weight, bias = (_laid(n, name, axes) for name in ("gamma", "beta"))
    return Held(f.layer_norm(x.value, weight, bias, eps, axes))


def _laid(n: KerasLayer, name: str, axes: list[int]) -> Value | None:
    """A tensor with one axis for each that is normalised, as the value has them: for one alone as it is."""
    found = n.get(name)
    if found is None or len(axes) == 1:
        return found
    order = np.argsort(axes)
    shape = tuple(n.x.value.shape[k] if k in axes else 1 for k in range(len(n.x.value.shape)))
    turned = np.asarray(found.constant).transpose(order)
    return reshaped(Value(turned.shape, constant=turned, origin=found.origin), shape)


@means("UnitNormalization")
def _unit_norm(f: Flow, n: KerasLayer) -> Held:
    return Held(l2_normalised(f, n.x.value, n.axes(n.config.get("axis", -1)), epsilon=1e-12), n.x.order)


@means("RMSNormalization")
def _rms_norm(f: Flow, n: KerasLayer) -> Held:
    axes = n.axes(n.config.get("axis", -1))
    scale = n.get("scale")
    if scale is not None and len(n.x.value.shape) > 2:
        (only,) = axes
        scale = reshaped(scale, tuple(scale.shape[0] if k == only else 1 for k in range(len(n.x.value.shape))))
    return Held(rms_normalised(f, n.x.value, scale, axes, float(n.config.get("epsilon", 1e-6))), n.x.order)


@means("LayerScale")
def _layer_scale(f: Flow, n: KerasLayer) -> Held:
    gamma = n.need("gamma")
    shape = (1, gamma.shape[0], 1, 1) if n.x.is_map and n.channels_last else gamma.shape
    return Held(f.binary("Mul", n.x.value, reshaped(gamma, shape)), n.x.order)


@means("Normalization")
def _normalisation(f: Flow, n: KerasLayer) -> Held:
    axis, found = n.config.get("axis", -1), []
    if axis not in (None, [], ()) and n.axes(axis) != [1]:
        raise StudioError(f"it normalises axis {axis}; only the channels' axis is supported.")
    for name in ("mean", "variance"):
        said, held = n.config.get(name), n.get(name)
        found.append(np.asarray(said if said is not None else held.constant if held is not None else 0.0, np.float64))
    mean, deviation = found[0].reshape(-1, 1, 1), np.maximum(np.sqrt(found[1]), 1e-7).reshape(-1, 1, 1)
    if n.config.get("invert"):
        return Held(f.binary("Add", f.binary("Mul", n.x.value, constant(deviation)), constant(mean)))
    return Held(f.binary("Div", f.binary("Sub", n.x.value, constant(mean)), constant(deviation)))


def _ordered(tensor: Value | None, x: Held) -> Value | None:
    return None if tensor is None else picked(tensor, x.order)


def _require_channels(n: KerasLayer) -> None:
    axis = n.config.get("axis", -1)
    (only,) = axis if isinstance(axis, (list, tuple)) and len(axis) == 1 else (axis,)
    rank = len(n.x.value.shape)
    if n.axes(only) != [1 if rank == 4 else rank - 1]:
        raise StudioError(f"it normalises axis {axis}; only the channels' axis is supported.")
