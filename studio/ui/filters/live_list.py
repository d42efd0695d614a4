"""The live edits of the selected tensor: a card each, what a move of one costs, and a button that bakes them."""

from __future__ import annotations

from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from studio.control.quantised import switches_of
from studio.model.documents.document import Document
from studio.model.filters.live_edits import EDITS
from studio.model.networks.changes import Change, NetworkChanged
from studio.model.networks.section import SectionChanged
from studio.model.views.workspace import Workspace
from studio.runtime.live.movement import EditCosts, Moved
from studio.ui.filters.live_card import LiveEditCard
from studio.ui.kit import theme
from studio.ui.kit.elided import ElidedLabel
from studio.ui.kit.waiting import show_switch


class LiveList(QWidget):
    """Shows nothing where the selected tensor has no live edits.

    Args:
        document: what holds them.
        workspace: which tensor is selected.
    """

    def __init__(self, document: Document, workspace: Workspace) -> None:
        super().__init__()
        self._document = document
        self._workspace = workspace
        self._costs = EditCosts()
        self._moved = Moved()
        self.cards: dict[int, LiveEditCard] = {}
        self.heading = ElidedLabel()
        self.heading.setStyleSheet("font-weight: 600;")
        self.cost = QLabel()
        self.cost.setStyleSheet(f"color: {theme.FAINT};")
        self.cost.setToolTip("What the last move of a live edit of this tensor took, before the picture")
        self.bake = QPushButton("Bake")
        self.bake.setToolTip("Write what the live edits of this tensor make into its weights, as they are now")
        self.bake.clicked.connect(self.bake_now)
        head = QHBoxLayout()
        head.setSpacing(theme.SPACE // 2)
        head.addWidget(self.heading, 1)
        head.addWidget(self.cost)
        head.addWidget(self.bake)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(theme.SPACE // 2)
        self._column.addLayout(head)
        document.changed.connect(self._follow)
        switches_of(document).changed.connect(self._show_switches)
        workspace.changed.connect(self._listen)
        self._renew()

    def bake_now(self) -> None:
        """Bake the live edits of the selected tensor as they run at this moment."""
        if self._workspace.tensor is not None:
            self._document.bake(self._workspace.tensor, self._moved.values)

    def take_costs(self, costs: EditCosts) -> None:
        """Show what a move costs."""
        self._costs = costs
        seconds = costs.seconds.get(self._workspace.tensor or "")
        self.cost.setText("" if seconds is None else f"{seconds * 1000:.1f} ms a move")

    def take_moved(self, moved: Moved) -> None:
        """Take note of where routes have the numbers."""
        self._moved = moved

    def _show_switches(self) -> None:
        waiting = switches_of(self._document).waiting
        for edit in self._document.edits:
            if edit.id in self.cards:
                show_switch(self.cards[edit.id].on, edit.on, f"/edit/{edit.id}/on" in waiting)

    def _follow(self, change: Change) -> None:
        is_own = isinstance(change, SectionChanged) and change.section == EDITS.name
        if isinstance(change, NetworkChanged) or is_own:
            self._renew()

    def _listen(self, field: str) -> None:
        if field in ("layer", "key"):
            self._renew()

    def _renew(self) -> None:
        """Show those that there are now; a card that is there already stays, so that a drag goes on."""
        tensor = self._workspace.tensor
        edits = [each for each in self._document.edits if each.tensor == tensor]
        wanted = {each.id: each for each in edits}
        for number, card in list(self.cards.items()):
            if number not in wanted or not card.shows(wanted[number]):
                del self.cards[number]
                self._column.removeWidget(card)
                card.deleteLater()
        for place, each in enumerate(edits, start=1):
            if each.id not in self.cards:
                card = self.cards[each.id] = LiveEditCard(self._document, each)
                card.select_asked.connect(self._workspace.select)
            self.cards[each.id].show_edit(each)
            if self._column.indexOf(self.cards[each.id]) != place:
                self._column.insertWidget(place, self.cards[each.id])
        self.heading.say(f"Live over {tensor}")
        self.take_costs(self._costs)
        self.setVisible(bool(edits))
