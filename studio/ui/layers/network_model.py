"""The rows of the network panel as a Qt model; what changes while the network runs is asked for when a row is drawn."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from studio.model.documents.document import Document
from studio.model.networks.picture import Picture
from studio.model.networks.shape import Shape
from studio.model.views.workspace import Makers, Workspace
from studio.runtime.live.report import LayerShapes, LayerTimes, LayerWarnings, Thumbnails
from studio.runtime.live.telemetry import Telemetry
from studio.ui.layers.network_actions import BentLayers
from studio.ui.layers.network_rows import Row, rows_of
from studio.ui.layers.network_text import count_text, seconds_text

Index = QModelIndex | QPersistentModelIndex
_NOWHERE = QModelIndex()


class LayerModel(QAbstractListModel):
    """Inputs and layers in running order, those that a search leaves."""

    def __init__(
        self, document: Document, workspace: Workspace, telemetry: Telemetry, bent: BentLayers, parent: QObject
    ) -> None:
        super().__init__(parent)
        self.document = document
        self.workspace = workspace
        self._telemetry = telemetry
        self._bent = bent
        self._sought = ""
        self.all_rows: tuple[Row, ...] = ()
        self.rows: tuple[Row, ...] = ()
        self._places: dict[str, int] = {}
        self._times: dict[str, float] = {}
        self._slowest = self._total = 0.0
        self.rebuild()

    # -- what Qt asks -----------------------------------------------------------------------------------------------

    def rowCount(self, parent: Index = _NOWHERE) -> int:  # noqa: N802 - Qt's name
        """See Qt."""
        return 0 if parent.isValid() else len(self.rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """See Qt."""
        row = self.rows[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return row.name
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return ", ".join(filter(None, (row.name, row.text, self.state_text(row.name))))
        if role == Qt.ItemDataRole.ToolTipRole:
            return self.tip(row)
        return None

    # -- what the panel asks ----------------------------------------------------------------------------------------

    def rebuild(self) -> None:
        """Another network is open."""
        self.all_rows = rows_of(self.document.graph)
        self.search(self._sought)
        self.take_times()

    def search(self, text: str) -> None:
        """Leave those whose name or operator has this text in it."""
        self._sought = text
        wanted = text.strip().casefold()
        self.beginResetModel()
        self.rows = tuple(
            row for row in self.all_rows if wanted in row.name.casefold() or wanted in row.text.casefold()
        )
        self._places = {row.name: place for place, row in enumerate(self.rows)}
        self.endResetModel()

    def place(self, name: str) -> QModelIndex:
        """Where a layer or input is; an invalid index where the search leaves it out."""
        return self.index(self._places[name]) if name in self._places else QModelIndex()

    def take_times(self) -> None:
        """Show the newest times; they are held until this is called again, so that they can be read."""
        newest = self._telemetry[LayerTimes].seconds
        self._times = {row.name: newest[row.name] for row in self.all_rows if row.name in newest}
        self._slowest, self._total = max(self._times.values(), default=0.0), sum(self._times.values())

    @property
    def total_seconds(self) -> float:
        """What all layers take together."""
        return self._total

    # -- what a row shows -------------------------------------------------------------------------------------------

    def thumbnail(self, name: str) -> Picture | None:
        """(H, W, 3) uint8 RGB of the activation; None before the first."""
        return self._telemetry[Thumbnails].pictures.get(name)

    def shape(self, name: str) -> Shape | None:
        """Of the activation; None before the first run."""
        return self._telemetry[LayerShapes].shapes.get(name)

    def seconds(self, name: str) -> float | None:
        """What a layer takes; None before it was measured."""
        return self._times.get(name)

    def share_of_slowest(self, name: str) -> float:
        """0..1: what a layer takes of what the slowest takes."""
        return self._times.get(name, 0.0) / self._slowest if self._slowest > 0 else 0.0

    def warning(self, name: str) -> str:
        """What is wrong with a layer; empty where nothing is."""
        return self._telemetry[LayerWarnings].warnings.get(name, "")

    def is_bent(self, name: str) -> bool:
        """Whether a layer's tensors differ from the trained ones."""
        return name in self._bent

    def is_bypassed(self, name: str) -> bool:
        """Whether a layer hands on what it reads."""
        return name in self.document.bypassed

    def is_solo(self, name: str) -> bool:
        """Whether this layer's bends alone run."""
        return self.workspace.comparison == name

    def makers(self, name: str) -> Makers | None:
        """Which of a layer's channels make the place of the picture that was chosen; None where it does not."""
        return next((made for made in self.workspace.makers if made.layer == name), None)

    def facts(self, row: Row) -> str:
        """Shape and number of parameters: "128×64×64 · 131 k"."""
        shape = self.shape(row.name)
        return " · ".join(filter(None, (str(shape or ""), count_text(row.parameters) if row.parameters else "")))

    def state_text(self, name: str) -> str:
        """Its state in words: bent, bypassed, solo, what is wrong."""
        made = self.makers(name)
        states = (
            "bent" if self.is_bent(name) else "",
            "bypassed" if self.is_bypassed(name) else "",
            "solo" if self.is_solo(name) else "",
            self.warning(name),
            f"makes the place by channels {' '.join(map(str, made.channels))}" if made is not None else "",
        )
        return ", ".join(filter(None, states))

    def tip(self, row: Row) -> str:
        """All that is known of a layer, a line each."""
        lines = [row.name, row.text]
        if row.details:
            lines.append("; ".join(row.details))
        shape, seconds = self.shape(row.name), self.seconds(row.name)
        if shape is not None:
            lines.append(f"{shape} (channels × height × width)")
        if row.parameters:
            lines.append(f"{row.parameters:,} parameters")
        if seconds is not None and self._total > 0:
            lines.append(f"{seconds_text(seconds)}, {seconds / self._total:.0%} of all layers' time")
        if self.state_text(row.name):
            lines.append(self.state_text(row.name))
        return "\n".join(lines)
