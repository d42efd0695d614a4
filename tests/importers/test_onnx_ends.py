"""What an ONNX graph's outputs and nameless values come to, and shifted windows as exporters spell them out."""

from __future__ import annotations

import io
import warnings
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from helpers import normal, on_torch, relative_error
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor, nn

from studio.errors import StudioError
from studio.io.importers import Options, open_model
from studio.model.declared.size import Size


def saved(
    folder: Path, nodes: list[onnx.NodeProto], outputs: list[str], side: int = 8, **constants: np.ndarray
) -> Path:
    graph = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, (1, 3, side, side))],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in outputs],
        [numpy_helper.from_array(values, name) for name, values in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    (folder / "m.onnx").write_bytes(model.SerializeToString())
    return folder / "m.onnx"


def test_an_output_that_nothing_changes_is_refused(tmp_path: Path) -> None:
    nodes = [helper.make_node("Relu", ["x"], ["y"]), helper.make_node("Exp", ["c"], ["z"])]
    path = saved(tmp_path, nodes, ["y", "z"], c=np.ones((1, 3, 8, 8), np.float32))
    assert open_model(path).network.graph.nodes
    with pytest.raises(StudioError, match='output "z" is the same whatever it is fed'):
        open_model(path, Options(output="z"))


def test_places_of_a_pooling_are_no_map(tmp_path: Path) -> None:
    path = saved(tmp_path, [helper.make_node("MaxPool", ["x"], ["y", "i"], kernel_shape=[3, 3])], ["y", "i"])
    with pytest.raises(StudioError, match="places that a pooling found"):
        open_model(path, Options(output="i"))


def test_an_input_that_is_left_out_stays_nothing_behind_an_output_without_a_name(tmp_path: Path) -> None:
    """Both are written as an empty name."""
    nodes = [
        helper.make_node("Split", ["x", "parts"], ["", "a"], axis=1),
        helper.make_node("Clip", ["a", "", "most"], ["y"]),
    ]
    path = saved(tmp_path, nodes, ["y"], parts=np.array([1, 2]), most=np.float32(0.5))
    values = normal(3, 8, 8)
    engine = on_torch(open_model(path).network)
    engine.run({"x": values})
    assert relative_error(engine.output(), np.minimum(values[1:], 0.5)) < 1e-6


def test_a_cut_that_leaves_nothing_of_larger_maps_is_right_at_its_size(tmp_path: Path) -> None:
    """From the ninth column before the end to the sixteenth one: of 32 columns there are none."""
    ends = {"s": np.array([-9]), "e": np.array([16]), "a": np.array([3])}
    path = saved(tmp_path, [helper.make_node("Slice", ["x", *ends], ["y"])], ["y"], side=16, **ends)
    values = normal(3, 16, 16)
    engine = on_torch(open_model(path).network)
    engine.run({"x": values})
    assert relative_error(engine.output(), values[:, :, 7:]) < 1e-6


class Shifted(nn.Module):
    """Attention in windows that are shifted and put back, as in Swin transformers."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.first, self.last = nn.Conv2d(3, 8, 3, 1, 1), nn.Conv2d(8, 3, 3, 1, 1)
        self.norm, self.qkv, self.out = nn.LayerNorm(8), nn.Linear(8, 24), nn.Linear(8, 8)

    def forward(self, x: Tensor) -> Tensor:
        x = self.first(x)
        b, c, h, w = x.shape
        t = torch.roll(self.norm(x.permute(0, 2, 3, 1)), (-2, -2), (1, 2))
        t = t.view(b, h // 4, 4, w // 4, 4, c).permute(0, 1, 3, 2, 4, 5).reshape(-1, 16, c)
        q, k, v = self.qkv(t).reshape(-1, 16, 3, 2, c // 2).permute(2, 0, 3, 1, 4).unbind(0)
        t = self.out(((q @ k.transpose(-2, -1)).softmax(-1) @ v).transpose(1, 2).reshape(-1, 16, c))
        t = t.view(b, h // 4, w // 4, 4, 4, c).permute(0, 1, 3, 2, 4, 5).reshape(b, h, w, c)
        return self.last(x + torch.roll(t, (2, 2), (1, 2)).permute(0, 3, 1, 2))


@pytest.mark.parametrize("dynamic", [False, True])
def test_windows_that_are_shifted_and_put_back(dynamic: bool, tmp_path: Path) -> None:
    data = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            Shifted().eval(),
            (torch.rand(1, 3, 32, 32),),
            data,
            dynamo=False,
            opset_version=17,
            input_names=["x"],
            dynamic_axes={"x": {2: "h", 3: "w"}} if dynamic else None,
        )
    (tmp_path / "m.onnx").write_bytes(data.getvalue())
    network = open_model(tmp_path / "m.onnx", Options(input_size=Size(32, 32))).network
    session = onnxruntime.InferenceSession(data.getvalue(), providers=["CPUExecutionProvider"])
    only = network.graph.only_size
    for size in [Size(32, 32), Size(48, 64)] if only is None else [only]:
        values = normal(3, *size, seed=2)
        engine = on_torch(network)
        engine.run({"x": values})
        assert relative_error(engine.output(), session.run(None, {"x": values[None]})[0][0]) < 1e-4
