"""Functions that were called on the tensors of a Keras model: keras.ops of version 3, TensorFlow's own of version 2."""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Mapping
from typing import Any

import numpy as np

from studio.errors import StudioError
from studio.io.importers._keras.arguments import looked_up
from studio.io.importers._keras.model import Call
from studio.io.importers._keras.table import Held, own_axes, plain
from studio.io.importers._meanings.flow import Flow
from studio.io.importers._tensors.nodes import node_made, snake
from studio.io.importers._tensors.table import table
from studio.io.importers._values.views import Value

_IGNORED = {"name", "dtype", "trainable", "training", "initial", "validate_indices", "seed", "function", "conjugate"}
_CALLED = {
    "keep_dims": "keepdims", "reduction_indices": "axis", "perm": "axes", "shape": "newshape", "paddings": "pad_width",
    "y": "x2", "clip_value_min": "x_min", "clip_value_max": "x_max", "values": "xs", "num_or_size_splits": "sizes",
    "alpha": "negative_slope", "multiples": "repeats", "slice_spec": "key", "method": "interpolation", "begin": "start",
    "ksize": "pool_size", "filters": "kernel", "dilations": "dilation_rate", "multiply": "x2", "b": "x2",
}  # fmt: skip
"""What TensorFlow calls an argument, and what NumPy and Keras do."""

_OR = (("newshape", "shape"), ("newshape", "dims"), ("axes", "axis"), ("axis", "axes"), ("start", "start_indices"))
"""What an argument is called where the operation has none of the first name."""

_TENSORFLOWS = re.compile(r"(compat\.v1\.|math\.|nn\.|image\.|linalg\.|keras\.(backend|activations|ops)\.|raw_ops\.)+")
_RENAMED = {
    "__operators__.add": "add", "__operators__.getitem": "get_item", "__operators__.sub": "subtract",
    "reduce_mean": "mean", "reduce_sum": "sum", "reduce_max": "max", "reduce_min": "min", "reduce_std": "std",
    "reduce_logsumexp": "logsumexp", "split": "split_v", "pad": "pad", "permute_dimensions": "transpose",
}  # fmt: skip


def operated(f: Flow, call: Call, held: Mapping[Any, Held]) -> list[Held]:
    """What a function gives.

    Raises:
        StudioError: where the studio does not know it, or not with these arguments.
    """
    values = {tensor: plain(f, each) for tensor, each in held.items()}
    args, settings = list(looked_up(call.args, values)), looked_up(call.settings, values)
    layer = call.layer
    if layer.kind == "TensorFlowOpLayer":
        made = node_made(f, *_node(layer.config, args))
    else:
        said = str(layer.config.get("function") or layer.kind)
        if layer.kind == "TFOpLambda" or layer.kind == "SlicingOpLambda":
            name = _TENSORFLOWS.sub("", said.removeprefix("tf."))
            name, settings = _RENAMED.get(name, name), {_CALLED.get(key, key): v for key, v in settings.items()}
        else:
            name, settings = snake(layer.kind), {**layer.config, **settings}
        if name not in table():
            raise StudioError(
                f'it is the operation "{said}", which is not supported; docs/operators.md lists those that are.'
            )
        made = _called(f, name, args, settings)
    last = all(each.channels_last for each in held.values())
    return [own_axes(f, value, channels_last=last) for value in (made if isinstance(made, list) else [made])]


def _called(f: Flow, name: str, args: list[Any], settings: Mapping[str, Any]) -> Value | list[Value]:
    meaning = table()[name]
    if settings.get("data_format") in ("channels_first", "NCHW"):
        raise StudioError("its channels come first, which is not supported; save it with channels_last.")
    wanted = inspect.signature(meaning).parameters
    passed_over = (_IGNORED | {"data_format"}) - wanted.keys()
    given = {key: v for key, v in settings.items() if v is not None and key not in passed_over}
    if name == "split_v" and np.ndim(given.get("sizes", [])) == 0:
        name, meaning = "split", table()["split"]
        given["indices_or_sections"] = given.pop("sizes")
    for key, other in _OR:
        if key in given and key not in wanted and other in wanted:
            given[other] = given.pop(key)
    return meaning(f, *args, **given)


def _node(config: Mapping[str, Any], args: list[Any]) -> tuple[Mapping[str, Any], list[Any]]:
    """A node of TensorFlow's graph, and all its inputs: those that are constants stand in the settings."""
    said = config.get("node_def") or {}
    node = json.loads(said) if isinstance(said, str) else said
    inputs = list(args[0]) if args and isinstance(args[0], list) else list(args)
    for place, numbers in sorted((config.get("constants") or {}).items(), key=lambda item: int(item[0])):
        inputs.insert(int(place), np.asarray(numbers))
    return node, inputs
