"""How far running statistics follow when an imported network learns: as its file or module says."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import onnx
import pytest
import torch
from families_depth import MobileDeepLab
from keras_models import L, keras
from onnx import helper
from torch import nn

import studio
from studio.io.exporters.onnx import onnx_model
from studio.io.importers import open_model
from studio.io.networks import load_network
from studio.model.declared.size import Size
from studio.model.networks.network import Network
from studio.model.networks.preset import Preset

ASKED = {"1": 0.1, "3": 0.01, "5": 0.3, "7": 0.0, "9": 1.0}


def _module() -> nn.Sequential:
    layers = [part for m in ASKED.values() for part in (nn.Conv2d(3, 3, 3), nn.BatchNorm2d(3, momentum=m))]
    return nn.Sequential(*layers).eval()


def _momenta(of: Network) -> dict[str, float]:
    norms = [node for node in of.graph.nodes if type(node.op).__name__ == "BatchNorm2d"]
    return {node.name: node.op.model_dump()["momentum"] for node in norms}


def _brought(module: nn.Module, way: str, folder: Path) -> Network:
    example = torch.rand(1, 3, 24, 24)
    if way == "module":
        studio.export_torch(module, example, folder / "net")
        return load_network(folder / "net")
    file = folder / f"net.{way}"
    if way == "pt2":
        torch.export.save(torch.export.export(module, (example,)), file)
    elif way == "onnx":
        torch.onnx.export(
            module,
            (example,),
            str(file),
            dynamo=False,
            do_constant_folding=False,
            # PyTorch's exporter folds norms into convolutions in any other mode.
            training=torch.onnx.TrainingMode.PRESERVE,
        )
    else:
        torch.save(module, file)
    return open_model(file).network


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("way", ["module", "pt2", "onnx", "pt"])
def test_of_pytorch(way: str, tmp_path: Path) -> None:
    assert [*_momenta(_brought(_module(), way, tmp_path)).values()] == [*ASKED.values()]


@pytest.mark.parametrize("way", ["module", "pt"])
def test_the_mean_of_all_batches_stays_as_it_is(way: str, tmp_path: Path) -> None:
    module = nn.Sequential(nn.Conv2d(3, 3, 3), nn.BatchNorm2d(3, momentum=None)).eval()
    assert [*_momenta(_brought(module, way, tmp_path)).values()] == [0.0]


@pytest.mark.parametrize("form", [".keras", ".h5"])
def test_of_keras(form: str, tmp_path: Path) -> None:
    put = keras.Input((8, 8, 3))
    x = L.BatchNormalization(momentum=0.8)(L.BatchNormalization()(put))
    model = keras.Model(put, L.BatchNormalization(momentum=0.999)(x))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.save(tmp_path / f"model{form}")
    assert [*_momenta(open_model(tmp_path / f"model{form}").network).values()] == [0.01, 0.2, 0.001]


def _onnx(**said: Any) -> onnx.ModelProto:
    rows = [helper.make_tensor(name, onnx.TensorProto.FLOAT, [3], [1.0] * 3) for name in "abcd"]
    ends = [helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, [1, 3, 4, 4]) for name in "xy"]
    node = helper.make_node("BatchNormalization", ["x", *"abcd"], ["y"], **said)
    graph = helper.make_graph([node], "g", ends[:1], ends[1:], rows)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])


@pytest.mark.parametrize(
    ("said", "momentum"),
    [
        ({}, 0.1),
        ({"momentum": 0.9}, 0.1),
        ({"momentum": 0.997}, 0.003),
        ({"momentum": 1.0}, 0.0),
        ({"momentum": 7.0}, 0.1),
    ],
)
def test_of_onnx(said: dict[str, float], momentum: float, tmp_path: Path) -> None:
    onnx.save(_onnx(**said), tmp_path / "net.onnx")
    assert [*_momenta(open_model(tmp_path / "net.onnx").network).values()] == [momentum]


def test_of_torchvisions_mobilenets_whose_files_do_not_say_it(tmp_path: Path) -> None:
    torch.save(MobileDeepLab().state_dict(), tmp_path / "net.pth")
    found = _momenta(open_model(tmp_path / "net.pth").network)
    assert found == {name: 0.01 if name.startswith("backbone.") else 0.1 for name in found}
    assert set(found.values()) == {0.01, 0.1}


def test_it_is_exported(tmp_path: Path) -> None:
    of = _brought(_module(), "module", tmp_path)
    model, _ = onnx_model(Preset("p", of, {}), {of.graph.inputs[0].name: Size(24, 24)})
    onnx.save(model, tmp_path / "out.onnx")
    assert [*_momenta(open_model(tmp_path / "out.onnx").network).values()] == [*ASKED.values()]
