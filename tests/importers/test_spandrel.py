"""State dicts that spandrel recognises: small networks of its architectures, opened from their file alone."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from helpers import on_torch, relative_error
from torch import nn

from studio.io.importers import Options, _spandrel, open_model

TOLERANCE = 1e-4
_spandrel.names()  # imports it with a stand-in for torchvision, where that does not load


def _made(arch: str) -> nn.Module:
    from spandrel.architectures.NAFNet import NAFNet
    from spandrel.architectures.RCAN import RCAN
    from spandrel.architectures.SwinIR import SwinIR

    torch.manual_seed(0)
    if arch == "RCAN":
        return RCAN(scale=2, n_resgroups=1, n_resblocks=1, n_feats=16)
    if arch == "NAFNet":
        return NAFNet(width=8, middle_blk_num=1, enc_blk_nums=[1, 1], dec_blk_nums=[1, 1])
    sizes = {"img_size": 16, "window_size": 8, "embed_dim": 12, "depths": [2], "num_heads": [2], "mlp_ratio": 2.0}
    return SwinIR(**sizes, upscale=2, upsampler="pixelshuffledirect", img_range=1.0)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("arch", ["RCAN", "NAFNet", "SwinIR"])
def test_an_architecture_opens_and_runs_at_three_sizes(arch: str, tmp_path: Path) -> None:
    module = _made(arch).eval()
    torch.save({"params_ema": module.state_dict()}, tmp_path / "model.pth")
    imported = open_model(tmp_path / "model.pth", Options(input_size=(16, 24)))
    assert imported.arch == arch
    assert f"spandrel recognised {arch}" in " ".join(imported.notes)
    network = imported.network
    for size in ((16, 24), (32, 16), (24, 40)):
        if network.graph.only_size not in (None, size):
            continue
        picture, engine = torch.rand(1, 3, *size), on_torch(network)
        engine.run({network.graph.inputs[0].name: picture[0].numpy()})
        with torch.no_grad():
            wanted = module(picture.clone())[0].numpy()
        assert relative_error(engine.output(), wanted) < TOLERANCE
    assert network.graph.only_size is None
