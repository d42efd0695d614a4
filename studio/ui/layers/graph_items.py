"""What the graph view draws: a box for each input and layer, a line for each edge."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QIcon, QPainter, QPainterPath, QPen, QPixmap
from PySide6.QtWidgets import QGraphicsItem, QGraphicsPathItem, QStyleOptionGraphicsItem, QWidget

from studio.ui.kit import theme
from studio.ui.kit.icons import icon
from studio.ui.layers.graph_layout import Layout, Link
from studio.ui.layers.network_model import LayerModel
from studio.ui.layers.network_rows import KINDS, Row
from studio.ui.layers.network_text import is_broken

HEIGHT, WIDTH = 42.0, 190.0
"""Of a box, in pixels at a zoom of 1."""

_ROW = 62.0
_GAP = 44.0
_LANE = 13.0
_ROUND = 6.0
_EDGE = theme.EDGE
_LEGIBLE = 0.45


class Geometry:
    """Pixels of a `Layout` at a zoom of 1; the first row's column 0 has its upper left corner at (0, 0)."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        columns = max((column for _, column in layout.places.values()), default=0)
        self._left = [0.0]
        for column in range(1, columns + 1):
            lanes = layout.lanes.get(column - 1, 0) if column > 1 else 0
            self._left.append(self._left[-1] - WIDTH - _GAP - lanes * _LANE)

    def box(self, name: str) -> QRectF:
        """Of an input or a layer."""
        row, column = self._layout.places[name]
        return QRectF(self._left[column], row * _ROW, WIDTH, HEIGHT)

    def path(self, link: Link) -> QPainterPath:
        """From what is read to what reads it."""
        source, target = self.box(link.source), self.box(link.target)
        (top, column), (bottom, other) = self._layout.places[link.source], self._layout.places[link.target]
        if link.lane is not None:
            return _round_the_side(source, target, link.lane, is_right=column == 0)
        start, end = QPointF(source.center().x(), source.bottom()), QPointF(target.center().x(), target.top())
        path = QPainterPath(start)
        if column == other:
            path.lineTo(end)
        elif self._is_clear(max(column, other), top, bottom):
            half = (_ROW - HEIGHT) / 2
            turn = end.y() - 2 * half if column > other else start.y() + 2 * half
            if column > other:
                path.lineTo(start.x(), turn)
                path.cubicTo(QPointF(start.x(), turn + half), QPointF(end.x(), end.y() - half), end)
            else:
                path.cubicTo(QPointF(start.x(), turn - half), QPointF(end.x(), turn - half), QPointF(end.x(), turn))
                path.lineTo(end)
        else:
            path = _between_columns(source, target, to_left=other > column)
        return path

    def _is_clear(self, column: int, top: int, bottom: int) -> bool:
        taken = {row for row, at in self._layout.places.values() if at == column}
        return taken.isdisjoint(range(top + 1, bottom))


def _round_the_side(source: QRectF, target: QRectF, lane: int, *, is_right: bool) -> QPainterPath:
    sign = 1.0 if is_right else -1.0
    edge = source.right() if is_right else source.left()
    out = edge + sign * (16.0 + lane * _LANE)
    bend = min(14.0 + lane * 4.0, (target.center().y() - source.center().y()) / 2)
    start, end = QPointF(edge, source.center().y() + 6), QPointF(edge, target.center().y() - 6)
    path = QPainterPath(start)
    path.cubicTo(QPointF(out, start.y()), QPointF(out, start.y()), QPointF(out, start.y() + bend))
    path.lineTo(out, end.y() - bend)
    path.cubicTo(QPointF(out, end.y()), QPointF(out, end.y()), end)
    return path


def _between_columns(source: QRectF, target: QRectF, *, to_left: bool) -> QPainterPath:
    start = QPointF(source.left() if to_left else source.right(), source.center().y())
    end = QPointF(target.right() if to_left else target.left(), target.center().y())
    middle = (start.x() + end.x()) / 2
    path = QPainterPath(start)
    path.cubicTo(QPointF(middle, start.y()), QPointF(middle, end.y()), end)
    return path


class Edge(QGraphicsPathItem):
    """A line with an arrow's head where it ends."""

    def __init__(self, link: Link, geometry: Geometry) -> None:
        path = geometry.path(link)
        super().__init__(path)
        self.link = link
        end, before = path.pointAtPercent(1.0), path.pointAtPercent(max(0.0, 1 - 8 / max(path.length(), 8.0)))
        along = end - before
        length = max((along.x() ** 2 + along.y() ** 2) ** 0.5, 1e-6)
        ahead = along * (6 / length)
        aside = QPointF(-ahead.y(), ahead.x()) * 0.6
        self._head = [end, end - ahead + aside, end - ahead - aside]
        self.lit = False
        self.light(False)

    def light(self, lit: bool) -> None:
        """Whether it belongs to the selected layer."""
        self.lit = lit
        self.setPen(QPen(QColor(theme.ACCENT if lit else _EDGE), 2.0 if lit else 1.4))
        self.setZValue(-1 if lit else -2)

    def boundingRect(self) -> QRectF:  # noqa: N802 - Qt's name
        """See Qt."""
        return super().boundingRect().adjusted(-5, -5, 5, 5)

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        """See Qt."""
        super().paint(painter, option, widget)
        painter.setBrush(self.pen().color())
        painter.setPen(Qt.PenStyle.NoPen)
        painter.drawPolygon(self._head)


