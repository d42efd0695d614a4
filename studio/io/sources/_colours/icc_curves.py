"""Colour profiles that are three curves and a matrix, or one curve of greys: followed in 16 bits, which Pillow cannot.

Source: ICC.1:2022, 8.3 and 8.4 (which tags), 10.6 and 10.18 (curves).
"""

from __future__ import annotations

import struct
from functools import lru_cache

import numpy as np

from studio.io.sources._colours.shades import in_srgb, srgb
from studio.model.networks.picture import DeepPicture
from studio.model.networks.shape import Array

_PLACES = 65536
_MOST_TAGS = 200
# sRGB's light to XYZ under D50, as its profile has it.
_SRGB = np.array(
    [[0.4360747, 0.3850649, 0.1430804], [0.2225045, 0.7168786, 0.0606169], [0.0139322, 0.0971045, 0.7141733]]
)
# How many numbers each kind of parametric curve has.
_NUMBERS = (1, 3, 4, 5, 7)


def by_curves(picture: DeepPicture, profile: bytes) -> DeepPicture | None:
    """A picture of 16 bits in sRGB; None where the profile is of another kind, or cannot be read.

    Args:
        picture: (H, W, 3) RGB, uint16.
        profile: content of the profile.
    """
    found = _curves(profile)
    if found is None:
        return None
    curves, matrix = found
    if matrix is not None:
        return in_srgb(picture, curves, matrix)
    values = np.asarray(np.rint(srgb(curves[0]) * 65535), np.uint16)
    return np.repeat(values.take(picture[:, :, :1]), 3, axis=2)


@lru_cache(maxsize=4)
def _curves(profile: bytes) -> tuple[tuple[Array, ...], Array | None] | None:
    """Light from 0 to 1 of 65,536 values, of each colour, and the matrix to BT.709's light; None for that of greys."""
    try:
        tags = _tags(profile)
        # Where there is a table of colours it goes before.
        if any(name.startswith((b"A2B", b"D2B")) for name in tags):
            return None
        # Others lead to L*a*b*, of which a curve of greys gives L.
        if profile[20:24] != b"XYZ ":
            return None
        if profile[16:20] == b"GRAY":
            return (_curve(tags[b"kTRC"]),), None
        if profile[16:20] != b"RGB ":
            return None
        columns = [struct.unpack_from(">3i", tags[name], 8) for name in (b"rXYZ", b"gXYZ", b"bXYZ")]
        matrix = np.linalg.solve(_SRGB, np.array(columns).T / 65536)
        same = dict[bytes, Array]()
        curves = [same.setdefault(tags[name], _curve(tags[name])) for name in (b"rTRC", b"gTRC", b"bTRC")]
    except (KeyError, struct.error, ValueError):
        return None
    return tuple(curves), np.asarray(matrix, np.float32)


def _tags(profile: bytes) -> dict[bytes, bytes]:
    (count,) = struct.unpack_from(">I", profile, 128)
    found = (struct.unpack_from(">4sII", profile, 132 + 12 * place) for place in range(min(count, _MOST_TAGS)))
    return {name: profile[place : place + size] for name, place, size in found}


def _curve(tag: bytes) -> Array:
    places = np.linspace(0.0, 1.0, _PLACES)
    if tag[:4] == b"curv":
        (count,) = struct.unpack_from(">I", tag, 8)
        stored = np.frombuffer(tag, ">u2", count, 12)
        if count < 2:
            return np.asarray(places ** (stored[0] / 256 if count else 1.0), np.float32)
        return np.asarray(np.interp(places, np.linspace(0.0, 1.0, count), stored / 65535), np.float32)
    if tag[:4] != b"para":
        raise ValueError("another kind of curve")
    (kind,) = struct.unpack_from(">H", tag, 8)
    numbers = struct.unpack_from(f">{_NUMBERS[kind] if kind < len(_NUMBERS) else 99}i", tag, 12)
    gamma, a, b, c, d, e, f = (number / 65536 for number in (*numbers, *[0] * (7 - len(numbers))))
    if gamma <= 0:
        raise ValueError("black would have no end of light")
    a = a if kind else 1.0
    if kind in (1, 2):
        # Both are level up to where their base is zero.
        lifted = c
        c, d, e, f = 0.0, -b / a if a else 0.0, lifted, lifted
    high = np.maximum(a * places + b, 0.0) ** gamma + e
    return np.asarray(np.clip(np.where(places >= d, high, c * places + f) if kind else high, 0.0, 1.0), np.float32)
