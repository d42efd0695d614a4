"""What a model would become as rows of a table: its inputs, its layers, and beneath each layer its tensors."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt
from PySide6.QtGui import QColor

from studio.io.importers import Options
from studio.model.declared.size import Size
from studio.runtime.services.importing import ImportPreview, preview
from studio.ui.kit import theme

Index = QModelIndex | QPersistentModelIndex
_NOWHERE = QModelIndex()
_FAINT = QColor(theme.FAINT)
COLUMNS = ("Becomes", "Operator", "Shape", "In the file")
_LAST = len(COLUMNS) - 1


@dataclass(frozen=True)
class PreviewRow:
    """One input, layer or tensor.

    Attributes:
        name: in the studio.
        op: its operator; empty for a tensor.
        shape: channels × height × width; a tensor's in PyTorch's layout.
        origin: what the file calls it; for a layer what it reads.
        is_tensor: whether it is a tensor of the layer above it.
    """

    name: str
    op: str
    shape: str
    origin: str
    is_tensor: bool = False


@dataclass(frozen=True)
class Found:
    """What was read of a model.

    Attributes:
        preview: what it would become.
        rows: in running order.
        output_channels: how many channels its output has.
    """

    preview: ImportPreview
    rows: tuple[PreviewRow, ...]
    output_channels: int


def look_at(path: Path, options: Options | None = None) -> Found:
    """Read what a model would become; may take long, so that it is for a thread of its own.

    Raises:
        StudioError: where it is no model that the studio can open.
    """
    read = preview(path, options)
    layers, prefix = read.layers, read.imported.prefix
    rows = []
    for given in read.inputs:
        size = read.size if given.has_size else Size(1, 1)
        rows.append(PreviewRow(given.name, given.kind.capitalize(), _shape((given.channels, *size)), ""))
    for layer in layers:
        rows.append(PreviewRow(layer.name, layer.op, _shape(layer.shape), f"reads {', '.join(layer.inputs)}"))
        for tensor in layer.tensors:
            origin = ", ".join(prefix + name for name in tensor.origin) or "computed from others"
            rows.append(PreviewRow(tensor.name, "", _shape(tensor.shape), origin, is_tensor=True))
    shapes = {layer.name: layer.shape for layer in layers}
    return Found(read, tuple(rows), shapes[read.imported.network.graph.output].channels)


class PreviewModel(QAbstractTableModel):
    """The rows for a view."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.rows: tuple[PreviewRow, ...] = ()

    def show_rows(self, rows: tuple[PreviewRow, ...]) -> None:
        """Show other rows."""
        self.beginResetModel()
        self.rows = rows
        self.endResetModel()

    def rowCount(self, parent: Index = _NOWHERE) -> int:  # noqa: N802 - Qt's name
        """See Qt."""
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: Index = _NOWHERE) -> int:  # noqa: N802 - Qt's name
        """See Qt."""
        return 0 if parent.isValid() else len(COLUMNS)

    def headerData(  # noqa: N802 - Qt's name
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        """See Qt."""
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return COLUMNS[section]
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """See Qt."""
        row = self.rows[index.row()]
        text = (row.name, row.op, row.shape, row.origin)[index.column()]
        if role == Qt.ItemDataRole.DisplayRole:
            return f"    {text}" if row.is_tensor and index.column() == 0 else text
        if role in (Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole):
            return text
        if role == Qt.ItemDataRole.ForegroundRole and row.is_tensor != (index.column() == _LAST):
            return _FAINT
        return None


def _shape(sides: tuple[int, ...]) -> str:
    return " × ".join(map(str, sides))
