"""Pictures of other primaries than BT.709's and ordinary curves, as films that state BT.601: by tables, for speed."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

from studio.io.sources._colours.primaries import Floats, to_bt709
from studio.model.networks.picture import DeepPicture
from studio.model.networks.shape import Array

SCREEN_GAMMA = 2.4
SRGB = 13
"""H.273's number of sRGB's curve."""
# Rows at once, so that their light stays in the processor's caches.
_ROWS = 16


def in_bt709(values: DeepPicture, primaries: int, transfer: int) -> DeepPicture:
    """RGB in BT.709's primaries, within a level of what exact powers give.

    Args:
        values: (H, W, 3) uint8 or uint16, with the curve of screens.
        primaries: H.273's number of theirs.
        transfer: that of their curve: sRGB's is followed exactly.
    """
    top = int(np.iinfo(values.dtype).max)
    light_of, value_of = _tables(top, transfer == SRGB)
    return _by_tables(values, (light_of,) * 3, to_bt709(primaries), value_of)


def in_srgb(values: DeepPicture, light_of: Sequence[Array], matrix: Array) -> DeepPicture:
    """RGB with sRGB's curve and BT.709's primaries.

    Args:
        values: (H, W, 3) uint8 or uint16.
        light_of: of red, green and blue, the light from 0 to 1 of each value.
        matrix: (3, 3), from that light to light of BT.709's primaries.
    """
    return _by_tables(values, light_of, matrix, _tables(int(np.iinfo(values.dtype).max), is_srgb=True)[1])


def _by_tables(
    values: DeepPicture, light_of: Sequence[Array], matrix: Array, value_of: NDArray[np.unsignedinteger]
) -> DeepPicture:
    import cv2

    is_one, made = all(each is light_of[0] for each in light_of), np.empty(values.shape, values.dtype)
    for first in range(0, len(values), _ROWS):
        rows = np.ascontiguousarray(values[first : first + _ROWS])
        if is_one:
            light = cv2.LUT(rows, light_of[0]) if values.dtype == np.uint8 else light_of[0].take(rows)
        else:
            light = np.stack([light_of[channel].take(rows[:, :, channel]) for channel in range(3)], axis=-1)
        light = np.maximum(cv2.transform(light, matrix), 0.0)
        # Fourth roots have enough places near black. What exceeds the largest number becomes that.
        roots = cv2.sqrt(cv2.sqrt(light))
        places = cv2.multiply(roots, 65535.0, dtype=cv2.CV_16U)  # type: ignore[call-overload]  # it takes a number, too
        made[first : first + _ROWS] = value_of.take(places)
    return made


@cache
def _tables(top: int, is_srgb: bool) -> tuple[NDArray[np.float32], NDArray[np.unsignedinteger]]:
    """Light from 0 to 1 of each value, and the values of 65,536 fourth roots of light."""
    values, roots = np.arange(top + 1) / top, np.arange(65536) / 65535
    light = light_of_srgb(values) if is_srgb else values**SCREEN_GAMMA
    shown = np.rint((srgb(roots**4) if is_srgb else roots ** (4 / SCREEN_GAMMA)) * top)
    return np.asarray(light, np.float32), shown.astype(np.uint8 if top == 255 else np.uint16)


def srgb(light: Array | Floats) -> Array:
    """Values with sRGB's curve of light from 0 to 1."""
    high = 1.055 * np.maximum(light, 1e-8) ** np.float32(1 / 2.4) - 0.055
    return np.asarray(np.where(light <= 0.0031308, light * 12.92, high), np.float32)


def light_of_srgb(values: Array | Floats) -> Array:
    """Light of values with sRGB's curve, from 0 to 1."""
    return np.asarray(np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4), np.float32)
