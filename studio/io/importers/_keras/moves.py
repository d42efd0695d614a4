"""What Keras's layers mean that join maps, move values about, or do nothing while a network is used."""

from __future__ import annotations

import functools
import math
from typing import Any

import numpy as np

from studio.errors import StudioError
from studio.io.importers._keras.table import ElementOrder, Held, KerasLayer, means, own_axes, plain
from studio.io.importers._meanings.flow import Flow
from studio.io.importers._tensors.moves import padded
from studio.io.importers._tensors.space import resized
from studio.io.importers._values.views import Value, reshaped, shown
from studio.model.declared.size import Size


@means(
    "Dropout", "SpatialDropout2D", "GaussianNoise", "GaussianDropout", "AlphaDropout", "ActivityRegularization",
    "Identity", "Masking", "StochasticDepth", "RandomFlip", "RandomRotation", "RandomZoom", "RandomContrast",
    "RandomTranslation", "RandomBrightness", "FixedDropout", "DropBlock2D",
)  # fmt: skip
def _nothing(f: Flow, n: KerasLayer) -> Held:
    del f
    return n.x


# -- joining ---------------------------------------------------------------------------------------------------------


@means("Add", "Multiply", "Maximum", "Minimum", "Average", "Subtract")
def _joined(f: Flow, n: KerasLayer) -> Held:
    op = {"Multiply": "Mul", "Subtract": "Sub", "Average": "Add"}.get(n.kind, n.kind)
    if len(n.reads) < 2:
        raise StudioError("it needs at least two inputs.")
    ranks = [len(read.value.shape) for read in n.reads]
    alike = min(ranks) == max(ranks) and all(_alike(n.x.order, read.order) for read in n.reads[1:])
    values = [read.value if alike else _with_axes(plain(f, read), max(ranks)) for read in n.reads]
    made = functools.reduce(lambda a, b: f.binary(op, a, b), values)
    if n.kind == "Average":
        made = f.each("Affine", made, scale=1 / len(values), shift=0.0)
    return Held(made, n.x.order) if alike else own_axes(f, made, channels_last=n.channels_last)


def _with_axes(value: Value, rank: int) -> Value:
    """With axes of one behind the first, as many as are missing."""
    return reshaped(value, (value.shape[0], *[1] * (rank - len(value.shape)), *value.shape[1:]))


def _alike(a: ElementOrder | None, b: ElementOrder | None) -> bool:
    return a is b or (a is not None and b is not None and np.array_equal(a, b))


@means("Concatenate")
def _concatenate(f: Flow, n: KerasLayer) -> Held:
    held = list(n.reads)
    rank = len(n.x.value.shape)
    axis = int(n.config.get("axis", -1)) % rank
    if rank != 2:
        return Held(f.concat([read.value for read in held], n.axes(axis)[0] if axis else axis))
    order = None
    if any(read.order is not None for read in held):
        starts = np.cumsum([0, *(read.value.shape[1] for read in held)])
        orders = (np.arange(read.value.shape[1]) if read.order is None else read.order for read in held)
        order = np.concatenate([start + each for start, each in zip(starts, orders, strict=False)])
    return Held(f.concat([read.value for read in held], 1), order)


# -- space -----------------------------------------------------------------------------------------------------------


@means("UpSampling2D")
def _upsampling(f: Flow, n: KerasLayer) -> Held:
    down, across = n.pair("size", 2)
    _, _, height, width = n.x.value.shape
    size, how = Size(height * down, width * across), str(n.config.get("interpolation", "nearest"))
    if how == "bilinear" and n.saved.resizes_by_corners:
        said = (
            f"It was saved by Keras {n.saved.version}, so bilinear upsampling is TensorFlow 1's, which takes pixels by "
            "their corners."
        )
        f.draft.notes += [said] if said not in f.draft.notes else []
        factors = (float(down), float(across))
        return Held(f.layer("Resize", n.x.value, scale_factor=factors, mode="bilinear", coordinates="asymmetric"))
    return Held(resized(f, n.x.value, size, how))


@means("Resizing")
def _resizing(f: Flow, n: KerasLayer) -> Held:
    value, size = n.x.value, Size(int(n.config["height"]), int(n.config["width"]))
    have = value.shape[2:]
    if n.config.get("crop_to_aspect_ratio"):
        kept = [min(have[k], int(have[1 - k] * size[k] / size[1 - k])) for k in (0, 1)]
        top, left = (int((side - part) / 2) for side, part in zip(have, kept, strict=True))
        value = f.move(value, lambda x: x[:, :, top : top + kept[0], left : left + kept[1]])
    elif n.config.get("pad_to_aspect_ratio"):
        whole = [max(have[k], int(have[1 - k] * size[k] / size[1 - k])) for k in (0, 1)]
        top, left = (int((part - side) / 2) for side, part in zip(have, whole, strict=True))
        # As Keras has it: as much on either side, one pixel short where that does not come out even.
        borders = (left, left, top, top)
        value = f.pad(value, borders, "constant", float(n.config.get("fill_value") or 0.0))
    how = str(n.config.get("interpolation", "bilinear"))
    return Held(resized(f, value, size, how, antialias=bool(n.config.get("antialias"))))


@means("ZeroPadding2D", "ReflectionPadding2D", "ReflectPadding2D", "ReflectionPad2D", "SymmetricPadding2D")
def _padding(f: Flow, n: KerasLayer) -> Held:
    top, bottom, left, right = _four(n.config.get("padding", 1))
    if n.kind == "SymmetricPadding2D":
        return Held(padded(f, n.x.value, [(0, 0), (0, 0), (top, bottom), (left, right)], "symmetric"))
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
    # Keras 2 and 3 flatten with the channels last where they are told that those come first.
    order = n.channels_last or n.config.get("data_format") == "channels_first"
    return Held(reshaped(whole, (1, math.prod(whole.shape))), channels_first(*whole.shape[1:]) if order else None)


@means("Reshape")
def _reshape(f: Flow, n: KerasLayer) -> Held:
    shape, x = [int(side) for side in n.config["target_shape"]], n.x
    count = math.prod(x.value.shape)
    if -1 in shape:
        shape[shape.index(-1)] = count // max(math.prod(side for side in shape if side != -1), 1)
    if x.order is not None and n.channels_last:
        height, width, channels = shape if len(shape) == 3 else (0, 0, 0)
        if len(shape) == 1:
            return Held(x.value, x.order)
        if count == height * width * channels and np.array_equal(x.order, channels_first(channels, height, width)):
            return Held(reshaped(x.value, (1, channels, height, width)))
    return own_axes(f, reshaped(plain(f, x), (1, *shape)), channels_last=n.channels_last)


@means("Permute")
def _permute(f: Flow, n: KerasLayer) -> Held:
    axes = (0, *(int(axis) for axis in n.config["dims"]))
    value = f.move(plain(f, n.x), lambda x: x.transpose(axes))
    return own_axes(f, value, channels_last=n.channels_last)


def channels_first(channels: int, height: int, width: int) -> ElementOrder:
    """Which of the values of (H, W, C) each value of (C, H, W) is."""
    places = np.arange(channels * height * width, dtype=np.int64).reshape(height, width, channels)
    return places.transpose(2, 0, 1).ravel()
