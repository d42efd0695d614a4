"""Keras models in all of their files give what Keras makes of them; what cannot be run is refused by its name."""

from __future__ import annotations

import copy
import functools
import json
import warnings
from contextlib import suppress
from pathlib import Path
from typing import Any

import keras_models
import numpy as np
import pytest
from helpers import normal, on_torch, relative_error
from hypothesis import given, settings
from hypothesis import strategies as st
from keras_models import MODELS, L, keras

from studio.errors import StudioError
from studio.io.importers import Imported, Options, open_model
from studio.io.importers._keras import hdf5
from studio.model.declared.size import Size
from studio.model.networks.shape import Array


@functools.cache
def built(name: str) -> Any:
    """The model with weights that are not those of a beginning: variances that differ, biases that are not zero."""
    keras.utils.set_random_seed(3)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        made = MODELS[name]()
    rng = np.random.default_rng(3)
    made.set_weights(
        [
            rng.uniform(0.5, 2.0, w.shape) if w.path.endswith("variance") else rng.standard_normal(w.shape) * 0.3
            for w in made.weights
        ]
    )
    return made


def by_keras(made: Any, values: Array) -> Array:
    """Of (C, H, W) or (N,): the same, channels first."""
    fed = values.transpose(1, 2, 0) if values.ndim == 3 else values
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = np.asarray(made(fed[None], training=False).detach().cpu())[0]
    return np.ascontiguousarray(found.transpose(2, 0, 1)) if found.ndim == 3 else found[:, None, None]


def example(made: Any) -> Array:
    shape = made.inputs[0].shape[1:]
    return normal(shape[2], *shape[:2], seed=5) if len(shape) == 3 else normal(shape[0], seed=5)


def in_the_studio(imported: Imported, values: Array) -> Array:
    engine = on_torch(imported.network)
    fed = values if values.ndim == 3 else values[:, None, None]
    engine.run({imported.network.graph.inputs[0].name: fed})
    return engine.output()


def saved(made: Any, form: str, folder: Path) -> Path:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if form == "weights and json":
            made.save_weights(folder / "model.weights.h5")
            (folder / "model.json").write_text(made.to_json())
            return folder / "model.weights.h5"
        made.save(folder / f"model{form}")
    return folder / f"model{form}"


@pytest.mark.parametrize("form", [".keras", ".h5", "weights and json"])
@pytest.mark.parametrize("name", MODELS)
def test_a_model_gives_what_keras_makes_of_it(name: str, form: str, tmp_path: Path) -> None:
    made = built(name)
    values = example(made)
    imported = open_model(saved(made, form, tmp_path))
    assert relative_error(in_the_studio(imported, values), by_keras(made, values)) < 1e-5


@pytest.mark.parametrize("form", [".keras", ".h5", "weights and json"])
@pytest.mark.parametrize("shape", [(12, 8), (5,)])
def test_grey_pictures_without_an_axis_of_channels(shape: tuple[int, ...], form: str, tmp_path: Path) -> None:
    """As autoencoders of digits and their decoders have them."""
    put = L.Input(shape)
    values = L.Dense(96, activation="sigmoid")(L.Dense(7, activation="relu")(L.Flatten()(put)))
    made = keras.Model(put, L.Reshape((12, 8))(values))
    fed = normal(1, *shape) if len(shape) == 2 else normal(*shape)
    imported = open_model(saved(made, form, tmp_path))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        wanted = np.asarray(made(fed.reshape(1, *shape), training=False).detach().cpu())
    assert relative_error(in_the_studio(imported, fed), wanted) < 1e-5


def test_layers_keep_their_names_and_dense_ones_their_sheets(tmp_path: Path) -> None:
    imported = open_model(saved(built("dense_and_back"), ".keras", tmp_path))
    kinds = [type(node.op).__name__ for node in imported.network.graph.nodes]
    assert kinds == [
        "Pad", "Conv2d", "ReLU", "Flatten", "Linear", "ReLU", "BatchNorm2d", "Linear", "BatchNorm2d", "LeakyReLU",
        "Unflatten", "ConvTranspose2d", "Tanh",
    ]  # fmt: skip
    assert imported.network.graph.only_size == keras_models.SIZE
    names = {layer.name for layer in built("dense_and_back").layers if layer.weights}
    assert names < {node.name for node in imported.network.graph.nodes}


