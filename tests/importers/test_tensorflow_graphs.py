"""Graphs of TensorFlow's operations, as tensorflowjs_converter writes them, against PyTorch; some parts are refused."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from helpers import normal, on_torch, relative_error
from torch import Tensor
from torch.nn import functional as F

from studio.errors import StudioError
from studio.io.importers import Options, open_model

Reference = Callable[[Tensor], Tensor]
SIZES = ((64, 64), (96, 64), (40, 56))


class Graph:
    """Nodes and weights as a model.json has them, put together by hand."""

    def __init__(self) -> None:
        self.nodes: list[dict[str, Any]] = []
        self.weights: dict[str, np.ndarray] = {}
        self.rng = np.random.default_rng(0)

    def node(self, name: str, op: str, *inputs: str, **attributes: Any) -> str:
        said = {key: _attribute(value) for key, value in attributes.items()}
        self.nodes.append({"name": name, "op": op, "input": list(inputs), "attr": said})
        return name

    def given(self, name: str, values: Any) -> str:
        held = np.asarray(values)
        self.weights[name] = held.astype(np.float32 if held.dtype.kind == "f" else np.int32)
        return self.node(name, "Const")

    def random(self, name: str, *shape: int) -> str:
        return self.given(name, self.rng.standard_normal(shape) * 0.3)

    def picture(self, name: str, *shape: int, dtype: str = "DT_FLOAT") -> str:
        dims = {"shape": {"dim": [{"size": str(side)} for side in shape]}}
        self.nodes.append({"name": name, "op": "Placeholder", "attr": {"dtype": {"type": dtype}, "shape": dims}})
        return name

    def conv(
        self, name: str, x: str, channels: tuple[int, int], size: int, padding: str = "SAME", stride: int = 1
    ) -> str:
        weight = self.random(f"{name}/kernel", size, size, *channels)
        return self.node(f"{name}/Conv2D", "Conv2D", x, weight, strides=[1, stride, stride, 1], padding=padding)

    def __getitem__(self, name: str) -> Tensor:
        """A weight; of four dimensions as PyTorch has it."""
        held = torch.from_numpy(self.weights[name])
        return held.permute(3, 2, 0, 1) if held.ndim == 4 else held

    def saved(self, folder: Path, outputs: Sequence[str], rounded: str = "", shards: int = 1) -> Path:
        folder.mkdir()
        data, entries = b"", []
        for name, values in self.weights.items():
            kind = "float32" if values.dtype.kind == "f" else "int32"
            entry: dict[str, Any] = {"name": name, "shape": list(values.shape), "dtype": kind}
            if rounded and values.dtype.kind == "f" and values.size > 4:
                least, scale = float(values.min()), float(np.ptp(values) / 255)
                entry["quantization"] = {"dtype": rounded, "min": least, "scale": scale, "original_dtype": "float32"}
                values = np.rint((values - least) / scale).astype(rounded)
                self.weights[name] = values * np.float32(scale) + np.float32(least)
            entries.append(entry)
            data += values.tobytes()
        each = -(-len(data) // shards)
        paths = [f"group1-shard{k + 1}of{shards}.bin" for k in range(shards)]
        for k, path in enumerate(paths):
            (folder / path).write_bytes(data[k * each : (k + 1) * each])
        said = {
            "format": "graph-model",
            "convertedBy": "TensorFlow.js Converter v3.19.0",
            "signature": {"outputs": {f"out_{k}": {"name": f"{name}:0"} for k, name in enumerate(outputs)}},
            "modelTopology": {"node": self.nodes, "library": {}, "versions": {"producer": 1087}},
            "weightsManifest": [{"paths": paths, "weights": entries}],
        }
        (folder / "model.json").write_text(json.dumps(said))
        return folder


def _attribute(value: Any) -> dict[str, Any]:
    if isinstance(value, bool):
        return {"b": value}
    if isinstance(value, int):
        return {"i": str(value)}
    if isinstance(value, float):
        return {"f": value}
    if isinstance(value, str):
        return {"s": base64.b64encode(value.encode()).decode()}
    if value and isinstance(value[0], str):
        return {"list": {"s": [base64.b64encode(each.encode()).decode() for each in value]}}
    return {"list": {"i": [str(each) for each in value]}}


MODELS: dict[str, Callable[[Graph], tuple[str, Reference]]] = {}


def model(build: Callable[[Graph], tuple[str, Reference]]) -> Callable[[Graph], tuple[str, Reference]]:
    MODELS[build.__name__] = build
    return build


def same(x: Tensor, kernel: int, stride: int) -> Tensor:
    borders = []
    for side in (x.shape[3], x.shape[2]):
        total = max((-(-side // stride) - 1) * stride + kernel - side, 0)
        borders += [total // 2, total - total // 2]
    return F.pad(x, borders)


@model
def fused(g: Graph) -> tuple[str, Reference]:
    x = g.picture("x", -1, -1, -1, 3)
    how = {"strides": [1, 2, 2, 1], "padding": "SAME", "num_args": 1, "data_format": "NHWC", "explicit_paddings": []}
    weights = g.random("w", 3, 3, 3, 8), g.random("b", 8)
    a = g.node("net/conv/Relu", "_FusedConv2D", x, *weights, fused_ops=["BiasAdd", "Relu"], **how)
    weights = g.random("d", 3, 3, 8, 1), g.random("db", 8)
    how |= {"strides": [1, 1, 1, 1]}
    a = g.node("net/deep", "FusedDepthwiseConv2dNative", a, *weights, fused_ops=["BiasAdd", "Relu6"], **how)
    weights = g.random("w2", 1, 1, 8, 4), g.random("b2", 4)
    how |= {"leakyrelu_alpha": 0.3}
    a = g.node("net/leaky", "_FusedConv2D", a, *weights, fused_ops=["BiasAdd", "LeakyRelu"], **how)

    def reference(x: Tensor) -> Tensor:
        y = F.relu(F.conv2d(same(x, 3, 2), g["w"], g["b"], stride=2))
        y = F.relu6(F.conv2d(y, g["d"].transpose(0, 1), g["db"], padding=1, groups=8))
        return torch.tanh(F.leaky_relu(F.conv2d(y, g["w2"], g["b2"]), 0.3))

    return g.node("out", "Tanh", a), reference


@model
def style(g: Graph) -> tuple[str, Reference]:
    """A painter: instance norms written out, a size worked out from another map's."""
    x = g.node("divided", "RealDiv", g.picture("picture", -1, -1, -1, 3), g.given("c255", 255.0))
    x = g.node("mirrored", "MirrorPad", x, g.given("p", [[0, 0], [4, 4], [4, 4], [0, 0]]), mode="REFLECT")
    x = g.conv("c1", x, (3, 8), 9, "VALID")
    mean = g.node("mean", "Mean", x, g.given("axes", [1, 2]), keep_dims=True)
    far = g.node("far", "SquaredDifference", x, g.node("stopped", "StopGradient", mean))
    spread = g.node("spread", "AddV2", g.node("var", "Mean", far, "axes", keep_dims=True), g.given("eps", 1e-5))
    by = g.node("by", "Mul", g.node("root", "Rsqrt", spread), g.random("gamma", 8))
    down = g.node("down", "Sub", g.random("beta", 8), g.node("taken", "Mul", mean, by))
    x = g.node("relu", "Relu", g.node("normed", "AddV2", g.node("scaled", "Mul", x, by), down))
    places = g.given("one", [1]), g.given("three", [3]), g.given("step", [1])
    sides = g.node("sides", "StridedSlice", g.node("shape", "Shape", x), *places)
    x = g.node("up", "ResizeNearestNeighbor", x, g.node("twice", "Mul", sides, g.given("two", [2, 2])))
    x = g.conv("c2", g.node("bordered", "Pad", x, g.given("q", [[0, 0], [1, 1], [1, 1], [0, 0]])), (8, 3), 3, "VALID")
    x = g.node("c2/BiasAdd", "BiasAdd", x, g.random("c2/bias", 3))

    def reference(x: Tensor) -> Tensor:
        y = F.conv2d(F.pad(x / 255, [4] * 4, mode="reflect"), g["c1/kernel"])
        y = F.relu(F.instance_norm(y, weight=g["gamma"], bias=g["beta"], eps=1e-5))
        return F.conv2d(F.interpolate(y, scale_factor=2), g["c2/kernel"], g["c2/bias"], padding=1).sigmoid() * 255

    return g.node("out", "Mul", g.node("sigmoid", "Sigmoid", x), "c255"), reference


