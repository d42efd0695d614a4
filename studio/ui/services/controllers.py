"""Controllers at the window: OSC and MIDI turn numbers of the document and its panels, and are told of them."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, QTimer, Signal

from studio.control.hub import Hub
from studio.control.namespace import Dials, Find
from studio.control.osc_place import LOOPBACK
from studio.control.osc_place import target as osc_target
from studio.errors import StudioError
from studio.io.preset_file import section_from_json, section_to_json
from studio.model.documents.document import Document
from studio.model.movement.mapping import MAPPINGS, Mapping, Mappings
from studio.model.movement.modulator import Measurements
from studio.runtime.live.movement import Moved
from studio.runtime.live.report import Message
from studio.runtime.live.telemetry import Telemetry
from studio.runtime.services.worker import Post
from studio.ui.services.choices import ControlChoice
from studio.ui.services.following_clock import FollowingClock
from studio.ui.services.session import Session

if TYPE_CHECKING:
    from studio.control.microphone import Microphone

_REST_MS = 200
_PACE = 0.008
"""Seconds of the window's thread between two times that it does what came in."""


class Controllers(QObject):
    """Lets what comes in be done in the window's thread.

    ``changed`` comes when ports, mappings or what is learnt have changed, ``reached`` when more numbers can be reached.

    Args:
        document: whose numbers are turned.
        telemetry: knows where numbers are that move.
        post: carries calls to the window's thread.
        say: shows messages.
        session: remembers what is heard, and a person's own mappings; None remembers nothing.

    Attributes:
        hub: joins controllers to the document.
        microphone: heard in place of the film's sound; None where it is not.
    """

    changed = Signal()
    reached = Signal()

    def __init__(
        self,
        document: Document,
        telemetry: Telemetry,
        post: Post,
        say: Callable[[Message], object],
        session: Session | None = None,
    ) -> None:
        super().__init__()
        self._document = document
        self._post = post
        self._is_due, self._pumped = False, 0.0
        self._soon = QTimer(self, singleShot=True, timerType=Qt.TimerType.PreciseTimer)
        self._soon.timeout.connect(self._pump_now)
        self._say = say
        self._session = session
        self.microphone: Microphone | None = None
        self.hub = Hub(document, self._wake, lambda text: post(lambda: self._tell(text)))
        self.hub.own = self._own()
        self.hub.changed.connect(self._keep)
        telemetry.on(Moved, lambda moved: self.hub.send_moved(moved.values))
        self._following = FollowingClock(
            document, telemetry, lambda: self.hub.midi_clock, lambda: self.choice.clock, say
        )
        # What controllers turned is settled some time after the last turn.
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._rest)
        self._timer.timeout.connect(self._look_at_microphone)
        self._timer.timeout.connect(self._following.step)
        self._timer.start(_REST_MS)
        document.changed.connect(self._follow)

    @property
    def choice(self) -> ControlChoice:
        """What is to be heard, whenever the studio starts."""
        return self._session.control if self._session is not None else ControlChoice()

    def add(self, dials: Dials) -> None:
        """Let the numbers of something else than the document be reached, too."""
        self.hub.names.add(dials)
        self.hub.renew()
        self.reached.emit()

    def add_owner(self, owner: str, dials: Dials, find: Find) -> None:
        """Let many be reached whose addresses begin with one part; see `Namespace.add_owner`."""
        self.hub.names.add_owner(owner, dials, find)
        self.hub.renew()
        self.reached.emit()

    def start(self, osc: tuple[str, int] | None, midi: bool) -> None:
        """Hear OSC at a host and port, and MIDI, where that is asked for now or was chosen; what cannot be is said."""
        choice = self.choice
        for text in self._started(osc, midi or choice.midi):
            self._say(text)
        if osc is None and choice.osc:
            self.hear_osc(choice.osc)
        if choice.sends:
            self.send_osc(choice.sends)

    # -- choosing -----------------------------------------------------------------------------------------------------

    def hear_midi(self, wanted: bool, *, lights: bool | None = None) -> bool:
        """Hear MIDI, and let controllers be told where numbers are, or not; what cannot be is said."""
        lights = self.choice.lights if lights is None else lights
        self._choose(midi=wanted, lights=lights)
        if not wanted:
            self.hub.stop_midi()
            return True
        return self._try(lambda: self._hear_midi(lights))

    def follow_clock(self, wanted: bool) -> None:
        """Let the tempo go by a MIDI clock, where one is heard, or by hand alone."""
        self._choose(clock=wanted)

    def hear_osc(self, port: str) -> bool:
        """Hear OSC at a UDP port of this machine, or no more where it is empty; what cannot be is said."""
        if not port.strip():
            self._choose(osc="")
            self.hub.stop_osc()
            return True
        if not port.strip().isdecimal() or not 1 <= int(port) <= 65535:
            self._tell(f'"{port.strip()[:40]}" is no UDP port; they go from 1 to 65535, and 9000 is usual.')
            return False
        done = self._try(lambda: self.hub.hear_osc(int(port), LOOPBACK))
        if done:
            self._choose(osc=port.strip())
        return done

    def send_osc(self, where: str) -> bool:
        """Send OSC to a host and port, or no more where that is empty; what cannot be is said."""
        if not where.strip():
            self._choose(sends="")
            self.hub.stop_sending()
            return True
        done = self._try(lambda: self.hub.send_osc(*osc_target(where)))
        if done:
            self._choose(sends=where.strip())
        return done

    def listen(self, time: float) -> Measurements:
        """What controllers and the microphone brought until now; called in the render thread."""
        heard, microphone = self.hub.listen(time), self.microphone
        return heard if microphone is None else heard | microphone.listen(time)

    def hear_microphone(self, wanted: bool) -> bool:
        """Hear a microphone in place of the film, or the film again; what cannot be is said."""
        before, self.microphone = self.microphone, None
        if before is not None:
            before.close()
        done = not wanted or self._try(self._open_microphone)
        self.changed.emit()
        return done

    def _open_microphone(self) -> None:
        from studio.control.microphone import Microphone

        self.microphone = Microphone()

    def _rest(self) -> None:
        self.hub.rest()

    def _look_at_microphone(self) -> None:
        if self.microphone is not None and not self.microphone.is_heard:
            self.hear_microphone(False)
            self._tell("The microphone was disconnected; the film's sound is used again.")

    def learn(self, address: str, *, for_all: bool = False) -> bool:
        """Map the next control that is moved to a number; whether there is anything that could be heard."""
        ports = self.hub.ports
        if ports.midi is None and ports.osc is None and not self.hear_midi(True):
            return False
        try:
            self.hub.learn(address, self._learnt, for_all=for_all)
        except StudioError as error:
            self._tell(str(error))
            return False
        number = self.hub.names.number(address)
        self._say(
            Message(
                f"Move a control, an endless knob to the right: it will turn {number.label}. Escape stops learning."
            )
        )
        return True

    def refuse(self, text: str) -> None:
        """Say what was typed in vain."""
        self._tell(text)

    def close(self) -> None:
        """Hear nothing any more."""
        self._timer.stop()
        self._soon.stop()
        self._document.changed.disconnect(self._follow)
        self.hub.changed.disconnect(self._keep)
        if self.microphone is not None:
            self.microphone.close()
        self.hub.close()

    # -- within -------------------------------------------------------------------------------------------------------

    def _started(self, osc: tuple[str, int] | None, midi: bool) -> Iterator[Message]:
        if osc is not None:
            try:
                port, page = self.hub.hear_osc(osc[1], osc[0])
                yield Message(f"OSC is heard at UDP port {port}; http://127.0.0.1:{page}/?html lists the addresses.")
            except StudioError as error:
                yield Message(str(error), "error")
        if midi:
            try:
                self._hear_midi(self.choice.lights)
            except StudioError as error:
                yield Message(str(error), "error")

    def _hear_midi(self, lights: bool) -> None:
        from studio.control.midi_ports import RtMidi

        backend = RtMidi()
        self.hub.hear_midi(backend, backend if lights else None)

    def _try(self, act: Callable[[], object]) -> bool:
        try:
            act()
        except StudioError as error:
            self._say(Message(str(error), "error"))
            return False
        return True

    def _choose(self, **changes: object) -> None:
        if self._session is not None:
            self._session.control = replace(self._session.control, **changes)  # type: ignore[arg-type]  # as declared
        self.changed.emit()

    def _own(self) -> Mappings:
        try:
            held = json.loads(self.choice.mappings)
            _, mappings = section_from_json(MAPPINGS.name, held, 1, self._document.network)
        except (ValueError, RecursionError, StudioError) as error:
            self._tell(f"Your own mappings cannot be read ({error}); they begin anew.")
            return ()
        return tuple(mappings)

    def _keep(self) -> None:
        """Remember a person's own mappings."""
        held, _ = section_to_json(MAPPINGS, self.hub.own)
        text = json.dumps(held or [])
        if self._session is not None and text != self._session.control.mappings:
            self._session.control = replace(self._session.control, mappings=text)
        self.changed.emit()

    def _learnt(self, mapping: Mapping) -> None:
        number = self.hub.names.find(mapping.target)
        label = number.label if number is not None else mapping.target
        how = "is an endless knob, and turns" if mapping.mode.startswith("relative") else "turns"
        self._say(Message(f"{mapping.signal} {how} {label}."))

    def _follow(self, _: object) -> None:
        # Controllers and whoever is sent OSC are told soon, not at the next tick of the timer alone.
        if self.hub.ports.lights or self.hub.ports.sends:
            self._wake()

    def _wake(self) -> None:
        # Hundreds of messages a frame ask once.
        if not self._is_due:
            self._is_due = True
            self._post(self._pump)

    def _pump(self) -> None:
        left = self._pumped + _PACE - time.monotonic()
        if left > 0.0:
            # What comes without a pause must not keep the window from all else: it stays due until then.
            self._soon.start(math.ceil(1000 * left))
        else:
            self._pump_now()

    def _pump_now(self) -> None:
        self._is_due = False
        self.hub.pump()
        self._pumped = time.monotonic()

    def _tell(self, text: str) -> None:
        self._say(Message(text, "warning"))
