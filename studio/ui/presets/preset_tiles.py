"""How a preset looks in the deck: its picture, its name, and what is to be known of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QAbstractItemModel, QModelIndex, QPersistentModelIndex, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QImage, QPainter, QPainterPath, QPen
from PySide6.QtWidgets import QLineEdit, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from studio.io.library import Library
from studio.io.presets import PresetCard
from studio.ui.kit import theme
from studio.ui.kit.icons import icon

TILE = Qt.ItemDataRole.UserRole + 1
"""The role under which an item holds its `PresetTile`."""

_TITLE = 22
_EDGE = 4
_UPPER_LEFT = Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft
Index = QModelIndex | QPersistentModelIndex


@dataclass(frozen=True, eq=False)
class PresetTile:
    """One preset of the deck.

    Attributes:
        card: what its preset.json says.
        image: its thumbnail, or an empty image.
        shipped: whether it came with the studio.
        is_network: whether it is a network rather than a preset.
    """

    card: PresetCard
    image: QImage
    shipped: bool
    is_network: bool = False

    @property
    def badge(self) -> str:
        """What stands on its picture: the network that it bends, by which presets are grouped, and whose it is."""
        network = Path(self.card.weights).name
        return network if self.shipped else f"yours · {network}" if network else "yours"

    @property
    def tip(self) -> str:
        """What a tool tip says of it."""
        if self.card.problem:
            return self.card.problem
        if self.is_network:
            return f"{self.card.title}\n{self.card.description}"
        origin = "built in: saving makes a copy of your own" if self.shipped else "yours"
        lines = (self.card.title, self.card.description, f"{self.card.weights} · {origin}")
        return "\n".join(line for line in lines if line)


def read_tiles(library: Library, *, own: bool = True) -> list[PresetTile]:
    """All presets, or the studio's alone, with their thumbnails; for a worker."""
    return [
        PresetTile(card, QImage(str(card.thumbnail)) if card.thumbnail else QImage(), library.is_shipped(card.path))
        for card in library.cards(own=own)
    ]


