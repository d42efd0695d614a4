"""Matrices that FFmpeg's scaler has not: YCgCo, its reversible forms, and ICtCp.

Source: ITU-T H.273 (07/2024), 8.3, by its numbers of matrices; BT.2100 tables 4, 5 and 7 for ICtCp's curves.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from studio.io.sources._colour import HLG
from studio.model.picture import DeepPicture

YCGCO, ICTCP, YCGCO_RE, YCGCO_RO = 8, 14, 16, 17
OWN = (YCGCO, ICTCP, YCGCO_RE, YCGCO_RO)
"""The numbers of those that `rgb_by_matrix` knows."""

Floats = NDArray[np.float64]

# RGB of BT.2020 to the three cones' light, and their coded values to I, Ct and Cp.
_CONES = np.array([[1688, 2146, 262], [683, 2951, 462], [99, 309, 3688]]) / 4096
_BY_PQ = np.array([[2048, 2048, 0], [6610, -13613, 7003], [17933, -17390, -543]]) / 4096
_BY_HLG = np.array([[2048, 2048, 0], [3625, -7465, 3840], [9500, -9212, -288]]) / 4096
# BT.2100's constants of PQ, and of HLG.
_M1, _M2, _C1, _C2, _C3 = 0.1593017578125, 78.84375, 0.8359375, 18.8515625, 18.6875
_A, _B, _C = 0.17883277, 0.28466892, 0.55991073


def rgb_by_matrix(planes: np.ndarray, bits: int, matrix: int, *, full: bool, transfer: int) -> DeepPicture:
    """RGB of three planes as they are stored.

    Args:
        planes: (H, W, 3) of what stands for luma and both chromas, whole numbers.
        bits: of each.
        matrix: one of `OWN`.
        full: whether black and white are the smallest and the largest number, rather than 16 and 235 of 8 bits.
        transfer: H.273's number of the curve, by which ICtCp goes.

    Returns:
        (H, W, 3) RGB with that curve: uint8 of 8 bits a value, otherwise uint16.
    """
    half = 1 << (bits - 1)
    if matrix == ICTCP:
        luma, chroma = _steps(bits, full=full)
        black = 0 if full else 16 << (bits - 8)
        coded = np.stack([(planes[..., 0] - float(black)) / luma, *_centred(planes, half) / chroma], axis=-1)
        rgb = _of_cones(coded, hlg=transfer == HLG)
    else:
        first, second, third = planes[..., 0].astype(np.int64), *_centred(planes, half).astype(np.int64)
        rgb = _of_green_and_orange(first, second, third, bits, matrix, full=full)
    top = 255 if bits == 8 else 65535
    return np.asarray(np.rint(np.clip(rgb, 0.0, 1.0) * top), np.uint8 if bits == 8 else np.uint16)


def _centred(planes: np.ndarray, half: int) -> Floats:
    return np.moveaxis(planes[..., 1:3], -1, 0) - float(half)


def _steps(bits: int, *, full: bool) -> tuple[float, float]:
    """How many numbers lie between black and white, and between the ends of a chroma."""
    if full:
        return float((1 << bits) - 1), float((1 << bits) - 1)
    return float(219 << (bits - 8)), float(224 << (bits - 8))


def _of_green_and_orange(
    luma: NDArray[np.int64],
    green: NDArray[np.int64],
    orange: NDArray[np.int64],
    bits: int,
    matrix: int,
    *,
    full: bool,
) -> Floats:
    if matrix == YCGCO:
        rest = luma - green
        numbers = np.stack([rest + orange, luma + green, rest - orange], axis=-1)
        own = bits
    else:
        # The reversible forms hold RGB of two bits less, or of one.
        rest = luma - (green >> 1)
        blue = rest - (orange >> 1)
        numbers = np.stack([blue + orange, rest + green, blue], axis=-1)
        own = bits - (2 if matrix == YCGCO_RE else 1)
    # The matrix is of the numbers themselves, in whichever range they are.
    black = 0.0 if full else 16.0 * 2.0 ** (own - 8)
    white = 2.0**own - 1 if full else 235.0 * 2.0 ** (own - 8)
    return np.asarray((numbers - black) / (white - black), np.float64)


def _of_cones(coded: Floats, *, hlg: bool) -> Floats:
    cones = coded @ np.linalg.inv(_BY_HLG if hlg else _BY_PQ).T
    light = np.maximum((_hlg_light(cones) if hlg else _pq_light(cones)) @ np.linalg.inv(_CONES).T, 0.0)
    return _hlg_value(light) if hlg else _pq_value(light)


def _pq_light(values: Floats) -> Floats:
    root = np.clip(values, 0.0, 1.0) ** (1 / _M2)
    return np.asarray((np.maximum(root - _C1, 0.0) / (_C2 - _C3 * root)) ** (1 / _M1), np.float64)


def _pq_value(light: Floats) -> Floats:
    power = light**_M1
    return np.asarray(((_C1 + _C2 * power) / (1 + _C3 * power)) ** _M2, np.float64)


def _hlg_light(values: Floats) -> Floats:
    values = np.clip(values, 0.0, 1.0)
    return np.asarray(np.where(values <= 0.5, values**2 / 3, (np.exp((values - _C) / _A) + _B) / 12), np.float64)


def _hlg_value(light: Floats) -> Floats:
    bright = _A * np.log(np.maximum(12 * light - _B, 1e-9)) + _C
    return np.asarray(np.where(light <= 1 / 12, np.sqrt(3 * light), bright), np.float64)
