"""What the real networks beside the checkout compute, in PyTorch's functions on the tensors of their files."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

Tensors = Mapping[str, Tensor]


def _conv(t: Tensors, name: str, x: Tensor, stride: int = 1, padding: int = 0) -> Tensor:
    return F.conv2d(x, t[f"{name}.weight"], t[f"{name}.bias"], stride, padding)


def _up(t: Tensors, name: str, x: Tensor, stride: int, padding: int, extra: int = 0) -> Tensor:
    return F.conv_transpose2d(x, t[f"{name}.weight"], t[f"{name}.bias"], stride, padding, extra)


def espcn(t: Tensors, x: Tensor) -> Tensor:
    """Three times as large, by pixel shuffle."""
    x = _conv(t, "conv1", x, 1, 2).relu()
    x = _conv(t, "conv3", _conv(t, "conv2", x, 1, 1).relu(), 1, 1).relu()
    return F.pixel_shuffle(_conv(t, "conv4", x, 1, 1), 3)


def srvgg_plus(t: Tensors, x: Tensor) -> Tensor:
    """SRVGG whose activations add what they are given."""
    y = F.prelu(_conv(t, "conv1", x, 1, 1), t["act1.weight"])
    k = 2
    while f"conv{k}.weight" in t:
        y = F.prelu(y + _conv(t, f"conv{k}", y, 1, 1), t[f"act{k}.weight"])
        k += 1
    y = F.pixel_shuffle(F.prelu(_conv(t, "l_conv1", y, 1, 1), t[f"act{k}.weight"]), 4)
    return y + F.interpolate(x, scale_factor=4, mode="nearest")


def cloud_unet(t: Tensors, x: Tensor) -> Tensor:
    """Three blocks down by pooling, three up."""

    def block(name: str, x: Tensor) -> Tensor:
        border = t[f"{name}.0.weight"].shape[2] // 2
        for conv, norm in ((0, 1), (3, 4)):
            held = [t[f"{name}.{norm}.{key}"] for key in ("running_mean", "running_var", "weight", "bias")]
            x = F.batch_norm(_conv(t, f"{name}.{conv}", x, 1, border), *held).relu()
        return x

    one = F.max_pool2d(block("conv1", x), 3, 2, 1)
    two = F.max_pool2d(block("conv2", one), 3, 2, 1)
    y = F.max_pool2d(block("conv3", two), 3, 2, 1)
    for name, skip in (("upconv3", two), ("upconv2", one)):
        y = torch.cat([_up(t, f"{name}.6", block(name, y), 2, 1, 1), skip], 1)
    return _up(t, "upconv1.6", block("upconv1", y), 2, 1, 1)


def painter(t: Tensors, x: Tensor) -> Tensor:
    """Fast neural style with eight channels."""

    def conv(name: str, x: Tensor, stride: int = 1) -> Tensor:
        border = t[f"{name}.conv2d.weight"].shape[2] // 2
        return _conv(t, f"{name}.conv2d", F.pad(x, (border,) * 4, "reflect"), stride)

    def norm(name: str, x: Tensor) -> Tensor:
        return F.instance_norm(x, weight=t[f"{name}.weight"], bias=t[f"{name}.bias"])

    for k, stride in ((1, 1), (2, 2), (3, 2)):
        x = norm(f"in{k}", conv(f"conv{k}", x, stride)).relu()
    for k in range(1, 6):
        y = norm(f"res{k}.in1", conv(f"res{k}.conv1", x)).relu()
        x = x + norm(f"res{k}.in2", conv(f"res{k}.conv2", y))
    for k in (1, 2):
        x = norm(f"in{k + 3}", conv(f"deconv{k}", F.interpolate(x, scale_factor=2, mode="nearest"))).relu()
    return conv("deconv3", x)


def digits(t: Tensors, x: Tensor) -> Tensor:
    """The convolutional autoencoder of a tutorial, which strides by three."""
    x = F.max_pool2d(_conv(t, "encoder.0", x, 3, 1).relu(), 2, 2)
    x = F.max_pool2d(_conv(t, "encoder.3", x, 2, 1).relu(), 2, 1)
    x = _up(t, "decoder.0", x, 2, 0).relu()
    x = _up(t, "decoder.2", x, 3, 1).relu()
    return _up(t, "decoder.4", x, 2, 1).tanh()


def keras_digits(t: Tensors, x: Tensor) -> Tensor:
    """Keras's autoencoder, kernels and borders as it has them."""

    def held(name: str) -> tuple[Tensor, Tensor]:
        return t[f"{name}_kernel"].permute(3, 2, 0, 1), t[f"{name}_bias"]

    for name in ("encoder/conv2d_6", "encoder/conv2d_7"):
        x = F.conv2d(F.pad(x, (1, 1, 1, 1)), *held(name), 2).relu()
    for name in ("decoder/conv2d_transpose_4", "decoder/conv2d_transpose_5"):
        x = F.conv_transpose2d(x, *held(name), 2, 1).relu()
    return F.conv2d(F.pad(x, (1, 2, 1, 2)), *held("decoder/conv2d_8")).sigmoid()


