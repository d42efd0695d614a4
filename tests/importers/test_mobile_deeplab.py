"""DeepLabV3 on MobileNetV3, as torchvision has it, in the ways in which people bring it, at three sizes."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from families_depth import MobileDeepLab
from helpers import EngineFor, on_torch, relative_error
from torch import Tensor, nn

import studio
from studio.engine.base import Engine
from studio.io.importers import Options, open_model
from studio.io.networks import load_network
from studio.model.declared.size import Size
from studio.model.networks.network import Network

EXAMPLE = Size(32, 48)


class Whole(MobileDeepLab):
    """With all that torchvision's returns."""

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        return self.heads(x)


def _module() -> Whole:
    torch.manual_seed(3)
    module = Whole().eval()
    for part in module.modules():
        if isinstance(part, nn.BatchNorm2d):
            nn.init.normal_(part.running_mean, 0, 0.1)
            nn.init.uniform_(part.running_var, 0.5, 1.5)
    return module


def _brought(module: Whole, way: str, output: str, folder: Path) -> Network:
    example = torch.rand(1, 3, *EXAMPLE)
    if way == "module":
        made = studio.export_torch(module, example, folder / "net", output=output)
        assert made.relative_error < 1e-5
        return load_network(folder / "net")
    file, options = folder / f"net.{way}", Options(input_size=EXAMPLE, output=output)
    with torch.no_grad():
        if way == "pt2":
            sides = dict.fromkeys((2, 3), torch.export.Dim.AUTO)
            torch.export.save(torch.export.export(module, (example,), dynamic_shapes=(sides,)), file)
        else:
            torch.onnx.export(
                module,
                (example,),
                str(file),
                dynamo=False,
                opset_version=17,
                input_names=["x"],
                output_names=["out", "aux"],
                dynamic_axes={"x": {2: "h", 3: "w"}},
            )
    return open_model(file, options).network


def _compared(module: Whole, network: Network, engine: Engine, output: str) -> None:
    assert network.graph.only_size is None
    for size in (EXAMPLE, Size(64, 32), Size(48, 80)):
        picture = torch.rand(1, 3, *size, generator=torch.Generator().manual_seed(size.width))
        engine.run({network.graph.inputs[0].name: picture[0].numpy()})
        with torch.no_grad():
            wanted = module(picture)[output][0].numpy()
        assert relative_error(engine.output(), wanted) < 1e-4, size


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("output", ["out", "aux"])
@pytest.mark.parametrize("way", ["module", "pt2", "onnx"])
def test_both_heads_are_right_at_three_sizes(way: str, output: str, tmp_path: Path) -> None:
    module = _module()
    network = _brought(module, way, output, tmp_path)
    _compared(module, network, on_torch(network), output)


@pytest.mark.filterwarnings("ignore")
def test_the_first_head_is_taken_and_right_on_every_engine(engine_for: EngineFor, tmp_path: Path) -> None:
    module = _module()
    network = _brought(module, "onnx", "", tmp_path)
    _compared(module, network, engine_for(network), "out")