def test_bytes_are_known_by_the_layer_that_divides_by_255(tmp_path: Path) -> None:
    graph = open_model(saved(built("strided_pools"), ".keras", tmp_path)).network.graph
    assert graph.inputs[0].range == (0.0, 255.0)


def test_any_layer_may_be_the_output(tmp_path: Path) -> None:
    made = built("branches")
    file = saved(made, ".h5", tmp_path)
    name = next(layer.name for layer in made.layers if type(layer).__name__ == "Concatenate")
    part = keras.Model(made.inputs, made.get_layer(name).output)
    values = example(made)
    found = in_the_studio(open_model(file, Options(output=name)), values)
    assert relative_error(found, by_keras(part, values)) < 1e-5
    with pytest.raises(StudioError, match='no output "nowhere"'):
        open_model(file, Options(output="nowhere"))


def test_weights_alone_say_what_is_missing(tmp_path: Path) -> None:
    file = saved(built("sequential"), "weights and json", tmp_path)
    (tmp_path / "model.json").unlink()
    with pytest.raises(StudioError, match=r"weights alone .*model.save.*model.json"):
        open_model(file)


def test_the_json_opens_what_lies_beside_it(tmp_path: Path) -> None:
    saved(built("sequential"), "weights and json", tmp_path)
    assert len(open_model(tmp_path / "model.json").network.graph.nodes) == 3
    (tmp_path / "model.weights.h5").unlink()
    with pytest.raises(StudioError, match=r"put its weights beside it, as model.weights.h5"):
        open_model(tmp_path / "model.json")


@pytest.mark.parametrize(
    ("layer", "words"),
    [
        (lambda: L.Lambda(lambda x: x * 2), r"\(Lambda\): it carries Python code, which is not run"),
        (lambda: lambda x: keras.ops.erfinv(x), r'the operation "Erfinv", which is not supported'),
        (lambda: L.UpSampling2D(2, interpolation="lanczos5"), "lanczos5"),
        (lambda: L.ConvLSTM2D(3, 3), r"\(ConvLSTM2D\): this class of layer is not supported; in its place put"),
        (lambda: L.BatchNormalization(axis=1), "axis 1"),
    ],
)
def test_what_cannot_be_run_is_refused_by_name(layer: Any, words: str, tmp_path: Path) -> None:
    picture = keras.Input((*keras_models.SIZE, 3))
    made = layer()
    x = L.Reshape((1, *keras_models.SIZE, 3))(picture) if isinstance(made, L.ConvLSTM2D) else picture
    with pytest.raises(StudioError, match=words):
        open_model(saved(keras.Model(picture, made(x)), ".keras", tmp_path))


def test_a_class_of_the_authors_own_is_named(tmp_path: Path) -> None:
    made = json.loads(built("sequential").to_json()) | {"class_name": "MyGAN", "config": {"units": 3}}
    saved(built("sequential"), "weights and json", tmp_path)
    (tmp_path / "model.json").write_text(json.dumps(made))
    with pytest.raises(StudioError, match=r'author\'s own, "MyGAN"'):
        open_model(tmp_path / "model.json")


def test_uneven_borders_do_not_count_in_a_mean(tmp_path: Path) -> None:
    """As in TensorFlow: Keras on PyTorch repeats the edge there."""
    picture = keras.Input((5, 7, 3))
    made = keras.Model(picture, L.AveragePooling2D((2, 3), strides=(2, 1), padding="same")(picture))
    values = normal(3, 5, 7)
    wanted = np.zeros((3, 3, 7), np.float32)
    for y in range(3):
        for x in range(7):
            wanted[:, y, x] = values[:, 2 * y : 2 * y + 2, max(x - 1, 0) : x + 2].mean(axis=(1, 2))
    found = in_the_studio(open_model(saved(made, ".keras", tmp_path)), values)
    assert relative_error(found, wanted) < 1e-6


