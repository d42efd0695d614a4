"""Colours of a PNG that it states by numbers: the exponent of its values (gAMA), and its primaries (cHRM).

Source: W3C, Portable Network Graphics (third edition), 11.3.2; a profile, sRGB and cICP come before both.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from functools import partial

import numpy as np

from studio.io.sources._colours.icc import profile_of, to_srgb
from studio.io.sources._colours.primaries import Places, from_places
from studio.io.sources._colours.screens import Further
from studio.io.sources._colours.shades import light_of_srgb, srgb
from studio.io.sources._files.png_parts import chunks_of_png
from studio.model.networks.picture import DeepPicture

_BEFORE = {b"iCCP", b"sRGB", b"cICP"}
# What is written of sRGB: an exponent of 1 / 2.2 and its primaries, to a few digits.
_USUAL, _NEAR = 0.45455, 0.01
_SRGB = np.array([0.3127, 0.3290, 0.64, 0.33, 0.30, 0.60, 0.15, 0.06])


def further_of_png(data: bytes) -> Further | None:
    """What is to be done to the colours of a PNG by its profile, or its numbers; None where it has neither, or where
    they are among H.273's (cICP), which come first.

    Args:
        data: content of the file, which is not kept.
    """
    chunks = chunks_of_png(data)
    if b"cICP" in chunks:
        return None
    if b"iCCP" in chunks and (profile := profile_of(data)):
        return partial(to_srgb, profile=profile)
    stated: dict[bytes, bytes] = {kind: chunks[kind] for kind in (b"gAMA", b"cHRM") if kind in chunks}
    return partial(_by_numbers, chunks=stated) if stated and not chunks.keys() & _BEFORE else None


def widened(values: DeepPicture) -> DeepPicture:
    """RGB of the range of video, in which 16 of 255 is black and 235 white, in the whole range; opacity as it is."""
    made, top = values.copy(), int(np.iinfo(values.dtype).max)
    step = (top + 1) // 256
    made[:, :, :3] = np.clip(np.rint((values[:, :, :3] - 16.0 * step) * (top / (219 * step))), 0, top)
    return made


def _by_numbers(picture: DeepPicture, chunks: Mapping[bytes, bytes]) -> DeepPicture:
    """The picture in sRGB; the same where nothing else is stated, or what makes no sense."""
    exponent, stated = chunks.get(b"gAMA", b""), chunks.get(b"cHRM", b"")
    gamma = int.from_bytes(exponent, "big") / 100_000 if len(exponent) == 4 else _USUAL
    numbers = np.array(struct.unpack(">8I", stated)) / 100_000 if len(stated) == 32 else _SRGB
    is_usual, has_usual = abs(gamma - _USUAL) < _NEAR, bool(np.abs(numbers - _SRGB).max() < _NEAR / 4)
    if (is_usual and has_usual) or not 0.1 < gamma < 1.5:
        return picture
    try:
        matrix = np.eye(3, dtype=np.float32) if has_usual else from_places(_places(numbers))
    except (ZeroDivisionError, np.linalg.LinAlgError):
        return picture
    full = np.iinfo(picture.dtype).max
    values = picture.astype(np.float32) / np.float32(full)
    light = light_of_srgb(values) if is_usual else values ** np.float32(1 / gamma)
    shown = srgb(np.clip(light @ matrix.T, 0.0, 1.0))
    return np.asarray(np.rint(shown * full), picture.dtype) if np.isfinite(matrix).all() else picture


def _places(numbers: np.ndarray) -> Places:
    white, *three = ((float(x), float(y)) for x, y in numbers.reshape(4, 2))
    return three[0], three[1], three[2], white
