"""Keras models of the kinds that people have, made with Keras itself, which runs on PyTorch here."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable
from typing import Any

os.environ.setdefault("KERAS_BACKEND", "torch")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import keras
from keras import layers as L

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


MODELS |= {"sequential": sequential, "generator": generator}