def as_tensorflow_js(made: Any, folder: Path, rounded: str = "") -> Path:
    """model.json and two shards, as tensorflowjs_converter writes them."""
    folder.mkdir()
    data, entries = b"", []
    for layer in made._flatten_layers(include_self=False, recursive=True):
        if isinstance(layer, keras.Model):
            continue
        for weight in layer.weights:
            values = weight.value.detach().numpy().astype(np.float32)
            entry: dict[str, Any] = {
                "name": f"{layer.name}/{weight.path.partition(f'{layer.name}/')[2]}",
                "shape": list(values.shape),
                "dtype": "float32",
            }
            if rounded == "float16":
                entry["quantization"] = {"dtype": "float16", "original_dtype": "float32"}
                values = values.astype(np.float16)
            elif rounded:
                least, scale = float(values.min()), float(np.ptp(values) / np.iinfo(rounded).max) or 1.0
                entry["quantization"] = {"dtype": rounded, "min": least, "scale": scale}
                values = np.rint((values - least) / scale).astype(rounded)
            entries.append(entry)
            data += values.tobytes()
    (folder / "group1-shard1of2.bin").write_bytes(data[:101])
    (folder / "group1-shard2of2.bin").write_bytes(data[101:])
    topology = {"keras_version": "3.0", "backend": "tensorflow", "model_config": json.loads(made.to_json())}
    manifest = [{"paths": ["group1-shard1of2.bin", "group1-shard2of2.bin"], "weights": entries}]
    said = {"format": "layers-model", "modelTopology": topology, "weightsManifest": manifest}
    (folder / "model.json").write_text(json.dumps(said))
    return folder


@pytest.mark.parametrize("name", MODELS)
def test_tensorflow_js_gives_what_keras_makes_of_it(name: str, tmp_path: Path) -> None:
    made = built(name)
    values = example(made)
    folder = as_tensorflow_js(made, tmp_path / "mine")
    for path in (folder, folder / "model.json"):
        imported = open_model(path)
        assert imported.network.name == "mine"
        assert relative_error(in_the_studio(imported, values), by_keras(made, values)) < 1e-5


@pytest.mark.parametrize(("rounded", "within"), [("float16", 2e-3), ("uint16", 1e-3), ("uint8", 0.05)])
def test_tensorflow_js_in_fewer_bits(rounded: str, within: float, tmp_path: Path) -> None:
    made = built("sequential")
    values = example(made)
    imported = open_model(as_tensorflow_js(made, tmp_path / "mine", rounded))
    assert relative_error(in_the_studio(imported, values), by_keras(made, values)) < within


def test_weights_of_tensorflow_js_that_are_not_there_or_elsewhere(tmp_path: Path) -> None:
    folder = as_tensorflow_js(built("sequential"), tmp_path / "mine")
    said = json.loads((folder / "model.json").read_text())
    for paths, words in (
        (["group1-shard1of2.bin"], "beyond the end"),
        (["nothing.bin"], '"nothing.bin", which is missing'),
        (["../elsewhere.bin"], "outside its folder"),
        (["/etc/passwd"], "outside its folder"),
    ):
        said["weightsManifest"][0]["paths"] = paths
        (folder / "model.json").write_text(json.dumps(said))
        with pytest.raises(StudioError, match=words):
            open_model(folder)
    (folder / "model.json").write_text(json.dumps({"format": "graph-model", "modelTopology": {"node": []}}))
    with pytest.raises(StudioError, match="nothing comes out of it"):
        open_model(folder)


def as_keras_2(folder: Path, *, whole: bool, rng: np.random.Generator) -> tuple[Path, dict[str, Array]]:
    """A file as Keras 2 on TensorFlow wrote it: lists of lists, names that end in :0, attributes of bytes."""
    import h5py

    def layer(kind: str, name: str, reads: list[str], **config: Any) -> dict[str, Any]:
        nodes = [[[read, 0, 0, {}] for read in reads]] if reads else []
        return {"class_name": kind, "config": {"name": name, **config}, "name": name, "inbound_nodes": nodes}

    layers = [
        layer("InputLayer", "input_1", [], batch_input_shape=[None, None, None, 3]),
        layer(
            "Conv2D", "block1/conv", ["input_1"], kernel_size=[3, 3], strides=[1, 1], padding="same", activation="relu"
        ),
        layer("BatchNormalization", "bn", ["block1/conv"], axis=[3], epsilon=0.01),
        layer("LeakyReLU", "leaky", ["bn"], alpha=0.25),
        layer("Activation", "hard", ["leaky"], activation="hard_sigmoid"),
        layer("Concatenate", "join", ["leaky", "hard"], axis=3),
        layer("TFOpLambda", "tf.math.multiply", [], function="math.multiply"),
        layer("TFOpLambda", "tf.nn.relu6", [], function="nn.relu6"),
        layer("TFOpLambda", "tf.__operators__.add", [], function="__operators__.add"),
        layer("Conv2D", "last", ["tf.__operators__.add"], kernel_size=[1, 1], use_bias=False, activation="linear"),
    ]
    layers[6]["inbound_nodes"] = [["join", 0, 0, {"y": 2.0, "name": None}]]
    layers[7]["inbound_nodes"] = [["tf.math.multiply", 0, 0, {"name": None}]]
    layers[8]["inbound_nodes"] = [["tf.nn.relu6", 0, 0, {"y": ["join", 0, 0], "name": None}]]
    config = {"name": "m", "layers": layers, "input_layers": [["input_1", 0, 0]], "output_layers": [["last", 0, 0]]}
    tensors = {
        "block1/conv": {"kernel": (3, 3, 3, 4), "bias": (4,)},
        "bn": {"gamma": (4,), "beta": (4,), "moving_mean": (4,), "moving_variance": (4,)},
        "last": {"kernel": (1, 1, 8, 3)},
    }
    held = {}
    with h5py.File(folder / "model.h5", "w") as file:
        if whole:
            file.attrs["keras_version"] = b"2.4.0"
            file.attrs["model_config"] = json.dumps({"class_name": "Model", "config": config}).encode()
        root = file.create_group("model_weights") if whole else file
        root.attrs["layer_names"] = [entry["name"].encode() for entry in layers]
        for entry in layers:
            group = root.create_group(entry["name"])
            shapes = tensors.get(entry["name"], {})
            group.attrs["weight_names"] = [f"{entry['name']}/{key}:0".encode() for key in shapes]
            for key, shape in shapes.items():
                values = rng.uniform(0.5, 1.5, shape).astype(np.float32)
                held[f"{entry['name']}/{key}"] = values
                group.create_dataset(f"{entry['name']}/{key}:0", data=values)
    if not whole:
        (folder / "model.json").write_text(json.dumps({"class_name": "Model", "config": config}))
    return folder / "model.h5", held


