"""Keras models whose channels come first, that look rows up or sort, and files of Keras 1 and of Theano."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from helpers import normal, on_torch, relative_error
from keras_models import L, keras, ops
from torch.nn import functional as F

from studio.errors import StudioError
from studio.io.importers import Imported, open_model
from studio.model.networks.shape import Array

FIRST = "channels_first"


def convolutions(x: Any) -> Any:
    x = L.Conv2D(4, 3, strides=2, padding="same", activation="softmax", data_format=FIRST)(x)
    x = L.BatchNormalization(axis=1)(L.DepthwiseConv2D(3, padding="same", data_format=FIRST)(x))
    x = L.PReLU(shared_axes=[2, 3])(L.UpSampling2D(2, data_format=FIRST)(x))
    gate = L.Dense(4, activation="sigmoid")(L.GlobalAveragePooling2D(data_format=FIRST)(x))
    x = L.Multiply()([x, L.Reshape((4, 1, 1))(gate)])
    x = L.Concatenate(axis=1)([x, L.Softmax(axis=1)(x)])
    return L.Conv2DTranspose(3, 3, strides=2, padding="same", data_format=FIRST)(x)


def dense(x: Any) -> Any:
    x = L.Flatten(data_format=FIRST)(L.Conv2D(4, 3, strides=2, data_format=FIRST)(x))
    return L.Reshape((3, 4, 2))(L.Dense(24)(x))


def moved(x: Any) -> Any:
    x = L.Conv2D(4, 3, padding="same", data_format=FIRST)(x)
    x = L.Dense(16)(L.Permute((1, 2, 3))(L.Reshape((4, 12, 16))(L.Flatten()(x))))
    return ops.mean(x, axis=1, keepdims=True) + L.UnitNormalization(axis=1)(x)


def made(build: Any, shape: tuple[int, ...]) -> Any:
    keras.utils.set_random_seed(1)
    put = keras.Input(shape)
    model = keras.Model(put, build(put))
    rng = np.random.default_rng(2)
    model.set_weights([rng.uniform(0.2, 1.0, w.shape) * (1 if w.ndim == 1 else 0.4) for w in model.weights])
    return model


def opened(model: Any, folder: Path, form: str) -> Imported:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.save(folder / f"model{form}")
    return open_model(folder / f"model{form}")


def run(imported: Imported, values: Array) -> Array:
    engine = on_torch(imported.network)
    engine.run({imported.network.graph.inputs[0].name: values})
    return engine.output()


def by_keras(model: Any, values: Array) -> Array:
    return np.asarray(model(values[None], training=False).detach().cpu())[0]


@pytest.mark.parametrize("form", [".keras", ".h5"])
@pytest.mark.parametrize("build", [convolutions, dense, moved])
def test_channels_that_come_first(build: Any, form: str, tmp_path: Path) -> None:
    model = made(build, (3, 12, 16))
    values = normal(3, 12, 16, seed=4)
    assert relative_error(run(opened(model, tmp_path, form), values), by_keras(model, values)) < 1e-5


def test_layers_of_two_orders_are_named(tmp_path: Path) -> None:
    model = made(
        lambda x: L.MaxPooling2D(2, data_format="channels_last")(L.Conv2D(3, 1, data_format=FIRST)(x)), (3, 8, 8)
    )
    with pytest.raises(StudioError, match=r'first in layer "conv2d.*" and last in "max_pooling2d'):
        opened(model, tmp_path, ".keras")


def test_a_number_looks_up_a_row(tmp_path: Path) -> None:
    model = made(lambda x: L.Reshape((4, 2, 3))(L.Embedding(7, 12)(x)), (2,))
    imported = opened(model, tmp_path, ".keras")
    assert imported.network.graph.inputs[0].range == (0.0, 6.0)
    values = np.array([5, 2], np.float32)
    wanted = by_keras(model, values).transpose(2, 0, 1)
    assert relative_error(run(imported, values.reshape(2, 1, 1)), wanted) < 1e-5


@pytest.mark.parametrize(
    "build",
    [
        lambda x: L.Conv2D(5, 3, activation="sparsemax")(x),
        lambda x: ops.top_k(L.Conv2D(6, 3)(x), 2)[0],
        lambda x: ops.sort(L.Conv2D(6, 3)(x), axis=-1),
        lambda x: x * ops.cast(ops.cast(L.Conv2D(3, 3, padding="same")(x) * 3, "int32"), "float32"),
    ],
)
def test_what_sorts_and_what_cuts_off(build: Any, tmp_path: Path) -> None:
    model = made(build, (6, 7, 3))
    values = normal(3, 6, 7, seed=5)
    wanted = by_keras(model, values.transpose(1, 2, 0)).transpose(2, 0, 1)
    assert relative_error(run(opened(model, tmp_path, ".keras"), values), wanted) < 1e-5


def written(folder: Path, layers: list[dict[str, Any]], tensors: dict[str, dict[str, Array]], **said: bytes) -> Path:
    """A file of a Sequential of Keras before 3: tensors by layer and name."""
    import h5py

    with h5py.File(folder / "model.h5", "w") as file:
        config = {"class_name": "Sequential", "config": layers}
        file.attrs["model_config"] = json.dumps(config).encode()
        for key, value in said.items():
            file.attrs[key] = value
        root = file.create_group("model_weights")
        root.attrs["layer_names"] = [entry["config"]["name"].encode() for entry in layers]
        for entry in layers:
            group = root.create_group(entry["config"]["name"])
            held = tensors.get(entry["config"]["name"], {})
            group.attrs["weight_names"] = [name.encode() for name in held]
            for name, values in held.items():
                group.create_dataset(name, data=values)
    return folder / "model.h5"


def layer(kind: str, name: str, **config: Any) -> dict[str, Any]:
    return {"class_name": kind, "config": {"name": name, **config}}


@pytest.mark.parametrize(("order", "mode"), [("th", 0), ("tf", 0), ("tf", 2)])
def test_files_of_keras_1(order: str, mode: int, tmp_path: Path) -> None:
    """Its settings have other names; with channels first its kernels are taken to be Theano's."""
    kernel, bias = normal(4, 3, 3, 3, seed=1), normal(4, seed=2)
    norm = [normal(4, seed=3), normal(4, seed=4), normal(4, seed=5), np.abs(normal(4, seed=6)) + 0.1]
    shape = [None, 3, 8, 10] if order == "th" else [None, 8, 10, 3]
    axis = 1 if order == "th" else -1
    path = written(
        tmp_path,
        [
            layer("Convolution2D", "convolution2d_1", nb_filter=4, nb_row=3, nb_col=3, border_mode="same", bias=True,
                  subsample=[2, 1], dim_ordering=order, activation="relu", batch_input_shape=shape),
            layer("BatchNormalization", "batchnormalization_1", mode=mode, axis=axis, epsilon=1e-3),
            layer("MaxPooling2D", "maxpooling2d_1", pool_size=[2, 2], strides=[2, 2], border_mode="valid",
                  dim_ordering=order),
        ],
        {
            "convolution2d_1": {
                "convolution2d_1_W": kernel if order == "th" else kernel.transpose(2, 3, 1, 0),
                "convolution2d_1_b": bias,
            },
            "batchnormalization_1": dict(
                zip([f"batchnormalization_1_{k}" for k in ("gamma", "beta", "running_mean", "running_std")], norm,
                    strict=True)
            ),
        },
        keras_version=b"1.2.2",
    )  # fmt: skip
    imported = open_model(path)
    said = "Theano's" if order == "th" else "TensorFlow's"
    assert any(said in note for note in imported.notes)
    x = torch.tensor(normal(3, 8, 10, seed=7))[None]
    k = torch.tensor(kernel[:, :, ::-1, ::-1].copy() if order == "th" else kernel)
    # SAME with a stride of 2 over 8 rows puts one row below.
    y = F.conv2d(F.pad(x, (1, 1, 0, 1)), k, torch.tensor(bias), stride=(2, 1)).relu()
    gamma, beta, mean, variance = (torch.tensor(each) for each in norm)
    y = F.max_pool2d(F.batch_norm(y, mean, variance, gamma, beta, training=mode == 2, eps=1e-3), 2)
    assert relative_error(run(imported, x[0].numpy()), y[0].numpy()) < 1e-5