def code(t: Tensors, x: Tensor) -> Tensor:
    """A variational autoencoder of faces, through the mean of the code."""
    for name in ("conv1", "conv2", "conv3", "conv_64"):
        x = _conv(t, f"encoder.{name}", x, 2, 1).relu()
    x = x.flatten(1)
    for name in (
        "encoder.lin1",
        "encoder.lin2",
        "encoder.mu_logvar_gen",
        "decoder.lin1",
        "decoder.lin2",
        "decoder.lin3",
    ):
        x = F.linear(x, t[f"{name}.weight"], t[f"{name}.bias"])
        x = x[:, ::2] if name.endswith("gen") else x.relu()
    x = x.view(1, -1, 4, 4)
    for name in ("convT_64", "convT1", "convT2"):
        x = _up(t, f"decoder.{name}", x, 2, 1).relu()
    return _up(t, "decoder.convT3", x, 2, 1).sigmoid()


NETWORKS: dict[str, tuple[Callable[[Tensors, Tensor], Tensor], tuple[tuple[int, int], ...]]] = {
    "autolume_fast_sr": (srvgg_plus, ((8, 12), (13, 8), (16, 16))),
    "btcvae_celeba": (code, ((64, 64),)),
    "cci_conv_autoencoder": (digits, ((28, 28), (24, 36), (48, 24))),
    "cci_tf_autoencoder_npy": (keras_digits, ((28, 28), (16, 24), (36, 20))),
    "cloud_unet": (cloud_unet, ((16, 24), (32, 16), (24, 24))),
    "cloud_unet_onnx": (cloud_unet, ((16, 24), (32, 16), (24, 24))),
    "espcn_x3": (espcn, ((12, 16), (17, 12), (24, 24))),
    "espcn_x3_fullpickle": (espcn, ((12, 16), (17, 12), (24, 24))),
    "fns_nc8_mosaic": (painter, ((24, 32), (40, 24), (32, 32))),
    "fns_nc8_mosaic_onnx": (painter, ((24, 32), (40, 24), (32, 32))),
}
"""What each computes, and sizes that it takes: (height, width)."""

# A model of folded or unnamed tensors is the same network as another, whose tensors have names.
_SAME = {"cloud_unet_onnx": "cloud_unet", "fns_nc8_mosaic_onnx": "fns_nc8_mosaic"}


def tensors_of(folder: Path) -> dict[str, Tensor]:
    """The tensors of the file in a model's folder, by name, read without the studio."""
    folder = folder.parent / _SAME.get(folder.name, folder.name)
    (file,) = (path for path in folder.iterdir() if path.name not in ("input.npy", "output.npy"))
    if file.is_dir():
        return {
            path.relative_to(file).as_posix().removesuffix(".npy"): torch.from_numpy(np.load(path))
            for path in file.rglob("*.npy")
        }
    if file.suffix == ".onnx":
        import onnx
        from onnx import numpy_helper

        return {t.name: torch.tensor(numpy_helper.to_array(t)) for t in onnx.load(str(file)).graph.initializer}
    found: dict[str, Tensor] = torch.load(file, map_location="cpu", weights_only=True)
    return found
