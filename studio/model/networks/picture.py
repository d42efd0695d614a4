"""Pictures to feature maps and back. Only here do values meet a screen's 0..255; the data itself never clips."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from studio.errors import StudioError
from studio.model.networks.inputs import ChannelOrder
from studio.model.networks.layout import channel_grid
from studio.model.networks.shape import Array

Picture = NDArray[np.uint8]
"""(H, W, 3) uint8 RGB, C-contiguous."""

DeepPicture = NDArray[np.uint8 | np.uint16]
"""(H, W, 3) RGB, C-contiguous, of 8 bits a value, or of 16 where a source has more: white is 255 or 65535."""

# Luma of ITU-R BT.601, as cv2 and PIL use it.
LUMA = np.array([0.299, 0.587, 0.114], np.float32)

# Ends of the signed view: blue below zero, orange above, near-black at zero.
_NEGATIVE = np.array([70, 150, 255], np.float32)
_POSITIVE = np.array([255, 150, 50], np.float32)


def to_tensor(
    picture: DeepPicture,
    channels: int,
    value_range: tuple[float, float],
    mean: tuple[float, ...] = (),
    std: tuple[float, ...] = (),
    order: ChannelOrder = "rgb",
    out: Array | None = None,
) -> Array:
    """(H, W, 3) RGB of 8 or 16 bits to (channels, H, W) float32, black and white becoming the ends of ``value_range``.

    One channel is the luma. Three come in the order that is asked for. Then the mean, where there is one, is taken off
    each channel, and each is divided by its standard deviation. It is made in `out` where that is given.
    """
    check_channels(channels)
    lo, hi = value_range
    made = np.empty((channels, *picture.shape[:2]), np.float32) if out is None else out
    shown = picture[:, :, ::-1] if order == "bgr" and channels == 3 else picture
    scale, shift = np.float32((hi - lo) / white(picture)), np.float32(lo)
    # Rows by rows and plane by plane: what is worked on stays near the processor.
    for top in range(0, picture.shape[0], _ROWS):
        rows = shown[top : top + _ROWS]
        for channel, plane in enumerate(made[:, top : top + _ROWS]):
            np.multiply(rows[:, :, channel] if channels == 3 else rows.astype(np.float32) @ LUMA, scale, out=plane)
            plane += shift
            if mean:
                plane -= np.float32(mean[channel])
            if std:
                plane /= np.float32(std[channel])
    return made


def to_texels(
    picture: DeepPicture,
    value_range: tuple[float, float],
    mean: tuple[float, ...] = (),
    std: tuple[float, ...] = (),
    order: ChannelOrder = "rgb",
) -> Array:
    """(H, W, 3) float32: the very values that `to_tensor` gives of three channels, those of a pixel side by side."""
    lo, hi = value_range
    shown = picture[:, :, ::-1] if order == "bgr" else picture
    made: Array = np.multiply(shown, np.float32((hi - lo) / white(picture)), dtype=np.float32, order="C")
    if lo:
        made += np.float32(lo)
    if mean:
        made -= np.array(mean, np.float32)
    if std:
        made /= np.array(std, np.float32)
    return made


def check_channels(channels: int) -> None:
    """Refuse an input that no picture can be brought to.

    Raises:
        StudioError: where it has neither 3 channels nor 1.
    """
    if channels not in (1, 3):
        raise StudioError(f"A picture has 3 channels (or 1, as grey), but the network's input takes {channels}.")


def white(picture: DeepPicture) -> float:
    """The value of white: 255, or of 16 bits 65535."""
    return float(np.iinfo(picture.dtype).max)


def shallow(picture: DeepPicture) -> Picture:
    """The picture with 8 bits a value: the same array where it has no more."""
    if picture.dtype == np.uint8:
        return picture.view(np.uint8)
    return ((picture.astype(np.uint32) * 255 + 32767) // 65535).astype(np.uint8)


def deepened(picture: DeepPicture) -> NDArray[np.uint16]:
    """The picture with 16 bits a value: the same array where it has them."""
    return picture.view(np.uint16) if picture.dtype == np.uint16 else picture.astype(np.uint16) * np.uint16(257)


def dithered(picture: DeepPicture) -> Picture:
    """The picture with 8 bits a value, what lies between two levels as a fine pattern of both: no bands are seen.

    A value that is a level of 8 bits stays it everywhere. The pattern is the same in every frame: it does not crawl.
    """
    if picture.dtype == np.uint8:
        return picture.view(np.uint8)
    height, width = picture.shape[:2]
    tiled = np.tile(_THRESHOLDS, (-(-height // 8), -(-width // 8)))[:height, :width, None]
    return ((picture.astype(np.uint32) + tiled) // 257).astype(np.uint8)


def _bayer(size: int) -> NDArray[np.uint32]:
    if size == 1:
        return np.zeros((1, 1), np.uint32)
    half = 4 * _bayer(size // 2)
    return np.block([[half, half + 2], [half + 3, half + 1]]).astype(np.uint32)


# 2 to 254 of the 257 steps between two levels, in the order of Bayer (1973).
_THRESHOLDS = _bayer(8) * 4 + 2


def chroma(picture: DeepPicture) -> Array:
    """(H, W, 3) float32: how far each colour of a picture is from its luma, in parts of full."""
    levels = picture.astype(np.float32)
    return np.asarray((levels - (levels @ LUMA)[:, :, None]) / np.float32(white(picture)))


def to_picture(
    activation: Array,
    value_range: tuple[float, float],
    order: ChannelOrder = "rgb",
    colour: Array | None = None,
    out: Picture | None = None,
) -> Picture:
    """(3, H, W), (1, H, W) or any other number of channels to (H, W, 3) uint8 RGB: see `to_deep_picture`.

    It is made in `out` where that is given.
    """
    return _levels(activation, value_range, order, colour, np.uint8, out)


def to_deep_picture(
    activation: Array, value_range: tuple[float, float], order: ChannelOrder = "rgb", colour: Array | None = None
) -> NDArray[np.uint16]:
    """(3, H, W), (1, H, W) or any other number of channels to (H, W, 3) uint16 RGB, white 65535.

    Values outside ``value_range`` are shown as its ends; NaN is shown black. Of two channels, and of four or more,
    the first alone is shown, grey.

    Args:
        activation: any values.
        value_range: those shown as black and white.
        order: of three channels.
        colour: (H, W, 3) of `chroma`, put back onto a luma; None for none.
    """
    return _levels(activation, value_range, order, colour, np.uint16)


_ROWS = 32

L = TypeVar("L", np.uint8, np.uint16)


def _levels(
    activation: Array,
    value_range: tuple[float, float],
    order: ChannelOrder,
    colour: Array | None,
    kind: type[L],
    out: NDArray[L] | None = None,
) -> NDArray[L]:
    top = float(np.iinfo(kind).max)
    lo, hi = value_range
    shown = activation if activation.shape[0] == 3 else activation[:1]
    if order == "bgr" and shown.shape[0] == 3:
        shown = shown[::-1]
    scale = np.float32(top / (hi - lo))
    _, height, width = shown.shape
    levels: NDArray[L] = np.empty((height, width, 3), kind) if out is None else out
    for first in range(0, height, _ROWS):
        rows = slice(first, first + _ROWS)
        for channel, plane in enumerate(shown[:, rows]):
            with np.errstate(over="ignore"):  # what is past float32 is past the range's end
                scaled = plane - np.float32(lo)
                scaled *= scale
            if colour is None:
                levels[rows, :, channel] = _held(scaled, top)
                continue
            for each in range(3) if len(shown) == 1 else (channel,):
                coloured = scaled.clip(0.0, top) + colour[rows, :, each] * np.float32(top)
                levels[rows, :, each] = _held(coloured, top)
    if len(shown) == 1 and colour is None:
        levels[:, :, 1:] = levels[:, :, :1]
    return levels


def _held(scaled: Array, top: float) -> Array:
    """Whole numbers from 0 to the top, zero for what is none."""
    np.fmax(scaled, np.float32(0.0), out=scaled)
    np.fmin(scaled, np.float32(top), out=scaled)
    return np.rint(scaled, out=scaled)


# A channel fainter than this part of the strongest is shown as faint, not blown up to noise.
_FAINTEST = 0.02


def signed_view(activation: Array, limits: Array) -> Picture:
    """Every channel of (C, H, W) as a tile of one picture, each at a scale of its own.

    Args:
        activation: any values; NaN is shown black.
        limits: (C,) the magnitude that gets full colour in each tile, but at least a fiftieth of the largest of all.

    Returns:
        (H', W', 3) uint8 RGB: zero black, negative blue, positive orange, by the root of the magnitude.
    """
    floor = max(float(limits.max(initial=0.0)) * _FAINTEST, 1e-30)
    scales = np.maximum(limits, floor).astype(np.float32)[:, None, None]
    with np.errstate(over="ignore"):
        scaled: Array = activation / scales
    values = np.nan_to_num(channel_grid(scaled), nan=0.0).clip(-1, 1)[:, :, None]
    # By the root, so that what is small is seen beside the largest value.
    strength = np.sqrt(np.abs(values))
    colours: Array = np.where(values < 0, strength * _NEGATIVE, strength * _POSITIVE)
    return colours.astype(np.uint8)
