"""How good an autoencoder is, and how alive where it is bent."""

from __future__ import annotations

import copy
import math
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from tools.autoencoders.network import Autoencoder
from tools.autoencoders.training import activations


def psnr(a: Tensor, b: Tensor) -> Tensor:
    """Peak signal to noise of every picture of a batch, in dB."""
    return -10 * torch.log10((a - b).square().mean((1, 2, 3)).clamp_min(1e-12))


def ssim(a: Tensor, b: Tensor) -> Tensor:
    """Structural similarity of every picture of a batch: each colour channel by itself, Gaussian window of 11, 1.5."""
    window = torch.exp(-((torch.arange(11, device=a.device) - 5.0) ** 2) / (2 * 1.5**2))
    window = (window / window.sum()).to(a.dtype)
    kernel = (window[:, None] * window[None, :]).expand(3, 1, 11, 11)

    def blur(x: Tensor) -> Tensor:
        return F.conv2d(x, kernel, groups=3)

    ma, mb = blur(a), blur(b)
    va, vb, vab = blur(a * a) - ma * ma, blur(b * b) - mb * mb, blur(a * b) - ma * mb
    value = (2 * ma * mb + 0.01**2) * (2 * vab + 0.03**2) / ((ma**2 + mb**2 + 0.01**2) * (va + vb + 0.03**2))
    return value.mean((1, 2, 3))


def lattice_excess(difference: Tensor) -> float:
    """How far the spectrum of a batch of pictures stands out at the decoder's own frequencies, in dB.

    Two doublings can repeat every 2 or 4 pixels, so a checkerboard sits at the multiples of 1/4 of the sampling rate
    (0 excepted). Power there, over the mean power of the bins around it (3 or 4 bins away; a Hann window keeps a peak
    within 2). 0 dB is a spectrum that knows nothing of the grid.
    """
    size = difference.shape[-1]
    window = torch.hann_window(size, device=difference.device)
    power = torch.fft.fft2(difference.double() * window[:, None] * window[None, :]).abs().square().mean((0, 1))
    peak = around = 0.0
    quarter = size // 4
    for v in range(4):
        for u in range(4):
            if u == v == 0:
                continue
            rows = [(v * quarter + d) % size for d in range(-4, 5)]
            columns = [(u * quarter + d) % size for d in range(-4, 5)]
            box = power[rows][:, columns]
            peak += box[4, 4].item()
            around += (box.sum() - box[2:7, 2:7].sum()).item() / (81 - 25)
    return 10 * math.log10((peak + 1e-20) / (around + 1e-20))


def bend(network: Autoencoder, kind: str, draw: int) -> tuple[Autoencoder, Tensor | None]:
    """A bent copy of the network, and what its code is multiplied by.

    Returns:
        The copy, and a factor for each channel of the code or None.
    """
    bent = copy.deepcopy(network)
    chance = torch.Generator().manual_seed(1000 + draw)
    device = network.enc1.weight.device
    factors = None
    with torch.no_grad():
        if kind.startswith("noise"):
            weight = getattr(bent, kind.split()[-1]).weight
            noise = torch.randn(weight.shape, generator=chance).to(device)
            weight.add_(0.5 * weight.std() * noise)
        elif kind.startswith("gain"):
            getattr(bent, kind.split()[-1]).weight.mul_(1.5)
        else:
            chosen = torch.rand(256, generator=chance) < 0.25
            factors = torch.where(chosen, 3.0 if kind == "code x3" else 0.0, 1.0).to(device).view(1, 256, 1, 1)
    return bent, factors


BENDS = {"noise on dec1": 8, "noise on dec2": 8, "gain on dec1": 1, "gain on dec2": 1, "code x3": 8, "code x0": 8}
"""Each bend, and how many random draws of it are averaged."""


@torch.no_grad()
def liveliness(network: Autoencoder, pictures: Tensor) -> dict[str, dict[str, float]]:
    """How loud the hidden layers are, and how many of their channels are silent."""
    return {
        f"{name}_act": {
            "mean": a.mean().item(),
            "max": a.max().item(),
            "share_zero": (a == 0).float().mean().item(),
            "channels": a.shape[1],
            "dead_channels": int((a.amax((0, 2, 3)) == 0).sum()),
            "channels_active_under_1_percent": int(((a > 0).float().mean((0, 2, 3)) < 0.01).sum()),
        }
        for name, a in activations(network, pictures).items()
    }


@torch.no_grad()
def measure(network: Autoencoder, demo: Tensor, held: dict[str, Tensor], trained: dict[str, Tensor]) -> dict[str, Any]:
    """Everything that is reported about a network; `demo` is (frames, 3, 256, 256)."""

    def run(x: Tensor) -> Tensor:
        return torch.cat([network(part) for part in torch.split(x, 25)])

    out = run(demo)
    quality = psnr(out, demo)
    shots = {"flower": (0, 44), "raccoon": (60, 104), "bunny": (120, 179), "astronaut": (195, 239)}
    shots |= {"pagoda": (255, 299), "hubble": (315, 359)}
    result: dict[str, Any] = {
        "demo_psnr": quality.mean().item(),
        "demo_psnr_worst_frame": quality.min().item(),
        "demo_ssim": ssim(out, demo).mean().item(),
        "demo_psnr_by_shot": {k: quality[a:b].mean().item() for k, (a, b) in shots.items()},
        "demo_error_lattice_db": lattice_excess(out - demo),
    }
    for group, pictures in (("held_out", held), ("trained", trained)):
        values = {name: (psnr(network(p), p).item(), ssim(network(p), p).item()) for name, p in pictures.items()}
        result[f"{group}_psnr"] = float(np.mean([v[0] for v in values.values()]))
        result[f"{group}_ssim"] = float(np.mean([v[1] for v in values.values()]))
        result[f"{group}_psnr_by_picture"] = {name: v[0] for name, v in values.items()}

    result["activations"] = liveliness(network, demo[::5])

    # A flat input has a flat code away from the borders, so what varies in the middle of the output is the decoder's.
    levels = torch.rand((32, 3, 1, 1), generator=torch.Generator().manual_seed(5)).to(demo.device)
    flat = levels.expand(32, 3, 128, 128).contiguous()

    def ripple(picture: Tensor) -> float:
        return picture[..., 32:-32, 32:-32].std((2, 3), correction=0).mean().item() * 255

    result["flat_ripple"] = ripple(network(flat))
    some = demo[::15]
    plain = network(some)
    result["bends"] = {}
    for kind, draws in BENDS.items():
        rows = []
        for draw in range(draws):
            bent, factors = bend(network, kind, draw)
            other = bent(some, factors)
            rows.append((lattice_excess(other - plain), ripple(bent(flat, factors)), psnr(other, plain).mean().item()))
        names = ("change_lattice_db", "flat_ripple", "psnr_to_unbent")
        result["bends"][kind] = dict(zip(names, np.mean(rows, axis=0).tolist(), strict=True))
    return result
