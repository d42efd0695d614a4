"""Real networks of others, where they lie beside the checkout: each opens and gives what it gave where it came from."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from helpers import ROOT, EngineFor, relative_error

from studio.io.importers import open_model

MODELS = ROOT.parent / "shared" / "models"
TOLERANCE = 1e-4

# Half a second each through PyTorch, but minutes through a software rasteriser.
CHEAP = ("cci_conv_autoencoder", "cci_tf_autoencoder_npy", "btcvae_celeba")
DEAR = ("autolume_fast_sr", "cloud_unet", "cloud_unet_onnx", "espcn_x3", "fns_nc8_mosaic", "fns_nc8_mosaic_onnx")


def model(name: str) -> Path:
    folder = MODELS / name
    if not folder.is_dir():
        pytest.skip(f"{folder} is not there: real networks are not part of the project")
    return next(path for path in sorted(folder.iterdir()) if path.name not in ("input.npy", "output.npy"))


@pytest.mark.parametrize("name", [*CHEAP, *(pytest.param(name, marks=pytest.mark.slow) for name in DEAR)])
def test_a_public_network_gives_on_every_engine_what_it_gave(name: str, engine_for: EngineFor) -> None:
    path = model(name)
    inputs, wanted = np.load(path.parent / "input.npy")[:4], np.load(path.parent / "output.npy")[:4]
    network = open_model(path).network
    engine = engine_for(network)

    found = []
    for picture in inputs:
        engine.run({network.graph.inputs[0].name: picture})
        found.append(engine.output())

    assert relative_error(np.stack(found), wanted) < TOLERANCE


@pytest.mark.parametrize("name", DEAR)
def test_a_public_network_gives_on_torch_what_it_gave(name: str) -> None:
    from helpers import on_torch

    path = model(name)
    network = open_model(path).network
    engine = on_torch(network)
    engine.run({network.graph.inputs[0].name: np.load(path.parent / "input.npy")[0]})
    assert relative_error(engine.output(), np.load(path.parent / "output.npy")[0]) < TOLERANCE


def test_of_a_pickled_module_the_tensors_are_read() -> None:
    opened = open_model(model("espcn_x3_fullpickle"))
    assert opened.arch == "espcn"
    assert "whose code is not run" in " ".join(opened.notes)


def test_a_network_that_is_spelled_out_is_read_as_its_layers() -> None:
    network = open_model(model("fns_nc8_mosaic_onnx")).network
    kinds = {type(node.op).__name__ for node in network.graph.nodes}
    assert kinds == {"Add", "Conv2d", "InstanceNorm2d", "Pad", "ReLU", "Upsample"}


def test_a_layer_used_several_times_has_its_tensors_once() -> None:
    imported = open_model(model("autolume_fast_sr"))
    assert len(imported.names["act1.weight"]) == 12 - 1
    assert imported.network.graph.node("act2").tensors_of == "act1"
