"""Fades in the window: of what is opened, between snapshots, and by hand between presets in four slots."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal

from studio.control.blend import fade_shares, morph_shares
from studio.control.crossing import ADDRESSES, FADE, MORPH
from studio.control.fader import Fader, Way
from studio.control.window import FADE_BEATS
from studio.errors import StudioError
from studio.model.documents.document import Document
from studio.model.movement.address import Dial, Number
from studio.model.movement.tempo import TEMPO
from studio.model.networks.changes import Change, Opened
from studio.model.networks.preset import Preset
from studio.runtime.live.movement import Beats
from studio.runtime.live.orders import Order
from studio.runtime.live.picture_fade import FadePictures
from studio.runtime.live.report import Message, Progress
from studio.runtime.live.telemetry import Telemetry
from studio.ui.kit.keys import keyed
from studio.ui.services.choices import FadingChoice
from studio.ui.services.held import EASINGS, PLACES, SLOTS, Held, quantum_of
from studio.ui.services.session import Session

_STEP_MS = 33
_PATIENCE = 0.2
"""Seconds after which a fade goes on though no frame has been run since its last step."""

_REST_MS = 400
"""Milliseconds without a move after which what hands and controllers faded is one item of the history."""


class Fades(QObject):
    """What is kept to be faded to, and the fade that is under way.

    ``changed`` comes when snapshots, slots or places are others, or a fade begins, goes on or ends; ``kept`` when
    there are other snapshots, ``altered`` with the number of one that was taken or forgotten,
    ``filled`` when there is something else in a slot.

    Args:
        document: what is faded.
        telemetry: knows the beat, and whether frames are run.
        session: remembers how fades go.
        say: shows messages.
        order: has an order carried out in the render thread, where pictures of different networks are mixed.

    Attributes:
        snapshots: by their keys, 1 to 9.
        slots: what the crossfader and the pad go between, by their letters.
        across: from A to B, and from C to D, from 0 to 1.
        down: from A to C, and from B to D.
    """

    changed = Signal()
    kept = Signal()
    altered = Signal(int)
    filled = Signal()

    def __init__(
        self,
        document: Document,
        telemetry: Telemetry,
        session: Session,
        say: Callable[[Message], object],
        order: Callable[[Order], object],
    ) -> None:
        super().__init__()
        self._order = order
        self._document, self._telemetry, self._session, self._say = document, telemetry, session, say
        self._fader = Fader(document, self.now, lambda text: say(Message(text)))
        self._then: Callable[[Preset], object] = lambda _: None
        self._serial, self._stepped = -1, 0.0
        self._cut: Way | None = None
        self._passes = False  # what a route moves, and no hand
        self._is_played: Callable[[], bool] = lambda: False
        self.snapshots: dict[int, Held] = {}
        self.slots: dict[str, Held] = {}
        self.across = self.down = 0.0
        self._timer = QTimer(self, interval=_STEP_MS)
        self._timer.timeout.connect(self._step)
        self._rest = QTimer(self, interval=_REST_MS, singleShot=True)
        self._rest.timeout.connect(self.settle)
        document.changed.connect(self._follow)

    def now(self) -> float:
        """The time by which beats are counted, in seconds."""
        return self._telemetry[Beats].now(time.monotonic())

    @property
    def way(self) -> Way | None:
        """The fade under way, or what waits for its beat; None where there is none."""
        return self._cut or self._fader.way

    @property
    def resting(self) -> tuple[str, ...]:
        """Addresses that routes leave alone at the moment: a fade in time has the document, or a performance."""
        return ADDRESSES if self._fader.way is not None or self._is_played() else ()

    def yields_to(self, played: Callable[[], bool]) -> None:
        """Let routes leave the crossfader alone while this is true: fades are played again."""
        self._is_played = played

    @property
    def part(self) -> float:
        """How much of its time is gone."""
        return 0.0 if self._cut is not None else self._fader.part

    @property
    def choice(self) -> FadingChoice:
        """How fades go."""
        return self._session.fading

    def choose(self, choice: FadingChoice) -> None:
        """Let fades go another way from now on."""
        self._session.fading = choice
        self.changed.emit()

    # -- in time ----------------------------------------------------------------------------------------------------

    def open(self, preset: Preset, path: Path | None, then: Callable[[Preset], object] = lambda _: None) -> bool:
        """Fade to a preset that was read; False where whoever asks is to open it now.

        That is so where fades have no beats and wait for none, and where it is of another network that waits for none:
        its picture then fades in by itself.

        Args:
            preset: where to.
            path: its folder.
            then: called with it once it is open.
        """
        choice, tempo = self.choice, self._document.section(TEMPO)
        easing = next((each for each in EASINGS if each == choice.easing), EASINGS[0])
        quantum = quantum_of(choice.quantum, tempo)
        other = not self._fader.can_fade(preset)
        if not quantum and (other or choice.beats <= 0):
            self.stop()
            if other:
                self._fade_picture()
            return False
        if other:
            # Its picture fades in when the beat falls.
            self.stop()
            start = tempo.next(self.now(), quantum)
            self._cut = Way(preset, path, start, choice.beats * 60.0 / tempo.bpm, easing)
            self._then = then
            self._timer.start()
            self.changed.emit()
            return True
        self._then, self._cut = then, None
        self._fader.fade(preset, path, beats=choice.beats, easing=easing, quantum=quantum)
        self._stepped = time.monotonic()
        self._timer.start()
        self.changed.emit()
        return True

    def _fade_picture(self) -> None:
        """Let the picture of the network that is opened next fade in over that which runs."""
        choice, tempo = self.choice, self._document.section(TEMPO)
        if choice.beats > 0:
            easing = next((each for each in EASINGS if each == choice.easing), EASINGS[0])
            self._order(FadePictures(choice.beats * 60.0 / tempo.bpm, easing))

    def _open_other(self, cut: Way) -> None:
        """The beat has fallen for which a preset of another network waited."""
        self._cut = None
        self._timer.stop()
        self._fade_picture()
        self._document.load(cut.preset, cut.path)
        self._then(cut.preset)
        self.changed.emit()

    def _follow(self, change: Change) -> None:
        way = self.way
        if isinstance(change, Opened) and way is not None and self.now() < way.start:
            self._say(Message(f"“{way.preset.name}” waits for its beat no more, as something else was opened."))
            self.stop()

    def close(self) -> None:
        """Begin nothing any more; what a hand or a route was at becomes an item of the history."""
        self._document.changed.disconnect(self._follow)
        self.stop()
        self.settle()

    def stop(self) -> None:
        """End a fade where it is."""
        self._timer.stop()
        self._cut = None
        self._fader.stop()
        self.changed.emit()

    def _step(self) -> None:
        if self._cut is not None:
            if self.now() >= self._cut.start:
                self._open_other(self._cut)
            return
        serial, at = self._telemetry[Progress].serial, time.monotonic()
        if serial == self._serial and at - self._stepped < _PATIENCE:
            return
        self._serial, self._stepped = serial, at
        way = self._fader.way
        try:
            goes_on = self._fader.step()
        except StudioError as error:
            self._fader.stop()
            self._say(Message(str(error), "error"))
            goes_on = False
        if not goes_on:
            self._timer.stop()
            if way is not None and self._fader.arrived:
                self._then(way.preset)
                self._stand_at(way.preset)
        self.changed.emit()

    # -- snapshots --------------------------------------------------------------------------------------------------

    def held(self) -> Held:
        """What is open now, to be kept."""
        document = self._document
        return Held(document.preset(), None if document.unsaved else document.path)

    def take(self, number: int) -> None:
        """Keep what is open under a key."""
        self.snapshots[number] = self.held()
        self._alter(number)
        favourite = self._session.favourites.get(number)
        before = f", before the favourite “{favourite.name}”" if favourite is not None else ""
        said = f"Snapshot {number} holds “{self._document.name}” as it is; the key {number} goes to it{before}."
        self._say(Message(said))

    def drop(self, number: int) -> None:
        """Keep nothing under a key."""
        self.snapshots.pop(number, None)
        self._alter(number)

    def bring(self, held: Mapping[int, Held]) -> None:
        """Have snapshots of an earlier window as well."""
        self.snapshots |= held
        self.changed.emit()
        self.kept.emit()

    def _alter(self, number: int) -> None:
        self.changed.emit()
        self.kept.emit()
        self.altered.emit(number)

    def go(self, number: int) -> None:
        """Fade to a snapshot, or cut to it where it is of another network; StudioError where there is none."""
        held = self.snapshots.get(number)
        if held is None:
            raise StudioError(keyed(f"There is no snapshot {number}; Ctrl+{number} takes one."))
        if not self.open(held.preset, held.path):
            self._document.load(held.preset, held.path)

    # -- by hand ----------------------------------------------------------------------------------------------------

    def fill(self, slot: str, held: Held | None) -> None:
        """Put a preset into a slot; None empties it."""
        self.settle()
        if held is None:
            self.slots.pop(slot, None)
        else:
            self.slots[slot] = held
        self.changed.emit()
        self.filled.emit()

    def fill_here(self, slot: str) -> None:
        """Put what is open into a slot; crossfader and pad stand there, so that they go on from what is seen."""
        held = self.held()
        self.fill(slot, held)
        self._stand_at(held.preset)

    def _stand_at(self, preset: Preset) -> None:
        """Crossfader and pad stand where this preset lies, which is what is open now."""
        for slot, held in self.slots.items():
            if held.preset is preset:
                self.across, self.down = PLACES[slot]
                self.changed.emit()
                return

    def cross(self, across: float) -> None:
        """Be so far from A to B; StudioError where one is empty, or they are of different networks."""
        self._mix(SLOTS[:2], fade_shares(across), across, self.down)

    def morph(self, across: float, down: float) -> None:
        """Be somewhere between all four; StudioError as `cross`."""
        self._mix(SLOTS, morph_shares(across, down), across, down)

    def settle(self) -> None:
        """The hand has let go: what it did becomes one item of the history."""
        self._rest.stop()
        if self._fader.way is None:
            self._fader.stop()

    def dials(self) -> Iterator[Dial]:
        """The numbers of the crossfader and the pad, for controllers: ``/fade``, ``/morph/x``, ``/morph/y``.

        And how long a fade takes: ``/fading/beats``.
        """
        yield Dial(FADE_BEATS, lambda: self.choice.beats, lambda beats: self.choose(replace(self.choice, beats=beats)))
        if all(slot in self.slots for slot in SLOTS[:2]):
            yield self._dial(FADE, lambda: self.across, self.cross)
        if all(slot in self.slots for slot in SLOTS):
            yield self._dial(MORPH[0], lambda: self.across, lambda x: self.morph(x, self.down))
            yield self._dial(MORPH[1], lambda: self.down, lambda y: self.morph(self.across, y))

    def _dial(self, number: Number, get: Callable[[], float], move: Callable[[float], object]) -> Dial:
        def moved(value: float, passes: bool = False) -> None:
            self._passes = passes
            try:
                move(value)
            finally:
                self._passes = False
            self._rest.start()

        return Dial(number, get, moved, lead=lambda value: moved(value, passes=True))

    def _mix(self, slots: Sequence[str], shares: Sequence[float], across: float, down: float) -> None:
        missing = [slot for slot in slots if slot not in self.slots]
        if missing:
            raise StudioError(f"Slot {missing[0]} is empty; press its button to put what is open into it.")
        if self._cut is None:
            self._timer.stop()
        presets = [self.slots[slot].preset for slot in slots]
        if not self._fader.can_fade(presets[0]):
            raise StudioError(f"The slots hold presets of the network “{presets[0].network.name}”; open one of it.")
        before, (self.across, self.down) = (self.across, self.down), (across, down)
        try:
            self._fader.mix(presets, shares, passes=self._passes)
        except StudioError:
            self.across, self.down = before
            raise
        self.changed.emit()
