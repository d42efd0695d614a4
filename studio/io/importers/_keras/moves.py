"""What Keras's layers mean that join maps, move values about, or do nothing while a network is used."""

from __future__ import annotations

import functools
import math
from typing import Any

import numpy as np

from studio.errors import StudioError
from studio.io.importers._flow import Flow
from studio.io.importers._keras.bends import bent
from studio.io.importers._keras.table import Held, KerasLayer, Order, means
from studio.io.importers._views import Value, constant, first, last, reshaped, shown

_MODES = {"nearest": "nearest", "bilinear": "bilinear", "bicubic": "bicubic"}


@means(
    "Dropout", "SpatialDropout2D", "GaussianNoise", "GaussianDropout", "AlphaDropout", "ActivityRegularization",
    "Identity", "Masking", "StochasticDepth", "RandomFlip", "RandomRotation", "RandomZoom", "RandomContrast",
    "RandomTranslation", "RandomBrightness", "FixedDropout", "DropBlock2D",
)  # fmt: skip
def _nothing(f: Flow, n: KerasLayer) -> Held:
    del f
    return n.x


# -- joining ---------------------------------------------------------------------------------------------------------


@means("Add", "Multiply", "Maximum", "Minimum", "Average", "Subtract", "Divide", "TrueDivide")
def _joined(f: Flow, n: KerasLayer) -> Held:
    op = {"Multiply": "Mul", "Subtract": "Sub", "Average": "Add", "Divide": "Div", "TrueDivide": "Div"}.get(
        n.kind, n.kind
    )
    values = [read.value if isinstance(read, Held) else constant(np.float32(read)) for read in n.reads]
    held = [read for read in n.reads if isinstance(read, Held)]
    if len(values) < 2:
        raise StudioError("it needs at least two inputs.")
    order = held[0].order
    if any(not _alike(order, other.order) for other in held[1:]):
        raise StudioError("it joins vectors that were flattened in different orders, which is not supported.")
    made = functools.reduce(lambda a, b: f.binary(op, a, b), values)
    if n.kind == "Average":
        made = f.each("Affine", made, scale=1 / len(values), shift=0.0)
    return Held(made, order)


def _alike(a: Order | None, b: Order | None) -> bool:
    return a is b or (a is not None and b is not None and np.array_equal(a, b))


@means("Concatenate", "Merge")
def _concatenate(f: Flow, n: KerasLayer) -> Held:
    held = [read for read in n.reads if isinstance(read, Held)]
    rank = len(held[0].value.shape)
    axis = int(n.config.get("axis", -1)) % rank
    if rank != 2:
        return Held(f.concat([read.value for read in held], {1: 2, 2: 3, 3: 1}.get(axis, axis) if rank == 4 else axis))
    order = None
    if any(read.order is not None for read in held):
        starts = np.cumsum([0, *(read.value.shape[1] for read in held)])
        plain = (np.arange(read.value.shape[1]) if read.order is None else read.order for read in held)
        order = np.concatenate([start + each for start, each in zip(starts, plain, strict=False)])
    return Held(f.concat([read.value for read in held], 1), order)


# -- space -----------------------------------------------------------------------------------------------------------


@means("UpSampling2D")
def _upsampling(f: Flow, n: KerasLayer) -> Held:
    down, across = n.pair("size", 2)
    _, _, height, width = n.x.value.shape
    return Held(_resized(f, n.x.value, (height * down, width * across), str(n.config.get("interpolation", "nearest"))))


@means("Resizing")
def _resizing(f: Flow, n: KerasLayer) -> Held:
    if n.config.get("crop_to_aspect_ratio") or n.config.get("pad_to_aspect_ratio"):
        raise StudioError("it crops or pads to an aspect ratio, which is not supported.")
    size = (int(n.config["height"]), int(n.config["width"]))
    return Held(_resized(f, n.x.value, size, str(n.config.get("interpolation", "bilinear"))))


def _resized(f: Flow, value: Value, size: tuple[int, int], how: str) -> Value:
    """As tf.image.resize does it since version 2: by the centres of pixels."""
    if how not in _MODES:
        raise StudioError(f'it resizes by "{how}", which is not supported; nearest, bilinear and bicubic are.')
    whole = [made / side for made, side in zip(size, value.shape[2:], strict=True)]
    exact = all(ratio.is_integer() for ratio in whole)
    if how == "bilinear" or (how == "nearest" and exact):
        return f.resize(value, size, how, False, None)
    sizing: dict[str, Any] = {"scale_factor": (whole[0], whole[1])} if exact else {"size": size}
    if how == "nearest":
        return f.layer("Resize", value, **sizing, coordinates="tf_half_pixel", rounding="floor")
    return f.layer("Resize", value, **sizing, mode="bicubic", cubic_a=-0.5, exclude_outside=True)


@means("ZeroPadding2D", "ReflectionPadding2D", "ReflectPadding2D", "ReflectionPad2D", "SymmetricPadding2D")
def _padding(f: Flow, n: KerasLayer) -> Held:
    if n.kind.startswith("Symmetric"):
        raise StudioError("it mirrors the border pixels, too, which is not supported.")
    top, bottom, left, right = _four(n.config.get("padding", 1))
    mode = "constant" if n.kind == "ZeroPadding2D" else "reflect"
    return Held(f.pad(n.x.value, (left, right, top, bottom), mode))


@means("Cropping2D")
def _cropping(f: Flow, n: KerasLayer) -> Held:
    top, bottom, left, right = _four(n.config.get("cropping", 0))
    return Held(f.pad(n.x.value, (-left, -right, -top, -bottom), "constant"))


