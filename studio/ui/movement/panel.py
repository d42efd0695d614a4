"""The panel of movements: the routes of the preset, and the tempo."""

from __future__ import annotations

import time
from collections.abc import Callable

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from studio.control.midi import Taps
from studio.control.namespace import Namespace
from studio.control.quantised import switches_of
from studio.errors import StudioError
from studio.model.bends.stages import STAGES
from studio.model.declared.form import field_of
from studio.model.documents.document import Document
from studio.model.filters.gesture import Gesture
from studio.model.movement.address import Number as Target
from studio.model.movement.route import ROUTES, added
from studio.model.movement.tempo import TEMPO, Tempo
from studio.model.networks.changes import Change, NetworkChanged
from studio.model.networks.section import SectionChanged
from studio.modulators import registry
from studio.runtime.live.movement import Beats, Moved
from studio.runtime.live.report import Message
from studio.runtime.live.telemetry import Telemetry
from studio.ui.kit import theme
from studio.ui.kit.addressed import give_address
from studio.ui.kit.buttons import tool_button
from studio.ui.kit.icons import icon
from studio.ui.kit.number_controls import Number
from studio.ui.kit.panel import bring_forward
from studio.ui.kit.scrolled import ScrolledColumn, bring_into_sight
from studio.ui.kit.target_chooser import TargetChooser
from studio.ui.kit.waiting import show_switch
from studio.ui.movement.route_card import RouteCard

_SHOWN = {ROUTES.name, TEMPO.name, STAGES.name}
_PAUSE = round(Taps.PAUSE * 1000)
_EMPTY = "Nothing moves by itself.\nAdd a movement: a number then swings, or follows the sound or the picture."


