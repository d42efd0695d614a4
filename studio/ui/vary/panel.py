"""The dice: eight live variants of what is open, to choose from, and eight of each choice."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QSize, Qt, QTimer
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QComboBox, QGridLayout, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from studio.control.window import STRENGTH
from studio.model.documents.document import Document
from studio.model.views.workspace import Workspace
from studio.runtime.editing.varying import kinds
from studio.runtime.live.report import Message
from studio.runtime.live.telemetry import Telemetry
from studio.runtime.live.variants import COUNT, Variants
from studio.ui.kit import theme
from studio.ui.kit.addressed import give_address
from studio.ui.kit.elided import ElidedLabel
from studio.ui.kit.icons import icon
from studio.ui.kit.keys import keyed
from studio.ui.kit.number_controls import Number
from studio.ui.kit.seen import Seen
from studio.ui.vary.breeding import Breeding
from studio.ui.vary.tile import VariantTile

_REST = 800
"""Milliseconds after another's change when what is open then is varied."""


class VaryPanel(QWidget):
    """Strength, kind and place of what chance does, and the eight.

    Args:
        document: what is varied.
        workspace: says which layer is selected.
        variants: draws and shows them.
        telemetry: knows how much channels matter.
        say: shows a sentence to the person.
    """

    def __init__(
        self,
        document: Document,
        workspace: Workspace,
        variants: Variants,
        telemetry: Telemetry,
        say: Callable[[Message], object],
    ) -> None:
        super().__init__()
        self.setAccessibleName("Vary")
        self.setAutoFillBackground(True)
        self.tiles = [VariantTile(number + 1) for number in range(COUNT)]
        self.status = ElidedLabel()
        self.status.setStyleSheet(f"color: {theme.FAINT};")
        self._columns = 0
        self._rest = QTimer(self, interval=_REST, singleShot=True)
        self._seen = Seen(self, self._be_seen)
        self.breeding = Breeding(document, workspace, variants, telemetry, say, self._show)
        self._rest.timeout.connect(self._again)
        self._make()
        self._lay_out()
        workspace.changed.connect(self._listen)
        self._show()

    # -- what commands call ---------------------------------------------------------------------------------------

    def roll(self) -> None:
        """Draw eight others."""
        self.breeding.roll()

    def set_strength(self, strength: float) -> None:
        """Let the next eight be as strong as this, from 0.05 to 1."""
        self.breeding.strength = strength
        self.strength.show_value(strength)

    # -- within ---------------------------------------------------------------------------------------------------

    def _make(self) -> None:
        self.dice = QPushButton(icon("dice-five"), "Draw eight")
        self.dice.setToolTip(keyed("Eight other variants (Ctrl+Shift+Y)"))
        self.dice.clicked.connect(self.roll)
        self.kind = QComboBox()
        self.kind.setAccessibleName("Kind of edit")
        self.kind.setToolTip("What chance does to filters")
        self.kind.addItem("Any edit", "")
        for kind in kinds():
            self.kind.addItem(kind.label, kind.__name__)
        self.where = QComboBox()
        self.where.setAccessibleName("Which layers")
        self.where.setToolTip("Whose filters are varied: those that matter most are drawn most often")
        self.where.addItem("This layer", False)
        self.where.addItem("All layers", True)
        for box in (self.kind, self.where):
            box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
            box.setMinimumContentsLength(7)
        self.strength = Number(STRENGTH.lo, STRENGTH.hi, self.breeding.strength)
        give_address(self.strength, STRENGTH.address)
        self.strength.name_parts("Strength", "How many filters, and how far each goes")
        self.kind.activated.connect(self._set)
        self.where.activated.connect(self._set)
        self.strength.settled.connect(self._set)
        for place, tile in enumerate(self.tiles):
            tile.clicked.connect(lambda _=False, place=place: self.breeding.choose(place))

    def _lay_out(self) -> None:
        first = QHBoxLayout()
        first.addWidget(self.dice)
        first.addWidget(self.status, 1)
        second = QHBoxLayout()
        second.setSpacing(theme.SPACE // 2)
        second.addWidget(self.kind, 1)
        second.addWidget(self.where, 1)
        third = QHBoxLayout()
        third.setSpacing(theme.SPACE // 2)
        label = QLabel("Strength")
        label.setBuddy(self.strength.focus_part())
        third.addWidget(label)
        third.addWidget(self.strength, 1)
        self._grid = QGridLayout()
        self._grid.setSpacing(theme.SPACE // 2)
        box = QVBoxLayout(self)
        box.setContentsMargins(theme.SPACE, theme.SPACE // 2, theme.SPACE, theme.SPACE)
        box.setSpacing(theme.SPACE // 2)
        for row in (first, second, third):
            box.addLayout(row)
        box.addLayout(self._grid, 1)
        self._arrange(4)

    def _set(self) -> None:
        breeding = self.breeding
        breeding.kind = str(self.kind.currentData())
        breeding.everywhere = bool(self.where.currentData())
        breeding.strength = float(self.strength.value())
        self.roll()

    def _show(self) -> None:
        now = self.breeding.now
        for place, tile in enumerate(self.tiles):
            variant = now.variants.get(place) if now is not None else None
            tile.show_variant(variant.label if variant else "", now.pictures.get(place) if now is not None else None)
        self.status.say(self._says())
        if now is None and self._seen:
            self._rest.start()

    def _says(self) -> str:
        breeding = self.breeding
        if breeding.problem:
            return breeding.problem
        if breeding.is_drawing:
            return "Drawing…"
        if breeding.now is None:
            return ""
        parent = breeding.now.parent
        return f"Variants of: {parent.label}" if parent.genes else "Click one to take it"

    def _again(self) -> None:
        if self._seen and self.breeding.now is None:
            self.roll()

    def _be_seen(self, seen: bool) -> None:
        """Nothing is worked out that nobody sees."""
        self._rest.stop()
        self.breeding.watch(seen)

    def _listen(self, field: str) -> None:
        if field == "layer" and not self.breeding.everywhere and self._seen:
            self._rest.start()
            self.breeding.leave()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """In as many columns as make the tiles largest."""
        super().resizeEvent(event)
        self._fit()

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802 - Qt's name
        """See `QWidget.changeEvent`."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self._fit()

    def _fit(self) -> None:
        room = self._grid.geometry().size()
        shape = next((tile.picture_size for tile in self.tiles if not tile.picture_size.isEmpty()), QSize(1, 1))
        self._arrange(max((3, 4, 2, 8, 1), key=lambda columns: _area(room, columns, shape)))

    def _arrange(self, columns: int) -> None:
        if columns == self._columns:
            return
        self._columns = columns
        for tile in self.tiles:
            self._grid.removeWidget(tile)
        for place, tile in enumerate(self.tiles):
            self._grid.addWidget(tile, place // columns, place % columns)
        for line in range(COUNT):
            self._grid.setRowStretch(line, 1 if line < -(-COUNT // columns) else 0)
            self._grid.setColumnStretch(line, 1 if line < columns else 0)


def _area(room: QSize, columns: int, shape: QSize) -> float:
    """Of a picture of this shape in one of the tiles."""
    rows = -(-COUNT // columns)
    tile = QSize(room.width() // columns, room.height() // rows)
    fitted = shape.scaled(tile, Qt.AspectRatioMode.KeepAspectRatio)
    return fitted.width() * fitted.height()