@pytest.mark.parametrize("whole", [True, False])
def test_files_of_keras_2(whole: bool, tmp_path: Path) -> None:
    import torch
    from torch.nn import functional as F

    file, held = as_keras_2(tmp_path, whole=whole, rng=np.random.default_rng(0))
    t = {name: torch.tensor(values) for name, values in held.items()}
    values = torch.tensor(normal(3, 8, 6))[None]
    x = F.relu(F.conv2d(values, t["block1/conv/kernel"].permute(3, 2, 0, 1), t["block1/conv/bias"], padding=1))
    x = F.batch_norm(x, t["bn/moving_mean"], t["bn/moving_variance"], t["bn/gamma"], t["bn/beta"], eps=0.01)
    x = F.leaky_relu(x, 0.25)
    x = torch.cat([x, (0.2 * x + 0.5).clamp(0, 1)], 1)
    x = F.relu6(2 * x) + x
    wanted = F.conv2d(x, t["last/kernel"].permute(3, 2, 0, 1))[0].numpy()
    imported = open_model(file)
    assert imported.size == (256, 256)
    assert relative_error(in_the_studio(imported, values[0].numpy()), wanted) < 1e-5


def strided(side: int | None) -> Any:
    picture = keras.Input((side, side, 3))
    x = picture
    for _ in range(3):
        x = L.Conv2D(4, 3, strides=2, padding="same", activation="relu")(x)
    return keras.Model(picture, L.UpSampling2D(8, interpolation="bilinear")(L.Conv2D(3, 3, padding="same")(x)))


def test_a_model_of_any_size_is_right_at_every_size(tmp_path: Path) -> None:
    made = strided(None)
    imported = open_model(saved(made, ".keras", tmp_path))
    assert imported.network.graph.only_size is None
    for size in ((64, 64), (96, 160), (8, 24)):
        values = normal(3, *size)
        assert relative_error(in_the_studio(imported, values), by_keras(made, values)) < 1e-5


def test_pictures_are_padded_to_where_same_borders_fall_as_they_do_in_keras(tmp_path: Path) -> None:
    picture = keras.Input((None, None, 3))
    x = L.MaxPooling2D(3, strides=2, padding="same")(L.Conv2D(4, 3, strides=2, padding="same")(picture))
    made = keras.Model(picture, L.Conv2D(4, 3, strides=3, padding="same", dilation_rate=1)(x))
    imported = open_model(saved(made, ".keras", tmp_path))
    graph = imported.network.graph
    assert graph.inputs[0].multiple == (12, 12)
    assert graph.fitting_size(Size(62, 66)) == Size(72, 72)
    for size in ((72, 72), (36, 60)):
        values = normal(3, *size)
        assert relative_error(in_the_studio(imported, values), by_keras(made, values)) < 1e-5


