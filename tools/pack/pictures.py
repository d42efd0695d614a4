"""The pictures that the pack learns from, and their banks."""

from __future__ import annotations

import multiprocessing
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from tools.autoencoders.pictures import SOURCES, load
from tools.pack.scenery import landscape
from tools.pack.settings import STORED, Picture
from tools.pack.styles import STYLES


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
