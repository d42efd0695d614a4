"""Small networks of spandrel's architectures, with random weights."""

from __future__ import annotations

import importlib
from typing import Any

import torch
from torch import nn

_SWIN: dict[str, Any] = {"img_size": 16, "window_size": 8, "embed_dim": 12, "mlp_ratio": 2.0, "upscale": 2}
_DIRECT = {"upsampler": "pixelshuffledirect"}
_ONE: dict[str, Any] = {"depths": (2,), "num_heads": (2,)}
_UNET: dict[str, Any] = {"width": 8, "middle_blk_num": 1, "enc_blk_nums": [1, 1], "dec_blk_nums": [1, 1]}
_STEPS: dict[str, Any] = {"img_size": 16, "embed_dim": 32, "depth": [2, 2], "num_heads": [2, 2]}

MODELS: dict[str, dict[str, Any]] = {
    "SwiftSRGAN": {"num_channels": 8, "num_blocks": 1, "upscale_factor": 2},
    "RCAN": {"scale": 2, "n_resgroups": 1, "n_resblocks": 1, "n_feats": 16},
    "NAFNet": _UNET,
    "SwinIR": {**_SWIN, **_ONE, **_DIRECT, "img_range": 1.0},
    "Swin2SR": {**_SWIN, **_ONE, **_DIRECT},
    "OmniSR": {"num_feat": 16, "up_scale": 2},
    "DITN": {"dim": 12, "ITL_blocks": 1, "SAL_blocks": 1, "upscale": 2},
    "SPAN": {"num_in_ch": 3, "num_out_ch": 3, "feature_channels": 8, "upscale": 2},
    "SAFMN": {"dim": 12, "n_blocks": 2, "upscaling_factor": 2},
    "MoSR": {"upscale": 2, "n_block": 2, "dim": 16},
    "PLKSR": {"dim": 16, "n_blocks": 2, "upscaling_factor": 2, "kernel_size": 9},
    "ESRGAN": {"num_filters": 8, "num_blocks": 1, "scale": 2},
    "DnCNN": {"in_nc": 3, "out_nc": 3, "nc": 8, "nb": 4},
    "HAT": {**_SWIN, **_ONE, "compress_ratio": 3, "squeeze_factor": 6, "num_feat": 8},
    "DRCT": {**_SWIN, **_ONE, "upsampler": "pixelshuffle", "gc": 8},
    "SCUNet": {"config": [2, 1, 1, 1, 1, 1, 2]},
    "KBNet": _UNET,
    "SAFMNBCIE": {"dim": 12, "n_blocks": 2, "num_layers": 2, "upscaling_factor": 2},
    "RetinexFormer": {"n_feat": 8, "stage": 2},
    "MoESR": {"scale": 2, "dim": 16, "n_blocks": 2, "n_block": 2, "expansion_factor": 2.0},
    "FDAT": {"scale": 2, "embed_dim": 24, "num_groups": 1, "depth_per_group": 2, "num_heads": 2, "mid_dim": 16},
    "RealCUGAN": {},
    "MixDehazeNet": {"embed_dims": [8, 16, 24, 16, 8]},
    "MMRealSR": {
        "num_in_ch": 3,
        "num_out_ch": 3,
        "num_feat": 8,
        "num_block": 1,
        "num_grow_ch": 4,
        "num_feats": [8] * 4,
        "num_blocks": [1] * 4,
    },
    "HVICIDNet": {"channels": [4, 4, 8, 16]},
    "FFTformer": {"dim": 4, "num_blocks": [1, 1, 1], "num_refinement_blocks": 1},
    "DAT": {
        "img_size": 16,
        "embed_dim": 32,
        "split_size": [2, 4],
        "depth": [3],
        "num_heads": [2],
        "expansion_factor": 2,
        "upscale": 2,
    },
    "FBCNN": {},
    "RGT": {**_STEPS, "mlp_ratio": 2.0},
    "CRAFT": {},
    "SeemoRe": {
        "scale": 2,
        "num_experts": 3,
        "num_layers": 1,
        "embedding_dim": 12,
        "global_kernel_size": 7,
        "lr_space": "exp",
    },
    "RestoreFormer": {
        "n_embed": 12,
        "embed_dim": 16,
        "ch": 32,
        "out_ch": 3,
        "ch_mult": (1, 1, 1, 1, 1, 1),
        "num_res_blocks": 1,
        "attn_resolutions": (16,),
        "resolution": 512,
        "z_channels": 16,
        "enable_mid": True,
    },
}
"""What makes each small, by what spandrel calls the architecture."""

ONE_SIZE = {"CRAFT"}
"""Those of which the studio takes pictures of one size alone."""

LARGE = {"RestoreFormer", "SCUNet", "MixDehazeNet", "FBCNN", "RGT", "CRAFT", "HVICIDNet", "FFTformer"}
"""Those that are tried with pictures of 64 × 64 and more."""


def made(arch: str) -> nn.Module:
    """The network; what an architecture begins with at zero is not, so that every path counts."""
    package = importlib.import_module(f"spandrel.architectures.{arch}")
    torch.manual_seed(0)
    name = next(name for name in package.__all__ if not name.endswith("Arch"))
    module: nn.Module = getattr(package, name)(**MODELS[arch]).eval()
    with torch.no_grad():
        for parameter in module.parameters():
            if parameter.numel() == 1 or bool((parameter == parameter.flatten()[0]).all()):
                parameter.add_(torch.randn_like(parameter) * 0.05)
    return module