class Marks:
    """Icons and fonts that all boxes share, made before the first is drawn."""

    def __init__(self, font: QFont) -> None:
        self.name_font, self.text_font = QFont(font), QFont(font)
        self.name_font.setPixelSize(12)
        self.name_font.setWeight(QFont.Weight.DemiBold)
        self.text_font.setPixelSize(11)
        self.name_metrics, self.text_metrics = QFontMetricsF(self.name_font), QFontMetricsF(self.text_font)
        self._warnings: dict[str, QPixmap] = {
            colour: _pixmap(icon("warning-fill", colour)) for colour in (theme.DANGER, theme.WARNING)
        }

    def warning(self, text: str) -> QPixmap:
        """Red for what is not finite, amber for the rest."""
        return self._warnings[theme.DANGER if is_broken(text) else theme.WARNING]


def _pixmap(of: QIcon) -> QPixmap:
    return of.pixmap(32, 32)


class Box(QGraphicsItem):
    """An input or a layer."""

    def __init__(self, row: Row, place: QRectF, model: LayerModel, marks: Marks) -> None:
        super().__init__()
        self.row = row
        self._model = model
        self._marks = marks
        room = WIDTH - 20
        self._name = marks.name_metrics.elidedText(row.name, Qt.TextElideMode.ElideMiddle, room - 16)
        self._short_name = marks.name_metrics.elidedText(row.name, Qt.TextElideMode.ElideMiddle, room - 36)
        self._text = marks.text_metrics.elidedText(row.text, Qt.TextElideMode.ElideRight, room)
        self.setPos(place.topLeft())

    def boundingRect(self) -> QRectF:  # noqa: N802 - Qt's name
        """See Qt."""
        return QRectF(-2, -2, WIDTH + 4, HEIGHT + 4)

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        """See Qt."""
        del option, widget
        name, model = self.row.name, self._model
        is_selected, is_bypassed = name == model.workspace.layer, model.is_bypassed(name)
        whole = QRectF(0, 0, WIDTH, HEIGHT)
        pen = QPen(QColor(theme.ACCENT if is_selected else theme.LINE), 2.0 if is_selected else 1.0)
        if is_bypassed:
            pen.setStyle(Qt.PenStyle.DashLine)
            pen.setColor(QColor(theme.ACCENT if is_selected else theme.FAINT))
        painter.setPen(pen)
        colour = QColor(KINDS[self.row.kind][1])
        is_legible = painter.worldTransform().m11() >= _LEGIBLE
        # From afar a box is its colour.
        ground = theme.CHOSEN if is_selected else theme.GROUND if is_bypassed else theme.RAISED
        painter.setBrush(QColor(ground) if is_legible or is_bypassed else colour.darker(125))
        painter.drawRoundedRect(whole, _ROUND, _ROUND)
        if is_legible:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colour)
            painter.drawRoundedRect(QRectF(4, 6, 4, HEIGHT - 12), 2, 2)
            self._paint_text(painter, is_faint=is_bypassed)
        elif is_selected:
            painter.setPen(QPen(QColor(theme.TEXT), 8.0))
            painter.drawRoundedRect(whole, _ROUND, _ROUND)
        self._paint_marks(painter)

    def _paint_text(self, painter: QPainter, *, is_faint: bool) -> None:
        middle = HEIGHT / 2
        is_short = bool(self._model.warning(self.row.name))
        painter.setPen(QColor(theme.FAINT if is_faint else theme.TEXT))
        painter.setFont(self._marks.name_font)
        painter.drawText(QPointF(14, middle - 4), self._short_name if is_short else self._name)
        painter.setPen(QColor(theme.FAINT))
        painter.setFont(self._marks.text_font)
        painter.drawText(QPointF(14, middle + 13), self._text)

    def _paint_marks(self, painter: QPainter) -> None:
        name, right = self.row.name, WIDTH - 7
        if self._model.is_bent(name):
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(theme.ACCENT))
            painter.drawEllipse(QPointF(right - 5, 13), 4, 4)
            right -= 16
        warning = self._model.warning(name)
        if warning:
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            painter.drawPixmap(QRectF(right - 15, 5, 16, 16), self._marks.warning(warning), QRectF(0, 0, 32, 32))