@model
def gelu_by_erfc(g: Graph) -> tuple[str, Reference]:
    """As Keras 3 on TensorFlow writes exact GELU."""
    x = g.conv("c", g.picture("x", -1, -1, -1, 3), (3, 5), 3)
    curve = g.node("erfc", "Erfc", g.node("narrow", "Mul", x, g.given("root", -(0.5**0.5))))
    out = g.node("out", "Mul", g.node("halved", "Mul", x, g.given("half", 0.5)), curve)
    return out, lambda x: F.gelu(F.conv2d(x, g["c/kernel"], padding=1))


@model
def there_and_back(g: Graph) -> tuple[str, Reference]:
    picture = g.picture("x", 1, 32, 48, 3)
    a = g.conv("c", picture, (3, 6), 4, stride=2)
    statistics = [g.random(name, 6) for name in ("gamma", "beta", "moving")]
    statistics.append(g.given("variance", g.rng.uniform(0.5, 2, 6)))
    a = g.node("bn", "FusedBatchNormV3", a, *statistics, epsilon=0.001, is_training=False)
    a = g.node("leaky", "LeakyRelu", a, alpha=0.2)
    shape, parts = g.node("shape", "Shape", a), []
    for k in range(3):
        places = [g.given(f"at{k}{name}", [at]) for name, at in (("a", k), ("b", k + 1), ("c", 1))]
        part = g.node(f"side{k}", "StridedSlice", shape, *places, shrink_axis_mask=1)
        parts.append(part if k == 0 else g.node(f"twice{k}", "Mul", part, g.given(f"two{k}", 2)))
    size = g.node("size", "Pack", *parts, g.given("five", 5), axis=0)
    how = {"strides": [1, 2, 2, 1], "padding": "SAME"}
    a = g.node("up/conv2d_transpose", "Conv2DBackpropInput", size, g.random("up/kernel", 4, 4, 5, 6), a, **how)
    a = g.node("up/BiasAdd", "BiasAdd", a, g.random("up/bias", 5))

    def reference(x: Tensor) -> Tensor:
        y = F.conv2d(x, g["c/kernel"], stride=2, padding=1)
        y = F.leaky_relu(F.batch_norm(y, g["moving"], g["variance"], g["gamma"], g["beta"], eps=0.001), 0.2)
        return torch.cat([F.conv_transpose2d(y, g["up/kernel"], g["up/bias"], stride=2, padding=1), x], 1)

    return g.node("out", "ConcatV2", a, picture, g.given("axis", 3)), reference


