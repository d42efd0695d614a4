"""The panel of controllers: what is heard and sent, what came in last, and every mapping."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCheckBox, QFormLayout, QLabel, QLineEdit, QPushButton, QVBoxLayout, QWidget

from studio.control.inbox import Taken
from studio.model.documents.document import Document
from studio.model.movement.mapping import MAPPINGS, Mapping
from studio.model.networks.changes import Change, NetworkChanged
from studio.model.networks.section import SectionChanged
from studio.ui.controllers.mapping_row import MappingRow
from studio.ui.kit import theme
from studio.ui.kit.elided import ElidedLabel
from studio.ui.kit.reached import name_control
from studio.ui.services.controllers import Controllers

_EMPTY = "No control turns anything yet.\nRight click on any control, and choose “Learn a control”."
_SHOWN = {MAPPINGS.name, "stages", "routes", "edits"}


class ControllersPanel(QWidget):
    """Shows what controllers do, and changes it.

    Args:
        document: holds the mappings of the preset.
        controllers: hear and send.
    """

    def __init__(self, document: Document, controllers: Controllers) -> None:
        super().__init__()
        self.setAutoFillBackground(True)
        self.setAccessibleName("Controllers")
        self._document, self._controllers = document, controllers
        self.rows: list[MappingRow] = []
        self._make()
        self._lay_out()
        controllers.changed.connect(self._show)
        controllers.hub.taken.connect(self._take)
        document.changed.connect(self._follow)
        self._show()

    def _make(self) -> None:
        choose = self._controllers
        self.midi = QCheckBox("Hear MIDI")
        self.midi.setToolTip("Every port; one that is pulled is used again when it comes back")
        self.midi.clicked.connect(self._hear_midi)
        self.lights = QCheckBox("Show numbers on controllers")
        self.lights.setToolTip("Lights, rings and motor faders go to where the numbers are that their controls turn")
        self.lights.clicked.connect(lambda on: choose.hear_midi(self.midi.isChecked(), lights=on))
        self.clock = QCheckBox("Follow MIDI clock")
        self.clock.setToolTip("Tempo and beats go by the clock of another machine, its start and its song position")
        self.clock.clicked.connect(choose.follow_clock)
        self.microphone = QCheckBox("Hear the microphone, not the film")
        self.microphone.setToolTip("What moves by sound goes by the microphone: levels of bands, and onsets")
        self.microphone.clicked.connect(self._hear_microphone)
        self.osc = QLineEdit()
        self.osc.setAccessibleName("UDP port at which OSC is heard")
        self.osc.setPlaceholderText("not heard; 9000, say")
        self.osc.setToolTip("UDP port, from this machine alone; empty for none. studio open --osc-host lets others in")
        self.osc.editingFinished.connect(self._set_osc)
        self.sends = QLineEdit()
        self.sends.setAccessibleName("Where OSC is sent to")
        self.sends.setPlaceholderText("not sent; 127.0.0.1:9001, say")
        self.sends.setToolTip("Host and port that are sent every number when it changes; empty for none")
        self.sends.editingFinished.connect(self._set_sends)
        self.ports = QLabel(wordWrap=True)
        self.ports.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.ports.setStyleSheet(f"color: {theme.FAINT};")
        self.last = ElidedLabel()
        self.last.say("nothing yet")
        self.learning = QPushButton()
        name_control(self.learning, "stop_learning")
        self.learning.clicked.connect(self._controllers.hub.stop_learning)
        self.empty = QLabel(_EMPTY, wordWrap=True, alignment=Qt.AlignmentFlag.AlignCenter)
        self.empty.setStyleSheet(f"color: {theme.FAINT}; padding: 16px;")

    def _lay_out(self) -> None:
        form = QFormLayout()
        form.setHorizontalSpacing(theme.SPACE)
        form.setVerticalSpacing(theme.SPACE // 2)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        for text, field in (("OSC in", self.osc), ("OSC out", self.sends), ("Came last", self.last)):
            label = QLabel(text)
            label.setBuddy(field)
            form.addRow(label, field)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(theme.SPACE, theme.SPACE, theme.SPACE, theme.SPACE)
        whole.setSpacing(theme.SPACE // 2)
        for part in (self.midi, self.clock, self.lights, self.microphone):
            whole.addWidget(part)
        whole.addLayout(form)
        whole.addWidget(self.ports)
        whole.addWidget(self.learning)
        whole.addWidget(self.empty)
        self._column = QVBoxLayout()
        self._column.setSpacing(theme.SPACE // 2)
        whole.addLayout(self._column)
        whole.addStretch(1)

    # -- showing ------------------------------------------------------------------------------------------------------

    def _follow(self, change: Change) -> None:
        if isinstance(change, NetworkChanged) or (isinstance(change, SectionChanged) and change.section in _SHOWN):
            self._show()

    def _take(self, taken: Taken) -> None:
        if not self.isVisible():
            return
        found = {**taken.signals, **taken.numbers}
        for name, value in found.items():
            if "/cc14/" not in name:
                self.last.say(f"{name}  {value:.3g}")

    def _show(self) -> None:
        hub, choice = self._controllers.hub, self._controllers.choice
        ports = hub.ports
        self.midi.setChecked(ports.midi is not None)
        self.clock.setChecked(choice.clock)
        self.lights.setChecked(choice.lights)
        self.microphone.setChecked(self._controllers.microphone is not None)
        if not self.osc.hasFocus():
            self.osc.setText("" if ports.osc is None else str(ports.osc))
        if not self.sends.hasFocus():
            self.sends.setText("" if ports.sends is None else f"{ports.sends[0]}:{ports.sends[1]}")
        lines = []
        if ports.midi is not None:
            lines.append(f"MIDI from {', '.join(ports.midi)}" if ports.midi else "No MIDI port is there yet.")
        if ports.lights:
            lines.append(f"Lights to {', '.join(ports.lights)}")
        if ports.page is not None:
            lines.append(f"All addresses: http://127.0.0.1:{ports.page}/?html")
        self.ports.setText("\n".join(lines))
        self.ports.setVisible(bool(lines))
        self.learning.setVisible(bool(hub.learns))
        self.learning.setText(f"Waiting for a control for {self._label(hub.learns)}. Stop")
        self._show_mappings([(each, False) for each in self._document.section(MAPPINGS)] + [(m, True) for m in hub.own])

    def _show_mappings(self, wanted: list[tuple[Mapping, bool]]) -> None:
        labels = [self._label(mapping.target) for mapping, _ in wanted]
        if [(row.mapping, row.for_all, row.name.whole) for row in self.rows] != [
            (mapping, own, label) for (mapping, own), label in zip(wanted, labels, strict=True)
        ]:
            for row in self.rows:
                self._column.removeWidget(row)
                row.deleteLater()
            self.rows = [self._row(mapping, label, own) for (mapping, own), label in zip(wanted, labels, strict=True)]
        self.empty.setVisible(not wanted)

    def _row(self, mapping: Mapping, label: str, for_all: bool) -> MappingRow:
        row = MappingRow(mapping, label, for_all)
        row.changed.connect(lambda new, own: self._change(mapping, for_all, new, own))
        row.removed.connect(lambda: self._change(mapping, for_all, None, False))
        row.refused.connect(self._controllers.refuse)
        self._column.addWidget(row)
        return row

    def _label(self, address: str) -> str:
        number = self._controllers.hub.names.find(address)
        return number.label if number is not None else ""

    # -- changing -----------------------------------------------------------------------------------------------------

    def _change(self, old: Mapping, was_own: bool, new: Mapping | None, own: bool) -> None:
        held = {False: list(self._document.section(MAPPINGS)), True: list(self._controllers.hub.own)}
        if old not in held[was_own]:
            return
        place = held[was_own].index(old)
        held[was_own].remove(old)
        if new is not None:
            held[own].insert(place if own == was_own else len(held[own]), new)
        label = f"Forget {old.signal}" if new is None else f"Mapping of {old.signal}"
        self._controllers.hub.set_mappings(tuple(held[False]), tuple(held[True]), label)

    def _hear_midi(self, wanted: bool) -> None:
        self._controllers.hear_midi(wanted)
        self._show()

    def _hear_microphone(self, wanted: bool) -> None:
        self._controllers.hear_microphone(wanted)
        self._show()

    def _set_osc(self) -> None:
        now = self._controllers.hub.ports.osc
        if self.osc.text().strip() != ("" if now is None else str(now)):
            self._controllers.hear_osc(self.osc.text())
            self._show()

    def _set_sends(self) -> None:
        now = self._controllers.hub.ports.sends
        if self.sends.text().strip() != ("" if now is None else f"{now[0]}:{now[1]}"):
            self._controllers.send_osc(self.sends.text())
            self._show()
