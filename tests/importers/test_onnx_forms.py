"""Graphs as exporters of several frameworks write them, against onnxruntime: channels last, bytes, 8-bit weights."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from helpers import normal, on_torch, relative_error
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper

from studio.errors import StudioError
from studio.io.importers import Imported, Options, open_model
from studio.model.networks.shape import Array

SIZE = (12, 16)


def node(kind: str, reads: str, writes: str, **attributes: Any) -> onnx.NodeProto:
    return helper.make_node(kind, reads.split(" "), writes.split(" "), **attributes)


def graph_of(
    nodes: Sequence[onnx.NodeProto],
    shape: Sequence[Any],
    outputs: Sequence[str] = ("y",),
    opset: int = 17,
    kinds: tuple[int, int] = (TensorProto.FLOAT, TensorProto.FLOAT),
    **tensors: np.ndarray,
) -> onnx.ModelProto:
    puts = [helper.make_tensor_value_info("x", kinds[0], shape)]
    outs = [helper.make_tensor_value_info(name, kinds[1], None) for name in outputs]
    initializers = [numpy_helper.from_array(values, name) for name, values in tensors.items()]
    made = helper.make_graph(nodes, "g", puts, outs, initializers)
    return helper.make_model(made, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)


def opened(made: onnx.ModelProto, folder: Path, options: Options | None = None) -> Imported:
    (folder / "model.onnx").write_bytes(made.SerializeToString())
    return open_model(folder / "model.onnx", options)


def by_onnxruntime(made: onnx.ModelProto, values: np.ndarray, output: str | None = None) -> Array:
    session = onnxruntime.InferenceSession(made.SerializeToString(), providers=["CPUExecutionProvider"])
    (found,) = session.run([output] if output else None, {"x": values})
    return found


def in_the_studio(imported: Imported, picture: Array) -> Array:
    """Of a picture of (C, H, W)."""
    engine = on_torch(imported.network)
    engine.run({imported.network.graph.inputs[0].name: picture})
    return engine.output()


def channels_last(values: Array) -> Array:
    return np.ascontiguousarray(values.transpose(1, 2, 0))[None]


class Chain:
    """A graph that grows by random layers, whose maps are (1, H, W, C) but within convolutions, as tf2onnx has them."""

    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed)
        self.nodes: list[onnx.NodeProto] = []
        self.tensors: dict[str, np.ndarray] = {}
        self.value, self.channels = "x", 3

    def add(self, kind: str, *reads: str, **attributes: Any) -> str:
        made = f"v{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(reads), [made], **attributes))
        return made

    def constant(self, values: Any, kind: Any = np.float32) -> str:
        name = f"c{len(self.tensors)}"
        self.tensors[name] = np.asarray(values, kind)
        return name

    def conv(self) -> None:
        out = int(self.rng.integers(2, 6))
        weight = self.constant(self.rng.standard_normal((out, self.channels, 3, 3)) / 4)
        first = self.add("Transpose", self.value, perm=[0, 3, 1, 2])
        made = self.add("Conv", first, weight, auto_pad="SAME_UPPER")
        self.value, self.channels = self.add("Transpose", made, perm=[0, 2, 3, 1]), out

    def bias(self) -> None:
        self.value = self.add("Add", self.value, self.constant(self.rng.standard_normal(self.channels)))

    def bend(self) -> None:
        kind = str(self.rng.choice(["Relu", "Sigmoid", "Tanh", "LeakyRelu", "Identity"]))
        self.value = self.add(kind, self.value)

    def idle(self) -> None:
        self.value = self.add("Mul", self.add("Add", self.value, self.constant(0.0)), self.constant(1.0))

    def skip(self) -> None:
        before = self.value
        self.bend()
        kind = str(self.rng.choice(["Add", "Mul", "Sub", "Max"]))
        self.value = self.add(kind, self.value, before)

    def join(self) -> None:
        before = self.value
        self.bend()
        self.value, self.channels = self.add("Concat", self.value, before, axis=3), 2 * self.channels

    def gate(self) -> None:
        mean = self.add("ReduceMean", self.value, axes=[1, 2], keepdims=1)
        self.value = self.add("Mul", self.value, self.add("Sigmoid", mean))

    def mask(self) -> None:
        mean = self.add("ReduceMean", self.value, axes=[3], keepdims=1)
        self.value = self.add("Mul", self.value, mean)

    def pad(self) -> None:
        borders = self.constant([0, 1, 2, 0, 0, 2, 1, 0], np.int64)
        mode = str(self.rng.choice(["reflect", "constant", "edge"]))
        self.value = self.add("Pad", self.value, borders, mode=mode)

    def slope(self) -> None:
        self.value = self.add("PRelu", self.value, self.constant(self.rng.standard_normal((1, 1, self.channels))))

    def soften(self) -> None:
        self.value = self.add("Softmax", self.value, axis=-1)

    def pointwise(self) -> None:
        out = int(self.rng.integers(2, 6))
        matrix = self.constant(self.rng.standard_normal((self.channels, out)) / 2)
        self.value, self.channels = self.add("MatMul", self.value, matrix), out

    def grow(self) -> None:
        scales = self.constant([1, 2, 2, 1])
        self.value = self.add("Resize", self.value, "", scales, mode=str(self.rng.choice(["linear", "nearest"])))

    def normalise(self) -> None:
        rows = [self.constant(self.rng.standard_normal(self.channels)) for _ in range(2)]
        self.value = self.add("LayerNormalization", self.value, *rows, axis=-1)


LAYERS = ["conv", "bias", "bend", "idle", "skip", "join", "gate", "mask", "pad", "slope", "soften", "pointwise", "grow"]
LAYERS += ["normalise"]


@settings(max_examples=25)
@given(layers=st.lists(st.sampled_from(LAYERS), min_size=1, max_size=6), seed=st.integers(0, 999))
def test_graphs_with_their_channels_last(
    layers: list[str], seed: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    chain = Chain(seed)
    chain.conv()
    for layer in layers:
        getattr(chain, layer)()
    picture = normal(3, *SIZE, seed=seed)
    made = graph_of(chain.nodes, [1, *SIZE, 3], (chain.value,), **chain.tensors)
    wanted = by_onnxruntime(made, channels_last(picture))
    found = in_the_studio(opened(made, tmp_path_factory.mktemp("last")), picture)
    assert relative_error(channels_last(found), wanted) < 1e-4


def test_a_map_flattened_with_its_channels_last_before_a_dense_layer(tmp_path: Path) -> None:
    made = graph_of(
        [
            node("Conv", "x w", "a", strides=[2, 2]),
            node("Transpose", "a", "b", perm=[0, 2, 3, 1]),
            node("Relu", "b", "c"),
            node("Reshape", "c s", "d"),
            node("MatMul", "d m", "e"),
            node("Add", "e v", "y"),
        ],
        [1, 3, 9, 11],
        s=np.array([1, -1], np.int64),
        w=normal(5, 3, 3, 3),
        m=normal(5 * 4 * 5, 7, seed=1),
        v=normal(7, seed=2),
    )
    picture = normal(3, 9, 11, seed=3)
    found = in_the_studio(opened(made, tmp_path), picture)
    assert relative_error(found[:, 0, 0], by_onnxruntime(made, picture[None])[0]) < 1e-5


CONV = node("Conv", "x w", "a", pads=[1, 1, 1, 1])


def test_of_several_outputs_one_is_taken_and_any_value_may_be(tmp_path: Path) -> None:
    made = graph_of(
        [CONV, node("Relu", "a", "b"), node("Sigmoid", "b", "y"), node("Loupe", "b", "z")],
        [1, 3, *SIZE],
        ("y", "b", "z"),
        w=normal(3, 3, 3, 3),
    )
    first = opened(made, tmp_path)
    assert (first.outputs, first.picked) == (("y", "b", "z"), "y")
    assert any('"y" was taken' in note and "b, z" in note for note in first.notes)
    assert opened(made, tmp_path, Options(output="b")).network.graph.nodes[-1].op.shader == "relu"
    assert [type(n.op).__name__ for n in opened(made, tmp_path, Options(output="a")).network.graph.nodes] == ["Conv2d"]
    with pytest.raises(StudioError, match="Loupe"):
        opened(made, tmp_path, Options(output="z"))
    with pytest.raises(StudioError, match='no output "q"; it has y, b, z'):
        opened(made, tmp_path, Options(output="q"))


def test_bytes_in_and_out_are_pictures_of_0_to_255(tmp_path: Path) -> None:
    made = graph_of(
        [
            node("Cast", "x", "f", to=TensorProto.FLOAT),
            node("Transpose", "f", "t", perm=[0, 3, 1, 2]),
            node("Conv", "t w", "c", pads=[1, 1, 1, 1]),
            node("Transpose", "c", "d", perm=[0, 2, 3, 1]),
            node("Clip", "d least most", "e"),
            node("Round", "e", "g"),
            node("Cast", "g", "y", to=TensorProto.UINT8),
        ],
        [1, *SIZE, 3],
        kinds=(TensorProto.UINT8, TensorProto.UINT8),
        w=normal(3, 3, 3, 3) / 9,
        least=np.float32(0),
        most=np.float32(255),
    )
    imported = opened(made, tmp_path)
    graph = imported.network.graph
    assert (graph.inputs[0].range, graph.output_range) == ((0.0, 255.0), (0.0, 255.0))
    assert any("bytes" in note for note in imported.notes)
    picture = np.random.default_rng(0).integers(0, 256, (3, *SIZE)).astype(np.float32)
    found = in_the_studio(imported, picture)
    wanted = by_onnxruntime(made, channels_last(picture).astype(np.uint8)).astype(np.float32)
    assert np.abs(channels_last(found) - wanted).max() <= 0.501
    with pytest.raises(StudioError, match="whole numbers of a map in the midst"):
        opened(
            graph_of(
                [CONV, node("Cast", "a", "b", to=6), node("Cast", "b", "c", to=1), node("Relu", "c", "y")],
                [1, 3, *SIZE],
                w=normal(3, 3, 3, 3),
            ),
            tmp_path,
        )


OLD = {
    "ImageScaler": [node("ImageScaler", "x", "b", bias=[-103.9, -116.8, -123.7], scale=0.5), node("Conv", "b w", "y")],
    "Crop": [CONV, node("Crop", "a", "y", border=[1, 2, 3, 4])],
    "Crop to a size": [CONV, node("Crop", "a", "y", border=[1, 2, 0, 0], scale=[5, 6])],
    "Affine": [CONV, node("Affine", "a", "y", alpha=150.0, beta=-3.0)],
    "ScaledTanh": [CONV, node("ScaledTanh", "a", "y", alpha=150.0, beta=0.5)],
    "ParametricSoftplus": [CONV, node("ParametricSoftplus", "a", "y", alpha=2.0, beta=0.5)],
}


@pytest.mark.parametrize("kind", OLD)
def test_operators_of_before_set_7_that_are_still_run(kind: str, tmp_path: Path) -> None:
    made = graph_of(OLD[kind], [1, 3, *SIZE], opset=7, w=normal(3, 3, 3, 3))
    picture = normal(3, *SIZE, seed=1)
    assert relative_error(in_the_studio(opened(made, tmp_path), picture), by_onnxruntime(made, picture[None])[0]) < 1e-5


def test_a_choice_that_a_constant_makes_is_made(tmp_path: Path) -> None:
    branches = {
        name: helper.make_graph([node(kind, "a", name)], name, [], [helper.make_tensor_value_info(name, 1, None)])
        for name, kind in (("then_branch", "Relu"), ("else_branch", "Sigmoid"))
    }
    made = graph_of(
        [
            CONV,
            node("Shape", "a", "s"),
            node("Size", "s", "n"),
            node("Equal", "n four", "is"),
            node("If", "is", "y", **branches),
        ],
        [1, 3, *SIZE],
        w=normal(3, 3, 3, 3),
        four=np.int64(4),
    )
    assert [n.op.shader for n in opened(made, tmp_path).network.graph.nodes] == ["conv2d", "relu"]


def test_names_that_are_not_utf_8_are_names_like_others(tmp_path: Path) -> None:
    made = graph_of([CONV, helper.make_node("Relu", ["a"], ["y"], name="AAAA")], [1, 3, *SIZE], w=normal(3, 3, 3, 3))
    data = made.SerializeToString().replace(b"AAAA", b"A\xff\xfeA").replace(b"\x0a\x01w", b"\x0a\x01\xff")
    (tmp_path / "model.onnx").write_bytes(data.replace(b"B\x01w", b"B\x01\xff"))
    nodes = open_model(tmp_path / "model.onnx").network.graph.nodes
    assert [n.op.shader for n in nodes] == ["conv2d", "relu"]


def small_network() -> onnx.ModelProto:
    return graph_of(
        [
            node("Conv", "x w b", "a", pads=[1, 1, 1, 1]),
            node("Relu", "a", "c"),
            node("Conv", "c v", "d", pads=[1, 1, 1, 1], strides=[2, 2]),
            node("Add", "d e", "f"),
            node("GlobalAveragePool", "d", "g"),
            node("Mul", "f g", "h"),
            node("Sigmoid", "h", "y"),
        ],
        [1, 3, *SIZE],
        opset=13,
        w=normal(6, 3, 3, 3, seed=1) / 3,
        b=normal(6, seed=2),
        v=normal(3, 6, 3, 3, seed=3) / 5,
        e=normal(1, 3, 1, 1, seed=4),
    )


class Pictures:
    """What a quantiser looks at to find the ranges of maps."""

    def __init__(self) -> None:
        self.left = [{"x": normal(1, 3, *SIZE, seed=seed)} for seed in range(6)]

    def get_next(self) -> dict[str, Array] | None:
        return self.left.pop() if self.left else None


@pytest.mark.parametrize("form", ["QDQ", "QOperator", "dynamic"])
def test_a_quantised_model_is_dequantised_and_says_so(form: str, tmp_path: Path) -> None:
    import logging

    from onnxruntime import quantization

    before, after = tmp_path / "float.onnx", tmp_path / "model.onnx"
    before.write_bytes(small_network().SerializeToString())
    # It has much to say, through the root of all loggers.
    logging.disable(logging.WARNING)
    try:
        if form == "dynamic":
            quantization.quantize_dynamic(before, after, op_types_to_quantize=["Conv"])
        else:
            how = getattr(quantization.QuantFormat, form)
            quantization.quantize_static(before, after, Pictures(), quant_format=how)
    finally:
        logging.disable(logging.NOTSET)
    imported = open_model(after)
    assert any("8 bits" in note for note in imported.notes)
    picture = normal(3, *SIZE, seed=0)
    wanted = by_onnxruntime(small_network(), picture[None])[0]
    # What the float model gives is nearer than what its own rounding of maps would give.
    rounded = by_onnxruntime(onnx.load(after), picture[None])[0]
    found = in_the_studio(imported, picture)
    assert relative_error(found, wanted) < 0.01
    assert relative_error(found, rounded) < 0.02


@pytest.mark.parametrize("approximate", ["none", "tanh"])
def test_both_forms_of_gelu(approximate: str, tmp_path: Path) -> None:
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 3, 6, 8]) for name in "xy"]
    node = helper.make_node("Gelu", ["x"], ["y"], approximate=approximate)
    graph = helper.make_graph([node], "gelu", ends[:1], ends[1:])
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=9)
    onnx.save(made, str(tmp_path / "gelu.onnx"))
    x = np.random.default_rng(0).standard_normal((1, 3, 6, 8)).astype(np.float32)
    (wanted,) = onnxruntime.InferenceSession(str(tmp_path / "gelu.onnx")).run(None, {"x": x})
    engine = on_torch(open_model(tmp_path / "gelu.onnx").network)
    engine.run({"x": x[0]})
    assert relative_error(engine.output(), wanted[0]) < 1e-5


def test_tensorflow_s_erfc_that_tf2onnx_hands_on_is_read_and_makes_gelu(tmp_path: Path) -> None:
    x, half, root = (
        helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 3, 8, 12]),
        *map(np.float32, (0.5, -(0.5**0.5))),
    )
    nodes = [
        helper.make_node("Mul", ["x", "root"], ["n"]),
        helper.make_node("Erfc", ["n"], ["e"]),
        helper.make_node("Mul", ["x", "half"], ["h"]),
        helper.make_node("Mul", ["h", "e"], ["g"]),
        helper.make_node("Erfc", ["g"], ["y"]),
    ]
    held = [numpy_helper.from_array(value, name) for name, value in {"root": root, "half": half}.items()]
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, None)
    made = helper.make_model(helper.make_graph(nodes, "g", [x], [y], held), opset_imports=[helper.make_opsetid("", 17)])
    onnx.save(made, tmp_path / "m.onnx")
    network = open_model(tmp_path / "m.onnx").network
    assert "GELU" in {type(node.op).__name__ for node in network.graph.nodes}
    picture, engine = torch.randn(3, 8, 12), on_torch(network)
    engine.run({"x": picture.numpy()})
    wanted = torch.special.erfc(torch.nn.functional.gelu(picture))
    assert relative_error(engine.output(), wanted.numpy()) < 1e-5