class MovementPanel(QWidget):
    """A card for every route, and the tempo by which they count beats.

    Args:
        document: what holds them.
        telemetry: tells what the sources say.
        say: shows a sentence to the person.
        find_tempo: finds the tempo of the film's sound, for whoever is to take it.
        names: what can move; the document's numbers alone where it is left out.
    """

    def __init__(
        self,
        document: Document,
        telemetry: Telemetry,
        say: Callable[[Message], object],
        find_tempo: Callable[[Callable[[Tempo], object]], object] = lambda _: None,
        names: Namespace | None = None,
    ) -> None:
        super().__init__()
        self._document, self._telemetry, self._say, self._find_tempo = document, telemetry, say, find_tempo
        self._names = names or Namespace(document)
        self._taps = Taps()
        self._gesture: Gesture | None = None
        self._asking: RouteCard | None = None
        self._chooser: TargetChooser | None = None
        self.cards: dict[int, RouteCard] = {}
        self.setAutoFillBackground(True)
        self.add = QPushButton(icon("plus"), "Add movement")
        self.add.setToolTip("Let a number of the preset move by itself")
        self.add.clicked.connect(self.add_movement)
        bpm = field_of(Tempo, "bpm")
        self.bpm = Number(bpm.lo, bpm.hi, bpm.default, bpm.unit)
        self.bpm.name_parts("Tempo", bpm.doc)
        give_address(self.bpm, "/tempo/bpm")
        self.tap = QPushButton("Tap")
        self.tap.setToolTip("Tap the tempo: two or more taps set it")
        # A beat falls when the finger comes down.
        self.tap.pressed.connect(self.tap_tempo)
        self.listen = tool_button(
            "ear", "Take the tempo from the sound of the film that plays", "Tempo from the sound", self.hear_tempo
        )
        self.bpm.changed.connect(lambda: self._turn_tempo(float(self.bpm.value())))
        self.bpm.settled.connect(self._settle)
        self._pause = QTimer(self, interval=_PAUSE, singleShot=True)
        self._pause.timeout.connect(self._settle)
        self._lay_out()
        document.changed.connect(self._follow)
        switches_of(document).changed.connect(self._show_switches)
        # Told of each frame: a source at rest says the same again, and its plot goes on.
        telemetry.on(Beats, self._trace)
        self._renew()

    def _lay_out(self) -> None:
        top = QHBoxLayout()
        top.setContentsMargins(theme.SPACE, theme.SPACE // 2, theme.SPACE, 0)
        top.addWidget(self.add)
        top.addStretch(1)
        beats = QHBoxLayout()
        beats.setContentsMargins(theme.SPACE, 0, theme.SPACE, theme.SPACE // 2)
        beats.setSpacing(theme.SPACE // 2)
        beats.addWidget(QLabel("Tempo"))
        beats.addWidget(self.bpm, 1)
        beats.addWidget(self.tap)
        beats.addWidget(self.listen)
        self.empty = QLabel(_EMPTY, wordWrap=True, alignment=Qt.AlignmentFlag.AlignCenter)
        self.empty.setStyleSheet(f"color: {theme.FAINT}; padding: 24px;")
        inside = QWidget()
        self._column = QVBoxLayout(inside)
        self._column.setContentsMargins(theme.SPACE, 0, theme.SPACE, theme.SPACE)
        self._column.setSpacing(theme.SPACE // 2)
        self._column.addStretch(1)
        scroll = ScrolledColumn(inside)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(theme.SPACE // 2)
        whole.addLayout(top)
        whole.addLayout(beats)
        whole.addWidget(self.empty)
        whole.addWidget(scroll, 1)

    # -- what commands call ---------------------------------------------------------------------------------------

    def add_movement(self) -> None:
        """Let the person choose the number that is to move."""
        bring_forward(self)
        self._choose(None)

    def tap_tempo(self) -> None:
        """A tap, on which a beat falls from the second on; all taps until a pause are one item of the history."""
        at = time.monotonic()
        bpm = self._taps.tap(at)
        if bpm is not None:
            now = self._telemetry[Beats].now(at)
            self._set_tempo(self._document.section(TEMPO).struck(bpm, now))
            self._pause.start()

    def hear_tempo(self) -> None:
        """Take the tempo from the film's sound, and fall in with its beats."""
        self._find_tempo(self._take_tempo)

    def _take_tempo(self, tempo: Tempo) -> None:
        self._settle()
        self._document.set_section(TEMPO, tempo, "Tempo from the sound")
        self._say(Message(f"The sound has {tempo.bpm:.1f} beats a minute."))

    def targets(self) -> list[Target]:
        """The numbers that can move: all of the preset and the window but the tempo."""
        return self._names.movable()

    def show_targets(self) -> None:
        """Other numbers can be reached than before: show what movements lead to."""
        for route in self._document.section(ROUTES):
            if route.id in self.cards:
                self.cards[route.id].show_route(route)

    # -- within ---------------------------------------------------------------------------------------------------

    def _choose(self, card: RouteCard | None) -> None:
        targets = self.targets()
        if not targets:
            self._say(Message("No number of this network can move yet; add a bend, whose numbers can.", "warning"))
            return
        if self._chooser is None:
            self._chooser = TargetChooser(self)
            self._chooser.chosen.connect(self._chosen)
        self._asking = card
        self._chooser.offer(targets)
        self._chooser.open_below(self.add if card is None else card.retarget)

    def _chosen(self, address: str) -> None:
        card, self._asking = self._asking, None
        try:
            if card is not None and self.cards.get(card.number) is card:
                card.set_target(address)
            else:
                routes, route = added(self._document.section(ROUTES), registry()["LFO"](), address)
                self._document.set_section(ROUTES, routes, f"Move {self._names.number(address).label}")
                if route.id in self.cards:
                    bring_into_sight(self.cards[route.id])
        except StudioError as error:
            self._say(Message(str(error), "error"))

    def _turn_tempo(self, bpm: float) -> None:
        # The same part of the same beat stays under way.
        now = self._telemetry[Beats].now(time.monotonic())
        self._set_tempo(self._document.section(TEMPO).at(bpm, now))

    def _set_tempo(self, tempo: Tempo) -> None:
        if self._gesture is None or not self._gesture.is_open:
            self._gesture = self._document.begin("Tempo")
        self._gesture.set_section(TEMPO, tempo)

    def _settle(self) -> None:
        self._pause.stop()
        if self._gesture is not None:
            self._gesture.commit()
            self._gesture = None

    def _show_switches(self) -> None:
        waiting = switches_of(self._document).waiting
        for route in self._document.section(ROUTES):
            if route.id in self.cards:
                show_switch(self.cards[route.id].on, route.on, f"/route/{route.id}/on" in waiting)

    def _follow(self, change: Change) -> None:
        if isinstance(change, NetworkChanged) or (isinstance(change, SectionChanged) and change.section in _SHOWN):
            self._renew()

    def _trace(self, _: Beats) -> None:
        if self.isVisible():
            moved = self._telemetry[Moved]
            for number, value in moved.sources.items():
                if number in self.cards:
                    self.cards[number].take(value, moved.values)

    def _renew(self) -> None:
        """Show the routes that there are now; a card that is there already stays, so that a drag goes on."""
        routes = self._document.section(ROUTES)
        wanted = {route.id: route for route in routes}
        for number, card in list(self.cards.items()):
            if number not in wanted or not card.shows(wanted[number]):
                del self.cards[number]
                self._column.removeWidget(card)
                card.deleteLater()
        for place, route in enumerate(routes):
            card = self.cards.get(route.id) or self._new_card(route.id)
            card.show_route(route)
            if self._column.indexOf(card) != place:
                self._column.insertWidget(place, card)
        self.empty.setVisible(not routes)
        self.bpm.show_value(self._document.section(TEMPO).bpm)

    def _new_card(self, number: int) -> RouteCard:
        route = next(each for each in self._document.section(ROUTES) if each.id == number)
        card = self.cards[number] = RouteCard(self._document, route, self._names)
        card.target_asked.connect(lambda: self._choose(card))
        card.refused.connect(lambda text: self._say(Message(text, "warning")))
        return card