def test_borders_that_fall_otherwise_at_other_sizes_keep_a_model_to_its_own(tmp_path: Path) -> None:
    made = strided(28)
    imported = open_model(saved(made, ".keras", tmp_path))
    assert imported.network.graph.only_size == (28, 28)
    assert any("28×28 alone" in note for note in imported.notes)
    values = normal(3, 28, 28)
    assert relative_error(in_the_studio(imported, values), by_keras(made, values)) < 1e-5


# -- damage ---------------------------------------------------------------------------------------------------------

ODD = st.sampled_from([None, -1, 0, "x", [], {}, 1e9, 2**40, [[]], True, {"class_name": "Dense", "config": {}}])


def places(said: Any) -> list[tuple[Any, Any]]:
    """Every value within, as what holds it and its key there."""
    keys = list(said) if isinstance(said, dict) else range(len(said)) if isinstance(said, list) else []
    return [place for key in keys for place in [(said, key), *places(said[key])]]


def changed(said: Any, data: st.DataObject) -> Any:
    said = json.loads(json.dumps(said))
    for _ in range(data.draw(st.integers(1, 3))):
        holder, key = data.draw(st.sampled_from(places(said)))
        if isinstance(holder, (dict, list)) and (key in holder if isinstance(holder, dict) else key < len(holder)):
            holder[key] = copy.deepcopy(data.draw(ODD))
    return said


def check_damaged_json(folder: Path, data: st.DataObject) -> None:
    """Refused or opened, and nothing else."""
    said = json.loads((folder / "model.json").read_text())
    try:
        (folder / "model.json").write_text(json.dumps(changed(said, data)))
        with suppress(StudioError):
            open_model(folder)
    finally:
        (folder / "model.json").write_text(json.dumps(said))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return as_tensorflow_js(built("dense_and_back"), tmp_path_factory.mktemp("js") / "mine")


@settings(max_examples=40)
@given(data=st.data())
def test_a_model_json_that_is_damaged(folder: Path, data: st.DataObject) -> None:
    check_damaged_json(folder, data)


@pytest.mark.slow
@settings(max_examples=1500)
@given(data=st.data())
def test_many_model_jsons_that_are_damaged(folder: Path, data: st.DataObject) -> None:
    check_damaged_json(folder, data)


def check_damaged_hdf5(folder: Path, data: st.DataObject) -> None:
    file = folder / "whole.h5"
    if not file.exists():
        as_keras_2(folder, whole=True, rng=np.random.default_rng(0))[0].rename(file)
    whole = bytearray(file.read_bytes())
    for place in data.draw(st.lists(st.integers(0, 8191), min_size=1, max_size=8)):
        whole[place % len(whole)] = data.draw(st.integers(0, 255))
    cut = data.draw(st.one_of(st.just(len(whole)), st.integers(0, len(whole))))
    (folder / "damaged.h5").write_bytes(whole[:cut])
    with suppress(StudioError):
        open_model(folder / "damaged.h5", Options(input_size=Size(16, 16)))


@settings(max_examples=8)
@given(data=st.data())
def test_an_hdf5_file_that_is_damaged(folder: Path, data: st.DataObject) -> None:
    check_damaged_hdf5(folder.parent, data)


@pytest.mark.slow
@settings(max_examples=400)
@given(data=st.data())
def test_many_hdf5_files_that_are_damaged(folder: Path, data: st.DataObject) -> None:
    check_damaged_hdf5(folder.parent, data)


def test_a_reader_that_runs_for_ever_or_falls_is_a_damaged_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file, _ = as_keras_2(tmp_path, whole=True, rng=np.random.default_rng(0))
    for body in ("import time; time.sleep(60)", "import os; os.abort()"):
        (tmp_path / "child.py").write_text(body)
        monkeypatch.setattr(hdf5, "_CHILD", tmp_path / "child.py")
        monkeypatch.setattr(hdf5, "_SECONDS", 0.5)
        with pytest.raises(StudioError, match="damaged or cut short; save it anew"):
            open_model(file)


def test_links_to_other_files_are_not_followed(tmp_path: Path) -> None:
    import h5py

    file = saved(built("sequential"), "weights and json", tmp_path)
    with h5py.File(file, "a") as held:
        del held["layers/conv2d/vars/0"]
        held["layers/conv2d/vars/0"] = h5py.ExternalLink("/etc/passwd", "/x")
    with pytest.raises(StudioError, match="link to another file or group, which is not followed"):
        open_model(file)
