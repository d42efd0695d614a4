"""What the tensors of a layer are called."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from studio.io.importers._keras.early import tensor_name
from studio.io.importers._keras.weights import Named
from studio.io.importers._values.views import Value, constant

_KEYS = {
    "Conv2D": ("kernel", "bias"),
    "Convolution2D": ("kernel", "bias"),
    "Conv2DTranspose": ("kernel", "bias"),
    "Deconvolution2D": ("kernel", "bias"),
    "Dense": ("kernel", "bias"),
    "DepthwiseConv2D": ("depthwise_kernel", "bias"),
    "SeparableConv2D": ("depthwise_kernel", "pointwise_kernel", "bias"),
    "PReLU": ("alpha",),
    "Normalization": ("mean", "variance", "count"),
    "Conv1D": ("kernel", "bias"),
    "EinsumDense": ("kernel", "bias"),
    "RMSNormalization": ("scale",),
    "LayerScale": ("gamma",),
    "Attention": ("scale", "concat_score_weight"),
    "AdditiveAttention": ("scale",),
    "Embedding": ("embeddings",),
}
_NORMS: tuple[str, ...] = ("BatchNormalization", "SyncBatchNormalization", "LayerNormalization", "GroupNormalization")
_NORMS += ("InstanceNormalization",)


def keyed(kind: str, named: Named, config: Mapping[str, Any], layer: str = "") -> dict[str, Value]:
    """A layer's tensors by Keras's own names, which files of Keras 3 leave out."""
    if not named:
        return {}
    if all(name.rpartition("/")[2].isdigit() for name, _ in named):
        keys: tuple[str, ...] = _KEYS.get(kind, ())
        if kind in _NORMS:
            flags = (("gamma", "scale"), ("beta", "center"), ("moving_mean", ""), ("moving_variance", ""))
            keys = tuple(key for key, flag in flags if config.get(flag, True))
        return {key: constant(values, name) for key, (name, values) in zip(keys, named, strict=False)}
    found = {tensor_name(layer, name): constant(values, name) for name, values in named}
    unnamed = len(found) == 1 and all(re.fullmatch(r"(?i)variable(_\d+)?", name) for name in found)
    return dict(zip(_KEYS[kind], found.values(), strict=False)) if unnamed and kind in _KEYS else found
