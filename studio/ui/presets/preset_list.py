"""The tiles of the deck, with mouse and keyboard."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QResizeEvent, QStandardItem, QStandardItemModel
from PySide6.QtWidgets import QAbstractItemView, QListView

from studio.ui.presets.preset_tiles import TILE, PresetTile, TileDelegate

_NARROWEST = 104


class _Model(QStandardItemModel):
    """A new name is not taken, but told of: it counts when it is in the file."""

    renamed = Signal(object, str)

    def setData(self, index, value, role=Qt.ItemDataRole.EditRole):  # type: ignore[no-untyped-def]  # noqa: N802 - Qt's name
        if role != Qt.ItemDataRole.EditRole:
            return super().setData(index, value, role)
        self.renamed.emit(index.data(TILE).card.path, value)
        return True


class PresetList(QListView):
    """Tiles in as many columns as there is room for."""

    chosen = Signal(object)
    """A preset was clicked, or Enter pressed on it (its `Path`)."""
    renamed = Signal(object, str)
    """The person has given a preset another name (its `Path`, the name)."""
    removed = Signal(object)
    """Delete was pressed on a preset (its `Path`)."""

    tiles_changed = Signal()
    """Other tiles are shown."""

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("Presets")
        self.delegate = TileDelegate(self)
        self._model = _Model(self)
        self._model.renamed.connect(self.renamed)
        self.setModel(self._model)
        self.setItemDelegate(self.delegate)
        self.setViewMode(QListView.ViewMode.IconMode)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setMovement(QListView.Movement.Static)
        self.setUniformItemSizes(True)
        self.setMouseTracking(True)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.setFrameShape(QListView.Shape.NoFrame)
        self.setStyleSheet("QListView { border: none; }")
        self.clicked.connect(lambda index: self._choose(index.data(TILE)))
        self._filter = ""

    @property
    def tiles(self) -> list[PresetTile]:
        """All of them, in their order."""
        return [self._model.item(row).data(TILE) for row in range(self._model.rowCount())]

    @property
    def shown(self) -> list[PresetTile]:
        """Those that the search leaves."""
        return [tile for row, tile in enumerate(self.tiles) if not self.isRowHidden(row)]

    @property
    def current(self) -> PresetTile | None:
        """The one with the focus."""
        index = self.currentIndex()
        return index.data(TILE) if index.isValid() else None

    def show_tiles(self, tiles: Sequence[PresetTile]) -> None:
        """Show other presets; the focus stays where it was."""
        before = self.current
        self._model.clear()
        for tile in tiles:
            item = QStandardItem()
            item.setData(tile, TILE)
            item.setData(tile.card.title, Qt.ItemDataRole.AccessibleTextRole)
            item.setToolTip(tile.tip)
            item.setEditable(not tile.shipped and not tile.is_network and not tile.card.problem)
            self._model.appendRow(item)
        self.search(self._filter)
        if before is not None:
            self.focus(before.card.path)
        self.tiles_changed.emit()

    def search(self, text: str) -> None:
        """Show only those in whose name, description or network's name all these words are."""
        self._filter = text
        words = text.casefold().split()
        for row, tile in enumerate(self.tiles):
            said = f"{tile.card.title} {tile.card.description} {Path(tile.card.weights).name}".casefold()
            self.setRowHidden(row, not all(word in said for word in words))

    def focus(self, path: Path) -> None:
        """Give the focus to this preset, if it is there."""
        for row, tile in enumerate(self.tiles):
            if tile.card.path == path and not self.isRowHidden(row):
                self.setCurrentIndex(self._model.index(row, 0))
                self.scrollTo(self._model.index(row, 0))

    def focus_first(self) -> None:
        """Give the focus to the first one that is shown."""
        if self.shown:
            self.focus(self.shown[0].card.path)

    def rename(self) -> None:
        """Let the person type another name for the one with the focus."""
        index = self.currentIndex()
        if index.isValid() and index.flags() & Qt.ItemFlag.ItemIsEditable:
            self.scrollTo(index)
            self.edit(index)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Enter opens, F2 renames, Delete removes; arrows go about."""
        tile = self.current
        if self.state() == QAbstractItemView.State.EditingState:
            # The field of the name passes on what it has no use for, such as the Enter that ended it.
            super().keyPressEvent(event)
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._choose(tile)
        elif event.key() == Qt.Key.Key_F2:
            self.rename()
        elif event.key() == Qt.Key.Key_Delete and tile is not None:
            self.removed.emit(tile.card.path)
        else:
            super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """Fit the tiles to the width."""
        width = self.viewport().width()
        columns = max(1, width // _NARROWEST)
        side = max(60, (width - 2) // columns)
        self.delegate.size = QSize(side, round((side - 8) * 0.75) + 30)
        self.setGridSize(self.delegate.size)
        super().resizeEvent(event)

    def _choose(self, tile: PresetTile | None) -> None:
        if tile is not None and not tile.card.problem:
            self.chosen.emit(tile.card.path)