@pytest.mark.parametrize(("mode", "op"), [("sum", torch.add), ("mul", torch.mul), ("max", torch.maximum)])
def test_merges_of_keras_1(mode: str, op: Any, tmp_path: Path) -> None:
    kernels = {name: normal(1, 1, 3, 3, seed=k) for k, name in enumerate(("a", "b"))}
    nodes = [
        {**layer("InputLayer", "in", batch_input_shape=[None, 5, 6, 3]), "name": "in", "inbound_nodes": []},
        *(
            {
                **layer("Convolution2D", name, border_mode="same", dim_ordering="tf", activation="linear"),
                "name": name,
                "inbound_nodes": [[["in", 0, 0]]],
            }
            for name in kernels
        ),
        {**layer("Merge", "m", mode=mode, concat_axis=-1), "name": "m", "inbound_nodes": [[["a", 0, 0], ["b", 0, 0]]]},
    ]
    path = written(
        tmp_path, nodes, {name: {f"{name}_W": k, f"{name}_b": np.zeros(3)} for name, k in kernels.items()},
    )  # fmt: skip
    import h5py

    with h5py.File(path, "a") as file:
        ends = {"input_layers": [["in", 0, 0]], "output_layers": [["m", 0, 0]], "layers": nodes, "name": "n"}
        file.attrs["model_config"] = json.dumps({"class_name": "Model", "config": ends}).encode()
    x = torch.tensor(normal(3, 5, 6, seed=7))[None]
    one, two = (F.conv2d(x, torch.tensor(k.transpose(3, 2, 0, 1))) for k in kernels.values())
    assert relative_error(run(open_model(path), x[0].numpy()), op(one, two)[0].numpy()) < 1e-5


