"""Forty-one checkpoints that people bring, by name: how many open by themselves, and run as their authors wrote.

Each is saved as its authors save it, with their names of tensors and what lies beside these, at random weights and
mostly narrower. The list was made by what is used, and names those that do not open.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import spandrel_models
import torch
from helpers import on_torch, relative_error
from modules import FAMILIES as FIRST
from test_families import ALL
from torch import nn

from studio.errors import StudioError
from studio.io.importers import open_model
from studio.io.importers._state_dict import spandrel as _spandrel

LEAST = 25
TOLERANCE = 1e-4
State = dict[str, Any]


@dataclass(frozen=True)
class Brought:
    """A public checkpoint.

    Attributes:
        file: what it is called, and whose it is.
        kind: the small network like it; empty where it does not open.
        held: what its file holds of a state dict.
    """

    file: str
    kind: str = ""
    held: Callable[[State], object] = dict


def _under(*keys: str, **beside: object) -> Callable[[State], object]:
    def held(state: State) -> object:
        for key in reversed(keys):
            state = {key: state}
        return {**state, **beside}

    return held


def _named(start: str, *keys: str, **beside: object) -> Callable[[State], object]:
    wrapped = _under(*keys, **beside)
    return lambda state: wrapped({f"{start}{name}": value for name, value in state.items()})


def _old(state: State) -> object:
    """Instance norms of PyTorch 0.3 and earlier had statistics, which nobody uses."""
    norms = [
        name.removesuffix(".weight") for name, held in state.items() if held.ndim == 1 and name.endswith(".weight")
    ]
    both = [(norm, part) for norm in norms for part in ("mean", "var")]
    return {**state, **{f"{norm}.running_{part}": torch.zeros_like(state[f"{norm}.weight"]) for norm, part in both}}


_MOMENTS = {"state": {0: {"step": torch.tensor(7.0), "exp_avg": torch.zeros(3)}}, "param_groups": [{"lr": 1e-4}]}


def _zeros(state: State) -> State:
    return {name: torch.zeros_like(held) for name, held in state.items()}


def _sniklaus(state: State) -> object:
    return {name.replace("net", "module"): held for name, held in state.items()}


_CRITIC = {f"model.{k}.weight_orig": torch.ones(4, 3, 3, 3) for k in range(3)}
_ARGS = argparse.Namespace(size=256, lr=np.float64(0.002), path="out")

BROUGHT = [
    Brought("latest_net_G.pth of horse2zebra (junyanz, CycleGAN)", "cyclegan"),
    Brought("latest_net_G.pth of facades_label2photo (junyanz, pix2pix)", "pix2pix"),
    Brought("latest_net_G.pth of label2city_1024p (NVIDIA, pix2pixHD)", "pix2pixhd, local"),
    Brought("latest_net_G.pth of horse2zebra (taesungp, CUT)", "cut"),
    Brought("face_paint_512_v2.pt (bryandlee, AnimeGANv2)", "animegan"),
    Brought("Hayao_net_G_float.pth (Yijunmaverick, CartoonGAN)", "cartoongan"),
    Brought(
        "selfie2anime_params_latest.pt (znxlwm, U-GAT-IT light)",
        "ugatit",
        lambda state: {"genA2B": state, "genB2A": _zeros(state), "disGA": _CRITIC},
    ),
    Brought("mosaic.pth (pytorch/examples, fast neural style)", "johnson", _old),
    Brought("decoder.pth (naoto0804, AdaIN)", "adain-decoder"),
    Brought("RealESRGAN_x4plus.pth (xinntao)", "spandrel:ESRGAN", _under("params_ema")),
    Brought("realesr-general-x4v3.pth (xinntao)", "srvgg x4", _under("params")),
    Brought("001_classicalSR_DF2K_s64w8_SwinIR-M_x2.pth (JingyunLiang)", "spandrel:SwinIR", _under("params")),
    Brought("edsr_x4-4f62e9ef.pt (sanghyun-son)", "edsr x4"),
    Brought("carn.pth (nmhkahn)", "carn"),
    Brought("IMDN_x4.pth (Zheng222)", "imdn", _named("module.")),
    Brought("netG_epoch_4_100.pth (leftthomas, SRGAN)", "srgan"),
    Brought("espcn_x3.pth (yjn870)", "espcn"),
    Brought("rdn_x4.pth (yjn870)", "rdn x4"),
    Brought("model_epoch_50.pth (twtygqyy, VDSR)", "vdsr", _under("model", epoch=50)),
    Brought("ffdnet_color.pth (cszn, KAIR)", "ffdnet"),
    Brought("ircnn_color.pth (cszn, KAIR)", "ircnn", lambda state: {"0": state, "1": _zeros(state)}),
    Brought("NAFNet-GoPro-width32.pth (megvii)", "spandrel:NAFNet", _under("params")),
    Brought("deraining.pth (swz30, Restormer)", "restormer", _under("params")),
    Brought("model_deblurring.pth (swz30, MPRNet)", "mprnet", _named("module.", "state_dict", epoch=3000)),
    Brought("codeformer.pth (sczhou)", "codeformer", _under("params_ema")),
    Brought("network-bsds500.pytorch (sniklaus, HED)", "hed", _sniklaus),
    Brought("ControlNetHED.pth (lllyasviel)", "controlnet-hed"),
    Brought("table5_pidinet.pth (zhuoinoulu)", "pidinet", _named("module.", "state_dict", epoch=19, args=_ARGS)),
    Brought("10_model.pth (xavysp, DexiNed)", "dexined"),
    Brought("sk_model.pth (lllyasviel, line drawings)", "line-drawing"),
    Brought("u2net.pth (xuebinqin)", "u2net"),
    Brought("isnet-general-use.pth (xuebinqin, DIS)", "isnet"),
    Brought("modnet_photographic_portrait_matting.ckpt (ZHKKKe)", "modnet", _named("module.")),
    Brought("midas_v21_small_256.pt (isl-org)", "midas small"),
    Brought("dpt_large_384.pt (isl-org)", "dpt"),
    Brought("lraspp_mobilenet_v3_large-d234d4ea.pth (torchvision)", "lraspp"),
    Brought("79999_iter.pth (zllrunning, BiSeNet)", "bisenet"),
    Brought("siggraph17-df00044c.pth (richzhang)", "colorizer of 2017"),
    Brought("ColorizeArtistic_gen.pth (jantic, DeOldify)", "deoldify, artistic", _under("model", opt=_MOMENTS)),
    Brought(
        "stylegan2-ffhq-config-f.pt (rosinality)",
        "stylegan2",
        lambda state: {
            "g": _zeros(state),
            "d": _CRITIC,
            "g_ema": state,
            "g_optim": _MOMENTS,
            "args": _ARGS,
            "latent_avg": torch.zeros(6),
        },
    ),
    Brought(
        "vae-ft-mse-840000-ema-pruned.ckpt (stabilityai)",
        "latent",
        lambda state: {"state_dict": {**state, "loss.logvar": torch.tensor(0.0)}, "global_step": 840000},
    ),
]
OPEN = [brought for brought in BROUGHT if brought.kind]


def _built(kind: str) -> tuple[nn.Module, tuple[int, ...]]:
    torch.manual_seed(3)
    if kind.startswith("spandrel:"):
        _spandrel.names()  # imports it with a stand-in for torchvision, where that does not load
        return spandrel_models.made(kind.partition(":")[2]), (3, 32, 48)
    _, build, shape = ALL[kind] if kind in ALL else FIRST[kind]
    module = build().eval()
    for name, held in module.named_buffers():
        if name.endswith("running_var"):
            nn.init.uniform_(held, 0.5, 2)
    return module, shape


def test_so_many_of_them_open_by_themselves() -> None:
    assert len({brought.file for brought in BROUGHT}) == 41
    assert len(OPEN) >= LEAST


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("brought", OPEN, ids=lambda brought: brought.file.split(" (")[0])
@pytest.mark.parametrize("zipped", [True, False])
def test_a_public_checkpoint_opens_and_runs_as_it_should(brought: Brought, zipped: bool, tmp_path: Path) -> None:
    module, shape = _built(brought.kind)
    file = tmp_path / brought.file.split(" ")[0]
    torch.save(brought.held(dict(module.state_dict())), file, _use_new_zipfile_serialization=zipped)
    network = open_model(file).network
    engine, picture = on_torch(network), torch.rand(shape)
    engine.run({network.graph.inputs[0].name: picture.numpy()})
    with torch.no_grad():
        wanted = module(picture[None].clone())[0].numpy()
    assert relative_error(engine.output(), wanted) < TOLERANCE


def test_what_is_no_network_that_is_known_is_refused_in_a_sentence(tmp_path: Path) -> None:
    state = {f"patch_embed.{k}.weight": torch.rand(4, 3, 3, 3) for k in range(40)}
    torch.save({"params": state}, tmp_path / "deraining.pth")
    with pytest.raises(StudioError, match=r"fit no architecture.* and 34 more\..*studio\.export_torch"):
        open_model(tmp_path / "deraining.pth")