@model
def taps_apart(g: Graph) -> tuple[str, Reference]:
    block = g.given("block", [2, 2])
    x = g.node("dealt", "SpaceToBatchND", g.picture("x", -1, -1, -1, 3), block, g.given("p", [[2, 2], [2, 2]]))
    x = g.node("back", "BatchToSpaceND", g.conv("c", x, (3, 4), 3, "VALID"), block, g.given("crops", [[0, 0], [0, 0]]))
    out = g.node("out", "Elu", g.node("bias", "BiasAdd", x, g.random("b", 4)))
    return out, lambda x: F.elu(F.conv2d(x, g["c/kernel"], g["b"], padding=2, dilation=2))


@model
def one_picture_of_bytes(g: Graph) -> tuple[str, Reference]:
    x = g.node("cast", "Cast", g.picture("image", -1, -1, 3, dtype="DT_UINT8"), DstT="DT_FLOAT")
    x = g.node("batch", "ExpandDims", x, g.given("zero", 0))
    x = g.node("sized", "ResizeBilinear", x, g.given("size", [64, 64]), half_pixel_centers=True)
    out = g.node("out", "Squeeze", g.conv("c", x, (3, 3), 3), squeeze_dims=[0])
    return out, lambda x: F.conv2d(F.interpolate(x, (64, 64), mode="bilinear"), g["c/kernel"], padding=1)


