"""The panel of bends: those behind the selected layer, or of the whole network."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QButtonGroup, QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from studio.control.quantised import switches_of
from studio.errors import StudioError
from studio.model.bends.bend import Bend
from studio.model.bends.clusters import CLUSTERS
from studio.model.bends.stage import AllChannels, ChannelList, Channels, Stage
from studio.model.bends.stages import StagesChanged, stage_of
from studio.model.documents.document import Document
from studio.model.filters.edit import Selection
from studio.model.networks.changes import Change, NetworkChanged
from studio.model.networks.layout import kernel_grid
from studio.model.networks.picture import DeepPicture
from studio.model.networks.section import SECOND, SectionChanged
from studio.model.views.workspace import Workspace
from studio.runtime.editing.varying import filters_of
from studio.runtime.live.report import Message
from studio.ui.bends.adding import BendChooser
from studio.ui.bends.dice import throw
from studio.ui.bends.findings import Findings
from studio.ui.bends.impact_bars import ImpactBars
from studio.ui.bends.mask_tool import MaskTool
from studio.ui.bends.palette import BendPalette, Pictures
from studio.ui.bends.stage_card import StageCard, sources
from studio.ui.kit import theme
from studio.ui.kit.buttons import tool_button
from studio.ui.kit.icons import icon
from studio.ui.kit.scrolled import ScrolledColumn, bring_into_sight
from studio.ui.kit.waiting import show_switch
from studio.ui.services.effects import chosen_channels, source_of

_EMPTY = {
    False: "No bends behind {layer}.\nAdd one: it changes what the layer hands on, while the picture plays.",
    True: "No bends in this network.\nChoose a layer and add one.",
}

_NARROWEST = 264
"""Pixels in which every card has room, beside a scroll bar."""


class BendsPanel(QWidget):
    """A card for every stage, in the order in which they work.

    Args:
        document: what holds the stages.
        workspace: whose selected layer's stages are shown.
        findings: what is known of the channels of layers.
        say: shows a sentence to the person.
        newest: gives what plays now; None while nothing does.
    """

    def __init__(
        self,
        document: Document,
        workspace: Workspace,
        findings: Findings,
        say: Callable[[Message], object],
        newest: Callable[[], DeepPicture | None] = lambda: None,
    ) -> None:
        super().__init__()
        self._findings = findings
        self._document, self._workspace, self._say = document, workspace, say
        self.masks = MaskTool(document, workspace)
        self.cards: dict[int, StageCard] = {}
        self.setAutoFillBackground(True)
        self.setMinimumWidth(_NARROWEST)
        self.add = QPushButton(icon("plus"), "Add bend")
        self.add.setToolTip("Bend what the selected layer hands on")
        self.add.clicked.connect(self.add_bend)
        self.dice = tool_button(
            "dice-five", "Another bend at random; each throw is one undo", "Bend at random", self._try_to_throw
        )
        self.grid = tool_button(
            "squares-four", "Choose among pictures of what each bend does", "Bends as pictures", self.open_palette
        )
        self.pictures = Pictures(document, newest, self)
        self.this, self.all = QPushButton("This"), QPushButton("All")
        group = QButtonGroup(self)
        for button, tip in ((self.this, "Bends of the selected layer"), (self.all, "Bends of every layer")):
            button.setCheckable(True)
            button.setToolTip(tip)
            button.setAccessibleName(tip)
            group.addButton(button)
        self.this.setChecked(True)
        group.buttonToggled.connect(self._renew)
        top = QHBoxLayout()
        top.setContentsMargins(theme.SPACE, theme.SPACE // 2, theme.SPACE, theme.SPACE // 2)
        top.setSpacing(theme.SPACE // 2)
        top.addWidget(self.add)
        top.addWidget(self.grid)
        top.addWidget(self.dice)
        top.addStretch(1)
        top.addWidget(self.this)
        top.addWidget(self.all)
        self.empty = QLabel(wordWrap=True, alignment=Qt.AlignmentFlag.AlignCenter)
        self.empty.setStyleSheet(f"color: {theme.FAINT}; padding: 24px;")
        self._inside = QWidget()
        self._column = QVBoxLayout(self._inside)
        self._column.setContentsMargins(theme.SPACE, 0, theme.SPACE, theme.SPACE)
        self._column.setSpacing(theme.SPACE // 2)
        self._column.addStretch(1)
        self._mark = QFrame(self._inside)
        self._mark.setStyleSheet(f"background: {theme.ACCENT};")
        self._mark.hide()
        self._scroll = ScrolledColumn(self._inside)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addLayout(top)
        self.impact = ImpactBars(findings)
        whole.addWidget(self.impact)
        whole.addWidget(self.empty)
        whole.addWidget(self._scroll, 1)
        self._chooser: BendChooser | None = None
        self._palette: BendPalette | None = None
        self._headings: list[QLabel] = []
        document.changed.connect(self._follow)
        switches_of(document).changed.connect(self._show_switches)
        workspace.changed.connect(self._listen)
        findings.follow(self._take_findings)
        findings.measure_all(workspace.layer)
        self._renew()

    # -- what commands call ---------------------------------------------------------------------------------------

    def add_bend(self) -> None:
        """Let the person choose a bend for the selected layer."""
        if self._chooser is None:
            self._chooser = BendChooser(self)
            self._chooser.chosen.connect(self.put)
        self._chooser.open_below(self.add)

    def open_palette(self) -> None:
        """Let the person choose a bend by a picture of what it does behind the selected layer."""
        layer = self._workspace.layer
        if layer not in self._document.graph:
            self._say(Message("Select a layer first; a bend stands behind one.", "warning"))
            return
        if self._palette is None:
            self._palette = BendPalette(self, self.pictures)
            self._palette.chosen.connect(self.put)
        self._palette.show_layer(layer)
        self._palette.open_below(self.add)

    def put(self, kind: type[Bend], channels: Channels | None = None) -> None:
        """Put a bend of this kind, with its defaults, behind the selected layer; of some channels, or of all."""
        layer = self._workspace.layer
        if layer not in self._document.graph:
            self._say(Message("Select a layer first; a bend stands behind one.", "warning"))
            return
        try:
            before = sources(self._document.graph, layer)
            source = before[-1] if kind.other == "layer" else None
            self._document.add_stage(layer, kind(), source=source, channels=channels or AllChannels())
            self.reveal(max(stage.id for stage in self._document.stages))
        except StudioError as error:
            self._say(Message(str(error), "error"))

    def reveal(self, number: int) -> None:
        """Bring the card of a stage into sight."""
        if number in self.cards:
            bring_into_sight(self.cards[number])

    def toggle_all(self) -> None:
        """All bends off, or, where none works, all on."""
        document, switches = self._document, switches_of(self._document)
        on = not switches.waiting.get("all bends", any(stage.on for stage in document.stages))
        switches.switch("all bends", on, lambda: document.switch_stages(on=on))

    def throw(self) -> None:
        """Put a bend drawn at random behind the selected layer, where its effect is known on channels that matter."""
        layer = self._workspace.layer
        throw(self._document, layer, impact=self._findings.whole_impact(layer))

    # -- within ---------------------------------------------------------------------------------------------------

    def _try_to_throw(self) -> None:
        try:
            self.throw()
        except StudioError as error:
            self._say(Message(str(error), "warning"))

    def _show_switches(self) -> None:
        waiting = switches_of(self._document).waiting
        for stage in self._document.stages:
            if stage.id in self.cards:
                show_switch(self.cards[stage.id].on, stage.on, f"/bend/{stage.id}/on" in waiting)

    def _follow(self, change: Change) -> None:
        if isinstance(change, NetworkChanged):
            self._findings.measure_all(self._workspace.layer)
        said_in_cards = isinstance(change, SectionChanged) and change.section in (SECOND.name, CLUSTERS.name)
        if said_in_cards or isinstance(change, StagesChanged | NetworkChanged):
            self._renew()

    def _listen(self, field: str) -> None:
        if field == "masking":
            for card in self.cards.values():
                card.masked.show_painting(self._workspace.masking == card.number)
        elif field in ("selection", "key"):
            self.impact.show_chosen(chosen_channels(self._workspace))
        elif field == "layer":
            self._findings.stop()
            self._findings.measure_all(self._workspace.layer)
            for card in self.cards.values():
                card.channels.give_up()
            self._renew()

    def _select(self, number: int) -> None:
        """Select the filters that make the channels which a stage bends."""
        stage = stage_of(self._document.stages, number)
        layer = source_of(self._document.graph, stage.layer)
        if layer is None:
            return
        self._workspace.choose(layer, "weight")
        weight = self._document.graph.node(layer).op.tensor_shapes()["weight"]
        across = type(self._document.graph.node(layer).op).__name__.startswith("ConvTranspose")
        count = kernel_grid(weight)[1 if across else 0]
        chosen = np.flatnonzero(stage.channels.chosen(count))
        self._workspace.select(Selection(filters_of(self._document.graph, layer, chosen)))

    def _bend_selected(self, number: int) -> None:
        """Let a stage bend the channels that the selected filters make, and no others."""
        stage, chosen = stage_of(self._document.stages, number), chosen_channels(self._workspace)
        layer = source_of(self._document.graph, stage.layer)
        if chosen is None or layer != self._workspace.layer:
            self._say(Message(f"Select some filters of {layer} first; their channels are bent then.", "warning"))
            return
        channels = ChannelList(channels=tuple(int(channel) for channel in np.flatnonzero(chosen)))
        self._document.change_stage(number, f"Channels of {stage.bend.label}", channels=channels)

    def _paint_mask(self, number: int, on: bool) -> None:
        """Paint the mask of a stage over the picture, which is shown for it; or no more."""
        if on and self._workspace.view.kind not in ("output", "split"):
            self._workspace.show("output")
        self._workspace.masking = number if on else 0

    def _take_findings(self) -> None:
        self._show_impact()
        for card in list(self.cards.values()):
            card.channels.take_findings()

    def _show_impact(self) -> None:
        layer = self._workspace.layer
        self.impact.show_layer(layer if layer in self._document.graph else "")
        self.impact.show_chosen(chosen_channels(self._workspace))

    def _shown(self) -> list[Stage]:
        if not self.all.isChecked():
            return [stage for stage in self._document.stages if stage.layer == self._workspace.layer]
        order = {node.name: place for place, node in enumerate(self._document.graph.nodes)}
        return sorted(self._document.stages, key=lambda stage: order.get(stage.layer, 0))

    def _renew(self) -> None:
        """Show the stages that there are now; a card that is there already stays, so that a drag goes on."""
        self._show_impact()
        shown = self._shown()
        wanted = {stage.id: stage for stage in shown}
        for number, card in list(self.cards.items()):
            if number not in wanted or not card.shows(wanted[number]):
                del self.cards[number]
                self._column.removeWidget(card)
                card.deleteLater()
        for heading in self._headings:
            self._column.removeWidget(heading)
            heading.deleteLater()
        self._headings.clear()
        place, layer = 0, None
        for stage in shown:
            if self.all.isChecked() and stage.layer != layer:
                layer = stage.layer
                self._column.insertWidget(place, self._heading(layer))
                place += 1
            card = self.cards.get(stage.id) or self._new_card(stage)
            card.show_stage(stage)
            if self._column.indexOf(card) != place:
                self._column.insertWidget(place, card)
            place += 1
        self.empty.setText(_EMPTY[self.all.isChecked()].format(layer=self._workspace.layer or "it"))
        self.empty.setVisible(not shown)

    def _heading(self, layer: str) -> QLabel:
        heading = QLabel(layer)
        heading.setStyleSheet(f"color: {theme.FAINT}; font-weight: 600; padding-top: 6px;")
        self._headings.append(heading)
        return heading

    def _new_card(self, stage: Stage) -> StageCard:
        card = self.cards[stage.id] = StageCard(self._document, stage, self._findings, self.masks.even)
        card.masked.show_painting(self._workspace.masking == stage.id)
        card.masked.painting.connect(lambda on: self._paint_mask(card.number, on))
        card.selects.connect(self._select)
        card.takes.connect(self._bend_selected)
        card.moves.connect(lambda layer: self._move(card, layer))
        card.refused.connect(lambda sentence: self._say(Message(sentence, "error")))
        card.handle.dragged.connect(self._show_mark)
        card.handle.dropped.connect(lambda y: self._drop(card, y))
        return card

    def _siblings(self, layer: str) -> list[StageCard]:
        return [self.cards[stage.id] for stage in self._shown() if stage.layer == layer]

    def _place(self, y: int) -> tuple[str, int, int]:
        """Where a card that is let go of at this height of the screen lands: layer, place, and the mark's height."""
        height = y - self._inside.mapToGlobal(self._inside.rect().topLeft()).y()
        found = self._shown()
        below = next((k for k, s in enumerate(found) if self.cards[s.id].geometry().center().y() > height), len(found))
        # Between two layers the name of the second parts the end of the one from the front of the other.
        ends = below == len(found) or (below > 0 and height < self._top_of(found[below], after=found[below - 1]))
        target = found[below - 1] if ends else found[below]
        place = self._siblings(target.layer).index(self.cards[target.id]) + ends
        edge = self.cards[target.id].geometry()
        return target.layer, place, edge.bottom() + 2 if ends else edge.top() - 3

    def _top_of(self, stage: Stage, *, after: Stage) -> int:
        """The height from which a drop is meant for a stage's layer, not for the one before it."""
        headings = (h.geometry().center().y() for h in self._headings if h.text() == stage.layer != after.layer)
        return next(headings, 0)

    def _show_mark(self, y: int) -> None:
        _, _, height = self._place(y)
        self._mark.setGeometry(theme.SPACE, height, self._inside.width() - 2 * theme.SPACE, 2)
        self._mark.raise_()
        self._mark.show()

    def _drop(self, card: StageCard, y: int) -> None:
        self._mark.hide()
        layer, place, _ = self._place(y)
        own = self._siblings(layer)
        if card in own and own.index(card) < place:
            place -= 1
        if not (card in own and own.index(card) == place):
            self._move(card, layer, place)

    def _move(self, card: StageCard, layer: str, place: int | None = None) -> None:
        try:
            self._document.move_stage(card.number, layer, place)
        except StudioError as error:
            self._say(Message(str(error), "error"))
