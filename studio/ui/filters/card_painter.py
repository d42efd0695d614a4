"""What stands on a card beside its kernels: its channel's live map, its name, and its effect on the picture."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QImage, QPainter, QPen

from studio.model.networks.shape import Array
from studio.model.views.view import Colours
from studio.ui.filters import sheet_colours
from studio.ui.filters.cards import Cards
from studio.ui.filters.sheet_colours import TABLES, UNIT, Indices
from studio.ui.kit import theme
from studio.ui.kit.images import Format, image_over
from studio.ui.kit.quantiles import quantile
from studio.ui.viewport.camera import Camera

_INSET = 2.0
_NAMED = 34.0
"""Logical pixels of a map from which on there is room for its name."""
_BAR = 3.0
_FAINT = 0.35
_OUTSIDE = 0.005


def map_box(camera: Camera, cards: Cards, card: int) -> QRectF:
    """Where the view shows a card's map."""
    row, column = cards.corner(card)
    _, _, kh, kw = cards.grid
    x, y = camera.to_view(column * kw, row * kh)
    return QRectF(x, y, cards.map_columns * kw * camera.zoom, cards.block[0] * kh * camera.zoom)


class CardPainter:
    """Draws the cards that a camera sees.

    Args:
        painter: in pixels of the screen.
        camera: where the cards lie.
        cards: the arrangement.
        scale: pixels of the screen in a logical one.
        colours: as of the sheet.
    """

    def __init__(self, painter: QPainter, camera: Camera, cards: Cards, scale: float, colours: Colours) -> None:
        self._painter, self._camera, self._cards = painter, camera, cards
        self._scale, self._colours = scale, colours

    def draw(
        self,
        seen: tuple[slice, slice],
        map_of: Callable[[int], Array | None],
        shares: Array | None,
        chosen: NDArray[np.bool_] | None,
        names: Mapping[int, str],
    ) -> None:
        """Draw maps, bars and names.

        Args:
            seen: rows and columns of cells.
            map_of: the map of a channel; None while it is not known.
            shares: by channel, what it changes the picture by, of what the one changes that changes it most; None while
                nothing has been measured.
            chosen: (cards,) which have a selected kernel; None where all have. The others are faint.
            names: what a channel is called besides its number.
        """
        painter, scale = self._painter, self._scale
        font = QFont(painter.font())
        font.setPixelSize(round(11 * scale))
        painter.setFont(font)
        for card in self._cards.seen(*seen):
            channel = int(self._cards.channels[card])
            box = map_box(self._camera, self._cards, card)
            inset = _INSET * scale
            self._draw_frame(box)
            painter.setOpacity(1.0 if chosen is None or chosen[card] else _FAINT)
            room = box.adjusted(inset, inset, -inset, -inset)
            self._draw_map(room, map_of(channel))
            if min(room.width(), room.height()) >= _NAMED * scale:
                known = shares is not None and channel < len(shares)
                self._draw_name(room, str(channel), names.get(channel, ""), above_bar=known)
                if shares is not None and known:
                    self._draw_bar(room, float(shares[channel]))
            painter.setOpacity(1.0)

    def _draw_frame(self, box: QRectF) -> None:
        wide = (self._cards.pitch[1] - 1) * self._cards.grid[3] * self._camera.zoom
        self._painter.setPen(QPen(QColor(theme.EDGE), 1))
        self._painter.setBrush(Qt.BrushStyle.NoBrush)
        self._painter.drawRect(QRectF(box.left() - 1, box.top() - 1, wide + 1, box.height() + 1))

    def _draw_map(self, room: QRectF, values: Array | None) -> None:
        self._painter.fillRect(room, QColor(theme.GROUND))
        if values is None:
            return
        image = picture_of(values, self._colours)
        scale = min(room.width() / image.width(), room.height() / image.height())
        target = QRectF(0, 0, image.width() * scale, image.height() * scale)
        target.moveCenter(room.center())
        self._painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, on=True)
        self._painter.drawImage(target, image.convertToFormat(QImage.Format.Format_RGB32))
        self._painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, on=False)

    def _draw_name(self, room: QRectF, number: str, name: str, *, above_bar: bool) -> None:
        painter, scale = self._painter, self._scale
        metrics = painter.fontMetrics()
        text = metrics.elidedText(
            f"{number} {name}".strip(), Qt.TextElideMode.ElideRight, int(room.width() - 6 * scale)
        )
        height = metrics.height()
        box = QRectF(room.left(), 0, metrics.horizontalAdvance(text) + 6 * scale, height)
        box.moveBottom(room.bottom() - (_BAR * scale if above_bar else 0))
        ground = QColor(theme.PANEL)
        ground.setAlpha(225)
        painter.fillRect(box, ground)
        painter.setPen(QColor(theme.TEXT))
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)

    def _draw_bar(self, room: QRectF, share: float) -> None:
        thick = _BAR * self._scale
        bar = QRectF(QPointF(room.left(), room.bottom() - thick), QPointF(room.right(), room.bottom()))
        self._painter.fillRect(bar, QColor(theme.PANEL))
        bar.setWidth(bar.width() * share)
        self._painter.fillRect(bar, QColor(theme.ACCENT))


@lru_cache(maxsize=2)
def _unit_table(colours: Colours) -> Indices:
    return sheet_colours.table_of(UNIT, colours)


def picture_of(values: Array, colours: Colours) -> QImage:
    """A map in the colours of the sheet, on a scale of its own: a two-hundredth of the values has the full colour."""
    finite = np.sort(np.abs(np.nan_to_num(values, nan=0.0, posinf=0.0, neginf=0.0)), axis=None)
    limit = quantile(finite.astype(np.float64), 1 - _OUTSIDE) or float(finite[-1])
    with np.errstate(invalid="ignore", over="ignore"):
        places = sheet_colours.indices(values / (limit or 1.0), _unit_table(colours))
    places = np.ascontiguousarray(places)
    image = image_over(places, Format.Format_Indexed8)
    image.setColorTable(TABLES[colours])
    return image.copy()