@pytest.mark.parametrize(("backend", "turned"), [(b"theano", True), (b"tensorflow", False)])
def test_kernels_of_theano_lie_turned(backend: bytes, turned: bool, tmp_path: Path) -> None:
    kernel = normal(3, 2, 3, 4, seed=1)
    config = {"strides": [1, 1], "padding": "valid", "use_bias": False, "batch_input_shape": [None, None, None, 3]}
    tensors = {"c": {"c/kernel:0": kernel}}
    path = written(tmp_path, [layer("Conv2D", "c", **config)], tensors, keras_version=b"2.1.6", backend=backend)
    x = torch.tensor(normal(3, 8, 10, seed=7))[None]
    laid = kernel[::-1, ::-1].copy() if turned else kernel
    wanted = F.conv2d(x, torch.tensor(laid.transpose(3, 2, 0, 1).copy()))
    assert relative_error(run(open_model(path), x[0].numpy()), wanted[0].numpy()) < 1e-5


@pytest.mark.parametrize(("version", "by_corners"), [(b"2.3.1", True), (b"2.2.4", True), (b"2.4.0", False)])
def test_bilinear_upsampling_of_tensorflow_1(version: bytes, by_corners: bool, tmp_path: Path) -> None:
    config = {"size": [2, 2], "interpolation": "bilinear", "batch_input_shape": [None, None, None, 3]}
    imported = open_model(written(tmp_path, [layer("UpSampling2D", "u", **config)], {}, keras_version=version))
    values = np.zeros((3, 4, 5), np.float32)
    values[:, 1, 2] = 1.0
    found = run(imported, values)
    # By corners the pixel itself stays where it is, whole; by centres it is spread over four.
    assert found[0, 2, 4] == pytest.approx(1.0 if by_corners else 0.5625)
    assert any("TensorFlow 1" in note for note in imported.notes) == by_corners
