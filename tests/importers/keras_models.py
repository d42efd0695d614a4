"""Keras models of the kinds that people have, made with Keras itself, which runs on PyTorch here."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

os.environ.setdefault("KERAS_BACKEND", "torch")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import keras
from keras import layers as L
from keras import ops

SIZE = (12, 16)

MODELS: dict[str, Callable[[], Any]] = {}
"""By name, what makes a model of pictures of three channels."""


def model(build: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def make() -> Any:
        picture = keras.Input((*SIZE, 3), name="picture")
        return keras.Model(picture, build(picture), name=build.__name__)

    MODELS[build.__name__] = make
    return build


@model
def convolutions(x: Any) -> Any:
    x = L.Conv2D(5, 3, strides=2, padding="same", activation="relu")(x)
    x = L.Conv2D(6, (2, 3), padding="same", dilation_rate=2)(x)
    x = L.Conv2D(6, 3, padding="same", groups=3, use_bias=False)(x)
    x = L.DepthwiseConv2D(3, padding="same", depth_multiplier=2)(x)
    x = L.SeparableConv2D(4, 3, padding="same", depth_multiplier=2, activation="tanh")(x)
    return L.Conv2D(3, 2, padding="valid")(x)


@model
def upwards(x: Any) -> Any:
    x = L.Conv2D(4, 3, strides=2, padding="same")(x)
    x = L.Conv2DTranspose(5, 4, strides=2, padding="same", activation="relu")(x)
    x = L.UpSampling2D(2)(x)
    x = L.Conv2D(4, 3, padding="same")(x)
    x = L.UpSampling2D((1, 2), interpolation="bilinear")(x)
    x = L.Conv2DTranspose(3, 3, strides=2, padding="valid")(x)
    return L.Activation("sigmoid")(x)


@model
def norms(x: Any) -> Any:
    x = L.Conv2D(6, 3, use_bias=False)(x)
    x = L.BatchNormalization()(x)
    x = L.LeakyReLU(negative_slope=0.1)(x)
    x = L.LayerNormalization()(x)
    x = L.GroupNormalization(groups=3)(x)
    x = L.BatchNormalization(scale=False)(x)
    x = L.Dropout(0.5)(x)
    x = L.BatchNormalization(center=False)(x)
    return L.PReLU(shared_axes=[1, 2])(x)


@model
def bends(x: Any) -> Any:
    for name in ("relu6", "elu", "selu", "gelu", "softplus", "silu", "mish", "softsign", "hard_sigmoid", "exponential"):
        x = L.Conv2D(3, 1)(x)
        x = L.Activation(name)(x)
    x = L.ReLU(max_value=2.0)(x)
    x = L.ELU(alpha=0.5)(x)
    x = L.Softmax()(x)
    return L.Conv2D(3, 1, activation="leaky_relu")(x)


@model
def branches(x: Any) -> Any:
    a = L.Conv2D(4, 3, padding="same")(x)
    b = L.MaxPooling2D(3, strides=1, padding="same")(L.ZeroPadding2D(((1, 0), (0, 2)))(a))
    b = L.Cropping2D(((1, 0), (0, 2)))(b)
    c = L.AveragePooling2D(3, strides=1, padding="same")(a)
    joined = L.Concatenate()([a, b, L.Average()([b, c]), L.Subtract()([a, c])])
    gate = L.GlobalAveragePooling2D()(joined)
    gate = L.Dense(16, activation="sigmoid")(L.Dense(4, activation="relu")(gate))
    gated = L.Multiply()([joined, L.Reshape((1, 1, 16))(gate)])
    x = L.Add()([gated, joined, L.Maximum()([gated, joined])])
    return L.Dense(3)(x * 2.0 + 1.0)


@model
def strided_pools(x: Any) -> Any:
    x = L.MaxPooling2D(3, strides=2, padding="same")(L.Rescaling(1 / 255.0, offset=-0.5)(x))
    x = L.AveragePooling2D(2, strides=2, padding="same")(x)
    return L.Conv2D(2, 1)(x)


@model
def dense_and_back(x: Any) -> Any:
    x = L.Conv2D(4, 3, strides=2, padding="same", activation="relu")(x)
    x = L.Dropout(0.1)(L.Flatten()(x))
    x = L.BatchNormalization()(L.Dense(7, activation="relu")(x))
    x = L.Dense(3 * 4 * 5, use_bias=False)(x)
    x = L.LeakyReLU(negative_slope=0.3)(L.BatchNormalization()(x))
    x = L.Reshape((3, 4, 5))(x)
    return L.Conv2DTranspose(3, 4, strides=4, padding="same", activation="tanh")(x)


@model
def nested(x: Any) -> Any:
    block = keras.Sequential(
        [keras.Input((*SIZE, 3)), L.Conv2D(3, 3, padding="same"), L.BatchNormalization()], name="a"
    )
    inner = keras.Sequential([keras.Input((*SIZE, 3)), L.Conv2D(3, 3, padding="same"), block], name="b")
    shared = L.Conv2D(3, 3, padding="same", name="shared")
    return L.Add()([inner(x), shared(block(x)), shared(x)])


@model
def more_norms(x: Any) -> Any:
    x = L.SpectralNormalization(L.Conv2D(4, 3, padding="same", name="inside"))(x)
    x = L.Conv2D(6, 1)(L.UnitNormalization()(x))
    x = L.Conv2D(6, 1)(L.RMSNormalization()(x))
    x = L.LayerNormalization(axis=[1, 2, 3])(x)
    return L.GroupNormalization(-1)(L.TimeDistributed(L.Dense(4))(x))


@model
def more_bends(x: Any) -> Any:
    for name in ("log_sigmoid", "celu", "hard_tanh", "squareplus", "sparse_plus", "tanh_shrink", "soft_shrink"):
        x = L.Conv2D(4, 1, activation=name)(x)
    x = L.Conv2D(4, 1, activation="log_softmax")(L.Conv2D(4, 1, activation="sparse_sigmoid")(x))
    x = L.PReLU()(L.ReLU(threshold=0.3, negative_slope=0.2)(x))
    return L.PReLU(shared_axes=[1, 2, 3])(L.Conv2D(4, 1)(L.Activation("hard_shrink")(x)))


@model
def tokens(x: Any) -> Any:
    """Attention over places, as in transformers."""
    x = L.Conv2D(6, 3, strides=2, padding="same")(x)
    t = L.Reshape((48, 6))(x)
    n = L.LayerNormalization()(t)
    t = L.Add()([t, L.MultiHeadAttention(2, 4)(n, n)])
    t = L.BatchNormalization()(L.Dense(6, activation="softmax")(t))
    t = L.Concatenate()([L.Attention(use_scale=True)([t, t]), L.AdditiveAttention()([t, t])])
    t = L.Conv1D(8, 3, padding="same", activation="gelu")(t)
    x = L.Concatenate()([x, L.Reshape((6, 8, 8))(t)])
    return L.MultiHeadAttention(1, 4, value_dim=3, attention_axes=(2,))(x, x)


@model
def windows(x: Any) -> Any:
    """Attention within windows, which are as many pictures, and between their pixels of one place."""
    height, width = SIZE[0] // 2, SIZE[1] // 2
    t = ops.reshape(L.Conv2D(6, 3, padding="same")(x), (-1, height, 2, width, 2, 6))
    t = ops.reshape(ops.transpose(t, (0, 1, 3, 2, 4, 5)), (-1, 4, 6))
    t = t + L.MultiHeadAttention(2, 4)(t, t)
    t = ops.reshape(t, (-1, height * width, 4, 6))
    t = t + L.MultiHeadAttention(2, 4, attention_axes=(1,))(t, t)
    t = ops.transpose(ops.reshape(t, (-1, height, width, 2, 2, 6)), (0, 1, 3, 2, 4, 5))
    return L.Conv2D(3, 1)(ops.reshape(t, (-1, *SIZE, 6)))


@model
def filled(x: Any) -> Any:
    """Functions that say a type."""
    x = L.Conv2D(3, 3, padding="same")(x)
    y = ops.where(x > 0.1, x, ops.zeros_like(x)) + ops.cast(x < 0.2, "float32") * ops.full_like(x, 0.3)
    return ops.concatenate([y - ops.ones_like(y), ops.sum(y, axis=-1, keepdims=True)], axis=-1)


@model
def products(x: Any) -> Any:
    a = L.Conv2D(4, 3, padding="same")(x)
    t = L.Reshape((SIZE[0] * SIZE[1], 4))(a)
    gram = L.Dot(axes=(1, 1))([t, t])
    t = L.EinsumDense("abc,cd->abd", output_shape=(None, 4), bias_axes="d")(L.Dot(axes=(2, 1))([t, gram]))
    gate = L.Reshape((4, 1))(L.GlobalMaxPooling1D()(t))
    gate = L.Flatten()(L.Conv1D(1, 3, padding="same", activation="sigmoid")(gate))
    # A vector beside a map stands for the channels of every place.
    return L.Multiply()([L.Reshape((*SIZE, 4))(t), gate])


@model
def arithmetic(x: Any) -> Any:
    """Functions of keras.ops, called on tensors."""
    x = L.Conv2D(4, 3)(x)
    y = 2 / (ops.exp(1 - (x * 2 + 1) / 3) + 1.5) - np.array([0.1, 0.2, 0.3, 0.4], np.float32)
    y = ops.maximum(ops.clip(ops.sqrt(ops.abs(y)), 0.1, 0.7), -x) ** 2
    y = ops.where(y > x, ops.square(y), ops.log(ops.abs(x) + 1.1)) + ops.sin(x) * ops.cos(y)
    centred = y - ops.mean(y, axis=[1, 2], keepdims=True)
    y = centred / ops.sqrt(ops.var(y, axis=[1, 2], keepdims=True) + 1e-3)
    gate = ops.concatenate([ops.max(y, axis=-1, keepdims=True), ops.sum(y, axis=3, keepdims=True)], axis=-1)
    return ops.nn.leaky_relu(y, 0.1) * ops.nn.softmax(L.Conv2D(4, 3, padding="same")(gate))


@model
def moves(x: Any) -> Any:
    x = L.Conv2D(9, 3, padding="same")(ops.pad(x, [[0, 0], [2, 1], [1, 2], [0, 0]], mode="reflect")[:, 2:-1, 1:-2])
    a, b, c = ops.split(x, 3, axis=-1)
    x = ops.concatenate([a * ops.sigmoid(b), ops.flip(c, 1), x[..., 6:]], axis=-1)
    x = ops.reshape(x, (-1, *SIZE, 3, 3, 1))
    x = ops.reshape(ops.transpose(x, (0, 1, 3, 2, 4, 5)), (-1, SIZE[0] * 3, SIZE[1] * 3, 1))
    x = ops.image.resize(ops.tile(x, (1, 1, 1, 2)), SIZE)
    return ops.stack([x[..., 1], ops.squeeze(ops.expand_dims(x[..., 0], -1), -1)], axis=-1)


@model
def fitted(x: Any) -> Any:
    x = L.Resizing(9, 9, crop_to_aspect_ratio=True)(x)
    x = L.Resizing(10, 20, pad_to_aspect_ratio=True)(x)
    return L.AdaptiveAveragePooling2D((5, 4))(L.Conv2D(3, 3)(x))


def repeated() -> Any:
    vector = keras.Input((8,))
    return keras.Model(vector, L.Conv2D(3, 3)(L.Reshape((4, 3, 8))(L.RepeatVector(12)(vector))))


def sequential() -> Any:
    return keras.Sequential([keras.Input((*SIZE, 3)), L.Conv2D(4, 3, activation="relu"), L.Conv2D(3, 1)])


def generator() -> Any:
    """The DCGAN of Keras's and TensorFlow's tutorials, smaller."""
    return keras.Sequential(
        [
            keras.Input((8,)),
            L.Dense(4 * 3 * 6, use_bias=False),
            L.BatchNormalization(),
            L.LeakyReLU(),
            L.Reshape((4, 3, 6)),
            L.Conv2DTranspose(5, 5, strides=1, padding="same", use_bias=False),
            L.BatchNormalization(),
            L.LeakyReLU(),
            L.Conv2DTranspose(1, 5, strides=2, padding="same", use_bias=False, activation="tanh"),
        ]
    )


MODELS |= {"sequential": sequential, "generator": generator, "repeated": repeated}
