"""How weights learn, as a veil over them: pinned ones green, hurried ones white, pulled ones pink."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF
from PySide6.QtGui import QImage, QPainter

from studio.model.learning_sheets import LearningSheets
from studio.model.op import Array
from studio.model.workspace import Paints
from studio.ui.filters.arrangement import Arrangement

PINNED, HURRIED, PULLED = (60, 255, 90), (255, 255, 255), (255, 60, 215)
_STRONG, _FAINT = 215.0, 100.0
"""Of 255, how far a veil covers at most: what the brush paints now, and what it does not."""


def draw_veils(
    painter: QPainter,
    target: QRectF,
    arrangement: Arrangement,
    sheets: LearningSheets,
    tensor: str,
    paints: Paints,
    seen: tuple[slice, slice],
) -> None:
    """Draw what is painted for a tensor over the cells of these rows and columns, which fill the target."""
    rates, pulls = (
        None if sheet is None else _laid(sheet.values, arrangement, seen)
        for sheet in (sheets.rates.get(tensor), sheets.pulls.get(tensor))
    )
    _veil(painter, target, rates, pulls, paints)


def draw_bar_veils(painter: QPainter, target: QRectF, sheets: LearningSheets, tensor: str, paints: Paints) -> None:
    """The same for a vector: a cell for each of its bars, which fill the target."""
    rates, pulls = (
        None if sheet is None else sheet.values.reshape(1, -1)
        for sheet in (sheets.rates.get(tensor), sheets.pulls.get(tensor))
    )
    _veil(painter, target, rates, pulls, paints)


def _veil(painter: QPainter, target: QRectF, rates: Array | None, pulls: Array | None, paints: Paints) -> None:
    if rates is not None:
        values = rates
        strength = _FAINT if paints == "pulls" else _STRONG
        _draw(painter, target, np.clip(1 - values, 0, 1) * strength, PINNED)
        _draw(painter, target, np.log10(np.maximum(values, 1)) / 2 * strength, HURRIED)
    if pulls is not None:
        strength = _FAINT if paints == "rates" else _STRONG
        # Even a weak pull, of a hundredth of the way, is strong over many steps.
        _draw(painter, target, np.sqrt(pulls) * strength, PULLED)


def _laid(sheet: Array, arrangement: Arrangement, seen: tuple[slice, slice]) -> Array:
    """What lies in the seen cells, (rows * kh, columns * kw); blank ones are as usual, which draws nothing."""
    rows, columns, kh, kw = arrangement.grid
    kernels = sheet.reshape(rows, kh, columns, kw).transpose(0, 2, 1, 3)
    places = arrangement.rows[seen], arrangement.columns[seen]
    some = kernels[places]
    return some.transpose(0, 2, 1, 3).reshape(some.shape[0] * kh, some.shape[1] * kw)


def _draw(painter: QPainter, target: QRectF, strength: NDArray[np.floating], colour: tuple[int, int, int]) -> None:
    alpha = strength.astype(np.uint8)
    if not alpha.any():
        return
    height, width = alpha.shape
    pixels = np.empty((height, width, 4), np.uint8)
    pixels[:, :, :3] = (alpha[:, :, None].astype(np.uint16) * np.array(colour, np.uint16) // 255).astype(np.uint8)
    pixels[:, :, 3] = alpha
    image = QImage(pixels.data, width, height, 4 * width, QImage.Format.Format_RGBA8888_Premultiplied)
    smaller = width > target.width() or height > target.height()
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, on=smaller)
    painter.drawImage(target, image)
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, on=False)
