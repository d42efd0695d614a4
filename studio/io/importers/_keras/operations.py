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
from studio.io.importers._meanings.modulated import as_maps
from studio.io.importers._tensors.nodes import node_made, snake
from studio.io.importers._tensors.table import table
from studio.io.importers._values.views import Value

_IGNORED = {"name", "dtype", "trainable", "training", "initial", "validate_indices", "seed", "function", "conjugate"}
_CALLED = {
    "keep_dims": "keepdims", "reduction_indices": "axis", "perm": "axes", "shape": "newshape", "paddings": "pad_width",
    "y": "x2", "clip_value_min": "x_min", "clip_value_max": "x_max", "values": "xs", "num_or_size_splits": "sizes",
    "alpha": "negative_slope", "multiples": "repeats", "slice_spec": "key", "method": "interpolation", "begin": "start",
    "ksize": "pool_size", "filters": "kernel", "filter": "kernel", "dilations": "dilation_rate", "multiply": "x2",
    "b": "x2", "bias": "x2", "rate": "dilation_rate",
    "depthwise_filter": "depthwise_kernel", "pointwise_filter": "pointwise_kernel", "variance_epsilon": "epsilon",
}  # fmt: skip
"""What TensorFlow calls an argument, and what NumPy and Keras do."""

_IDLE = {
    "out_type", "output_type", "dtype_hint", "preferred_dtype", "use_cudnn_on_gpu", "parallel_iterations", "num",
    "optimize", "sorted",
}  # fmt: skip
"""Settings that change no value."""

_DEFAULTS: dict[str, dict[str, Any]] = {"gelu": {"approximate": False}, "conv2d_transpose": {"padding": "SAME"}}
"""What TensorFlow takes where nothing is said, and Keras does not."""

_OR = (
    ("newshape", "shape"), ("newshape", "dims"), ("axes", "axis"), ("axis", "axes"), ("start", "start_indices"),
    ("x", "x1"), ("sizes", "size"), ("rates", "dilation_rate"), ("x2", "bias"), ("size", "shape"),
    ("negative_slope", "alpha"),
)  # fmt: skip
"""What an argument is called where the operation has none of the first name."""

_OF_KERNELS = ("multiply", "mul", "square", "sum")
"""What is done with kernels that a style scales as kernels."""

_TENSORFLOWS = re.compile(
    r"(compat\.v1\.|math\.|nn\.|image\.|linalg\.|dtypes\.|keras\.(backend|activations|ops)\.|raw_ops\.)+"
)
_RENAMED = {
    "__operators__.add": "add", "__operators__.getitem": "get_item", "__operators__.sub": "subtract",
    "reduce_mean": "mean", "reduce_sum": "sum", "reduce_max": "max", "reduce_min": "min", "reduce_std": "std",
    "reduce_logsumexp": "logsumexp", "reduce_any": "any", "reduce_all": "all", "reduce_prod": "prod",
    "convolution": "conv", "split": "split_v", "pad": "pad", "permute_dimensions": "transpose",
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
            settings = {**_DEFAULTS.get(name, {}), **settings}
        else:
            name, settings = snake(layer.kind), {**layer.config, **settings}
        if name not in table():
            raise StudioError(
                f'it is the operation "{said}", which is not supported; docs/operators.md lists those that are.'
            )
        made = _called(f, name, args, settings, strict=layer.kind == "TFOpLambda")
    last = all(each.channels_last for each in held.values())
    return [own_axes(f, value, channels_last=last) for value in (made if isinstance(made, list) else [made])]


def _called(f: Flow, name: str, args: list[Any], settings: Mapping[str, Any], *, strict: bool) -> Value | list[Value]:
    meaning = table()[name]
    if settings.get("data_format") in ("channels_first", "NCHW"):
        raise StudioError("its channels come first, which is not supported; save it with channels_last.")
    wanted: Mapping[str, Any] = inspect.signature(meaning).parameters
    passed_over = (_IGNORED | {"data_format"}) - wanted.keys()
    given = {key: v for key, v in settings.items() if v is not None and key not in passed_over}
    if name == "split_v" and np.ndim(given.get("sizes", [])) == 0:
        name, meaning = "split", table()["split"]
        wanted = inspect.signature(meaning).parameters
        given["indices_or_sections"] = given.pop("sizes")
    for key, other in _OR:
        if key in given and key not in wanted and other in wanted:
            given[other] = given.pop(key)
    # Of TensorFlow's functions files hold what was said alone; of Keras's operations all that could be.
    for key in given.keys() - wanted.keys() - _IDLE if strict else ():
        if np.any(given[key]):
            raise StudioError(f'its setting "{key}" is not supported.')
    if name not in _OF_KERNELS:
        args, given = as_maps(f, args), dict(zip(given, as_maps(f, given.values()), strict=True))
    return meaning(f, *args, **given)


def _node(config: Mapping[str, Any], args: list[Any]) -> tuple[Mapping[str, Any], list[Any]]:
    """A node of TensorFlow's graph, and all its inputs: those that are constants stand in the settings."""
    said = config.get("node_def") or {}
    node = json.loads(said) if isinstance(said, str) else said
    inputs = list(args[0]) if args and isinstance(args[0], list) else list(args)
    for place, numbers in sorted((config.get("constants") or {}).items(), key=lambda item: int(item[0])):
        inputs.insert(int(place), np.asarray(numbers))
    return node, inputs
