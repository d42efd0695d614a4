"""One stage: a head with its name and switches, and beneath it everything that can be turned."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QComboBox, QFrame, QGridLayout, QHBoxLayout, QLabel, QMenu, QVBoxLayout, QWidget

from studio.control.quantised import switches_of
from studio.errors import StudioError
from studio.model.bends.bend import Bend
from studio.model.bends.stage import Guard, Luma, Painted, SomeChannels, Stage
from studio.model.bends.stages import STAGES, changed, stage_of
from studio.model.declared.form import fields
from studio.model.declared.param import turnables
from studio.model.documents.document import Document
from studio.model.filters.gesture import Gesture
from studio.model.networks.graph import Graph
from studio.ui.bends.adding import first_line
from studio.ui.bends.channels import ChannelsEditor, channels_text
from studio.ui.bends.findings import Findings
from studio.ui.bends.found_channels import narrow
from studio.ui.bends.handle import Handle
from studio.ui.bends.mask_editor import MaskEditor
from studio.ui.bends.second import SecondChooser
from studio.ui.kit import theme
from studio.ui.kit.addressed import give_address
from studio.ui.kit.buttons import show_icon, tool_button
from studio.ui.kit.elided import ElidedLabel
from studio.ui.kit.forms import Form, align
from studio.ui.kit.number_controls import Number
from studio.ui.kit.reached import give_place
from studio.ui.services.effects import source_of

_GUARDS = {
    "none": "No guard",
    "finite": "Only finite values",
    "deviation": "Within deviations",
    "norm": "As strong as before",
}


def sources(graph: Graph, layer: str) -> list[str]:
    """The inputs and layers whose maps a bend behind this layer may take: those that run before it."""
    names = [node.name for node in graph.nodes]
    before = names[: names.index(layer)] if layer in names else []
    return [*(i.name for i in graph.inputs), *before]


class StageCard(QFrame):
    """A stage as a card; it shows the document and changes it, and keeps nothing but whether it is unfolded.

    Args:
        document: what holds the stage.
        stage: which.
        findings: what is known of the channels of layers.
        even: makes a mask of the picture's shape that has one value everywhere.
    """

    selects = Signal(int)
    """The filters that make the channels which it bends are to be selected."""
    takes = Signal(int)
    """It is to bend the channels that the selected filters make."""
    moves = Signal(str)
    """It is to stand behind this layer."""
    refused = Signal(str)
    """It would not fit its layer any more; the sentence that says why."""

    def __init__(self, document: Document, stage: Stage, findings: Findings, even: Callable[[float], Painted]) -> None:
        super().__init__()
        self._findings = findings
        self.masked = MaskEditor(even, lambda: sources(document.graph, self._stage().layer))
        self.number = stage.id
        self._document = document
        self._kind = type(stage.bend)
        self._gesture: Gesture | None = None
        self.setObjectName("stage")
        give_place(self, stage.id)
        self.setStyleSheet(
            f"QFrame#stage {{ background: {theme.PANEL}; border: 1px solid {theme.LINE}; border-radius: 4px; }}"
        )
        self.handle = Handle()
        self.on = tool_button("power", "Bypass or work", f"{stage.bend.label} works", self._toggle_on)
        self.on.setCheckable(True)
        self.name = ElidedLabel()
        self.name.say(stage.bend.label)
        self.name.setToolTip(first_line(self._kind))
        self.where = ElidedLabel()
        self.where.setStyleSheet(f"color: {theme.FAINT};")
        self.where.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.where.setMinimumWidth(0)
        self.fold = tool_button("caret-down", "Fold or unfold", "Fold or unfold", self.toggle_fold)
        self.more = tool_button("dots-three-vertical", "More", f"More of {stage.bend.label}", self._open_menu)
        self.remove = tool_button("x", "Remove this bend", f"Remove {stage.bend.label}", self._remove)
        head = QHBoxLayout()
        head.setContentsMargins(0, 0, 0, 0)
        head.setSpacing(theme.SPACE // 2)
        for part, stretch in ((self.handle, 0), (self.on, 0), (self.name, 3), (self.where, 2)):
            head.addWidget(part, stretch)
        for button in (self.fold, self.more, self.remove):
            head.addWidget(button)
        self.body = QWidget()
        self._fill()
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.SPACE // 2, theme.SPACE // 2, theme.SPACE // 2, theme.SPACE // 2)
        column.setSpacing(theme.SPACE // 2)
        column.addLayout(head)
        column.addWidget(self.body)
        self.show_stage(stage)

    def _fill(self) -> None:
        self.amount = Number(0.0, 1.0, 1.0)
        self.amount.name_parts("Amount", "From as it was to bent")
        self.form: Form[Bend] = Form(self._kind)
        self.channels = ChannelsEditor(self._findings, lambda: self._stage().layer)
        self.source = QComboBox()
        self.source.setAccessibleName("Map of")
        narrow(self.source, 6)
        self.source.setToolTip("The layer whose map it takes; it must run before this one")
        self._source_label = QLabel("Map of")
        self.guard = QComboBox()
        self.guard.setAccessibleName("Guard")
        self.guard.setToolTip("What the bent values are held to, so that the layers behind can work with them")
        for kind, text in _GUARDS.items():
            self.guard.addItem(text, kind)
        narrow(self.guard, 6)
        self.times = Number(0.0, 20.0, 3.0)
        self.times.name_parts("Deviations", "How many standard deviations from the mean that the channel had")
        self.second = SecondChooser(self._document)
        self._second_label = QLabel("Picture")
        grid = QGridLayout()
        grid.setHorizontalSpacing(theme.SPACE)
        grid.setVerticalSpacing(theme.SPACE // 2)
        grid.setColumnStretch(1, 1)
        self._times_label = QLabel("Deviations")
        rows = (
            (self._source_label, self.source),
            (self._second_label, self.second),
            (QLabel("Amount"), self.amount),
            (QLabel("Channels"), self.channels),
            (QLabel("Mask"), self.masked),
            (QLabel("Guard"), self.guard),
            (self._times_label, self.times),
        )
        for row, (label, control) in enumerate(rows):
            several = isinstance(control, ChannelsEditor | MaskEditor)
            if several:  # of lines: the name stands by the first
                label.setContentsMargins(0, 5, 0, 0)
            grid.addWidget(label, row, 0, Qt.AlignmentFlag.AlignTop if several else Qt.AlignmentFlag(0))
            grid.addWidget(control, row, 1)
        align((*self.form.labels, *(label for label, _ in rows)))
        column = QVBoxLayout(self.body)
        column.setContentsMargins(theme.SPACE // 2, 0, theme.SPACE // 2, theme.SPACE // 2)
        column.setSpacing(theme.SPACE // 2)
        if fields(self._kind):
            column.addWidget(self.form)
        column.addLayout(grid)
        give_address(self.amount, f"/bend/{self.number}/amount")
        give_address(self.on, f"/bend/{self.number}/on")
        give_address(self.guard, f"/bend/{self.number}/guard/kind")
        self.form.give_addresses({name: f"/bend/{self.number}/{name}" for name in turnables(self._kind)})
        self.form.changed.connect(lambda bend: self._turn(bend=bend))
        self.form.settled.connect(self._settle)
        self.amount.changed.connect(lambda: self._turn(amount=float(self.amount.value())))
        self.amount.settled.connect(self._settle)
        self.channels.changed.connect(lambda channels: self._set("Channels", channels=channels))
        self.masked.changed.connect(lambda mask: self._set("Mask", mask=mask))
        self.masked.turned.connect(lambda mask: self._turn(mask=mask))
        self.masked.settled.connect(self._settle)
        self.source.activated.connect(lambda: self._set("Source", source=self.source.currentText()))
        self.guard.activated.connect(self._set_guard)
        self.times.changed.connect(lambda: self._turn(guard=self._guard()))
        self.times.settled.connect(self._settle)

    # -- showing ----------------------------------------------------------------------------------------------------

    def show_stage(self, stage: Stage) -> None:
        """Show the stage as it is now."""
        self.on.setChecked(stage.on)
        self.on.setToolTip("Works; click to bypass it" if stage.on else "Bypassed; click to let it work")
        self.name.setStyleSheet(f"color: {theme.TEXT if stage.on else theme.FAINT}; font-weight: 600;")
        self.where.say("does not fit" if stage.problem else channels_text(stage.channels))
        self.where.setToolTip(stage.problem)
        self.where.setVisible(bool(self.where.whole))
        self.form.show_record(stage.bend)
        self.amount.show_value(stage.amount)
        self.channels.show_channels(stage.channels)
        self.masked.show_mask(stage.mask)
        self._second_label.setVisible(self._kind.other == "picture")
        self.second.setVisible(self._kind.other == "picture")
        self.second.refresh()
        takes_map = self._kind.other == "layer"
        for part in (self._source_label, self.source):
            part.setVisible(takes_map)
        if takes_map:
            before = sources(self._document.graph, stage.layer)
            if [self.source.itemText(row) for row in range(self.source.count())] != before:
                self.source.clear()
                self.source.addItems(before)
            self.source.setCurrentText(stage.source or "")
        self.guard.setCurrentIndex(self.guard.findData(stage.guard.kind))
        self.times.show_value(min(stage.guard.times, 20.0))
        for end, name in ((self.masked.low, "low"), (self.masked.high, "high")):
            give_address(end, f"/bend/{self.number}/mask/{name}" if isinstance(stage.mask, Luma) else "")
        drawn = isinstance(stage.channels, SomeChannels)
        for control, name in ((self.channels.share, "share"), (self.channels.seed, "seed")):
            give_address(control, f"/bend/{self.number}/channels/{name}" if drawn else "")
        counts = stage.guard.kind == "deviation"
        give_address(self.times, f"/bend/{self.number}/guard/times" if counts else "")
        for widget in (self._times_label, self.times):
            widget.setVisible(counts)

    def shows(self, stage: Stage) -> bool:
        """Whether this is the card of such a stage: of this number, with a bend of this kind."""
        return stage.id == self.number and type(stage.bend) is self._kind

    def toggle_fold(self) -> None:
        """Hide or show what can be turned."""
        self.body.setVisible(self.body.isHidden())
        show_icon(self.fold, "caret-right" if self.body.isHidden() else "caret-down")

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Fold or unfold."""
        del event
        self.toggle_fold()

    # -- changing ---------------------------------------------------------------------------------------------------

    def _stage(self) -> Stage:
        return stage_of(self._document.stages, self.number)

    def _turn(self, **settings: Any) -> None:
        """Show a change while the hand is at it: all until it lets go are one item of the history."""
        if self._gesture is None or not self._gesture.is_open:
            self._gesture = self._document.begin(f"{self._stage().bend.label} of {self._stage().layer}")
        self._gesture.set_section(STAGES, changed(self._document.stages, self.number, **settings))

    def _settle(self) -> None:
        if self._gesture is not None:
            self._gesture.commit()
            self._gesture = None

    def _set(self, what: str, **settings: Any) -> None:
        self._settle()
        self._try(lambda: self._document.change_stage(self.number, f"{what} of {self._stage().bend.label}", **settings))

    def _try(self, change: Callable[[], object]) -> None:
        try:
            change()
        except StudioError as error:
            self.show_stage(self._stage())
            self.refused.emit(str(error))

    def _guard(self) -> Guard:
        return Guard(kind=self.guard.currentData(), times=float(self.times.value()))

    def _set_guard(self) -> None:
        self._set("Guard", guard=self._guard())

    def _toggle_on(self) -> None:
        stage, switches = self._stage(), switches_of(self._document)
        self._settle()
        address = f"/bend/{self.number}/on"
        on = not switches.waiting.get(address, stage.on)
        label = f"{'Unbypass' if on else 'Bypass'} {stage.bend.label}"
        number, document = self.number, self._document
        self._try(lambda: switches.switch(address, on, lambda: document.change_stage(number, label, on=on)))

    def _remove(self) -> None:
        self._settle()
        self._document.remove_stage(self.number)

    def _open_menu(self) -> None:
        self.menu().popup(self.more.mapToGlobal(QPoint(0, self.more.height())))

    def menu(self) -> QMenu:
        """What else can be done with the stage."""
        menu = QMenu(self)
        stage = self._stage()
        siblings = [each.id for each in self._document.stages if each.layer == stage.layer]
        place = siblings.index(stage.id)
        earlier = menu.addAction("Earlier", lambda: self._document.move_stage(self.number, stage.layer, place - 1))
        earlier.setEnabled(place > 0)
        later = menu.addAction("Later", lambda: self._document.move_stage(self.number, stage.layer, place + 1))
        later.setEnabled(place < len(siblings) - 1)
        layers = menu.addMenu("Move to layer")
        for node in self._document.graph.nodes:
            action = layers.addAction(node.name, lambda name=node.name: self.moves.emit(name))
            action.setEnabled(node.name != stage.layer)
        menu.addSeparator()
        solo = partial(self._document.solo_stage, self.number)
        menu.addAction("Solo, or all bends on again", lambda: self._try(solo))
        menu.addAction("Duplicate", self._duplicate)
        select = menu.addAction("Select its filters", lambda: self.selects.emit(self.number))
        take = menu.addAction("Bend the selected filters", lambda: self.takes.emit(self.number))
        for action in (select, take):
            action.setEnabled(source_of(self._document.graph, stage.layer) is not None)
        menu.addAction("Back to its defaults", self._reset)
        menu.addAction("Remove", self._remove)
        return menu

    def _duplicate(self) -> None:
        stage = self._stage()
        at = [each.id for each in self._document.stages if each.layer == stage.layer].index(stage.id) + 1
        self._document.add_stage(
            stage.layer,
            stage.bend,
            at,
            channels=stage.channels,
            mask=stage.mask,
            amount=stage.amount,
            guard=stage.guard,
            on=stage.on,
            source=stage.source,
        )

    def _reset(self) -> None:
        try:
            plain = self._kind()
        except ValueError as error:  # a bend whose parameters have no defaults
            raise StudioError(f"{self._kind.label} has no defaults to go back to.") from error
        self._set("Defaults", bend=plain, amount=1.0)
