"""What is done to pictures so that a network learns to undo it, or to do it: blur, noise, grey, edges and the like."""

from __future__ import annotations

from collections.abc import Callable
from types import MappingProxyType
from typing import NamedTuple

import numpy as np

from studio.errors import StudioError
from studio.io.resize import resized
from studio.model.declared.registry import named
from studio.model.declared.size import Size
from studio.model.networks.picture import Picture

_LUMA = np.array([0.299, 0.587, 0.114], np.float32)


class Damage(NamedTuple):
    """One kind of damage: its strength where none is given, what that may be, and the doing."""

    usual: float
    least: float
    most: float
    apply: Callable[[Picture, float, np.random.Generator], Picture]


def _blur(picture: Picture, sigma: float, rng: np.random.Generator) -> Picture:
    del rng
    import cv2

    return np.asarray(cv2.GaussianBlur(picture, (0, 0), sigma, borderType=cv2.BORDER_REFLECT), np.uint8)


def _noise(picture: Picture, amount: float, rng: np.random.Generator) -> Picture:
    grain = rng.standard_normal(picture.shape, np.float32) * np.float32(255 * amount)
    return _levels(picture + grain)


def _grey(picture: Picture, amount: float, rng: np.random.Generator) -> Picture:
    del rng
    luma = (picture.astype(np.float32) @ _LUMA)[:, :, None]
    return _levels(picture + (luma - picture) * np.float32(amount))


def _edges(picture: Picture, amount: float, rng: np.random.Generator) -> Picture:
    """White outlines on black: how steep the luma is."""
    del rng
    import cv2

    luma = cv2.GaussianBlur(picture.astype(np.float32) @ _LUMA, (0, 0), 1.0)
    steep = np.hypot(cv2.Sobel(luma, cv2.CV_32F, 1, 0), cv2.Sobel(luma, cv2.CV_32F, 0, 1))
    return np.repeat(_levels(steep * np.float32(amount))[:, :, None], 3, axis=2)


def _smaller(picture: Picture, factor: float, rng: np.random.Generator) -> Picture:
    """As many times fewer pixels along each side, and enlarged again."""
    del rng
    height, width = picture.shape[:2]
    few = resized(picture, Size(max(1, round(height / factor)), max(1, round(width / factor))))
    return resized(few, Size(height, width))


def _masked(picture: Picture, part: float, rng: np.random.Generator) -> Picture:
    """Squares of an eighth of the longer side made black, until that part of the picture is."""
    height, width = picture.shape[:2]
    side, found = max(1, max(height, width) // 8), picture.copy()
    rows, columns = -(-height // side), -(-width // side)
    for place in rng.permutation(rows * columns)[: round(part * rows * columns)]:
        y, x = divmod(int(place), columns)
        found[y * side : (y + 1) * side, x * side : (x + 1) * side] = 0
    return found


def _shuffled(picture: Picture, blocks: float, rng: np.random.Generator) -> Picture:
    """Cut into so many blocks along each side, which change places."""
    count = round(blocks)
    height, width = picture.shape[0] // count, picture.shape[1] // count
    if not height or not width:
        return picture
    found = picture.copy()
    for to, place in enumerate(rng.permutation(count * count)):
        (y, x), (v, u) = divmod(to, count), divmod(int(place), count)
        found[y * height : (y + 1) * height, x * width : (x + 1) * width] = picture[
            v * height : (v + 1) * height, u * width : (u + 1) * width
        ]
    return found


def _levels(values: np.ndarray) -> Picture:
    return np.asarray(np.rint(values).clip(0, 255), np.uint8)


DAMAGES = MappingProxyType(
    {
        "blur": Damage(2.0, 0.1, 50.0, _blur),
        "noise": Damage(0.1, 0.0, 2.0, _noise),
        "grey": Damage(1.0, 0.0, 1.0, _grey),
        "edges": Damage(1.0, 0.0, 20.0, _edges),
        "smaller": Damage(2.0, 1.0, 32.0, _smaller),
        "masked": Damage(0.25, 0.0, 1.0, _masked),
        "shuffled": Damage(4.0, 1.0, 64.0, _shuffled),
    }
)
"""Every kind by its name: of blur the sigma in pixels, of noise the deviation in parts of full, of grey how much, of
edges the contrast, of smaller the factor, of masked the part, of shuffled the blocks along each side."""

Damaging = tuple[tuple[str, float], ...]


def parse_damage(text: str) -> Damaging:
    """``blur=2,noise`` as kinds and strengths, in the order in which they are done.

    Raises:
        StudioError: for a kind that is none, or a strength out of its range.
    """
    found = []
    for word in filter(None, (part.strip() for part in text.split(","))):
        name, _, number = word.partition("=")
        kind = named(DAMAGES, name, "damage")
        try:
            strength = float(number) if number else kind.usual
        except ValueError:
            strength = float("nan")
        if not kind.least <= strength <= kind.most:
            raise StudioError(
                f'"{word}": {name} goes from {kind.least:g} to {kind.most:g}, as in {name}={kind.usual:g}.'
            )
        found.append((name, strength))
    if not found:
        raise StudioError(f"Say which damage: {', '.join(DAMAGES)}, as in damage:blur=2,noise=0.1.")
    return tuple(found)


def damaged(picture: Picture, how: Damaging, rng: np.random.Generator) -> Picture:
    """(H, W, 3) uint8 with these damages done to it, one after the other; the same size."""
    for name, strength in how:
        picture = DAMAGES[name].apply(picture, strength, rng)
    return picture
