"""How a row of the network panel is drawn, and what its buttons do.

::

    +-----------+---------------------------------+-----+
    | thumbnail | o name ...                    ! | byp |
    |           | Conv2d 64→128, 4×4, stride 2    | solo|
    |           | 128×64×64 · 131 k       2.31 ms | fil |
    +-----------+ ▂▂▂▂▂▂                           |     |
"""

from __future__ import annotations

from typing import Literal, NamedTuple

from PySide6.QtCore import QEvent, QModelIndex, QPersistentModelIndex, QPoint, QRect, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QHelpEvent, QIcon, QPainter, QPen, QPixmap
from PySide6.QtWidgets import QAbstractItemView, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QToolTip

from studio.ui.kit import theme
from studio.ui.kit.icons import icon
from studio.ui.kit.images import Format, image_over
from studio.ui.kit.keys import keyed
from studio.ui.layers import maker_chips
from studio.ui.layers.network_actions import LayerActions
from studio.ui.layers.network_model import LayerModel
from studio.ui.layers.network_rows import KINDS, Row
from studio.ui.layers.network_text import is_broken, seconds_text

Index = QModelIndex | QPersistentModelIndex
Button = Literal["bypass", "solo", "filters"]

_MARGIN = 6
_BUTTON = 20
_NARROW = 340
_SHORT = 174
_TIPS: dict[Button, str] = {
    "bypass": "Bypass: hand on what it reads (B)",
    "solo": "Solo: hear this layer's bends alone, all others as trained (S)",
    "filters": "Show its filters (F)",
}
_RESTING = theme.EDGE
_GLYPHS: dict[Button, str] = {"bypass": "prohibit", "solo": "headphones", "filters": "grid-four"}


def _icons() -> dict[tuple[str, str], QIcon]:
    wanted = [(glyph, colour) for glyph in _GLYPHS.values() for colour in (theme.ACCENT, theme.FAINT, _RESTING)]
    wanted += [("warning-fill", theme.DANGER), ("warning-fill", theme.WARNING)]
    return {(glyph, colour): icon(glyph, colour) for glyph, colour in wanted}


class Places(NamedTuple):
    """Where the parts of a row are."""

    thumbnail: QRect
    text: QRect
    warning: QRect
    bar: QRect
    buttons: dict[Button, QRect]