@model
def classes(g: Graph) -> tuple[str, Reference]:
    x = g.conv("c", g.picture("x", -1, 28, 28, 1), (1, 4), 3, "VALID")
    x = g.node("pooled", "MaxPool", x, ksize=[1, 2, 2, 1], strides=[1, 2, 2, 1], padding="VALID")
    x = g.node("flat", "Reshape", x, g.node("to", "Pack", g.given("one", 1), g.given("rest", -1), axis=0))
    weights = g.random("w", 676, 10), g.random("b", 10)
    x = g.node("dense/MatMul", "_FusedMatMul", x, *weights, fused_ops=["BiasAdd", "Relu"], num_args=1)

    def reference(x: Tensor) -> Tensor:
        flat = F.max_pool2d(F.conv2d(x, g["c/kernel"]), 2).permute(0, 2, 3, 1).flatten(1)
        return F.relu(flat @ g["w"] + g["b"]).softmax(1)[..., None, None]

    return g.node("out", "Softmax", x), reference


@model
def parts(g: Graph) -> tuple[str, Reference]:
    x = g.node("two", "Split", g.given("axis", 3), g.conv("c", g.picture("x", -1, -1, -1, 3), (3, 8), 3), num_split=2)
    x = g.node("deep", "DepthToSpace", g.node("gated", "Mul", x, g.node("gate", "Sigmoid", "two:1")), block_size=2)
    out = g.node("out", "Minimum", g.node("low", "Maximum", x, g.given("zero", 0.0)), g.given("one", 1.0))

    def reference(x: Tensor) -> Tensor:
        value, gate = F.conv2d(x, g["c/kernel"], padding=1).chunk(2, 1)
        return F.pixel_shuffle(value * gate.sigmoid(), 2).clamp(0, 1)

    return out, reference


@model
def mirrored(g: Graph) -> tuple[str, Reference]:
    borders = g.given("p", [[0, 0], [3, 2], [1, 3], [0, 0]])
    out = g.node("out", "MirrorPad", g.picture("x", -1, -1, -1, 3), borders, mode="SYMMETRIC")
    pairs = ((0, 0), (0, 0), (3, 2), (1, 3))
    return out, lambda x: torch.from_numpy(np.pad(x.numpy(), pairs, "symmetric"))


