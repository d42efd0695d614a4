"""Landscapes, rendered by seed."""

from __future__ import annotations

import math

import cv2
import numpy as np

from tools.pack.settings import Picture, Plane
from tools.pack.styles import graded


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