class TileDelegate(QStyledItemDelegate):
    """Draws tiles, and edits their names.

    Attributes:
        size: of a tile, in pixels.
        open_path: the preset that is open; None where it has no folder.
        unsaved: whether that has unsaved changes.
        opening: the preset that is being opened.
        favourites: the keys of presets that have one.
        pictures: shown in place of thumbnails: what presets make of the source that plays.
    """

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.size = QSize(126, 116)
        self.open_path: Path | None = None
        self.unsaved = False
        self.opening: Path | None = None
        self.favourites: dict[Path, int] = {}
        self.pictures: dict[Path, QImage] = {}

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:  # noqa: ARG002, N802 - Qt's name
        """All tiles are of one size."""
        return self.size

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Draw one."""
        tile, rect, state = index.data(TILE), _rect_of(option), _state_of(option)
        frame = QRectF(self._picture(rect)).adjusted(1, 1, -1, -1)
        is_open = tile.card.path == self.open_path
        painter.save()
        painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform)
        outline = QPainterPath()
        outline.addRoundedRect(frame, 4, 4)
        painter.fillPath(outline, QColor(theme.RAISED))
        painter.setClipPath(outline)
        if tile.card.problem:
            painter.setOpacity(0.3)
        elif tile.card.path == self.opening:
            painter.setOpacity(0.5)
        image = self.pictures.get(tile.card.path, tile.image)
        if not image.isNull():
            painter.drawImage(frame, image, _covering(image.size(), frame))
        painter.setOpacity(1)
        self._paint_badges(painter, frame, tile)
        painter.setClipping(False)
        if is_open or state & (QStyle.StateFlag.State_HasFocus | QStyle.StateFlag.State_MouseOver):
            painter.setPen(QPen(QColor(theme.ACCENT if is_open else theme.FAINT), 2 if is_open else 1))
            painter.drawPath(outline)
        if is_open and state & QStyle.StateFlag.State_HasFocus:
            painter.setPen(QPen(QColor(theme.TEXT), 1))
            painter.drawRoundedRect(frame.adjusted(3, 3, -3, -3), 2, 2)
        if is_open and self.unsaved:
            painter.setPen(QPen(QColor(theme.GROUND), 2))
            painter.setBrush(QColor(theme.ACCENT))
            painter.drawEllipse(QRectF(frame.right() - 15, frame.top() + 5, 10, 10))
        painter.setPen(QColor(theme.ACCENT if is_open else theme.FAINT if tile.card.problem else theme.TEXT))
        title = self._title(rect)
        text = QFontMetrics(painter.font()).elidedText(tile.card.title, Qt.TextElideMode.ElideRight, title.width())
        painter.drawText(title, int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter), text)
        painter.restore()

    def _paint_badges(self, painter: QPainter, frame: QRectF, tile: PresetTile) -> None:
        """What is to be known of it, on its picture."""
        if tile.card.path == self.opening:
            _badge(painter, frame, "opening…", Qt.AlignmentFlag.AlignCenter)
        elif tile.card.problem:
            _badge(painter, frame, "damaged", Qt.AlignmentFlag.AlignCenter)
        elif tile.is_network and tile.image.isNull():
            icon("tree-structure", theme.FAINT).paint(painter, frame.toAlignedRect().adjusted(12, 12, -12, -12))
        elif not tile.is_network:
            _badge(painter, frame, tile.badge, Qt.AlignmentFlag.AlignBottom | Qt.AlignmentFlag.AlignLeft)
        if tile.card.path in self.favourites:
            _badge(painter, frame, str(self.favourites[tile.card.path]), _UPPER_LEFT)

    def createEditor(self, parent: QWidget, option: QStyleOptionViewItem, index: Index) -> QWidget:  # noqa: ARG002, N802 - Qt's name
        """A field for the name."""
        editor = QLineEdit(parent)
        editor.setAccessibleName("New name")
        editor.setMaxLength(120)
        editor.setStyleSheet("padding: 0 2px; min-height: 0;")
        return editor

    def setEditorData(self, editor: QWidget, index: Index) -> None:  # noqa: N802 - Qt's name
        """Begin with the name that it has."""
        assert isinstance(editor, QLineEdit)
        editor.setText(index.data(TILE).card.title)
        editor.selectAll()

    def setModelData(self, editor: QWidget, model: QAbstractItemModel, index: Index) -> None:  # noqa: N802 - Qt's name
        """Hand the new name over."""
        assert isinstance(editor, QLineEdit)
        if editor.text() != index.data(TILE).card.title:
            model.setData(model.index(index.row(), index.column()), editor.text())

    def updateEditorGeometry(self, editor: QWidget, option: QStyleOptionViewItem, index: Index) -> None:  # noqa: ARG002, N802 - Qt's name
        """Where the name stands."""
        editor.setGeometry(self._title(_rect_of(option)))

    def _picture(self, rect: QRect) -> QRect:
        return rect.adjusted(_EDGE, _EDGE, -_EDGE, -_TITLE - _EDGE)

    def _title(self, rect: QRect) -> QRect:
        return QRect(rect.left() + _EDGE, rect.bottom() - _TITLE - 1, rect.width() - 2 * _EDGE, _TITLE)


def _badge(painter: QPainter, frame: QRectF, text: str, where: Qt.AlignmentFlag) -> None:
    font = painter.font()
    small = theme.smaller(font, 0.8)
    painter.setFont(small)
    metrics = QFontMetrics(small)
    text = metrics.elidedText(text, Qt.TextElideMode.ElideMiddle, round(frame.width()) - 18)
    size = QSize(metrics.horizontalAdvance(text) + 10, metrics.height() + 4)
    place = QStyle.alignedRect(
        Qt.LayoutDirection.LeftToRight, where, size, frame.toAlignedRect().adjusted(4, 4, -4, -4)
    )
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(22, 23, 26, 190))
    painter.drawRoundedRect(place, 3, 3)
    painter.setPen(QColor(theme.TEXT))
    painter.drawText(place, int(Qt.AlignmentFlag.AlignCenter), text)
    painter.setFont(font)
    painter.setBrush(Qt.BrushStyle.NoBrush)


def _covering(image: QSize, frame: QRectF) -> QRectF:
    """The middle of an image, of the frame's proportions."""
    scale = min(image.width() / frame.width(), image.height() / frame.height())
    height, width = frame.height() * scale, frame.width() * scale
    return QRectF((image.width() - width) / 2, (image.height() - height) / 2, width, height)


def _rect_of(option: QStyleOptionViewItem) -> QRect:
    rect: QRect = option.rect
    return rect


def _state_of(option: QStyleOptionViewItem) -> QStyle.StateFlag:
    state: QStyle.StateFlag = option.state
    return state
