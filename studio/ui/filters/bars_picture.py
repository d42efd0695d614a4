"""A vector as bars from a line of zero, as a picture of one byte a pixel."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QColor, QImage

from studio.model.declared.size import Size
from studio.model.filters.edit import Mask
from studio.model.networks.shape import Array
from studio.ui.kit import theme
from studio.ui.kit.images import Format, image_over

_GROUND, _ZERO, _NEGATIVE, _POSITIVE, _FAINT_NEGATIVE, _FAINT_POSITIVE, _TRAINED, _MARK = range(8)
_COLOURS = [
    QColor(name).rgb()
    for name in (
        theme.GROUND,
        theme.LINE,
        theme.NEGATIVE,
        theme.POSITIVE,
        "#2B466F",
        "#6B4622",
        theme.TEXT,
        "#23262B",
    )
]


def bars_picture(
    values: Array,
    trained: Array,
    selected: Mask,
    marked: int | None,
    limits: tuple[float, float],
    size: Size,
) -> QImage:
    """An image of a vector.

    Args:
        values: (n,) as they are.
        trained: (n,) as they were trained, drawn as ticks where a bar is wide enough.
        selected: (n,); the other bars are faint.
        marked: the bar whose ground is lighter.
        limits: the values at the lower and the upper edge.
        size: in pixels. Bars narrower than a pixel share one, from their least to their greatest.
    """
    height, width = size
    n = len(values)
    edges = np.arange(width) * n // width
    low, high, bright = values[edges], values[edges], selected[edges]
    if n > width:
        finite = np.nan_to_num(values)
        low, high = np.minimum.reduceat(finite, edges), np.maximum.reduceat(finite, edges)
        bright = np.logical_or.reduceat(selected, edges)
    y = np.arange(height)[:, None]
    zero = row_of(np.zeros(1, np.float32), limits, height)[0]
    top, bottom = row_of(np.maximum(high, 0), limits, height), row_of(np.minimum(low, 0), limits, height)
    found = np.full((height, width), _GROUND, np.uint8)
    if marked is not None:
        found[:, edges == marked] = _MARK
    gap = np.zeros(width, np.bool_) if n * 4 > width else np.diff(edges, append=n) != 0
    up, down = (y >= top) & (y < zero) & ~gap, (y > zero) & (y <= bottom) & ~gap
    np.copyto(found, np.where(bright, np.uint8(_POSITIVE), np.uint8(_FAINT_POSITIVE)), where=up)
    np.copyto(found, np.where(bright, np.uint8(_NEGATIVE), np.uint8(_FAINT_NEGATIVE)), where=down)
    if 0 <= zero < height:
        found[zero] = _ZERO
    if n * 4 <= width:
        ticks, columns = row_of(trained[edges], limits, height), np.flatnonzero(~gap)
        found[ticks[columns].clip(0, height - 1), columns] = _TRAINED
    image = image_over(found, Format.Format_Indexed8)
    image.setColorTable(_COLOURS)
    return image.copy()


def row_of(values: Array, limits: tuple[float, float], height: int) -> NDArray[np.int64]:
    """The pixel row of each value, 0 at the top; outside the picture where the value is outside the limits."""
    low, high = limits
    share = (high - np.nan_to_num(values.astype(np.float64))) / (high - low)
    return np.floor(share.clip(-1, 2) * (height - 1) + 0.5).astype(np.int64)
