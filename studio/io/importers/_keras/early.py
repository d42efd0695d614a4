"""What Keras 1 wrote, in the words of Keras 2."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from studio.errors import StudioError

_KEYS = {
    "border_mode": "padding", "subsample": "strides", "stride": "strides", "subsample_length": "strides",
    "atrous_rate": "dilation_rate", "pool_length": "pool_size", "concat_axis": "axis", "dot_axes": "axes",
    "output_dim": "units", "nb_filter": "filters", "bias": "use_bias", "length": "size", "p": "rate",
}  # fmt: skip
_ONLY = frozenset({"border_mode", "dim_ordering", "nb_filter", "concat_axis", "subsample", "subsample_length"})
"""Settings that only Keras 1 has."""

_MERGES = {
    "sum": "Add", "mul": "Multiply", "concat": "Concatenate", "ave": "Average", "max": "Maximum", "min": "Minimum",
    "dot": "Dot",
}  # fmt: skip
_NAMES = {
    "W": "kernel",
    "b": "bias",
    "alphas": "alpha",
    "running_mean": "moving_mean",
    "running_std": "moving_variance",
}


def modern(kind: str, config: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """A layer's class and settings as Keras 2 would have written them; later ones as they are.

    Kernels keep what they are: ``kernels`` says it, "OIHW" or "HWIO".

    Raises:
        StudioError: where it does what no layer of Keras 2 does.
    """
    if kind != "Merge" and _ONLY.isdisjoint(config) and "running_std" not in config:
        return kind, dict(config)
    found: dict[str, Any] = {}
    for key, value in config.items():
        found[_KEYS.get(key, key)] = value
    order = found.pop("dim_ordering", "default")
    if order in ("th", "tf"):
        found["data_format"] = "channels_first" if order == "th" else "channels_last"
        found["kernels"] = "OIHW" if order == "th" else "HWIO"
    if kind == "Merge":
        mode = str(config.get("mode", "sum"))
        if mode not in _MERGES:
            raise StudioError(f'it merges by "{mode}", which is not supported.')
        kind = _MERGES[mode]
    return kind, found


def tensor_name(layer: str, name: str) -> str:
    """What Keras 2 calls a tensor that Keras 1 called after its layer: ``convolution2d_1_W``."""
    own = name.rpartition("/")[2].removesuffix(":0")
    after = own.removeprefix(f"{layer}_")
    return _NAMES.get(after, after) if after != own else _NAMES.get(own, own)