@model
def windows(g: Graph) -> tuple[str, Reference]:
    how = {"ksizes": [1, 3, 3, 1], "strides": [1, 2, 2, 1], "rates": [1, 1, 1, 1], "padding": "SAME"}
    x = g.conv("c", g.node("p", "ExtractImagePatches", g.picture("x", -1, -1, -1, 3), **how), (27, 5), 1)

    def reference(x: Tensor) -> Tensor:
        taken = F.unfold(same(x, 3, 2), 3, stride=2).reshape(1, 3, 9, x.shape[2] // 2, x.shape[3] // 2)
        return F.conv2d(taken.transpose(1, 2).flatten(1, 2), g["c/kernel"]).relu()

    return g.node("out", "Relu", x), reference


@model
def smaller_and_smooth(g: Graph) -> tuple[str, Reference]:
    """As tf.image.resize is converted where it is antialiased."""
    x = g.picture("x", -1, -1, -1, 3)
    places = g.given("one", [1]), g.given("three", [3]), g.given("step", [1])
    sides = g.node("sides", "StridedSlice", g.node("shape", "Shape", x), *places)
    size = g.node("size", "FloorDiv", sides, g.given("two", [2, 2]))
    to = [g.node(f"{name}_as_float", "Cast", name, DstT="DT_FLOAT") for name in ("size", "sides")]
    scale = g.node("scale", "RealDiv", *to)
    how = {"kernel_type": "triangle", "antialias": True}
    x = g.node("sized", "ScaleAndTranslate", x, size, scale, g.given("nought", [0.0, 0.0]), **how)

    def reference(x: Tensor) -> Tensor:
        half = [side // 2 for side in x.shape[2:]]
        return F.conv2d(F.interpolate(x, half, mode="bilinear", antialias=True), g["c/kernel"], padding=1).tanh()

    return g.node("out", "Tanh", g.conv("c", x, (3, 4), 3)), reference


@model
def demodulated(g: Graph) -> tuple[str, Reference]:
    """A style scales a constant kernel, whose squares are added up."""
    picture = g.picture("x", -1, -1, -1, 3)
    style = g.node("mean", "Mean", picture, g.given("axes", [1, 2]), keep_dims=False)
    style = g.node("laid", "Reshape", style, g.given("shape", [1, 1, 1, 3, 1]))
    kernels = g.node("kernels", "Mul", g.random("w", 1, 3, 3, 3, 6), style)
    squares = g.node("squares", "Sum", g.node("squared", "Square", kernels), g.given("within", [1, 2, 3]))
    by = g.node("by", "Rsqrt", g.node("more", "AddV2", squares, g.given("eps", 0.01)))
    by = g.node("spread", "Reshape", by, g.given("wide", [1, 1, 1, 6]))

    def reference(x: Tensor) -> Tensor:
        squares = (torch.from_numpy(g.weights["w"]) * x.mean((2, 3)).reshape(1, 1, 1, 3, 1)).square().sum((1, 2, 3))
        return F.conv2d(x, g["c/kernel"], padding=1) * (squares + 0.01).rsqrt().reshape(1, 6, 1, 1)

    return g.node("out", "Mul", g.conv("c", picture, (3, 6), 3), by), reference


@pytest.mark.parametrize(("rounded", "shards"), [("", 1), ("uint8", 3)])
@pytest.mark.parametrize("name", MODELS)
def test_a_graph_gives_what_its_operations_do(name: str, rounded: str, shards: int, tmp_path: Path) -> None:
    g = Graph()
    output, reference = MODELS[name](g)
    imported = open_model(g.saved(tmp_path / "mine", [output], rounded, shards))
    graph = imported.network.graph
    assert graph.only_size == ((28, 28) if name == "classes" else None)
    engine = on_torch(imported.network)
    for size in SIZES if graph.only_size is None else (graph.only_size,):
        values = normal(graph.inputs[0].channels, *size)
        engine.run({graph.inputs[0].name: values})
        assert relative_error(engine.output(), reference(torch.from_numpy(values)[None])[0].numpy()) < 1e-5


def test_grey_pictures_of_a_batch_have_no_axis_of_channels(tmp_path: Path) -> None:
    g = Graph()
    flat = g.node("flat", "Reshape", g.picture("x", -1, 10, 14), g.given("to", [-1, 140]))
    dense = g.node("dense/MatMul", "MatMul", flat, g.random("w", 140, 140))
    out = g.node("out", "Reshape", dense, g.given("back", [-1, 10, 14]))
    imported = open_model(g.saved(tmp_path / "mine", [out]))
    engine = on_torch(imported.network)
    assert imported.network.graph.only_size == (10, 14)
    values = normal(1, 10, 14)
    engine.run({"x": values})
    assert relative_error(engine.output(), (values.reshape(1, 140) @ g.weights["w"]).reshape(1, 10, 14)) < 1e-5


def test_layers_are_called_after_their_scopes_and_keep_their_biases(tmp_path: Path) -> None:
    g = Graph()
    output, _ = MODELS["there_and_back"](g)
    imported = open_model(g.saved(tmp_path / "mine", [output]))
    assert [node.name for node in imported.network.graph.nodes] == ["c", "bn", "leaky", "up", "out"]
    assert imported.names["up.bias"] == ("up/bias",)


def test_bytes_are_known_by_their_type_or_what_divides_them(tmp_path: Path) -> None:
    for name in ("style", "one_picture_of_bytes"):
        g = Graph()
        output, _ = MODELS[name](g)
        graph = open_model(g.saved(tmp_path / name, [output])).network.graph
        assert graph.inputs[0].range == (0.0, 255.0)


def test_any_node_may_be_the_output_and_vectors_are_inputs_beside_pictures(tmp_path: Path) -> None:
    g = Graph()
    picture, style_ = g.picture("content", -1, -1, -1, 3), g.picture("style", -1, 1, 1, 10)
    gain = g.node("gain/Conv2D", "Conv2D", style_, g.random("w", 1, 1, 10, 4), strides=[1, 1, 1, 1], padding="SAME")
    made = g.node("made", "Mul", g.conv("c", picture, (3, 4), 3), gain)
    folder = g.saved(tmp_path / "mine", [made, g.node("other", "Relu", made)])
    imported = open_model(folder)
    assert [(put.name, put.kind) for put in imported.network.graph.inputs] == [
        ("content", "picture"),
        ("style", "vector"),
    ]
    assert imported.outputs == ("made", "other")
    assert open_model(folder, Options(output="c/Conv2D")).picked == "c/Conv2D"
    with pytest.raises(StudioError, match='no output "nowhere"'):
        open_model(folder, Options(output="nowhere"))


@pytest.mark.parametrize(
    ("op", "words"),
    [
        ("StatelessWhile", r'its part "it" \(StatelessWhile\) is chosen or repeated as it runs'),
        ("NonMaxSuppressionV5", 'Layer "it" .* operation NonMaxSuppressionV5, which is not supported'),
        ("Const", "its numbers are missing from the weights"),
    ],
)
def test_what_cannot_be_run_is_refused_by_name(op: str, words: str, tmp_path: Path) -> None:
    g = Graph()
    g.picture("x", -1, -1, -1, 3)
    it = g.node("it", op, *(() if op == "Const" else ("x",)))
    with pytest.raises(StudioError, match=words):
        open_model(g.saved(tmp_path / "mine", [g.node("out", "Add", "x", it)]))


def test_a_graph_that_goes_round_or_reads_what_is_not_there_is_damaged(tmp_path: Path) -> None:
    for name, read, words in (("round", "out", "reads what it makes"), ("missing", "nothing", "which nothing makes")):
        g = Graph()
        g.node("b", "Add", g.picture("x", -1, -1, -1, 3), read)
        with pytest.raises(StudioError, match=words):
            open_model(g.saved(tmp_path / name, [g.node("out", "Relu", "b")]))


# -- functions called on the tensors of a layers-model of Keras 2 ---------------------------------------------------


def test_functions_of_tensorflow_in_a_model_of_keras_2(tmp_path: Path) -> None:
    """Its JSON counts the calls of a model within it from 1, and puts constants among tensors."""

    def layer(kind: str, name: str, nodes: list[Any], **config: Any) -> dict[str, Any]:
        return {"class_name": kind, "config": {"name": name, "trainable": True, **config}, "inbound_nodes": nodes}

    def function(name: str, of: str, *read: Any, **settings: Any) -> dict[str, Any]:
        nodes = [[*each, settings] for each in read] if len(read) > 1 else [*read[0], settings]
        return layer("TFOpLambda", name, [nodes], function=of)

    one = {"kernel_size": [1, 1], "use_bias": False}
    inner = [layer("InputLayer", "in", [], batch_input_shape=[None, None, None, 3])]
    inner += [layer("Conv2D", "conv", [[["in", 0, 0, {}]]], **one)]
    ends = {"input_layers": [["in", 0, 0]], "output_layers": [["conv", 0, 0]]}
    model = layer("Functional", "inner", [[["x", 0, 0, {}]], [["half", 0, 0, {}]]], layers=inner, **ends)
    full = {"start": None, "stop": None, "step": None}
    last = [full, full, full, {**full, "start": 1}]
    layers = [
        layer("InputLayer", "x", [], batch_input_shape=[None, None, None, 3]),
        model,
        function("half", "math.multiply", ["inner", 1, 0], y=0.5),
        function("one_less", "math.subtract", ["_CONSTANT_VALUE", -1, 1.0], y=["inner", 2, 0]),
        function("mean", "math.reduce_mean", ["one_less", 0, 0], axis=[1, 2], keepdims=True),
        function("far", "math.squared_difference", ["one_less", 0, 0], y=["mean", 0, 0]),
        function("padded", "compat.v1.pad", ["far", 0, 0], paddings=[[0, 0], [1, 1], [2, 2], [0, 0]], mode="REFLECT"),
        layer("SlicingOpLambda", "cut", [["padded", 0, 0, {"slice_spec": last}]], function="__operators__.getitem"),
        function("joined", "concat", ["padded", 0, 0], ["cut", 0, 0], axis=-1),
        function("parts", "split", ["joined", 0, 0], num_or_size_splits=[2, 3], axis=-1),
        function("leaky", "nn.leaky_relu", ["parts", 0, 1], alpha=0.1),
        function("sized", "image.resize", ["leaky", 0, 0], size=[20, 30], method="bilinear"),
    ]
    layers.append(
        layer(
            "TensorFlowOpLayer",
            "less",
            [["sized", 0, 0, {}]],
            constants={"1": 0.25},
            node_def={"op": "Sub", "attr": {}},
        )
    )
    config = {"layers": layers, "input_layers": [["x", 0, 0]], "output_layers": [["less", 0, 0]]}
    kernel = np.random.default_rng(0).standard_normal((1, 1, 3, 3)).astype(np.float32)
    (tmp_path / "weights.bin").write_bytes(kernel.tobytes())
    entry = {"name": "conv/kernel", "shape": [1, 1, 3, 3], "dtype": "float32"}
    topology = {"keras_version": "2.8.0", "model_config": {"class_name": "Functional", "config": config}}
    said = {"modelTopology": topology, "weightsManifest": [{"paths": ["weights.bin"], "weights": [entry]}]}
    (tmp_path / "model.json").write_text(json.dumps({"format": "layers-model", **said}))

    values = torch.from_numpy(normal(3, 12, 16))[None]
    weight = torch.from_numpy(kernel).permute(3, 2, 0, 1)
    y = 1 - F.conv2d(F.conv2d(values, weight) * 0.5, weight)
    y = F.pad((y - y.mean((2, 3), keepdim=True)) ** 2, [2, 2, 1, 1], mode="reflect")
    y = F.leaky_relu(torch.cat([y, y[:, 1:]], 1)[:, 2:], 0.1)
    wanted = F.interpolate(y, (20, 30), mode="bilinear") - 0.25
    imported = open_model(tmp_path / "model.json", Options(input_size=(12, 16)))
    engine = on_torch(imported.network)
    engine.run({"x": values[0].numpy()})
    assert relative_error(engine.output(), wanted[0].numpy()) < 1e-5