@means("CenterCrop")
def _centre_crop(f: Flow, n: KerasLayer) -> Held:
    _, _, height, width = n.x.value.shape
    over = height - int(n.config["height"]), width - int(n.config["width"])
    if min(over) < 0:
        raise StudioError("it enlarges what is smaller than its crop, which is not supported.")
    top, left = over[0] // 2, over[1] // 2
    return Held(f.pad(n.x.value, (-left, left - over[1], -top, top - over[0]), "constant"))


def _four(given: Any) -> tuple[int, int, int, int]:
    """Top, bottom, left, right of one number, of one a side, or of two."""
    rows, columns = (given, given) if isinstance(given, int) else given
    (top, bottom), (left, right) = ((side, side) if isinstance(side, int) else side for side in (rows, columns))
    return int(top), int(bottom), int(left), int(right)


@means("PixelShuffle", "DepthToSpace", "SubpixelConv2D", "PixelShuffler")
def _depth_to_space(f: Flow, n: KerasLayer) -> Held:
    named = ("block_size", "upscale_factor", "scale", "upsampling_factor", "size", "factor")
    block = next((n.config[name] for name in named if isinstance(n.config.get(name), (int, list, tuple))), None)
    block = block[0] if isinstance(block, (list, tuple)) else block
    if not block:
        raise StudioError("its settings do not say by how much it enlarges.")
    return Held(f.depth_to_space(n.x.value, int(block)))


# -- vectors ---------------------------------------------------------------------------------------------------------


@means("Flatten")
def _flatten(f: Flow, n: KerasLayer) -> Held:
    if not n.x.is_map:
        return Held(reshaped(n.x.value, (1, math.prod(n.x.value.shape))), n.x.order)
    whole = shown(f.map_of(n.x.value), n.x.value.shape)
    return Held(reshaped(whole, (1, math.prod(whole.shape))), channels_first(*whole.shape[1:]))


@means("Reshape")
def _reshape(f: Flow, n: KerasLayer) -> Held:
    shape, x = [int(side) for side in n.config["target_shape"]], n.x
    count = math.prod(x.value.shape)
    if -1 in shape:
        shape[shape.index(-1)] = count // max(math.prod(side for side in shape if side != -1), 1)
    if x.order is not None:
        height, width, channels = shape if len(shape) == 3 else (0, 0, 0)
        if len(shape) == 1:
            return Held(x.value, x.order)
        if count == height * width * channels and np.array_equal(x.order, channels_first(channels, height, width)):
            return Held(reshaped(x.value, (1, channels, height, width)))
        raise StudioError(f"it reshapes a flattened map to {tuple(shape)}, which is not supported.")
    value = reshaped(last(f.draft, x.value) if x.is_map else x.value, (1, *shape))
    return Held(first(f.draft, value) if len(shape) == 3 else value)


@means("Permute")
def _permute(f: Flow, n: KerasLayer) -> Held:
    axes = (0, *(int(axis) for axis in n.config["dims"]))
    value = last(f.draft, n.x.value) if n.x.is_map else n.x.value
    value = f.move(value, lambda x: x.transpose(axes))
    return Held(first(f.draft, value) if len(value.shape) == 4 else value)


def channels_first(channels: int, height: int, width: int) -> Order:
    """Which of the values of (H, W, C) each value of (C, H, W) is."""
    places = np.arange(channels * height * width, dtype=np.int64).reshape(height, width, channels)
    return places.transpose(2, 0, 1).ravel()


# -- operations of TensorFlow as layers ------------------------------------------------------------------------------

_OPERATIONS = {
    "add": "Add", "__operators__.add": "Add", "addv2": "Add", "multiply": "Multiply", "mul": "Multiply",
    "subtract": "Subtract", "sub": "Subtract", "truediv": "Divide", "divide": "Divide", "realdiv": "Divide",
    "maximum": "Maximum", "minimum": "Minimum",
}  # fmt: skip
_FUNCTIONS = ("relu", "relu6", "sigmoid", "tanh", "softmax", "softplus", "elu", "selu", "swish", "silu", "gelu")


@means("TFOpLambda", "SlicingOpLambda", "TensorFlowOpLayer")
def _operation(f: Flow, n: KerasLayer) -> Held:
    said = n.config.get("function") or (n.config.get("node_def") or {}).get("op") or n.config.get("name", "")
    name = str(said).lower().removeprefix("math.").removeprefix("nn.").removeprefix("image.")
    numbers = n.config.get("settings", {})
    if name in _OPERATIONS:
        other = next((numbers[k] for k in ("y", "x") if isinstance(numbers.get(k), (int, float))), None)
        reads = n.reads if other is None or len(n.reads) > 1 else (*n.reads, float(other))
        return _joined(f, KerasLayer(_OPERATIONS[name], n.config, reads, {}))
    if name in _FUNCTIONS:
        return Held(bent(f, n.x.value, name), n.x.order)
    if name in ("cast", "identity", "stop_gradient"):
        return n.x
    if name in ("depth_to_space", "space_to_depth"):
        block = int(numbers.get("block_size", 0))
        return Held(getattr(f, name)(n.x.value, block))
    if name == "clip_by_value":
        low, high = (float(numbers[key]) for key in ("clip_value_min", "clip_value_max"))
        return Held(f.each("Hardtanh", n.x.value, min_val=low, max_val=high), n.x.order)
    if name in ("concat", "concatenate"):
        return _concatenate(f, KerasLayer("Concatenate", {"axis": numbers.get("axis", -1)}, n.reads, {}))
    raise StudioError(f'it is TensorFlow\'s own operation "{said}", which is not supported in a Keras model.')
