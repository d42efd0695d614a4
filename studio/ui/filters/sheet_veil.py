"""How weights learn, as a veil over them: pinned ones green, hurried ones white, pulled ones pink."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF
from PySide6.QtGui import QImage, QPainter

from studio.model.documents.document import Document
from studio.model.filters.learning_sheets import LEARNING_SHEETS, LearningSheets, LearningSheetsChanged
from studio.model.networks.changes import Change
from studio.model.networks.shape import Array
from studio.model.views.workspace import Paints, Workspace
from studio.ui.filters.arrangement import Arrangement
from studio.ui.kit.images import Format, image_over
from studio.ui.viewport.overlay import drawn_into
from studio.ui.viewport.scene import Part
from studio.ui.viewport.widget import Viewport

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
    _draw(painter, target, _veils(rates, pulls, paints))


def draw_bar_veils(painter: QPainter, target: QRectF, sheets: LearningSheets, tensor: str, paints: Paints) -> None:
    """The same for a vector: a cell for each of its bars, which fill the target."""
    rates, pulls = (
        None if sheet is None else sheet.values.reshape(1, -1)
        for sheet in (sheets.rates.get(tensor), sheets.pulls.get(tensor))
    )
    _draw(painter, target, _veils(rates, pulls, paints))


class ViewportVeil:
    """The same over a filter sheet in the viewport, which is drawn anew with every picture: veils are kept.

    Args:
        document: whose sheets they are.
        workspace: says what the brush paints on.
        viewport: what they are drawn over.
    """

    def __init__(self, document: Document, workspace: Workspace, viewport: Viewport) -> None:
        self._document, self._workspace, self._viewport = document, workspace, viewport
        self._made: tuple[object, ...] = ()
        self._veils: list[QImage] = []
        viewport.over.append(self.draw)
        document.changed.connect(self._follow)
        workspace.changed.connect(self._listen)

    def draw(self, painter: QPainter, parts: list[Part], ratio: float) -> None:
        """See `studio.ui.viewport.overlay.Over`."""
        for part in parts:
            if part.drawing == "sheet":
                self._draw_over(painter, part, ratio)

    def _draw_over(self, painter: QPainter, part: Part, ratio: float) -> None:
        held, name = self._document.section(LEARNING_SHEETS), part.shown.name
        rates, pulls = held.rates.get(name), held.pulls.get(name)
        height, width = part.shown.crop
        painted = [sheet.values for sheet in (rates, pulls) if sheet is not None]
        # Until its texture comes, a sheet of another network may be shown under the same name.
        if not painted or any(values.shape != (height, width) for values in painted):
            return
        top, left, high, wide = part.placement.rect
        (x, y), zoom = part.placement.origin, part.placement.zoom
        columns = slice(max(0, math.floor(x)), min(width, math.ceil(x + wide / zoom)))
        rows = slice(max(0, math.floor(y)), min(height, math.ceil(y + high / zoom)))
        if rows.start >= rows.stop or columns.start >= columns.stop:
            return
        paints = self._workspace.paints
        made = rates, pulls, paints, rows.start, rows.stop, columns.start, columns.stop
        if len(made) != len(self._made) or any(a is not b and a != b for a, b in zip(made, self._made, strict=True)):
            seen = [None if sheet is None else sheet.values[rows, columns] for sheet in (rates, pulls)]
            self._veils, self._made = _veils(seen[0], seen[1], paints), made
        scale = zoom / ratio
        target = QRectF(left / ratio + (columns.start - x) * scale, top / ratio + (rows.start - y) * scale, 0, 0)
        target.setWidth((columns.stop - columns.start) * scale)
        target.setHeight((rows.stop - rows.start) * scale)
        painter.save()
        painter.setClipRect(drawn_into(part, ratio))
        _draw(painter, target, self._veils)
        painter.restore()

    def _follow(self, change: Change) -> None:
        if isinstance(change, LearningSheetsChanged):
            self._viewport.refresh()

    def _listen(self, field: str) -> None:
        if field == "paints":
            self._viewport.refresh()


def _veils(rates: Array | None, pulls: Array | None, paints: Paints) -> list[QImage]:
    """A pixel for each weight; those that are as usual everywhere are left out."""
    found: list[QImage | None] = []
    if rates is not None:
        strength = _FAINT if paints == "pulls" else _STRONG
        found.append(_veil(np.clip(1 - rates, 0, 1) * strength, PINNED))
        found.append(_veil(np.log10(np.maximum(rates, 1)) / 2 * strength, HURRIED))
    if pulls is not None:
        strength = _FAINT if paints == "rates" else _STRONG
        # Even a weak pull, of a hundredth of the way, is strong over many steps.
        found.append(_veil(np.sqrt(pulls) * strength, PULLED))
    return [veil for veil in found if veil is not None]


def _laid(sheet: Array, arrangement: Arrangement, seen: tuple[slice, slice]) -> Array:
    """What lies in the seen cells, (rows * kh, columns * kw); blank ones are as usual, which draws nothing."""
    rows, columns, kh, kw = arrangement.grid
    kernels = sheet.reshape(rows, kh, columns, kw).transpose(0, 2, 1, 3)
    places = arrangement.rows[seen], arrangement.columns[seen]
    some = kernels[places]
    return some.transpose(0, 2, 1, 3).reshape(some.shape[0] * kh, some.shape[1] * kw)


def _veil(strength: NDArray[np.floating], colour: tuple[int, int, int]) -> QImage | None:
    alpha = strength.astype(np.uint8)
    if not alpha.any():
        return None
    pixels = np.empty((*alpha.shape, 4), np.uint8)
    pixels[:, :, :3] = (alpha[:, :, None].astype(np.uint16) * np.array(colour, np.uint16) // 255).astype(np.uint8)
    pixels[:, :, 3] = alpha
    return image_over(pixels, Format.Format_RGBA8888_Premultiplied).copy()


def _draw(painter: QPainter, target: QRectF, veils: list[QImage]) -> None:
    for veil in veils:
        smaller = veil.width() > target.width() or veil.height() > target.height()
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, on=smaller)
        painter.drawImage(target, veil)
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, on=False)
