"""What Keras's layers of attention mean, and products of two values."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from studio.errors import StudioError
from studio.io.importers._keras.bends import activated
from studio.io.importers._keras.table import Held, KerasLayer, means, own_axes, plain, turned
from studio.io.importers._meanings.flow import Flow
from studio.io.importers._tensors.arithmetic import l2_normalised
from studio.io.importers._tensors.table import by_torch
from studio.io.importers._values.views import Value, reshaped


@means("Attention", "AdditiveAttention")
def _attention(f: Flow, n: KerasLayer) -> Held:
    _require_plain(n)
    query, value, *rest = (plain(f, read) for read in n.reads)
    key = rest[0] if rest else value
    if n.kind == "AdditiveAttention" or n.config.get("score_mode") == "concat":
        return own_axes(f, _additive(f, n, query, key, value), channels_last=n.channels_last)
    scale = n.get("scale") if n.config.get("use_scale") else None
    factor = 1.0 if scale is None else float(np.asarray(scale.constant).reshape(()))
    return own_axes(f, f.attention(query, key, value, None, factor), channels_last=n.channels_last)


def _additive(f: Flow, n: KerasLayer, query: Value, key: Value, value: Value) -> Value:
    """Scores by the sum of both, bent."""
    one = reshaped(query, (*query.shape[:-1], 1, query.shape[-1]))
    two = reshaped(key, (*key.shape[:-2], 1, *key.shape[-2:]))
    both, scale = f.binary("Add", one, two), n.get("scale") if n.config.get("use_scale", True) else None
    if n.kind == "AdditiveAttention":
        bent = f.each("Tanh", both)
        scores = f.total(bent if scale is None else f.binary("Mul", bent, scale), [-1], keepdim=False)
    else:
        bent = f.each("Tanh", both if scale is None else f.binary("Mul", both, scale))
        scores = f.binary("Mul", f.total(bent, [-1], keepdim=False), n.need("concat_score_weight"))
    return f.matmul(f.softmax(scores, -1), value)


@means("MultiHeadAttention")
def _many_heads(f: Flow, n: KerasLayer) -> Held:
    _require_plain(n)
    if n.config.get("use_gate") or n.config.get("sliding_window"):
        raise StudioError("its gate, or its window, is not supported.")
    query, value, *rest = (plain(f, read) for read in n.reads)
    rank, over = len(query.shape), n.config.get("attention_axes")
    over = range(1, rank - 1) if over is None else [over] if isinstance(over, int) else over
    axes = [int(axis) % rank for axis in over]
    own = f.name
    heads = [
        _head(f, n, given, part, axes)
        for given, part in ((query, "query"), (rest[0] if rest else value, "key"), (value, "value"))
    ]
    f.name = own
    scale = 1 / math.sqrt(heads[0].shape[-1])
    made = f.attention(heads[0], heads[1], heads[2], None, scale)
    # (free axes, heads, places, values) to the query's axes, heads and values last.
    free = [axis for axis in range(1, rank - 1) if axis not in axes]
    order = [*free, rank - 1, *axes, rank]
    lengths = {axis: query.shape[axis] for axis in (*free, *axes)} | {rank - 1: made.shape[-3], rank: made.shape[-1]}
    apart = reshaped(made, (query.shape[0], *(lengths[axis] for axis in order)))
    back = f.move(apart, lambda x: x.transpose(0, *(1 + order.index(axis) for axis in range(1, rank + 1))))
    kernel, bias = n.part("attention_output")
    count = int(np.prod(kernel.shape[:-1]))
    f.name = f"{own}.attention_output"
    weight = turned(reshaped(kernel, (count, kernel.shape[-1])), 1, 0)
    found = f.linear(reshaped(back, (*query.shape[:-1], count)), weight, bias)
    f.name = own
    return own_axes(f, found, channels_last=n.channels_last)


def _head(f: Flow, n: KerasLayer, value: Value, part: str, axes: Sequence[int]) -> Value:
    """(free axes, heads, places, values) of a projection."""
    kernel, bias = n.part(part)
    channels, heads, depth = kernel.shape
    f.name = f"{n.name}.{part}"
    weight = turned(reshaped(kernel, (channels, heads * depth)), 1, 0)
    made = f.linear(value, weight, None if bias is None else reshaped(bias, (heads * depth,)))
    rank = len(value.shape)
    apart = reshaped(made, (*value.shape[:-1], heads, depth))
    free = [axis for axis in range(1, rank - 1) if axis not in axes]
    moved = f.move(apart, lambda x: x.transpose(0, *free, rank - 1, *axes, rank))
    lengths = [value.shape[axis] for axis in free]
    places = math.prod(value.shape[axis] for axis in axes)
    return reshaped(moved, (value.shape[0] * math.prod(lengths), heads, places, depth))


def _require_plain(n: KerasLayer) -> None:
    settings = n.config.get("settings", {})
    for name in ("use_causal_mask", "return_attention_scores", "attention_mask", "mask"):
        if settings.get(name) not in (None, False) or n.config.get(name):
            raise StudioError(f'it is called with "{name}", which is not supported.')


@means("Dot")
def _dot(f: Flow, n: KerasLayer) -> Held:
    one, two = (plain(f, read) for read in n.reads)
    given = n.config.get("axes", -1)
    axes = [given, given] if isinstance(given, int) else [int(axis) for axis in given]
    first, second = axes[0] % len(one.shape), axes[1] % len(two.shape)
    if n.config.get("normalize"):
        one, two = l2_normalised(f, one, first, epsilon=1e-12), l2_normalised(f, two, second, epsilon=1e-12)
    left, right = (reshaped(value, value.shape[1:]) for value in (one, two))
    made = by_torch(f, "tensordot", self=left, other=right, dims_self=[first - 1], dims_other=[second - 1])
    return own_axes(f, reshaped(made, (1, *made.shape) if made.shape else (1, 1)), channels_last=n.channels_last)


@means("EinsumDense")
def _einsum_dense(f: Flow, n: KerasLayer) -> Held:
    text = str(n.config.get("equation", ""))
    reads, _, makes = text.replace("...", "").partition("->")
    one, two = reads.split(",")
    value, kernel, bias = plain(f, n.x), n.need("kernel"), n.get("bias")
    spare = "ZYXWVU"[: max(len(value.shape) - len(one), 0)] if "..." in text else ""
    if two == one[-1:] + makes[-1:] and makes[:-1] == one[:-1]:
        made = f.linear(value, turned(kernel, 1, 0), bias)
    else:
        made = by_torch(f, "einsum", equation=f"{spare}{one},{two}->{spare}{makes}", tensors=[value, kernel])
        made = made if bias is None else f.binary("Add", made, bias)
    return activated(f, n, own_axes(f, made, channels_last=n.channels_last).value)


@means("RepeatVector")
def _repeat_vector(f: Flow, n: KerasLayer) -> Held:
    value, times = plain(f, n.x), int(n.config["n"])
    return Held(f.move(reshaped(value, (1, 1, value.shape[1])), lambda x: np.tile(x, (1, times, 1))))
