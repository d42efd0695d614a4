"""PyTorch's names that are made of several operators, each against PyTorch at three sizes; ONNX's on lines."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch
from helpers import EngineFor, on_torch, relative_error
from hypothesis import given
from hypothesis import strategies as st
from once import Once
from onnx import TensorProto, helper
from test_sizes import EXAMPLE, TOLERANCE, Frozen, is_exported_right
from torch import Tensor, nn
from torch.nn import functional as F

import studio
from studio.errors import StudioError
from studio.io.importers import open_model
from studio.io.importers._meanings.patterns import move_of
from studio.io.networks import load_network
from studio.model.networks.shape import Shape

How = Callable[[Tensor], Tensor]


def _no_number(y: Tensor) -> Tensor:
    """Quotients by nothing, of both signs, and logarithms of what is negative."""
    top, nothing = 1 + y.abs(), torch.relu(-1 - y.abs())
    odd = torch.cat([(top / nothing)[:, :1], (-top / nothing)[:, 1:2], torch.log(-top)[:, 2:3], y[:, 3:]], 1)
    return torch.nan_to_num(odd, 0.25, 3.0, -2.0) + torch.tanh(torch.nan_to_num(odd)) * y


def _of_three(y: Tensor) -> Tensor:
    tokens, mix = y.flatten(2), torch.linspace(-1, 1, 16).view(4, 4)
    joined = torch.einsum("bcn,cd,bdm->bnm", tokens, mix, F.adaptive_avg_pool2d(y, 2).flatten(2))
    summed = torch.einsum("bcn,dk->bdn", tokens, mix)
    return (joined.transpose(1, 2) + summed).view_as(y)


def _on_lines(y: Tensor) -> Tensor:
    rows = y.flatten(2)
    pooled = F.max_pool1d(rows, 3, 1, 1) + F.avg_pool1d(rows, 5, 1, 2)
    halved = F.conv_transpose1d(F.max_pool1d(rows, 2), torch.linspace(-1, 1, 32).view(4, 4, 2), stride=2)
    return (pooled + halved + F.adaptive_avg_pool1d(rows, 1) + F.adaptive_max_pool1d(rows, 1)).view_as(y)


FORMS: dict[str, How] = {
    "nearest-exact by a broken factor": lambda y: F.interpolate(y, scale_factor=1.5, mode="nearest-exact"),
    "nearest-exact that shrinks": lambda y: F.interpolate(y, scale_factor=0.5, mode="nearest-exact"),
    "nearest-exact by a whole factor": lambda y: F.interpolate(y, scale_factor=(3, 2), mode="nearest-exact"),
    "rms_norm": lambda y: F.rms_norm(y.permute(0, 2, 3, 1), (4,), torch.linspace(0.5, 2, 4)).permute(0, 3, 1, 2),
    "rms_norm of tokens": lambda y: F.rms_norm(y.flatten(2).transpose(1, 2), (4,), eps=0.1).transpose(1, 2).view_as(y),
    "cosine_similarity": lambda y: y * F.cosine_similarity(y - 0.5, y.roll(1, 1), 1).unsqueeze(1),
    "pairwise_distance": lambda y: (
        y + F.pairwise_distance(y.permute(0, 2, 3, 1), y.flip(1).permute(0, 2, 3, 1))[:, None]
    ),
    "a maximum that sees nothing of its border": lambda y: (
        F.max_pool2d(F.pad(y - 2, (0, 1, 1, 0), value=-torch.inf), 3, 2)
        - F.max_pool2d(F.pad(2 - y, (1, 0, 0, 1), value=-torch.inf), 3, 2)
    ),
    "nan_to_num": _no_number,
    "addcdiv": lambda y: torch.addcdiv(y, y - 0.5, y + 1, value=0.3),
    "aminmax": lambda y: y * y.aminmax(dim=1, keepdim=True)[0] - torch.aminmax(y)[1],
    "cumsum": lambda y: y.cumsum(1) + y.permute(0, 2, 3, 1).cumsum(-1).permute(0, 3, 1, 2) * 2,
    "cumprod": lambda y: (y + 0.5).cumprod(1),
    "prod": lambda y: y + (y + 0.5).prod(1, keepdim=True) + y[:, :3].prod(1)[:, None],
    "local_response_norm": lambda y: F.local_response_norm(y, 3, alpha=0.5, beta=0.6, k=2.0),
    "local_response_norm of an even size": lambda y: F.local_response_norm(y, 2, alpha=0.9),
    "einsum of three": _of_three,
    "powers that differ": lambda y: (
        (y - 0.5) ** torch.tensor([2.0, 3.0, 1.0, 0.0]).view(4, 1, 1) + torch.pow(y.abs(), y[:, :1] + 2) + 1.5**y
    ),
    "powers of a map": lambda y: (
        torch.pow(torch.round(4 * y - 2), torch.round(4 * y[:, :1].abs())) + (1.01 - 2 * y) ** torch.floor(4 * y)
    ),
}


@pytest.mark.parametrize("form", FORMS)
def test_a_name_is_pytorchs_at_three_sizes(form: str, tmp_path: Path, engine_for: EngineFor, once: Once) -> None:
    is_exported_right(Frozen(lambda _, y: FORMS[form](y)).eval(), tmp_path / "mine", engine_for, once)


def _is_right_at_the_example(how: How, path: Path, engine_for: EngineFor) -> None:
    module = Frozen(lambda _, y: how(y)).eval()
    studio.export_torch(module, torch.rand(1, 3, *EXAMPLE), path)
    network = load_network(path)
    engine, picture = engine_for(network), torch.rand(1, 3, *EXAMPLE)
    engine.run({network.graph.inputs[0].name: picture[0].numpy()})
    with torch.no_grad():
        assert relative_error(engine.output(), module(picture)[0].numpy()) < TOLERANCE


def test_lines_are_maps_of_one_row(tmp_path: Path, engine_for: EngineFor) -> None:
    _is_right_at_the_example(_on_lines, tmp_path / "mine", engine_for)


def test_a_map_is_reshaped_across_its_rows(tmp_path: Path, engine_for: EngineFor) -> None:
    """As tokens of columns are, of another map's: to sides of the same product, into which rows do not go evenly."""
    height, width = EXAMPLE

    def turned(y: Tensor) -> Tensor:
        return y + 2 * (y * y.flatten(2).flip(1).view(1, -1, height, width)).reshape(1, -1, width, height).mT

    _is_right_at_the_example(turned, tmp_path / "mine", engine_for)


