"""Trains the pack: three painters, a network that repaints edges, one that restores, and one that dreams landscapes.

    pip download --no-deps -d wheels scikit-image==0.25.2 scikit-learn==1.6.1 matplotlib==3.10.0
    pip download --no-deps --only-binary=:all: --python-version 3.11 -d wheels scipy==1.9.3
    python tools/train_pack.py data --wheels wheels           # pictures into out/train-data
    python tools/train_pack.py train style-ink                # writes out/pack/style-ink.npz; on a GPU, some minutes
    python tools/train_pack.py export                         # out/pack/*.npz into weights/*, by studio.export_torch

`train` needs torch, numpy and opencv-python-headless alone. The same seed draws the same pictures, batches and starting
weights; a GPU adds up in its own order, so that two runs agree in their looks and not in their last bits.

The pictures are those that `train_autoencoders.py` lists, frames of the demo film, and pictures rendered here.

**Painters** (`style-*`): the network of Johnson et al., "Perceptual losses for real-time style transfer", 2016, with
16-32-64 channels, nearest-neighbour upsampling and reflected borders. No network trained on ImageNet is involved. A
style is a set of renditions of the pictures, drawn by this script; the network learns to give what could be one of
them, by

- sliced Wasserstein distances (Heitz et al., "A sliced Wasserstein loss for neural texture synthesis", 2021; Elnekave
  and Weiss, "Generating natural images with direct patch distributions matching", 2022): patches of five sizes, and
  the features of the project's own autoencoder, must be distributed as in the renditions of the same pictures;
- a patch discriminator with hinge loss and spectral norms (Miyato et al., 2018);
- the rendition itself, but blurred: it says where which tone goes and leaves the texture free;
- the same answer for the same place when the picture moves by some pixels and has other noise: film must not flicker.

**Edges to picture** (`edges-to-picture`): pix2pix (Isola et al., 2017), a U-Net of five levels under L1 and a patch
discriminator. Its first layers find the edges, so that it takes film as it comes: two derivatives of a Gaussian, their
length, a soft threshold. They are not trained, and they can be bent like all others.

**Restorer** (`restorer`): takes noise and blur off. Sub-pixel layers as in ESPCN (Shi et al., 2016) run it at half the
size.

**Landscapes** (`landscapes`): the decoder of an autoencoder (in DCGAN's form, Radford et al., 2015) whose code is
pulled towards a normal distribution, under L1 and a discriminator of large patches, on landscapes rendered here.

None of these learns by `studio train`: what they are taught by (sliced distances, spectral norms, hinge loss, a decoder
whose code is pulled towards a normal distribution) are no losses of the studio's, and the restorer's blur and noise are
drawn anew for every crop on the GPU. `docs/learning.md` has lessons of the same kinds that it does teach.
"""

from __future__ import annotations

import argparse
import json
import math
import multiprocessing
import platform
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.parametrizations import spectral_norm

from tools.train_autoencoders import LICENCE, SOURCES, extract, load, patches, rounded, write

