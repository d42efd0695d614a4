"""How a row of the history is drawn: its picture, what was done, and where, or what it is called."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPoint, QRect, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QImage, QPainter
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from studio.ui.kit import theme
from studio.ui.kit.icons import icon

HERE = Qt.ItemDataRole.UserRole + 1
DETAIL = Qt.ItemDataRole.UserRole + 2
NAME = Qt.ItemDataRole.UserRole + 3
PICTURE = Qt.ItemDataRole.UserRole + 4

_THUMB = QSize(44, 33)
_HIGH = 39
_FLAG = 12

Index = QModelIndex | QPersistentModelIndex


class HistoryRows(QStyledItemDelegate):
    """Two lines beside a thumbnail; the present state has a bar at its left."""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:  # noqa: N802 - Qt's name
        """See Qt."""
        del option, index
        return QSize(120, _HIGH)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """See Qt."""
        rect: QRect = option.rect
        metrics = QFontMetrics(option.font)
        painter.save()
        painter.setFont(option.font)
        if option.state & QStyle.StateFlag.State_Selected:
            painter.fillRect(rect, QColor(theme.CHOSEN))
        if index.data(HERE):
            painter.fillRect(QRect(rect.topLeft(), QSize(3, rect.height())), QColor(theme.ACCENT))
        box = QRect(rect.topLeft() + QPoint(8, (rect.height() - _THUMB.height()) // 2), _THUMB)
        _draw_picture(painter, box, index.data(PICTURE))
        left = box.right() + theme.SPACE
        text = QRect(left, rect.y(), rect.right() - left - 4, rect.height())
        name, detail = index.data(NAME), index.data(DETAIL)
        top = text if not (name or detail) else text.adjusted(0, 3, 0, -rect.height() // 2)
        painter.setPen(index.data(Qt.ItemDataRole.ForegroundRole))
        vertical = Qt.AlignmentFlag.AlignVCenter
        label = metrics.elidedText(str(index.data()), Qt.TextElideMode.ElideMiddle, top.width())
        painter.drawText(top, vertical, label)
        below = text.adjusted(0, rect.height() // 2, 0, -3)
        if name:
            icon("flag-fill", theme.ACCENT).paint(painter, QRect(below.x(), below.y() + 2, _FLAG, below.height() - 4))
            below.setLeft(below.left() + _FLAG + 4)
            painter.setPen(QColor(theme.ACCENT))
        else:
            painter.setPen(QColor(theme.FAINT))
        shown = metrics.elidedText(name or detail, Qt.TextElideMode.ElideRight, below.width())
        painter.drawText(below, vertical, shown)
        painter.restore()


def _draw_picture(painter: QPainter, box: QRect, picture: QImage | None) -> None:
    if picture is None:
        painter.fillRect(box, QColor(theme.RAISED))
        return
    size = picture.size().scaled(box.size(), Qt.AspectRatioMode.KeepAspectRatio)
    at = QRect(box.center() - QPoint(size.width() // 2, size.height() // 2), size)
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
    painter.drawImage(at, picture)