@pytest.mark.parametrize("sides", [(3, 4), (5, 3), (7, 2)])
def test_digits_that_cross_rows_unevenly_are_no_pattern(sides: tuple[int, int]) -> None:
    """The second digit is two rows or more, of which not another one goes into the map."""
    height, width = sides
    at = np.arange(2) * (height // 2 + 1) * width
    assert move_of(at[None, :, None] + np.arange(2)[None, None, :], Shape(1, height, width)) is None


def test_what_is_too_much_is_refused_in_a_sentence(tmp_path: Path) -> None:
    for how, said in (
        (lambda _, y: y * y.prod(), "give it one axis"),
        (lambda _, y: y * y.flatten(2).prod(2)[..., None, None], "64 at most are supported"),
        (lambda _, y: F.avg_pool3d(y[None], 2)[0], "only along channels is that supported"),
    ):
        with pytest.raises(StudioError, match=said):
            studio.export_torch(Frozen(how).eval(), torch.rand(1, 3, *EXAMPLE), tmp_path / "mine")


# -- ONNX ---------------------------------------------------------------------------------------------------------

KINDS = ("Conv", "ConvTranspose", "MaxPool", "AveragePool", "LpPool", "GlobalAveragePool", "GlobalMaxPool")


@given(
    kind=st.sampled_from(KINDS),
    kernel=st.integers(1, 4),
    stride=st.integers(1, 3),
    before=st.integers(0, 1),
    behind=st.integers(0, 1),
    length=st.integers(3, 6),
)
def test_onnx_operators_on_lines_are_those_of_onnxruntime(
    kind: str, kernel: int, stride: int, before: int, behind: int, length: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    across = 4
    before, behind = (min(side, kernel - 1) for side in (before, behind))
    said = {"kernel_shape": [kernel], "strides": [stride], "pads": [before, behind]}
    said = {} if kind.startswith("Global") else said
    held = []
    if kind.startswith("Conv"):
        shape = (3, 2, kernel) if kind == "ConvTranspose" else (2, 3, kernel)
        drawn = np.random.default_rng(kernel).standard_normal(shape).astype(np.float32)
        held = [helper.make_tensor("w", TensorProto.FLOAT, shape, drawn.ravel())]
    turned = helper.make_tensor("line", TensorProto.INT64, [3], [1, 3, across * length])
    row = helper.make_tensor("row", TensorProto.INT64, [4], [1, 2 if held else 3, 1, -1])
    nodes = [
        helper.make_node("Reshape", ["x", "line"], ["flat"]),
        helper.make_node(kind, ["flat", *(t.name for t in held)], ["made"], **said),
        helper.make_node("Reshape", ["made", "row"], ["y"]),
    ]
    puts = [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 3, across, length])]
    made = [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, None, None, None])]
    graph = helper.make_graph(nodes, "lines", puts, made, initializer=[turned, row, *held])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    file = tmp_path_factory.mktemp("lines") / "net.onnx"
    file.write_bytes(model.SerializeToString())
    fed = np.random.default_rng(length).standard_normal((1, 3, across, length)).astype(np.float32)
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    (wanted,) = session.run(None, {"x": fed})
    network = open_model(file).network
    engine = on_torch(network)
    engine.run({network.graph.inputs[0].name: fed[0]})
    assert relative_error(engine.output().ravel(), wanted.ravel()) < TOLERANCE


@pytest.mark.filterwarnings("ignore")
def test_an_exported_module_of_lines_opens(tmp_path: Path, engine_for: EngineFor) -> None:
    class Lines(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv, self.back = nn.Conv1d(3, 4, 3, padding=1), nn.Conv1d(4, 3, 1)

        def forward(self, x: Tensor) -> Tensor:
            y = F.max_pool1d(self.conv(x.flatten(2)).relu(), 3, 1, 1)
            return (self.back(y) * y.mean(2, keepdim=True)[:, :3]).view_as(x)

    module, picture = Lines().eval(), torch.rand(1, 3, 8, 6)
    with torch.no_grad():
        torch.onnx.export(module, picture, str(tmp_path / "net.onnx"), dynamo=False, opset_version=17)
        wanted = module(picture)[0].numpy()
    network = open_model(tmp_path / "net.onnx").network
    engine = engine_for(network)
    engine.run({network.graph.inputs[0].name: picture[0].numpy()})
    assert relative_error(engine.output(), wanted) < TOLERANCE