Picture = NDArray[np.uint8]
Plane = NDArray[np.float32]

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT / "out" / "train-data"
TRAINED = ROOT / "out" / "pack"
STORED = 320
"""Side of the pictures of a bank."""
CROP = 256
MIDDLE = slice((STORED - CROP) // 2, (STORED + CROP) // 2)
SHOWN = (0, 9, 20, 36, 44, 52, 60, 68)
"""The pictures by which a network is looked at."""
LATENT = 32
EMA = 0.998


# ------------------------------------------------------------------------------------------------------------- networks
def conv(channels: int, filters: int, size: int, stride: int = 1) -> nn.Conv2d:
    """A convolution that reflects the picture at its border."""
    return nn.Conv2d(channels, filters, size, stride, size // 2, padding_mode="reflect")


class Residual(nn.Module):
    """Two convolutions whose sum is added to what they read."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv1, self.norm1 = conv(channels, channels, 3), nn.InstanceNorm2d(channels, affine=True)
        self.conv2, self.norm2 = conv(channels, channels, 3), nn.InstanceNorm2d(channels, affine=True)

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W) to the same."""
        found: Tensor = x + self.norm2(self.conv2(F.relu(self.norm1(self.conv1(x)))))
        return found


class Painter(nn.Module):
    """The transformer network of Johnson et al., at half its width."""

    def __init__(self) -> None:
        super().__init__()
        self.down1, self.down1_norm = conv(3, 16, 9), nn.InstanceNorm2d(16, affine=True)
        self.down2, self.down2_norm = conv(16, 32, 3, 2), nn.InstanceNorm2d(32, affine=True)
        self.down3, self.down3_norm = conv(32, 64, 3, 2), nn.InstanceNorm2d(64, affine=True)
        for index in range(1, 6):
            setattr(self, f"res{index}", Residual(64))
        self.up1, self.up1_norm = conv(64, 32, 3), nn.InstanceNorm2d(32, affine=True)
        self.up2, self.up2_norm = conv(32, 16, 3), nn.InstanceNorm2d(16, affine=True)
        self.out = conv(16, 3, 9)

    def forward(self, x: Tensor) -> Tensor:
        """(N, 3, H, W) in 0..1 to the same; H and W are multiples of 4."""
        x = F.relu(self.down1_norm(self.down1(x)))
        x = F.relu(self.down2_norm(self.down2(x)))
        x = F.relu(self.down3_norm(self.down3(x)))
        for index in range(1, 6):
            x = getattr(self, f"res{index}")(x)
        x = F.relu(self.up1_norm(self.up1(F.interpolate(x, scale_factor=2.0, mode="nearest"))))
        x = F.relu(self.up2_norm(self.up2(F.interpolate(x, scale_factor=2.0, mode="nearest"))))
        return torch.sigmoid(self.out(x))


def derivatives(sigma: float = 1.0, size: int = 7) -> Tensor:
    """Kernels that measure the slope of a picture's lightness, down and across: (2, 3, size, size)."""
    at = torch.arange(size) - size // 2
    bell = torch.exp(-(at**2) / (2 * sigma**2))
    bell = bell / bell.sum()
    slope = at / sigma**2 * bell
    planes = torch.stack([slope[:, None] * bell[None, :], bell[:, None] * slope[None, :]])
    return planes[:, None] * torch.tensor([0.299, 0.587, 0.114])[None, :, None, None]


class EdgesToPicture(nn.Module):
    """A U-Net that sees a picture's edges alone."""

    WIDTHS = (16, 32, 64, 128, 128)

    def __init__(self) -> None:
        super().__init__()
        self.slopes = nn.Conv2d(3, 2, 7, 1, 3, padding_mode="reflect", bias=False)
        self.slopes.weight = nn.Parameter(derivatives(), requires_grad=False)
        self.edges = nn.Conv2d(1, 1, 1)
        self.edges.weight = nn.Parameter(torch.full((1, 1, 1, 1), 14.0), requires_grad=False)
        self.edges.bias = nn.Parameter(torch.full((1,), -0.12), requires_grad=False)
        before = 1
        for index, width in enumerate(self.WIDTHS, 1):
            setattr(self, f"down{index}", nn.Conv2d(before, width, 4, 2, 1))
            if index > 1:
                setattr(self, f"down{index}_norm", nn.BatchNorm2d(width))
            before = width
        for index in range(5, 0, -1):
            width = self.WIDTHS[index - 2] if index > 1 else 3
            setattr(self, f"up{index}", nn.ConvTranspose2d(before, width, 4, 2, 1))
            if index > 1:
                setattr(self, f"up{index}_norm", nn.BatchNorm2d(width))
            before = 2 * width

    def find(self, x: Tensor) -> Tensor:
        """The edges of pictures: (N, 1, H, W) in 0..1."""
        slopes = self.slopes(x)
        return torch.tanh(F.relu(self.edges(torch.sqrt((slopes * slopes).mean(1, keepdim=True) + 1e-5))))

    def paint(self, x: Tensor) -> Tensor:
        """Pictures for edges: (N, 1, H, W) to (N, 3, H, W); H and W are multiples of 32."""
        skips = []
        for index in range(1, 6):
            x = getattr(self, f"down{index}")(x)
            if index > 1:
                x = getattr(self, f"down{index}_norm")(x)
            x = F.leaky_relu(x, 0.2)
            skips.append(x)
        for index in range(5, 0, -1):
            x = getattr(self, f"up{index}")(x if index == 5 else torch.cat([x, skips[index - 1]], 1))
            if index > 1:
                x = F.relu(getattr(self, f"up{index}_norm")(x))
        return torch.sigmoid(x)

    def forward(self, x: Tensor) -> Tensor:
        """(N, 3, H, W) in 0..1 to the same."""
        return self.paint(self.find(x))


class Restorer(nn.Module):
    """Finds noise and blur at half size, and adds what takes them off."""

    def __init__(self, channels: int = 48, depth: int = 5) -> None:
        super().__init__()
        self.depth = depth
        self.unshuffle, self.shuffle = nn.PixelUnshuffle(2), nn.PixelShuffle(2)
        self.conv0, self.act0 = conv(12, channels, 3), nn.PReLU(channels)
        for index in range(1, depth + 1):
            setattr(self, f"conv{index}", conv(channels, channels, 3))
            setattr(self, f"act{index}", nn.PReLU(channels))
        self.out = conv(channels, 12, 3)

    def forward(self, x: Tensor) -> Tensor:
        """(N, 3, H, W) in 0..1 to the same; H and W are even."""
        found = self.act0(self.conv0(self.unshuffle(x)))
        for index in range(1, self.depth + 1):
            found = getattr(self, f"act{index}")(getattr(self, f"conv{index}")(found))
        return torch.clamp(x + self.shuffle(self.out(found)), 0.0, 1.0)


class Landscapes(nn.Module):
    """DCGAN's generator, from LATENT numbers to a picture of 256 x 256."""

    WIDTHS = (192, 128, 96, 64, 48, 32)

    def __init__(self) -> None:
        super().__init__()
        self.up0, self.up0_norm = nn.ConvTranspose2d(LATENT, 192, 4, 1, 0), nn.BatchNorm2d(192)
        for index in range(1, 6):
            setattr(self, f"up{index}", nn.ConvTranspose2d(self.WIDTHS[index - 1], self.WIDTHS[index], 4, 2, 1))
            setattr(self, f"up{index}_norm", nn.BatchNorm2d(self.WIDTHS[index]))
        self.up6 = nn.ConvTranspose2d(32, 3, 4, 2, 1)

    def forward(self, z: Tensor) -> Tensor:
        """(N, LATENT, 1, 1) to (N, 3, 256, 256) in 0..1."""
        x = z
        for index in range(6):
            x = F.relu(getattr(self, f"up{index}_norm")(getattr(self, f"up{index}")(x)))
        return torch.sigmoid(self.up6(x))


class Coder(nn.Module):
    """The other half of the landscapes' autoencoder; it is not kept."""

    def __init__(self) -> None:
        super().__init__()
        widths = (3, 32, 64, 96, 128, 192, 192)
        layers: list[nn.Module] = []
        for before, width in pairwise(widths):
            layers += [nn.Conv2d(before, width, 4, 2, 1), nn.BatchNorm2d(width), nn.LeakyReLU(0.2)]
        self.layers = nn.Sequential(*layers, nn.Conv2d(192, 2 * LATENT, 4))

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and logarithm of the variance of the code."""
        mean, log_variance = self.layers(x).chunk(2, 1)
        return mean, log_variance.clamp(-8, 4)


class Discriminator(nn.Module):
    """Says of every patch how real it looks: of 46 pixels at a depth of 3, of 190 at 5."""

    def __init__(self, channels: int = 3, depth: int = 3, width: int = 48) -> None:
        super().__init__()
        widths = (channels, width, 2 * width, *[4 * width] * (depth - 2))
        layers: list[nn.Module] = []
        for before, after in pairwise(widths):
            layers += [spectral_norm(nn.Conv2d(before, after, 4, 2, 1)), nn.LeakyReLU(0.2)]
        self.layers = nn.Sequential(*layers, spectral_norm(nn.Conv2d(4 * width, 1, 4, 1, 1)))

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W) to (N, 1, H / 2^depth - 1, W / 2^depth - 1)."""
        found: Tensor = self.layers(x * 2 - 1)
        return found


# ------------------------------------------------------------------------------------------------------------- pictures
def contents(data: Path, demo: Path) -> list[Picture]:
    """The pictures that are painted and learnt: crops of photographs at several sizes, and frames of the demo film."""
    rng = np.random.default_rng(5)
    found = []
    for name in SOURCES:
        picture = load(name, data)
        grey = np.array_equal(picture[..., 0], picture[..., 2])
        for zoom in (1.0,) if grey else (1.0, 0.62, 0.4):
            side = max(int(min(picture.shape[:2]) * zoom), 160)
            top, left = (int(rng.integers(0, extent - side + 1)) for extent in picture.shape[:2])
            found.append(fitted(picture[top : top + side, left : left + side]))
    capture = cv2.VideoCapture(str(demo))
    for index in range(375):
        _, frame = capture.read()
        if index % 9 == 4:
            found.append(fitted(np.asarray(cv2.cvtColor(frame, cv2.COLOR_BGR2RGB), np.uint8)))
    return found


def fitted(picture: Picture) -> Picture:
    """A square picture at the bank's size."""
    how = cv2.INTER_AREA if picture.shape[0] > STORED else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(picture, (STORED, STORED), interpolation=how), np.uint8)


def cloud(rng: np.random.Generator, size: int, slope: float) -> Plane:
    """Fractal noise that tiles, mean 0 and standard deviation 1."""
    steps = np.fft.fftfreq(size)
    distance = np.hypot(*np.meshgrid(steps, steps))
    distance[0, 0] = np.inf
    field = np.real(np.fft.ifft2(np.fft.fft2(rng.standard_normal((size, size))) / distance**slope))
    return np.asarray((field - field.mean()) / field.std(), np.float32)


def tone(picture: Picture) -> Plane:
    """Lightness in 0..1, its contrast evened out over the picture."""
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    return cv2.createCLAHE(2.0, (4, 4)).apply(grey).astype(np.float32) / np.float32(255)


def flow(light: Plane, rng: np.random.Generator, blur: float, wander: float) -> tuple[Plane, Plane]:
    """Unit vectors (x, y) along the edges of a picture; where it has none, along a field of noise."""
    smooth = cv2.GaussianBlur(light, (0, 0), 1.5)
    gx, gy = cv2.Sobel(smooth, cv2.CV_32F, 1, 0), cv2.Sobel(smooth, cv2.CV_32F, 0, 1)
    xx, yy, xy = (cv2.GaussianBlur(plane, (0, 0), blur) for plane in (gx * gx, gy * gy, gx * gy))
    noise = cloud(rng, len(light), 2.4) * np.float32(0.9)
    # Angles of a line count double: a line has no front, and doubled they can be added up.
    across = np.arctan2(2 * xy, xx - yy) + np.pi
    strength = np.sqrt((xx - yy) ** 2 + 4 * xy * xy)
    x = strength * np.cos(across) + wander * np.cos(2 * noise)
    y = strength * np.sin(across) + wander * np.sin(2 * noise)
    angle = cv2.phase(x.astype(np.float32), y.astype(np.float32)) / 2
    return np.cos(angle), np.sin(angle)


def ink(picture: Picture, seed: int) -> Picture:
    """A pen drawing: strokes along the forms, the denser the darker, in black and, where it was warm, in vermilion."""
    rng = np.random.default_rng(seed)
    light, scale, shift = tone(picture), 2, 3
    fx, fy = flow(light, rng, 4.0, 0.004)
    size = len(light) * scale
    paper = np.empty((size, size, 3), np.float32)
    paper[:] = (243, 236, 219)
    paper += cv2.GaussianBlur(cloud(rng, size, 0.6), (0, 0), 1.0)[..., None] * 3
    sheet = np.clip(paper, 0, 255).astype(np.uint8)
    lab = cv2.cvtColor(cv2.GaussianBlur(picture, (0, 0), 2), cv2.COLOR_RGB2LAB).astype(np.float32)
    warm = (lab[..., 1] - 128) + 0.5 * (lab[..., 2] - 128) > 22
    dark, red = (24, 24, 34), (205, 58, 36)
    for crossing, count, limit in ((0.0, 5200, 0.78), (0.0, 4200, 0.55), (math.pi / 3, 4200, 0.30), (-0.6, 4200, 0.16)):
        places = rng.uniform(2, len(light) - 3, (count * len(light) ** 2 // 384**2, 2))
        turn = (math.cos(crossing), math.sin(crossing))
        for y, x in places:
            here = float(light[int(y), int(x)])
            if here > limit * rng.uniform(0.75, 1.1):
                continue
            colour = red if warm[int(y), int(x)] and crossing == 0.0 else dark
            line = []
            before = (1.0, 0.0)
            for _ in range(int(rng.integers(4, 9))):
                line.append((x * scale * 2**shift, y * scale * 2**shift))
                row, column = int(np.clip(y, 0, len(light) - 1)), int(np.clip(x, 0, len(light) - 1))
                vx, vy = fx[row, column], fy[row, column]
                vx, vy = vx * turn[0] - vy * turn[1], vx * turn[1] + vy * turn[0]
                if vx * before[0] + vy * before[1] < 0:
                    vx, vy = -vx, -vy
                before = (float(vx), float(vy))
                x, y = x + 2.2 * float(vx), y + 2.2 * float(vy)
            width = 1 + round(2.0 * (1 - here) * float(rng.uniform(0.4, 1.2)))
            cv2.polylines(sheet, [np.array(line).astype(np.int32)], False, colour, width, cv2.LINE_AA, shift)
    fine, coarse = cv2.GaussianBlur(light, (0, 0), 1.0), cv2.GaussianBlur(light, (0, 0), 1.8)
    solid = np.clip((0.09 - cv2.GaussianBlur(light, (0, 0), 2)) * 14, 0, 1)
    contour = np.clip((coarse - fine - 0.012) * 28, 0, 1) + solid
    contour = cv2.resize(np.clip(contour, 0, 1), (size, size), interpolation=cv2.INTER_CUBIC)[..., None]
    drawn = sheet * (1 - contour) + np.array(dark, np.float32) * contour
    sheet = np.asarray(np.clip(drawn, 0, 255), np.uint8)
    return np.asarray(cv2.resize(sheet, light.shape[::-1], interpolation=cv2.INTER_AREA), np.uint8)


GLASS = np.array(
    [
        (18, 22, 60), (26, 52, 140), (34, 110, 190), (60, 190, 205), (14, 110, 100), (70, 165, 80), (200, 210, 70),
        (250, 240, 205), (245, 190, 40), (226, 120, 28), (196, 48, 34), (120, 20, 48), (214, 90, 130), (92, 44, 120),
        (120, 76, 44), (205, 160, 110), (150, 190, 210), (40, 36, 40),
    ],
    np.uint8,
)  # fmt: skip
"""The mosaic's colours of glass."""


def mosaic(picture: Picture, seed: int) -> Picture:
    """Cells of coloured glass in dark lead, smaller where the picture has more to say, each lit from the top left."""
    rng = np.random.default_rng(seed)
    side = len(picture)
    scale = 2
    size = side * scale
    light = tone(picture)
    busy = cv2.GaussianBlur(np.abs(cv2.Laplacian(cv2.GaussianBlur(light, (0, 0), 1.2), cv2.CV_32F)), (0, 0), 6)
    busy = busy / (np.quantile(busy, 0.95) + 1e-6)
    step = 10.0
    grid = np.stack(np.meshgrid(np.arange(step / 2, side, step), np.arange(step / 2, side, step)), -1).reshape(-1, 2)
    keep = rng.random(len(grid)) < 0.34 + 0.66 * np.clip(busy[grid[:, 1].astype(int), grid[:, 0].astype(int)], 0, 1)
    points = grid[keep] + rng.uniform(-0.38, 0.38, (int(keep.sum()), 2)) * step
    large = cv2.resize(picture, (size, size), interpolation=cv2.INTER_CUBIC)
    for turn in range(3):
        seeds = np.full((size, size), 255, np.uint8)
        at = np.clip((points * scale).astype(int), 0, size - 1)
        seeds[at[:, 1], at[:, 0]] = 0
        _, labels = cv2.distanceTransformWithLabels(seeds, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL)
        count = np.bincount(labels.ravel(), minlength=labels.max() + 1).astype(np.float32)
        y, x = np.mgrid[0:size, 0:size].astype(np.float32)
        cx = np.bincount(labels.ravel(), x.ravel()) / np.maximum(count, 1)
        cy = np.bincount(labels.ravel(), y.ravel()) / np.maximum(count, 1)
        if turn < 2:
            points = np.stack([cx[1:], cy[1:]], 1) / scale
    mean = np.stack([np.bincount(labels.ravel(), large[..., c].ravel()) / np.maximum(count, 1) for c in range(3)], 1)
    lab = cv2.cvtColor(mean.astype(np.uint8)[None], cv2.COLOR_RGB2LAB)[0].astype(np.float32)
    lab[:, 1:] = (lab[:, 1:] - 128) * 1.7 + 128
    lab[:, 0] = np.clip((lab[:, 0] - 128) * 1.15 + 132, 0, 255)
    glass = cv2.cvtColor(GLASS[None], cv2.COLOR_RGB2LAB)[0].astype(np.float32)
    apart = ((lab[:, None] - glass[None]) ** 2 * (1.3, 1.0, 1.0)).sum(2)
    nearest = glass[apart.argmin(1)]
    chosen = 0.25 * lab + 0.75 * nearest
    chosen[:, 0] += rng.normal(0, 9, len(chosen))
    flat = cv2.cvtColor(np.clip(chosen, 0, 255).astype(np.uint8)[None], cv2.COLOR_LAB2RGB)[0].astype(np.float32)
    slope = ((cx[labels] - x) + (cy[labels] - y)) / 18
    painted = flat[labels] * (1 + 0.16 * np.clip(slope, -1.2, 1.2))[..., None]
    border = np.zeros((size, size), bool)
    border[:, 1:] |= labels[:, 1:] != labels[:, :-1]
    border[1:] |= labels[1:] != labels[:-1]
    lead = cv2.GaussianBlur(cv2.dilate(border.astype(np.float32), np.ones((2, 2))), (0, 0), 0.9)[..., None]
    lead = np.clip(lead * 1.5, 0, 1)
    painted = painted * (1 - lead) + np.array((22, 20, 26), np.float32) * lead
    sharp = np.asarray(np.clip(painted, 0, 255), np.uint8)
    return np.asarray(cv2.resize(sharp, (side, side), interpolation=cv2.INTER_AREA), np.uint8)


NIGHT = np.array(
    [(4, 6, 26), (10, 18, 66), (16, 62, 104), (10, 128, 122), (46, 206, 138), (168, 246, 150), (246, 255, 226)],
    np.float32,
)
DUSK = np.array(
    [(8, 2, 28), (44, 10, 82), (104, 20, 132), (190, 44, 148), (246, 96, 128), (255, 176, 150), (255, 244, 220)],
    np.float32,
)


def graded(light: Plane, colours: Plane) -> Plane:
    """A plane in 0..1 through a row of colours."""
    at = np.linspace(0, 1, len(colours))
    return np.stack([np.interp(light, at, colours[:, c]) for c in range(3)], -1).astype(np.float32)


def aurora(picture: Picture, seed: int) -> Picture:
    """Streams of light along the forms: green and violet by night, with sparks."""
    rng = np.random.default_rng(seed)
    light = tone(picture)
    side = len(light)
    fx, fy = flow(np.asarray(cv2.GaussianBlur(light, (0, 0), 1.0), np.float32), rng, 7.0, 0.010)
    grain = cv2.GaussianBlur(rng.standard_normal((side, side)).astype(np.float32), (0, 0), 0.8)
    noise = grain / grain.std()
    y, x = np.mgrid[0:side, 0:side].astype(np.float32)
    total, weight = np.zeros_like(light), 0.0
    for direction in (1.0, -1.0):
        px, py = x.copy(), y.copy()
        dx, dy = fx * direction, fy * direction
        for step in range(14):
            fade = math.cos(step / 14 * math.pi / 2)
            total += fade * cv2.remap(noise, px, py, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101)
            weight += fade
            px, py = px + 1.3 * dx, py + 1.3 * dy
            nx, ny = (
                np.asarray(cv2.remap(f, px, py, cv2.INTER_NEAREST, borderMode=cv2.BORDER_REFLECT_101), np.float32)
                for f in (fx, fy)
            )
            sign = np.where(nx * dx + ny * dy < 0, np.float32(-1), np.float32(1))
            dx, dy = nx * sign, ny * sign
    streaks = total / total.std()
    detail = light - cv2.GaussianBlur(light, (0, 0), 5)
    level = 0.06 + 0.80 * light**1.25 + 0.9 * detail + (0.05 + 0.10 * light) * streaks
    lab = cv2.cvtColor(cv2.GaussianBlur(picture, (0, 0), 4), cv2.COLOR_RGB2LAB).astype(np.float32)
    warmth = (lab[..., 1] - 128) * 0.05 + (lab[..., 2] - 128) * 0.035 + 0.10 * streaks - 0.4
    mix = (1 / (1 + np.exp(-2.0 * warmth)))[..., None]
    lit = np.clip(level, 0, 1)
    painted = graded(lit, NIGHT) * (1 - mix) + graded(lit, DUSK) * mix
    glow = cv2.GaussianBlur(painted * (lit > 0.6)[..., None], (0, 0), 7)
    return np.asarray(np.clip(painted + 0.28 * glow, 0, 255), np.uint8)


STYLES: dict[str, Callable[[Picture, int], Picture]] = {
    "style-ink": ink,
    "style-mosaic": mosaic,
    "style-aurora": aurora,
}


def ridge(rng: np.random.Generator, x: Plane, roughness: float) -> Plane:
    """The skyline of a chain of hills, about 0."""
    line = np.zeros_like(x)
    for octave in range(3):
        amount = roughness * 0.5**octave
        wave = np.sin(x * np.float32((2.2 + 0.6 * rng.random()) * 2**octave) + np.float32(rng.uniform(0, 2 * math.pi)))
        line += np.float32(amount) * (2 * np.abs(wave) - 1 if octave else wave)
    return line


SKIES = (
    ((22, 28, 74), (120, 70, 130), (250, 150, 90)),
    ((36, 96, 168), (130, 190, 220), (250, 235, 210)),
    ((10, 12, 40), (24, 44, 90), (70, 110, 140)),
    ((60, 30, 80), (210, 70, 90), (255, 200, 110)),
    ((120, 150, 160), (190, 200, 195), (240, 225, 200)),
    ((16, 50, 70), (40, 140, 130), (235, 220, 140)),
)


def landscape(seed: int) -> Picture:
    """Hills behind hills in mist, a sun or a moon, and often a lake that gives it all back; 256 x 256."""
    rng = np.random.default_rng([9, seed])
    size = 256
    y, x = np.mgrid[0:size, 0:size].astype(np.float32) / size
    which, other = rng.choice(len(SKIES), 2, replace=False)
    share = rng.random() * 0.45
    sky = (1 - share) * np.array(SKIES[which], np.float32) + share * np.array(SKIES[other], np.float32)
    horizon = float(rng.uniform(0.5, 0.78))
    t = np.clip(y / horizon, 0, 1)
    picture = graded(t, sky)
    sx, sy, radius = rng.uniform(0.15, 0.85), horizon * rng.uniform(0.25, 0.9), rng.uniform(0.025, 0.09)
    far = np.hypot(x - np.float32(sx), y - np.float32(sy))
    disc = np.clip((radius - far) * 90, 0, 1)[..., None]
    bright = sky[2] * 0.35 + np.array((255, 250, 235), np.float32) * 0.65
    picture += np.exp(-far / np.float32(radius * 2.5))[..., None] * (bright - picture) * 0.6
    picture = picture * (1 - disc) + bright * disc
    dark = sky[0] * 0.25 + np.array((8, 12, 18), np.float32)
    count = int(rng.integers(3, 6))
    column = np.linspace(0, 1, size, dtype=np.float32)
    for index in range(count):
        near = (index + 1) / count
        base = horizon - 0.17 * (1 - near) - 0.02
        line = base - 0.02 + ridge(rng, column * (1 + 0.6 * near), 0.075 * (0.5 + near))
        land = np.clip((y - line[None, :]) * size * 0.7, 0, 1)[..., None]
        colour = sky[2] * 0.75 * (1 - near) + dark * near + sky[1] * 0.2 * (1 - near)
        mist = np.clip((y - line[None, :]) / 0.22, 0, 1)[..., None] * (1 - near) * 0.7
        picture = picture * (1 - land) + (colour * (1 - mist) + sky[2] * mist) * land
    if rng.random() < 0.75:
        shore = min(horizon + 0.03, 0.85)
        depth = np.maximum(y - np.float32(shore), 0)
        wobble = np.sin(depth * 260 / (1 + 6 * depth) + 3 * np.sin(x * 17)) * depth * 0.05
        mirrored = cv2.remap(
            picture.astype(np.float32), x * size + wobble * size, (2 * shore - y) * size, cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REFLECT_101,
        )  # fmt: skip
        water = np.clip((y - shore) * size, 0, 1)[..., None]
        picture = picture * (1 - water) + (mirrored * 0.72 + sky[0] * 0.2) * water
    return np.asarray(np.clip(picture, 0, 255), np.uint8)


def _drawn(job: tuple[str, Picture, int]) -> Picture:
    return STYLES[job[0]](job[1], job[2])


def renditions(style: str, pictures: list[Picture]) -> list[Picture]:
    """Every picture in a style; drawn by several processes."""
    with multiprocessing.get_context("fork").Pool(min(6, multiprocessing.cpu_count())) as pool:
        return pool.map(_drawn, [(style, picture, index) for index, picture in enumerate(pictures)], 2)


def landscapes(count: int) -> NDArray[np.uint8]:
    """Landscapes as (count, 256, 256, 3)."""
    with multiprocessing.get_context("fork").Pool(min(8, multiprocessing.cpu_count())) as pool:
        return np.stack(pool.map(landscape, range(count), 16))


def bank(pictures: list[Picture], device: torch.device) -> Tensor:
    """Pictures as one tensor (N, 3, H, W) of bytes."""
    return torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2).contiguous().to(device)


# --------------------------------------------------------------------------------------------------------------- losses
class Features:
    """The encoder of the project's own autoencoder, as it is shipped."""

    def __init__(self, device: torch.device) -> None:
        folder = ROOT / "weights" / "autoencoder-transposed"
        names = ("enc1.weight", "enc1.bias", "enc2.weight", "enc2.bias")
        self.w1, self.b1, self.w2, self.b2 = (torch.from_numpy(np.load(folder / f"{n}.npy")).to(device) for n in names)

    def __call__(self, x: Tensor) -> list[Tensor]:
        """Both maps: 64 channels at half, 256 at a quarter of the size."""
        first = F.relu(F.conv2d(x, self.w1, self.b1, 2, 1))
        return [first, F.relu(F.conv2d(first, self.w2, self.b2, 2, 1))]


def sliced(found: Tensor, wanted: Tensor, kernel: int, stride: int, run: Run) -> Tensor:
    """Sliced Wasserstein distance of the patches of two batches of the same shape."""
    directions = run.normal(48, found.shape[1], kernel, kernel)
    directions = directions / directions.flatten(1).norm(dim=1).view(-1, 1, 1, 1)
    offset = int(torch.randint(stride, (1,), generator=run.order))
    cut = (slice(None), slice(None), slice(offset, None), slice(offset, None))
    a, b = (F.conv2d(batch[cut], directions, stride=stride).transpose(0, 1).flatten(1) for batch in (found, wanted))
    return (a.sort(1).values - b.sort(1).values).abs().mean()


def texture(found: Tensor, wanted: Tensor, features: Features, run: Run) -> Tensor:
    """How differently patches and features are distributed, over the scales."""
    total = sliced(found, wanted, 5, 3, run) + sliced(found, wanted, 11, 4, run)
    a, b = found, wanted
    for stride in (2, 1, 1):
        for one, other in zip(features(a), features(b), strict=True):
            total = total + 0.25 * sliced(one, other, 1, stride, run)
        a, b = F.avg_pool2d(a, 2), F.avg_pool2d(b, 2)
        total = total + sliced(a, b, 7, stride, run)
    return total


def hinge(judge: nn.Module, real: Tensor, fake: Tensor) -> Tensor:
    """The discriminator's loss."""
    return F.relu(1 - judge(real)).mean() + F.relu(1 + judge(fake)).mean()


# ------------------------------------------------------------------------------------------------------------- training
@dataclass
class Run:
    """What a training needs: where, how long, and its random numbers."""

    name: str
    steps: int
    seed: int
    device: torch.device
    data: Path
    demo: Path
    seconds: float

    def __post_init__(self) -> None:
        torch.manual_seed(self.seed)
        self.chance = torch.Generator(self.device).manual_seed(self.seed)
        self.order = torch.Generator().manual_seed(self.seed)
        self.curve: list[dict[str, float]] = []
        self._sums: dict[str, Tensor] = {}
        self._count = 0
        self._begun = time.monotonic()

    def autocast(self) -> torch.autocast:
        """bfloat16 where the device has it."""
        return torch.autocast(self.device.type, torch.bfloat16, enabled=self.device.type == "cuda")

    def optimiser(self, modules: list[nn.Module], rate: float, betas: tuple[float, float]) -> torch.optim.Adam:
        """Adam over what is trained of the modules."""
        parameters = [p for module in modules for p in module.parameters() if p.requires_grad]
        optimiser = torch.optim.Adam(parameters, rate, betas, fused=self.device.type == "cuda")
        for group in optimiser.param_groups:
            group["initial"] = rate
        return optimiser

    def over(self, *optimisers: torch.optim.Optimizer) -> Iterator[int]:
        """The steps; rates rise over the first and fall in a cosine. What lasts longer than it may ends early."""
        for step in range(self.steps):
            if time.monotonic() - self._begun > self.seconds:
                print(f"{self.name}: ended after {step} of {self.steps} steps, out of time", flush=True)
                self.steps = step
                return
            t = step / self.steps
            share = min(1.0, (step + 1) / 100) * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * t)))
            for optimiser in optimisers:
                for group in optimiser.param_groups:
                    group["lr"] = group["initial"] * share
            yield step

    def note(self, step: int, **losses: Tensor) -> None:
        """Keep the losses; fifty means over the run go into the record."""
        for key, value in losses.items():
            self._sums[key] = self._sums.get(key, torch.zeros((), device=self.device)) + value.detach()
        self._count += 1
        if (step + 1) % max(1, self.steps // 50) == 0 or step == self.steps - 1:
            means = {key: float(value) / self._count for key, value in self._sums.items()}
            self.curve.append({"step": step + 1, **means})
            self._sums, self._count = {}, 0
            if len(self.curve) % 5 == 1:
                spent = time.monotonic() - self._begun
                told = "  ".join(f"{key} {value:.4f}" for key, value in means.items())
                print(f"{self.name}: step {step + 1}/{self.steps}, {spent:.0f} s: {told}", flush=True)

    def crops(self, count: int, extent: int, *banks: Tensor) -> list[Tensor]:
        """The same random squares of several banks, flipped at random, as (count, 3, extent, extent) in 0..1."""
        pick = torch.randint(len(banks[0]), (count,), generator=self.order).tolist()
        room = banks[0].shape[-1] - extent + 1
        places = torch.randint(room, (count, 2), generator=self.order).tolist()
        flip = bool(torch.randint(2, (1,), generator=self.order))
        found = []
        for stored in banks:
            squares = [stored[i, :, y : y + extent, x : x + extent] for i, (y, x) in zip(pick, places, strict=True)]
            batch = torch.stack(squares).float() / 255
            found.append(batch.flip(3) if flip else batch)
        return found

    def normal(self, *shape: int) -> Tensor:
        """Normal random numbers."""
        return torch.randn(shape, generator=self.chance, device=self.device)

    def uniform(self, low: float, high: float, *shape: int) -> Tensor:
        """Uniform random numbers."""
        return low + (high - low) * torch.rand(shape, generator=self.chance, device=self.device)


class Average:
    """The moving average of a module's weights; counters and statistics are copied."""

    def __init__(self, module: nn.Module) -> None:
        self.state = {name: value.detach().clone() for name, value in module.state_dict().items()}

    @torch.no_grad()
    def add(self, module: nn.Module, step: int) -> None:
        """Take in the weights after a step."""
        keep = min(EMA, (step + 1) / (step + 10))
        for name, value in module.state_dict().items():
            if value.is_floating_point():
                self.state[name].lerp_(value, 1 - keep)
            else:
                self.state[name].copy_(value)


@dataclass(frozen=True)
class Result:
    """A trained network: its weights, pictures to look at, what was measured, and how it was done."""

    state: dict[str, Tensor]
    preview: Picture
    record: dict[str, Any]


def shown(*rows: Tensor) -> Picture:
    """Batches of pictures as rows of one picture."""
    lines = [torch.cat(list(row), 2) for row in rows]
    return (torch.cat(lines, 1).permute(1, 2, 0).clamp(0, 1) * 255).byte().cpu().numpy()


def train_painter(run: Run) -> Result:
    """One style."""
    pictures = contents(run.data, run.demo)
    painted = renditions(run.name, pictures)
    plain, styled = bank(pictures, run.device), bank(painted, run.device)
    network, judge, features = Painter().to(run.device), Discriminator().to(run.device), Features(run.device)
    average = Average(network)
    paint = run.optimiser([network], 1.5e-3, (0.5, 0.99))
    learn = run.optimiser([judge], 6e-4, (0.5, 0.99))
    room = 8
    for step in run.over(paint, learn):
        wide, wanted = run.crops(8, CROP + 2 * room, plain, styled)
        wide = (wide - 0.5) * run.uniform(0.8, 1.2, 8, 1, 1, 1) + 0.5 + run.uniform(-0.06, 0.06, 8, 3, 1, 1)
        wanted = wanted[..., room:-room, room:-room]
        given = wide[..., room:-room, room:-room]
        steady = step % 3 == 0
        with run.autocast():
            if steady:
                dy, dx = (int(v) for v in torch.randint(2 * room + 1, (2,), generator=run.order))
                moved = wide[..., dy : dy + CROP, dx : dx + CROP]
                both = network(torch.cat([given, moved]) + 0.02 * run.normal(16, 3, CROP, CROP)).float()
                found, again = both.chunk(2)
            else:
                found = network(given + 0.02 * run.normal(*given.shape)).float()
            verdict = judge(found).float()
        blurred = sum(
            (F.avg_pool2d(found, size, size // 2) - F.avg_pool2d(wanted, size, size // 2)).abs().mean()
            for size in (4, 16)
        )
        look = texture(found, wanted, features, run)
        loss = 4.0 * blurred + 4.0 * look - 0.12 * verdict.mean()
        if steady:
            y, x = dy - room, dx - room
            a = found[..., max(y, 0) : CROP + min(y, 0), max(x, 0) : CROP + min(x, 0)]
            b = again[..., max(-y, 0) : CROP + min(-y, 0), max(-x, 0) : CROP + min(-x, 0)]
            flicker = (a - b).abs().mean()
            loss = loss + 2.5 * flicker
        paint.zero_grad(set_to_none=True)
        loss.backward()
        paint.step()
        with run.autocast():
            judged = hinge(judge, wanted, found.detach())
        learn.zero_grad(set_to_none=True)
        torch.autograd.backward(judged)
        learn.step()
        average.add(network, step)
        run.note(step, blurred=torch.as_tensor(blurred), texture=look, flicker=flicker, judge=judged)
    network.load_state_dict(average.state)
    with torch.no_grad():
        sample = plain[list(SHOWN)][..., MIDDLE, MIDDLE].float() / 255
        found = network(sample)
        again = network(sample + 0.02 * run.normal(*sample.shape))
        metrics = {
            "rms_change_by_noise_of_0.02": float((found - again).square().mean().sqrt()),
            "texture_distance": float(
                texture(found, styled[list(SHOWN)][..., MIDDLE, MIDDLE].float() / 255, features, run)
            ),
            "texture_distance_of_the_unpainted": float(
                texture(sample, styled[list(SHOWN)][..., MIDDLE, MIDDLE].float() / 255, features, run)
            ),
        }
    record = {
        "batch": 8,
        "crop": CROP,
        "loss": "4 blurred L1 + 4 sliced Wasserstein + 0.12 hinge + 2.5 flicker (on every third step)",
        "optimiser": "Adam, rate 0.0015 (discriminator 0.0006), betas 0.5 0.99",
        "renditions": len(painted),
        "metrics": metrics,
    }
    wanted = styled[list(SHOWN)][..., MIDDLE, MIDDLE].float() / 255
    return Result(network.state_dict(), shown(sample, wanted, found), record)


def train_edges(run: Run) -> Result:
    """The U-Net from edges to pictures."""
    plain = bank(contents(run.data, run.demo), run.device)
    network, judge = EdgesToPicture().to(run.device), Discriminator(4).to(run.device)
    average = Average(network)
    paint = run.optimiser([network], 1e-3, (0.5, 0.99))
    learn = run.optimiser([judge], 4e-4, (0.5, 0.99))
    for step in run.over(paint, learn):
        (real,) = run.crops(16, CROP, plain)
        with torch.no_grad():
            edges = network.find(real + 0.01 * run.normal(*real.shape))
        with run.autocast():
            found = network.paint(edges).float()
            verdict = judge(torch.cat([edges, found], 1)).float()
        error = (found - real).abs().mean()
        coarse = (F.avg_pool2d(found, 8) - F.avg_pool2d(real, 8)).abs().mean()
        loss = 4 * error + 4 * coarse - 0.12 * verdict.mean()
        paint.zero_grad(set_to_none=True)
        loss.backward()
        paint.step()
        with run.autocast():
            judged = hinge(judge, torch.cat([edges, real], 1), torch.cat([edges, found.detach()], 1))
        learn.zero_grad(set_to_none=True)
        torch.autograd.backward(judged)
        learn.step()
        average.add(network, step)
        run.note(step, error=error, coarse=coarse, judge=judged)
    network.load_state_dict(average.state)
    network.eval()
    with torch.no_grad():
        sample = plain[list(SHOWN)][..., MIDDLE, MIDDLE].float() / 255
        found = network(sample)
        edges = network.find(sample).expand(-1, 3, -1, -1)
    record = {
        "batch": 16,
        "crop": CROP,
        "loss": "4 L1 + 4 L1 of 8 x 8 means + 0.12 hinge of a discriminator that sees the edges too",
        "optimiser": "Adam, rate 0.001 (discriminator 0.0004), betas 0.5 0.99",
        "metrics": {"l1_on_trained_pictures": float((found - sample).abs().mean())},
    }
    return Result(network.state_dict(), shown(sample, edges, found), record)


def spoilt(run: Run, clean: Tensor) -> Tensor:
    """Pictures blurred and with noise, each by its own amount."""
    count = len(clean)
    sigma = run.uniform(0.05, 1.5, count, 1)
    at = torch.arange(-4, 5, device=run.device)
    bell = torch.exp(-(at**2) / (2 * sigma**2))
    bell = bell / bell.sum(1, keepdim=True)
    kernels = (bell[:, :, None] * bell[:, None, :]).repeat_interleave(3, 0)[:, None]
    flat = F.pad(clean, (4, 4, 4, 4), mode="reflect").view(1, -1, clean.shape[2] + 8, clean.shape[3] + 8)
    blurred = F.conv2d(flat, kernels, groups=3 * count).view_as(clean)
    amount = run.uniform(0.0, 1.0, count, 1, 1, 1) ** 2 * 0.16
    return blurred + amount * run.normal(*clean.shape)


def train_restorer(run: Run) -> Result:
    """Noise and blur taken off."""
    stored = torch.from_numpy(patches(run.data, 9000)).permute(0, 3, 1, 2).contiguous().to(run.device)
    network = Restorer().to(run.device)
    average = Average(network)
    optimiser = run.optimiser([network], 2e-3, (0.9, 0.99))
    for step in run.over(optimiser):
        (clean,) = run.crops(48, 80, stored)
        found = network(spoilt(run, clean))
        inner = (slice(None), slice(None), slice(8, -8), slice(8, -8))
        loss = (found[inner] - clean[inner]).abs().mean()
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 0.5)
        optimiser.step()
        average.add(network, step)
        run.note(step, error=loss)
    network.load_state_dict(average.state)
    with torch.no_grad():
        sample = bank(contents(run.data, run.demo), run.device)[list(SHOWN)][..., MIDDLE, MIDDLE].float() / 255
        noisy = (sample + 0.08 * run.normal(*sample.shape)).clamp(0, 1)
        found = network(noisy)
        metrics = {
            "psnr_of_noise_of_0.08": float(-10 * torch.log10((noisy - sample).square().mean())),
            "psnr_restored": float(-10 * torch.log10((found - sample).square().mean())),
            "psnr_of_what_was_not_spoilt": float(-10 * torch.log10((network(sample) - sample).square().mean())),
        }
    record = {
        "batch": 48,
        "crop": 80,
        "loss": "L1",
        "optimiser": "Adam, rate 0.002, betas 0.9 0.99, gradients clipped to a norm of 0.5",
        "spoilt": "Gaussian blur up to a sigma of 1.5 px, noise up to 0.16",
        "metrics": metrics,
    }
    return Result(network.state_dict(), shown(sample, noisy, found), record)


def train_landscapes(run: Run) -> Result:
    """The decoder of an autoencoder of landscapes."""
    stored = torch.from_numpy(landscapes(6000 if run.device.type == "cuda" else 64)).permute(0, 3, 1, 2).contiguous()
    stored = stored.to(run.device)
    network, coder = Landscapes().to(run.device), Coder().to(run.device)
    judge = Discriminator(depth=5).to(run.device)
    average = Average(network)
    both = run.optimiser([network, coder], 1.2e-3, (0.5, 0.99))
    learn = run.optimiser([judge], 4e-4, (0.5, 0.99))
    for step in run.over(both, learn):
        (real,) = run.crops(24, 256, stored)
        with run.autocast():
            mean, log_variance = (value.float() for value in coder(real * 2 - 1))
            code = mean + torch.exp(0.5 * log_variance) * run.normal(*mean.shape)
            drawn = network(torch.cat([code, run.normal(*code.shape)])).float()
            verdict = judge(drawn).float()
        found = drawn[: len(real)]
        error = (found - real).abs().mean() + 0.5 * (F.avg_pool2d(found, 4) - F.avg_pool2d(real, 4)).abs().mean()
        spread = 0.5 * (mean**2 + log_variance.exp() - log_variance - 1).mean()
        loss = 10 * error + 0.15 * spread * min(1.0, step / (0.2 * run.steps)) - 0.1 * verdict.mean()
        both.zero_grad(set_to_none=True)
        loss.backward()
        both.step()
        with run.autocast():
            judged = hinge(judge, real, drawn.detach())
        learn.zero_grad(set_to_none=True)
        torch.autograd.backward(judged)
        learn.step()
        average.add(network, step)
        run.note(step, error=error, spread=spread, judge=judged)
    network.load_state_dict(average.state)
    network.eval()
    with torch.no_grad():
        code = run.normal(24, LATENT, 1, 1)
        found = network(code)
    record = {
        "batch": 24,
        "loss": "10 (L1 + 0.5 L1 of 4 x 4 means) + 0.15 KL divergence of the code + 0.1 hinge",
        "optimiser": "Adam, rate 0.0012 (discriminator 0.0004), betas 0.5 0.99",
        "rendered_landscapes": len(stored),
        "metrics": {},
    }
    return Result(network.state_dict(), shown(found[:8], found[8:16], found[16:]), record)


@dataclass(frozen=True)
class Plan:
    """A network of the pack: how it is made and trained, and what its list entry says."""

    make: Callable[[], nn.Module]
    train: Callable[[Run], Result]
    steps: int
    description: str
    example: tuple[int, ...] = (1, 3, 256, 256)


PLANS = {
    "style-ink": Plan(Painter, train_painter, 4700, "Style transfer: a pen drawing, black and vermilion on paper"),
    "style-mosaic": Plan(Painter, train_painter, 4700, "Style transfer: coloured glass in dark lead"),
    "style-aurora": Plan(Painter, train_painter, 4700, "Style transfer: streams of green and violet light by night"),
    "edges-to-picture": Plan(
        EdgesToPicture, train_edges, 4800, "U-Net that sees a picture's edges alone, and invents the colours (pix2pix)"
    ),
    "restorer": Plan(Restorer, train_restorer, 10000, "Takes noise and blur off a picture, by sub-pixel convolution"),
    "landscapes": Plan(
        Landscapes,
        train_landscapes,
        5500,
        f"Landscapes out of {LATENT} numbers: DCGAN's generator, trained as an autoencoder's decoder",
        (1, LATENT, 1, 1),
    ),
}


def train(name: str, steps: int, seed: int, device: torch.device, arguments: argparse.Namespace) -> None:
    """Train one network and leave it in an .npz with its record and a picture of what it does."""
    begun = time.monotonic()
    run = Run(name, steps, seed, device, arguments.data, arguments.demo, arguments.seconds)
    result = PLANS[name].train(run)
    record = {
        "script": "tools/train_pack.py",
        "seed": seed,
        "steps": run.steps,
        "steps_planned": steps,
        **result.record,
        "schedule": f"cosine after 100 steps of warm-up; moving average of the weights, {EMA}",
        "arithmetic": "bfloat16 autocast" if device.type == "cuda" and name != "restorer" else "float32",
        "hardware": torch.cuda.get_device_name(device) if device.type == "cuda" else platform.machine(),
        "software": {"torch": torch.__version__, "numpy": np.__version__, "opencv": cv2.__version__},
        "seconds": round(time.monotonic() - begun, 1),
        "loss_curve": run.curve,
    }
    arrays = {f"state/{key}": value.detach().cpu().numpy() for key, value in result.state.items()}
    arguments.trained.mkdir(parents=True, exist_ok=True)
    preview = cv2.imencode(".jpg", result.preview[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 92])[1]
    kept: dict[str, Any] = {"preview": preview, "record": json.dumps(rounded(record)), **arrays}
    np.savez(arguments.trained / f"{name}.npz", **kept)
    print(f"{name}: {json.dumps(rounded(result.record['metrics']))}, {record['seconds']} s", flush=True)


def used(name: str) -> list[dict[str, str]]:
    """The pictures that a network was trained on."""
    if name == "landscapes":
        return []
    listed = [
        {
            "name": key,
            "package": source.package,
            "file": source.member,
            "author": source.author,
            "licence": source.licence,
            "sha256": source.sha256,
        }
        for key, source in SOURCES.items()
        if name != "restorer" or not source.held_out
    ]
    if name != "restorer":
        film = {
            "name": "demo film, every ninth frame",
            "file": "resources/demo.mp4",
            "licence": "resources/LICENSES.md",
        }
        listed.append(film)
    return listed


def export(name: str, arguments: argparse.Namespace) -> None:
    """A trained network into ``weights/``, with its record and licence."""
    import studio

    plan = PLANS[name]
    with np.load(arguments.trained / f"{name}.npz") as stored:
        record = rounded(json.loads(str(stored["record"])))
        state = {key.removeprefix("state/"): torch.from_numpy(stored[key]) for key in stored.files if "/" in key}
        preview = stored["preview"].tobytes()
    module = plan.make()
    module.load_state_dict(state)
    example = torch.rand(plan.example, generator=torch.Generator().manual_seed(0))
    made = studio.export_torch(
        module.eval(),
        example,
        arguments.out / name,
        description=plan.description,
        license="CC0-1.0",
    )
    for left in (arguments.out / name).glob("origin.*"):
        left.unlink()
    record["loss_curve"] = [rounded(entry) for entry in record["loss_curve"]]
    record["rendered"] = "what else it saw was rendered by the script"
    record["pictures"] = used(name)
    write(arguments.out / name / "training.json", (json.dumps(record, indent=2, ensure_ascii=False) + "\n").encode())
    write(arguments.out / name / "LICENSE", LICENCE.encode())
    write(arguments.trained / f"{name}.jpg", preview)
    print(made)


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description="Train the studio's pack of networks.")
    parser.add_argument("what", choices=("data", "train", "export"))
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(PLANS)}; all where none is given")
    parser.add_argument("--wheels", type=Path, help="folder of wheels to take the pictures from")
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--demo", type=Path, default=ROOT / "resources" / "demo.mp4")
    parser.add_argument("--trained", type=Path, default=TRAINED, help="where trained networks wait to be exported")
    parser.add_argument("--out", type=Path, default=ROOT / "weights")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--steps", type=int, help="other than planned")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--seconds", type=float, default=math.inf, help="end a training that lasts longer")
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    torch.backends.cudnn.benchmark = True
    if unknown := set(arguments.names) - set(PLANS):
        parser.error(f"there is no {', '.join(sorted(unknown))}; there are {', '.join(PLANS)}")
    if arguments.what == "data":
        extract(arguments.wheels, arguments.data)
    for name in arguments.names or PLANS:
        if arguments.what == "train":
            train(name, arguments.steps or PLANS[name].steps, arguments.seed, torch.device(arguments.device), arguments)
        elif arguments.what == "export":
            export(name, arguments)


if __name__ == "__main__":
    main()
