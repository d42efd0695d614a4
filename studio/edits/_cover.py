"""How much of each weight a brush covers on its way from one point to the next."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from studio.model.declared.size import Size
from studio.model.networks.layout import Rect
from studio.model.views.brush import Brush

Point = tuple[float, float, float]  # row, column, pressure
Cover = NDArray[np.float64]

# A long line is covered in strips, so that a diagonal one costs its length and not its square.
_STRIP = 64.0
_MOST_STRIPS = 1024


def strips(brush: Brush, start: Point, end: Point, size: Size) -> Iterator[tuple[Rect, Cover]]:
    """The rectangles of a sheet that a straight line reaches, and how much it covers there.

    Args:
        brush: radius, hardness and opacity count.
        start: row, column and pressure; the pressure, 0 to 1, goes evenly over to the end's and scales the opacity.
        end: where the line ends; the start again makes a dot.
        size: of the sheet, in weights.

    Yields:
        Rectangle, and its (height, width) cover from 0 to ``opacity``. What a weight gets does not depend on where
        the rectangles' borders are.
    """
    dy, dx = end[0] - start[0], end[1] - start[1]
    count = min(_MOST_STRIPS, max(1, math.ceil(math.hypot(dy, dx) / max(_STRIP, 2 * brush.radius))))
    for index in range(count):
        ends = index / count, (index + 1) / count
        top, bottom = _span([start[0] + dy * t for t in ends], brush.radius, size.height)
        left, right = _span([start[1] + dx * t for t in ends], brush.radius, size.width)
        if top < bottom and left < right:
            rect = Rect(top, left, bottom - top, right - left)
            yield rect, _cover(brush, start, end, rect)


def _cover(brush: Brush, start: Point, end: Point, rect: Rect) -> Cover:
    y = np.arange(rect.y, rect.y + rect.height)[:, None] + 0.5
    x = np.arange(rect.x, rect.x + rect.width)[None, :] + 0.5
    dy, dx = end[0] - start[0], end[1] - start[1]
    squared = dy * dy + dx * dx
    # How far along the line its nearest point lies; too short a line is a point.
    along = ((y - start[0]) * dy + (x - start[1]) * dx) / squared if squared > 1e-18 else np.ones((1, 1))
    along = along.clip(0, 1)
    down, across = y - (start[0] + along * dy), x - (start[1] + along * dx)
    distance = np.sqrt(down * down + across * across)
    opacity = brush.opacity * (start[2] + along * (end[2] - start[2]))
    soft = brush.radius * (1 - brush.hardness)
    if soft < 1e-9 * brush.radius:
        return np.where(distance <= brush.radius, opacity, 0.0)
    rise = np.clip((brush.radius - distance) / soft, 0, 1)
    return np.asarray(rise * rise * (3 - 2 * rise) * opacity)


def _span(ends: list[float], radius: float, size: int) -> tuple[int, int]:
    start, stop = math.floor(min(ends) - radius), math.ceil(max(ends) + radius)
    return min(max(0, start), size), max(0, min(stop, size))
