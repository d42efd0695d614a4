"""Adaptive pools as PyTorch's exporter of ONNX spells them out: gathered windows, or a plain pool of the example's."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from helpers import EngineFor, relative_error
from onnx import helper
from test_onnx_forms import by_onnxruntime, graph_of, in_the_studio, node, opened
from torch.nn import functional as F

from studio.errors import StudioError
from studio.io.importers import Options
from studio.model.declared.size import Size
from studio.model.networks.shape import Array

COUNT = 4
MATRIX = np.random.default_rng(1).standard_normal((3 * COUNT * COUNT, 3)).astype(np.float32)


def behind(pooled: str) -> list[onnx.NodeProto]:
    """A vector of what was pooled, by which every channel is multiplied."""
    return [
        node("Reshape", f"{pooled} flat", "vector"),
        node("MatMul", "vector matrix", "scale"),
        node("Reshape", "scale spread", "scales"),
        node("Mul", "x scales", "y"),
    ]


HELD: dict[str, np.ndarray] = {
    "flat": np.array([1, -1]),
    "matrix": MATRIX,
    "spread": np.array([1, 3, 1, 1]),
}


def wanted(picture: Array, *, largest: bool = False) -> Array:
    x = torch.tensor(picture)[None]
    pool = F.adaptive_max_pool2d if largest else F.adaptive_avg_pool2d
    scale = pool(x, COUNT).flatten(1) @ torch.tensor(MATRIX)
    return (x * scale[..., None, None])[0].numpy()


class SpeltOut:
    """The nodes that PyTorch writes for an example of this size, and the tensors that they read.

    Of a file for any size places are worked out in it, by how they lie at the example's.
    """

    def __init__(self, size: tuple[int, int], *, free: bool, shift: int = 0) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.tensors: dict[str, np.ndarray] = {"zero": np.float32(0)}
        self.free, self.shift = free, shift
        sides = [self._side(axis, side) for axis, side in zip("hw", size, strict=True)]
        self._index([places for places, _, _ in sides])
        self.add("Transpose", "x", "last", perm=[2, 3, 0, 1])
        self.add("GatherND", "last index", "gathered")
        self.add("Transpose", "gathered", "windows", perm=[4, 5, 0, 1, 2, 3])
        if not any(masked for _, _, masked in sides):
            self.tensors["axes"] = np.array([-3, -1])
            self.add("ReduceMean", "windows axes", "pooled", keepdims=0)
            return
        value = "windows"
        for axis, (_, _, masked) in zip("hw", sides, strict=True):
            if masked:
                self.add("Where", f"mask_{axis} zero {value}", f"filled_{axis}")
                value = f"filled_{axis}"
        total = ""
        lanes = [lanes for _, lanes, _ in sides]
        self.tensors |= {f"n{k}": np.array(k) for k in range(max(lanes))}
        for i in range(lanes[0]):
            self.add("Gather", f"{value} n{i}", f"row{i}", axis=3)
            for j in range(lanes[1]):
                self.add("Gather", f"row{i} n{j}", f"lane{i}_{j}", axis=4)
                if total:
                    self.add("Add", f"{total} lane{i}_{j}", f"sum{i}_{j}")
                total = f"sum{i}_{j}" if total else f"lane{i}_{j}"
        self.add("Mul", "lengths_h lengths_w", "lengths")
        self.add("Cast", "lengths", "counts", to=1)
        self.add("Div", f"{total} counts", "pooled")

    def add(self, kind: str, reads: str, writes: str, **attributes: Any) -> None:
        self.nodes.append(node(kind, reads, writes, **attributes))

    def _side(self, axis: str, side: int) -> tuple[str, int, bool]:
        """Places (windows, values) along a side; how many values; whether some windows are shorter."""
        k = np.arange(COUNT)
        starts, ends = k * side // COUNT, -(-(k + 1) * side // COUNT)
        lanes, masked = int((ends - starts).max()), len({*(ends - starts)}) > 1
        if not self.free:
            places = np.minimum(starts[:, None] + np.arange(lanes) + self.shift, side - 1)
            self.tensors[f"places_{axis}"] = places
            past = np.arange(lanes) >= (ends - starts)[:, None]
            lengths = ends - starts if masked else np.array([lanes])
        else:
            self.tensors |= {"k": k[:, None], "of": np.array(COUNT), "one": np.array(1), "round": np.array(COUNT - 1)}
            self.tensors |= {f"lane_{axis}": np.arange(lanes), f"axis_{axis}": np.array("hw".index(axis) + 2)}
            self.add("Shape", "x", f"shape_{axis}")
            self.add("Gather", f"shape_{axis} axis_{axis}", f"side_{axis}")
            self.add("Mul", f"k side_{axis}", f"far_{axis}")
            self.add("Div", f"far_{axis} of", f"starts_{axis}")
            self.add("Add", f"starts_{axis} lane_{axis}", f"any_{axis}")
            self.add("Sub", f"side_{axis} one", f"most_{axis}")
            self.add("Min", f"any_{axis} most_{axis}", f"places_{axis}")
            self.add("Add", f"far_{axis} side_{axis}", f"next_{axis}")
            self.add("Add", f"next_{axis} round", f"rounded_{axis}")
            self.add("Div", f"rounded_{axis} of", f"ends_{axis}")
            self.add("Sub", f"ends_{axis} starts_{axis}", f"length_{axis}")
            self.add("GreaterOrEqual", f"lane_{axis} length_{axis}", f"past_{axis}")
        shape = {"h": (COUNT, lanes, 1, 1), "w": (COUNT, lanes)}[axis]
        column = {"h": (COUNT, 1), "w": (COUNT,)}[axis]
        if self.free and masked:
            self.tensors |= {f"shape_of_mask_{axis}": np.array(shape), f"column_{axis}": np.array(column)}
            self.add("Reshape", f"past_{axis} shape_of_mask_{axis}", f"mask_{axis}")
            self.add("Reshape", f"length_{axis} column_{axis}", f"lengths_{axis}")
        elif masked:
            self.tensors |= {f"mask_{axis}": past.reshape(shape), f"lengths_{axis}": lengths.reshape(column)}
        else:
            self.tensors[f"lengths_{axis}"] = np.array([lanes])
        return f"places_{axis}", lanes, masked

    def _index(self, places: list[str]) -> None:
        if not self.free:
            high, wide = (self.tensors.pop(name) for name in places)
            each = np.broadcast_arrays(high[:, :, None, None], wide[None, None])
            self.tensors["index"] = np.stack(each, -1)
            return
        self.tensors |= {"behind": np.array([2, 3]), "before": np.array([0, 1]), "last_axis": np.array([-1])}
        self.add("Unsqueeze", f"{places[0]} behind", "high")
        self.add("Unsqueeze", f"{places[1]} before", "wide")
        self.add("Sub", "high high", "none_high")
        self.add("Sub", "wide wide", "none_wide")
        self.add("Add", "high none_wide", "whole_high")
        self.add("Add", "wide none_high", "whole_wide")
        self.add("Unsqueeze", "whole_high last_axis", "column_high")
        self.add("Unsqueeze", "whole_wide last_axis", "column_wide")
        self.add("Concat", "column_high column_wide", "index", axis=-1)

    def model(self, shape: list[Any]) -> onnx.ModelProto:
        return graph_of([*self.nodes, *behind("pooled")], shape, opset=18, **self.tensors, **HELD)


SIZES = [(30, 50), (33, 47), (47, 33), (35, 21), (32, 46)]


@pytest.mark.parametrize("size", SIZES)
def test_a_pool_that_was_spelt_out_for_one_size_is_one_of_any(
    size: tuple[int, int], tmp_path: Path, engine_for: EngineFor
) -> None:
    made = SpeltOut(size, free=False).model([1, 3, *size])
    picture = np.random.default_rng(0).random((3, *size), np.float32)
    assert relative_error(by_onnxruntime(made, picture[None])[0], wanted(picture)) < 1e-5
    found = opened(made, tmp_path)
    assert type(found.network.graph.nodes[0].op).__name__ == "AdaptiveAvgPool2d"
    for each in (size, (64, 40), (17, 90)):
        picture = np.random.default_rng(0).random((3, *each), np.float32)
        engine = engine_for(found.network)
        engine.run({"x": picture})
        assert relative_error(engine.output(), wanted(picture)) < 1e-5


@pytest.mark.parametrize("size", SIZES)
def test_a_pool_whose_places_are_worked_out_in_the_file_is_one_of_any_size(
    size: tuple[int, int], tmp_path: Path
) -> None:
    made = SpeltOut(size, free=True).model([1, 3, "h", "w"])
    picture = np.random.default_rng(0).random((3, *size), np.float32)
    assert relative_error(by_onnxruntime(made, picture[None])[0], wanted(picture)) < 1e-5
    found = opened(made, tmp_path)
    assert not found.notes
    for each in (size, (64, 40), (17, 90), (256, 256)):
        picture = np.random.default_rng(0).random((3, *each), np.float32)
        assert relative_error(in_the_studio(found, picture), wanted(picture)) < 1e-5


@pytest.mark.parametrize("size", [(30, 50), (33, 47)])
def test_windows_that_are_no_adaptive_pools_are_refused(size: tuple[int, int], tmp_path: Path) -> None:
    made = SpeltOut(size, free=False, shift=1).model([1, 3, *size])

    with pytest.raises(StudioError, match="windows that are not those of an adaptive pool"):
        opened(made, tmp_path)


def even(kind: str, told: str, shape: list[Any], nodes: list[onnx.NodeProto]) -> onnx.ModelProto:
    """A pool of 8×12, as an adaptive one to 4×4 becomes of 32×48."""
    pool = node(kind, "x", "pooled", kernel_shape=[8, 12], strides=[8, 12])
    entry = pool.metadata_props.add()
    entry.key, entry.value = "pkg.torch.onnx.stack_trace", told
    return graph_of([pool, *nodes], shape, opset=18, **HELD)


@pytest.mark.parametrize(("kind", "told"), [("AveragePool", "adaptive_avg_pool2d"), ("MaxPool", "AdaptiveMaxPool2d")])
def test_even_windows_are_an_adaptive_pool_where_a_matrix_says_how_many(kind: str, told: str, tmp_path: Path) -> None:
    made = even(kind, f"return F.{told}(input, self.output_size)", [1, 3, "h", "w"], behind("pooled"))
    found = opened(made, tmp_path)
    assert "An adaptive pool was taken for one to 4×4: the file says how many values alone." in found.notes
    for each in ((32, 48), (64, 40), (17, 90)):
        picture = np.random.default_rng(0).random((3, *each), np.float32)
        assert relative_error(in_the_studio(found, picture), wanted(picture, largest=kind == "MaxPool")) < 1e-5


@pytest.mark.parametrize("sides", [(2, 8), (1, 16), (4, 4)])
def test_even_windows_are_an_adaptive_pool_to_the_sides_that_the_file_says(
    sides: tuple[int, int], tmp_path: Path
) -> None:
    made = even("AveragePool", "F.adaptive_avg_pool2d(input, self.output_size)", [1, 3, "h", "w"], behind("pooled"))
    info = helper.make_tensor_value_info("pooled", onnx.TensorProto.FLOAT, ["batch", 3, *sides])
    made.graph.value_info.append(info)
    found = opened(made, tmp_path)
    assert not found.notes
    for each in ((32, 48), (64, 40), (17, 90)):
        picture = np.random.default_rng(0).random((3, *each), np.float32)
        pooled = F.adaptive_avg_pool2d(torch.tensor(picture), sides)
        scale = pooled.flatten() @ torch.tensor(MATRIX)
        assert relative_error(in_the_studio(found, picture), (picture * scale[:, None, None].numpy())) < 1e-5


def test_even_windows_of_which_nothing_says_how_many_are_told_of(tmp_path: Path) -> None:
    enlarged = [
        node("Shape", "x", "shape"),
        helper.make_node("Resize", ["pooled", "", "", "shape"], ["y"], mode="nearest"),
    ]
    found = opened(even("AveragePool", "adaptive_avg_pool2d", [1, 3, "h", "w"], enlarged), tmp_path)
    assert any("with windows of 12×8" in note for note in found.notes)
    found = opened(even("AveragePool", "avg_pool2d", [1, 3, "h", "w"], enlarged), tmp_path)
    assert not found.notes
    found = opened(even("AveragePool", "adaptive_avg_pool2d", [1, 3, 32, 48], enlarged), tmp_path)
    assert not any("windows" in note for note in found.notes)


def test_a_pool_of_the_examples_windows_alone_opens_at_its_size(tmp_path: Path) -> None:
    made = even("AveragePool", "", [1, 3, "h", "w"], behind("pooled"))
    with pytest.raises(StudioError, match="--input-size"):
        opened(made, tmp_path)

    found = opened(made, tmp_path, Options(input_size=Size(32, 48)))

    assert found.network.graph.only_size == (32, 48)
    picture = np.random.default_rng(0).random((3, 32, 48), np.float32)
    assert relative_error(in_the_studio(found, picture), wanted(picture)) < 1e-5
