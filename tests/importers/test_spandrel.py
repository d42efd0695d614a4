"""State dicts that spandrel recognises: small networks of its architectures, opened from their file alone."""

from __future__ import annotations

from pathlib import Path

import pytest
import spandrel_models
import torch
from helpers import on_torch, relative_error
from spandrel_models import LARGE, MODELS, ONE_SIZE

from studio.io.importers import Options, open_model
from studio.io.importers._state_dict import spandrel as _spandrel
from studio.model.declared.size import Size

TOLERANCE = 1e-4
QUICK = ("RCAN", "NAFNet", "SwinIR", "OmniSR", "SPAN")
_spandrel.names()  # imports it with a stand-in for torchvision, where that does not load


def _check(arch: str, tmp_path: Path, sizes: list[Size]) -> None:
    module = spandrel_models.made(arch)
    torch.save({"params_ema": module.state_dict()}, tmp_path / "model.pth")
    imported = open_model(tmp_path / "model.pth", Options(input_size=sizes[0]))
    assert imported.arch == arch
    assert f"spandrel recognised {arch}" in " ".join(imported.notes)
    network = imported.network
    assert (network.graph.only_size is not None) == (arch in ONE_SIZE)
    for size in sizes[:1] if arch in ONE_SIZE else sizes:
        picture, engine = torch.rand(1, 3, *size), on_torch(network)
        engine.run({network.graph.inputs[0].name: picture[0].numpy()})
        with torch.no_grad():
            returned = module(picture.clone())
        wanted = returned[0] if isinstance(returned, tuple) else returned
        assert relative_error(engine.output(), wanted[0].numpy()) < TOLERANCE, size


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("arch", QUICK)
def test_an_architecture_opens_and_runs_at_three_sizes(arch: str, tmp_path: Path) -> None:
    _check(arch, tmp_path, [Size(16, 24), Size(32, 16), Size(24, 40)])


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("arch", sorted(MODELS.keys() - set(QUICK)))
def test_the_others_do_too(arch: str, tmp_path: Path) -> None:
    _check(
        arch,
        tmp_path,
        [Size(64, 64), Size(64, 128), Size(192, 64)] if arch in LARGE else [Size(32, 48), Size(48, 32), Size(64, 64)],
    )


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_lama_paints_anew_what_is_bright(tmp_path: Path) -> None:
    from spandrel.architectures.LaMa import LaMa

    torch.manual_seed(0)
    module = LaMa(in_nc=4, out_nc=3).eval()
    named = {name.replace("model.", "generator.", 1): value for name, value in module.state_dict().items()}
    torch.save({"state_dict": named}, tmp_path / "best.ckpt")
    imported = open_model(tmp_path / "best.ckpt", Options(input_size=Size(64, 64)))
    assert imported.arch == "LaMa"
    assert "what a mask covers" in " ".join(imported.notes)
    picture, mask = torch.rand(1, 3, 64, 96), torch.rand(1, 1, 64, 96)
    engine = on_torch(imported.network)
    engine.run({put.name: (picture if put.channels == 3 else mask)[0].numpy() for put in imported.network.graph.inputs})
    with torch.no_grad():
        wanted = module(picture, (mask > 0.5).float())
    assert relative_error(engine.output(), wanted[0].numpy()) < TOLERANCE
