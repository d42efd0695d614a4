"""Matrices that FFmpeg's scaler has not: YCgCo and its reversible forms, ICtCp and IPT-C2, Y'D'zD'x, and those of
constant luminance or derived from the primaries.

Source: ITU-T H.273 (07/2024), 8.3, by its numbers of matrices; BT.2100 tables 4, 5 and 7 for ICtCp's curves.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from studio.io.sources._colours.primaries import shares
from studio.io.sources._colours.screens import HLG, LINEAR, PQ
from studio.model.networks.picture import DeepPicture

YCGCO, CONSTANT, YDZDX, DERIVED, DERIVED_CONSTANT, ICTCP, IPT_C2, YCGCO_RE, YCGCO_RO = 8, 10, 11, 12, 13, 14, 15, 16, 17
OWN = (YCGCO, CONSTANT, YDZDX, DERIVED, DERIVED_CONSTANT, ICTCP, IPT_C2, YCGCO_RE, YCGCO_RO)
"""The numbers of those that `rgb_by_matrix` knows."""

Floats = NDArray[np.float64]

# RGB of BT.2020 to the three cones' light, and their coded values to I, Ct and Cp.
_CONES = np.array([[1688, 2146, 262], [683, 2951, 462], [99, 309, 3688]]) / 4096
_BY_PQ = np.array([[2048, 2048, 0], [6610, -13613, 7003], [17933, -17390, -543]]) / 4096
_BY_HLG = np.array([[2048, 2048, 0], [3625, -7465, 3840], [9500, -9212, -288]]) / 4096
# The same of IPT-C2.
_IPT_CONES = np.array([[1747, 2169, 180], [673, 3029, 394], [50, 207, 3839]]) / 4096
_IPT = np.array([[1638, 1638, 820], [18248, -19870, 1622], [3300, 1463, -4763]]) / 4096
# BT.2100's constants of PQ, and of HLG.
_M1, _M2, _C1, _C2, _C3 = 0.1593017578125, 78.84375, 0.8359375, 18.8515625, 18.6875
_A, _B, _C = 0.17883277, 0.28466892, 0.55991073
# BT.2020's constants, of which BT.709 has the first digits; curves that are powers.
_ALPHA, _BETA = 0.09929682680944, 0.018053968510807
_POWERS = {4: 2.2, 5: 2.8, 17: 2.6}


def rgb_by_matrix(
    planes: np.ndarray, bits: int, matrix: int, *, full: bool, transfer: int, primaries: int = 2
) -> DeepPicture:
    """RGB of three planes as they are stored.

    Args:
        planes: (H, W, 3) of what stands for luma and both chromas, whole numbers.
        bits: of each.
        matrix: one of `OWN`.
        full: whether black and white are the smallest and the largest number, rather than 16 and 235 of 8 bits.
        transfer: H.273's number of the curve, by which ICtCp, IPT-C2 and matrices of constant luminance go.
        primaries: H.273's number, by which derived matrices go; those of BT.709 where it is none of them.

    Returns:
        (H, W, 3) RGB with that curve, of Y'D'zD'x XYZ: uint8 of 8 bits a value, otherwise uint16.
    """
    half = 1 << (bits - 1)
    if matrix in (YCGCO, YCGCO_RE, YCGCO_RO):
        first, second, third = planes[..., 0].astype(np.int64), *_centred(planes, half).astype(np.int64)
        rgb = _of_green_and_orange(first, second, third, bits, matrix, full=full)
    else:
        luma, chroma = _steps(bits, full=full)
        black = 0 if full else 16 << (bits - 8)
        coded = np.stack([(planes[..., 0] - float(black)) / luma, *_centred(planes, half) / chroma], axis=-1)
        if matrix in (ICTCP, IPT_C2):
            rgb = _of_cones(coded, matrix, hlg=transfer == HLG)
        elif matrix == YDZDX:
            y, z, x = np.moveaxis(coded, -1, 0)
            rgb = np.stack([2 * x + 0.991902 * y, y, (2 * z + y) / 0.986566], axis=-1)
        else:
            red, blue = (0.2627, 0.0593) if matrix == CONSTANT else shares(primaries)
            rgb = _of_luminance(coded, red, blue, transfer, is_constant=matrix != DERIVED)
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


def _of_cones(coded: Floats, matrix: int, *, hlg: bool) -> Floats:
    """By the curve that the cones' light is coded with: HLG's, or PQ's, the only one of IPT-C2."""
    from_light, mixed = (_IPT_CONES, _IPT) if matrix == IPT_C2 else (_CONES, _BY_HLG if hlg else _BY_PQ)
    curve = HLG if hlg and matrix == ICTCP else PQ
    light = _light(coded @ np.linalg.inv(mixed).T, curve) @ np.linalg.inv(from_light).T
    return _value(np.maximum(light, 0.0), curve)


def _of_luminance(coded: Floats, red: float, blue: float, transfer: int, *, is_constant: bool) -> Floats:
    """H.273's equations 41 to 43, and of constant luminance, of which green is known by light alone, 66 to 75."""
    y, b, r = np.moveaxis(coded, -1, 0)
    if not is_constant:
        r, b = y + 2 * (1 - red) * r, y + 2 * (1 - blue) * b
        return np.stack([r, (y - red * r - blue * b) / (1 - red - blue), b], axis=-1)

    def reached(share: float) -> Floats:
        return _value(np.array(share), transfer)

    r = y + 2 * r * np.where(r <= 0, reached(1 - red), 1 - reached(red))
    b = y + 2 * b * np.where(b <= 0, reached(1 - blue), 1 - reached(blue))
    lights = _light(np.stack([r, y, b], axis=-1), transfer)
    green = (lights[..., 1] - red * lights[..., 0] - blue * lights[..., 2]) / (1 - red - blue)
    return np.stack([r, _value(np.maximum(green, 0.0), transfer), b], axis=-1)


def _light(values: Floats, transfer: int) -> Floats:
    """Light from 0 to 1 of values of a curve; of none that is listed here by BT.709's, which is that of BT.2020."""
    values = np.clip(values, 0.0, 1.0)
    if transfer == PQ:
        root = values ** (1 / _M2)
        return np.asarray((np.maximum(root - _C1, 0.0) / (_C2 - _C3 * root)) ** (1 / _M1), np.float64)
    if transfer == HLG:
        return np.asarray(np.where(values <= 0.5, values**2 / 3, (np.exp((values - _C) / _A) + _B) / 12), np.float64)
    if transfer == LINEAR:
        return values
    if transfer in _POWERS:
        return np.asarray(values ** _POWERS[transfer], np.float64)
    return np.asarray(np.where(values < 4.5 * _BETA, values / 4.5, ((values + _ALPHA) / (1 + _ALPHA)) ** (1 / 0.45)))


def _value(light: Floats, transfer: int) -> Floats:
    """What `_light` undoes."""
    if transfer == PQ:
        power = light**_M1
        return np.asarray(((_C1 + _C2 * power) / (1 + _C3 * power)) ** _M2, np.float64)
    if transfer == HLG:
        bright = _A * np.log(np.maximum(12 * light - _B, 1e-9)) + _C
        return np.asarray(np.where(light <= 1 / 12, np.sqrt(3 * light), bright), np.float64)
    if transfer == LINEAR:
        return light
    if transfer in _POWERS:
        return np.asarray(light ** (1 / _POWERS[transfer]), np.float64)
    return np.asarray(np.where(light < _BETA, 4.5 * light, (1 + _ALPHA) * light**0.45 - _ALPHA), np.float64)