def places(rect: QRect, line: int) -> Places:
    """The parts of a row in this rectangle, its text lines so high (all in logical pixels)."""
    inner = rect.adjusted(_MARGIN, _MARGIN - 1, -4, -_MARGIN)
    wide = inner.height() if rect.width() < _NARROW else inner.height() * 4 // 3
    thumbnail = QRect(inner.left(), inner.top(), wide, inner.height())
    side = min(_BUTTON, rect.height() // 3 - 1)
    left, top = inner.right() - side + 1, rect.top() + (rect.height() - 3 * side) // 2
    names: tuple[Button, ...] = ("bypass", "solo", "filters")
    buttons = {name: QRect(left, top + k * side, side, side) for k, name in enumerate(names)}
    text = QRect(thumbnail.right() + 8, inner.top(), left - thumbnail.right() - 12, 3 * line)
    warning = QRect(text.right() - line + 1, text.top(), line, line)
    bar = QRect(text.left(), inner.bottom() - 1, text.width(), 2)
    return Places(thumbnail, text, warning, bar, buttons)


class LayerDelegate(QStyledItemDelegate):
    """Draws rows of a `LayerModel`."""

    def __init__(self, model: LayerModel, actions: LayerActions, view: QAbstractItemView) -> None:
        super().__init__(view)
        self._model = model
        self._actions = actions
        self._view = view
        self._icons = _icons()
        self._pixmaps: dict[tuple[str, str, int, float], QPixmap] = {}
        self.set_font(view.font())

    def set_font(self, font: QFont) -> None:
        """Rows follow the view's font."""
        self._name_font, self._small_font = QFont(font), theme.smaller(font, 0.88)
        self._name_font.setWeight(QFont.Weight.DemiBold)
        self._bypassed_font = QFont(self._name_font)
        self._bypassed_font.setStrikeOut(True)
        self._name_metrics, self._small_metrics = QFontMetrics(self._name_font), QFontMetrics(self._small_font)
        self._line = max(self._name_metrics.height(), self._small_metrics.height())

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:  # noqa: N802 - Qt's name
        """See Qt."""
        del option, index
        return QSize(200, max(3 * self._line + 5, 3 * _BUTTON - 8) + 2 * _MARGIN - 1)

    def places(self, rect: QRect) -> Places:
        """The parts of a row in this rectangle."""
        return places(rect, self._line)

    # -- drawing ----------------------------------------------------------------------------------------------------

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """See Qt."""
        row, rect = self._model.rows[index.row()], option.rect
        at, hovered = self.places(rect), bool(option.state & QStyle.StateFlag.State_MouseOver)
        painter.save()
        self._paint_ground(painter, rect, row, option)
        self._paint_thumbnail(painter, at.thumbnail, row)
        self._paint_text(painter, at, row)
        if row.is_layer:
            self._paint_buttons(painter, at, row, hovered or row.name == self._model.workspace.layer)
        painter.restore()

    def _paint_ground(self, painter: QPainter, rect: QRect, row: Row, option: QStyleOptionViewItem) -> None:
        state = option.state
        made = self._model.makers(row.name)
        if row.name == self._model.workspace.layer:
            painter.fillRect(rect, QColor(theme.CHOSEN))
        elif made is not None:
            maker_chips.light(painter, rect, made.strength)
        if row.name == self._model.workspace.layer:
            painter.fillRect(rect.left(), rect.top(), 2, rect.height() - 1, QColor(theme.ACCENT))
        elif state & QStyle.StateFlag.State_MouseOver:
            painter.fillRect(rect, QColor(theme.RAISED))
        painter.fillRect(rect.left(), rect.bottom(), rect.width(), 1, QColor(theme.RAISED))
        if state & QStyle.StateFlag.State_HasFocus:
            painter.setPen(QPen(QColor(theme.ACCENT), 1))
            painter.drawRect(rect.adjusted(0, 0, -1, -2))

    def _paint_thumbnail(self, painter: QPainter, rect: QRect, row: Row) -> None:
        painter.fillRect(rect, QColor(theme.GROUND))
        picture = self._model.thumbnail(row.name)
        if picture is not None:
            image = image_over(picture, Format.Format_RGB888)
            size = image.size().scaled(rect.size(), Qt.AspectRatioMode.KeepAspectRatio)
            target = QRect(QPoint(), size)
            target.moveCenter(rect.center())
            if self._model.is_bypassed(row.name):
                painter.setOpacity(0.35)
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            painter.drawImage(target, image)
            painter.setOpacity(1.0)
        painter.fillRect(rect.left(), rect.bottom() - 1, rect.width(), 2, QColor(KINDS[row.kind][1]))

    def _paint_text(self, painter: QPainter, at: Places, row: Row) -> None:
        name, text, facts = (at.text.adjusted(0, k * self._line, 0, (k - 2) * self._line) for k in range(3))
        warning = self._model.warning(row.name)
        if warning:
            self._paint_icon(painter, "warning-fill", at.warning, theme.DANGER if is_broken(warning) else theme.WARNING)
            name.setRight(at.warning.left() - 4)
        # In a narrow dock a layer's shape and parameters need their line for themselves.
        seconds = self._paint_seconds(painter, name if at.text.width() < _SHORT else facts, at.bar, row)
        if at.text.width() < _SHORT:
            name.setRight(name.right() - seconds)
        else:
            facts.setRight(facts.right() - seconds)
        self._paint_name(painter, name, row)
        painter.setFont(self._small_font)
        painter.setPen(QColor(theme.FAINT))
        placed = self.chips(at, row)
        if placed:
            pointed = self._model.workspace.pointed
            maker_chips.paint(painter, placed, pointed[1] if pointed is not None and pointed[0] == row.name else None)
            painter.setPen(QColor(theme.FAINT))
        for line, words in ((text, "" if placed else row.text), (facts, self._model.facts(row))):
            elided = self._small_metrics.elidedText(words, Qt.TextElideMode.ElideRight, line.width())
            painter.drawText(line, Qt.AlignmentFlag.AlignVCenter, elided)

    def _paint_name(self, painter: QPainter, line: QRect, row: Row) -> None:
        if self._model.is_bent(row.name):
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(theme.ACCENT))
            painter.drawEllipse(QRect(line.left(), line.center().y() - 3, 7, 7))
            line.setLeft(line.left() + 12)
        bypassed = self._model.is_bypassed(row.name)
        painter.setFont(self._bypassed_font if bypassed else self._name_font)
        painter.setPen(QColor(theme.FAINT if bypassed else theme.TEXT))
        elided = self._name_metrics.elidedText(row.name, Qt.TextElideMode.ElideMiddle, line.width())
        painter.drawText(line, Qt.AlignmentFlag.AlignVCenter, elided)

    def _paint_seconds(self, painter: QPainter, line: QRect, bar: QRect, row: Row) -> int:
        """Time at the right end of a line; how much of the line that takes."""
        seconds = self._model.seconds(row.name)
        if seconds is None:
            return 0
        text = seconds_text(seconds)
        painter.setFont(self._small_font)
        painter.setPen(QColor(theme.FAINT))
        painter.drawText(line, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, text)
        painter.fillRect(bar, QColor(theme.RAISED))
        width = round(bar.width() * self._model.share_of_slowest(row.name))
        painter.fillRect(bar.left(), bar.top(), width, bar.height(), QColor(theme.EDGE))
        return self._small_metrics.horizontalAdvance(text) + 6

    def _paint_buttons(self, painter: QPainter, at: Places, row: Row, lively: bool) -> None:
        on = {"bypass": self._model.is_bypassed(row.name), "solo": self._model.is_solo(row.name)}
        for name, rect in at.buttons.items():
            if name == "filters" and row.tensor is None:
                continue
            colour = theme.ACCENT if on.get(name) else (theme.FAINT if lively else _RESTING)
            self._paint_icon(painter, _GLYPHS[name], rect.adjusted(2, 2, -2, -2), colour)

    def _paint_icon(self, painter: QPainter, glyph: str, rect: QRect, colour: str) -> None:
        # The font's glyphs are drawn by Python, so each is kept as pixels.
        ratio = painter.device().devicePixelRatioF()
        key = (glyph, colour, rect.width(), ratio)
        if key not in self._pixmaps:
            self._pixmaps[key] = self._icons[glyph, colour].pixmap(rect.size(), ratio)
        painter.drawPixmap(rect, self._pixmaps[key])

    def chips(self, at: Places, row: Row) -> dict[int, QRect]:
        """Where in a row the channels stand that make the chosen place of the picture."""
        made = self._model.makers(row.name)
        line = at.text.adjusted(0, self._line, 0, -self._line)
        return {} if made is None else maker_chips.chips(line, self._small_metrics, made.channels)

    def chip_at(self, rect: QRect, place: QPoint, row: Row) -> int | None:
        """The channel whose chip is at a place of the view."""
        placed = self.chips(self.places(rect), row)
        return next((channel for channel, area in placed.items() if area.contains(place)), None)

    # -- the mouse --------------------------------------------------------------------------------------------------

    def button_at(self, rect: QRect, place: QPoint, row: Row) -> Button | None:
        """Which of a row's buttons is at a place of the view."""
        found = next((name for name, area in self.places(rect).buttons.items() if area.contains(place)), None)
        if not row.is_layer or (found == "filters" and row.tensor is None):
            return None
        return found

    def press(self, button: Button, row: Row) -> None:
        """Do what a row's button says."""
        does = {
            "bypass": self._actions.toggle_bypass,
            "solo": self._actions.toggle_solo,
            "filters": self._actions.view_filters,
        }
        does[button](row.name)

    def helpEvent(  # noqa: N802 - Qt's name
        self, event: QHelpEvent, view: QAbstractItemView, option: QStyleOptionViewItem, index: Index
    ) -> bool:
        """See Qt: buttons and warnings have tool tips of their own."""
        if event.type() == QEvent.Type.ToolTip and index.isValid():
            row, rect = self._model.rows[index.row()], option.rect
            QToolTip.showText(event.globalPos(), self.tip_at(rect, event.pos(), row), view, rect)
            return True
        return super().helpEvent(event, view, option, index)

    def tip_at(self, rect: QRect, place: QPoint, row: Row) -> str:
        """The tool tip of a place in a row."""
        button = self.button_at(rect, place, row)
        if button is not None:
            return _TIPS[button]
        channel = self.chip_at(rect, place, row)
        if channel is not None:
            return keyed(f"Channel {channel} makes the chosen place: a click selects its filter, Ctrl adds it")
        warning = self._model.warning(row.name)
        if warning and self.places(rect).warning.contains(place):
            return f"{row.name}: {warning}"
        return self._model.tip(row)
