"""Weights as places in a table of 256 colours: symmetric about zero, by a logarithm, so that small weights are seen."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QColor

from studio.model.networks.shape import Array
from studio.model.views.view import Colours
from studio.ui.kit import theme
from studio.ui.kit.quantiles import quantile

Indices = NDArray[np.uint8]

BAD = 255
"""The place of what is no number, or infinite."""
_SAMPLE = 65536
_OUTSIDE = 0.005
_LINEAR = 0.05
"""Of the deviation: up to here the scale is linear."""
_POWER = 0.75
_EVEN = 0.4
_FAINT = 0.05
"""The share of kernels that need not stand out."""
_SEEN = 0.22
"""From the ground's colour to the full one: so far it stands out at 1.5 : 1."""


@dataclass(frozen=True)
class Scale:
    """What the ends of the colours stand for.

    Attributes:
        limit: the magnitude that has the full colour, as have those beyond.
        linear: the magnitude up to which colours grow evenly; beyond they grow by the logarithm.
    """

    limit: float = 1.0
    linear: float = 1.0


def scale_of(values: Array) -> Scale:
    """For these values: a two-hundredth of the finite ones lies beyond the limit, found among some, evenly spread."""
    flat = values.ravel()
    some = np.abs(flat[:: max(1, flat.size // _SAMPLE)].astype(np.float64))
    some = np.sort(some[np.isfinite(some)])
    deviation = float(np.sqrt(np.mean(some**2))) if some.size else 0.0
    if not deviation:
        return Scale()
    limit = quantile(some, 1 - _OUTSIDE)
    # Of a tensor that is zero nearly everywhere the limit would be zero, too.
    return Scale(max(limit, deviation), _LINEAR * deviation)


def scale_of_sizes(sizes: Array, kernels: Array) -> Scale:
    """For sizes of kernels: an even scale where that tells them apart, and else one on which most stand out.

    Of a trained network a few kernels may be so much larger than the others that these would be the ground's colour.

    Args:
        sizes: (rows, columns) root of the mean square of each kernel; its sign does not matter.
        kernels: (rows, columns, kh, kw).
    """
    found = np.abs(sizes.astype(np.float64)).ravel()
    found = np.sort(found[np.isfinite(found)])
    whole = quantile(found, 1 - _OUTSIDE) if found.size else 0.0
    finite = kernels[np.isfinite(kernels)]
    counts = found[found > 0.1 * float(finite.std(dtype=np.float64))] if finite.size else found[:0]
    if not whole or not counts.size:
        return Scale(whole or 1.0, (whole or 1.0) * _EVEN)
    faint = quantile(counts, _FAINT)
    linear = whole * _EVEN
    while linear > 1e-4 * whole and _share(faint, Scale(whole, linear)) < _SEEN:
        linear *= 0.7
    return Scale(whole, linear)


def _share(value: float, scale: Scale) -> float:
    """How far from the ground's colour to the full one a magnitude is."""
    return float(min(np.arcsinh(value / scale.linear) / np.arcsinh(scale.limit / scale.linear), 1.0) ** _POWER)


@lru_cache(maxsize=32)
def table_of(scale: Scale, colours: Colours) -> Indices:
    """(65536,) the place in the colour table of every float32, by the upper half of its bits.

    Sign, exponent and seven bits tell a value to half a hundredth of itself, which is finer than colours are.
    """
    del colours  # grey has the same places: zero in the middle
    with np.errstate(over="ignore", invalid="ignore"):
        # Those without a sign; the others are as far on the other side of the middle.
        values = ((np.arange(32768, dtype=np.uint32) << 16) | 0x8000).view(np.float32).astype(np.float64)
        finite = np.isfinite(values)
        share = np.arcsinh(np.where(finite, values, 0) / scale.linear) / np.arcsinh(scale.limit / scale.linear)
    steps = 127 * np.minimum(share, 1.0) ** _POWER
    places = np.concatenate([np.where(finite, np.round(127 + side * steps), BAD) for side in (1, -1)]).astype(np.uint8)
    places.flags.writeable = False
    return places


def indices(values: Array, table: Indices) -> Indices:
    """Values as places in the colour table."""
    return np.asarray(table[np.ascontiguousarray(values, np.float32).view(np.uint32) >> 16])


def of_each(kernels: Array) -> Array:
    """Kernels, (..., kh, kw), each scaled such that its largest magnitude is one."""
    with np.errstate(invalid="ignore"):
        peaks = np.abs(np.where(np.isfinite(kernels), kernels, 0)).max(axis=(-2, -1), keepdims=True)
        return np.asarray(kernels / np.where(peaks > 0, peaks, 1), np.float32)


UNIT = Scale(1.0, 0.15)
"""For what `of_each` gives."""


def _table(low: str, middle: str, high: str) -> list[int]:
    ends, zero = [QColor(end) for end in (low, high)], QColor(middle)
    colours = []
    for place in range(255):
        end, share = (ends[0], 1 - place / 127) if place < 127 else (ends[1], place / 127 - 1)
        parts = ((zero.red(), end.red()), (zero.green(), end.green()), (zero.blue(), end.blue()))
        colours.append(QColor(*(round(start + (stop - start) * share) for start, stop in parts)).rgb())
    return [*colours, QColor("#FF00FF").rgb()]


TABLES: dict[Colours, list[int]] = {
    "signed": _table(theme.NEGATIVE, theme.GROUND, theme.POSITIVE),
    "grey": _table("#000000", "#6A6A6A", "#FFFFFF"),
}
"""256 colours each; the last for what is no number. Zero is the ground's colour, or grey in the middle."""
