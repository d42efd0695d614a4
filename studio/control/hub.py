"""Controllers and the open document: what comes in by OSC and MIDI turns numbers, moves routes, and can be learnt.

OSC, MIDI (threads of their own) --> inbox --> pump (the document's thread): numbers, mappings, learning
|
'--> listen (the render thread): signals for routes
"""

from __future__ import annotations

import time
from collections.abc import Callable
from collections.abc import Mapping as ReadOnly
from typing import TYPE_CHECKING, ClassVar

from psygnal import Signal, SignalInstance

from studio.control.inbox import Ear, Inbox, Taken
from studio.control.learning import Learning, Ports, Watched, mapping_of, watched
from studio.control.listing import Listing
from studio.control.mapped import Mapped, suggested
from studio.control.namespace import Namespace
from studio.control.osc_place import LOOPBACK, PORT
from studio.control.sparingly import Sparingly
from studio.errors import StudioError
from studio.model.documents.document import Document
from studio.model.movement.mapping import MAPPINGS, Mapping, Mappings, learnt
from studio.model.movement.modulator import Measurements
from studio.model.networks.changes import Change, NetworkChanged
from studio.model.networks.section import SectionChanged

# Most people have no controllers: what speaks OSC, HTTP and MIDI is imported when somebody wants it.
if TYPE_CHECKING:
    from studio.control.midi_clock import ClockHeard
    from studio.control.midi_out import Lights, OutBackend
    from studio.control.midi_ports import Backend, MidiIn
    from studio.control.osc import OscSender, OscServer
    from studio.control.oscquery import OscQuery

REST = 0.4
"""Seconds without a turn after which what controllers turned becomes one item of the history."""


class Hub:
    """Joins controllers to a document. It belongs to the document's thread, but for `listen`.

    Args:
        document: what they turn.
        wake: called from any thread when something has come in; `pump` is to be called soon after.
        say: told in a sentence what is wrong; called from any thread.
        clock: seconds.

    Attributes:
        names: every number that can be reached; others than the document's are added to it.
        listing: them as they were listed last.
        inbox: takes what comes in, from any thread.
        taken: emits what came in, when `pump` has done it.
        own: a person's own mappings, for all presets.
        changed: emits when ports, mappings or what is learnt have changed.
    """

    taken: ClassVar[SignalInstance] = Signal(object)  # type: ignore[assignment]
    changed: ClassVar[SignalInstance] = Signal()  # type: ignore[assignment]

    def __init__(
        self,
        document: Document,
        wake: Callable[[], object] = lambda: None,
        say: Callable[[str], object] = lambda _: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.names = Namespace(document)
        self.inbox = Inbox(wake, clock)
        self.own: Mappings = ()
        self._document, self._say, self._clock = document, say, clock
        self.listing = Listing(self.names, wake)
        self._mapped = Mapped(self.listing.number, self.names.get)
        self._ear, self._tell_once = Ear(), Sparingly(say, "sentences", clock)
        self._turned_at: float | None = None
        self._learning: Learning | None = None
        self._watched: Watched | None = None
        self._osc: OscServer | None = None
        self._query: OscQuery | None = None
        self._midi: MidiIn | None = None
        self._lights: Lights | None = None
        self._sender: OscSender | None = None
        self._moved: ReadOnly[str, float] = {}
        self._is_untold = self._turns = False
        document.changed.connect(self._follow)

    # -- ports ------------------------------------------------------------------------------------------------------

    def hear_osc(self, port: int = PORT, host: str = LOOPBACK) -> tuple[int, int]:
        """Listen to OSC, and list the addresses over HTTP; the UDP and the TCP port.

        Raises:
            StudioError: where a port cannot be had; what was heard before is heard on.
        """
        from studio.control.osc import OscServer
        from studio.control.oscquery import OscQuery

        self.listing.refresh()
        osc = OscServer(self.inbox, lambda: self.listing.known, self._say, host, port, lambda: self.listing.is_old)
        try:
            query = OscQuery(self.listing.read, osc.port, host)
        except StudioError:
            osc.close()
            raise
        self.stop_osc()
        self._osc, self._query = osc, query
        self.changed.emit()
        return osc.port, query.port

    def stop_osc(self) -> None:
        """Listen to OSC no more."""
        for each in (self._osc, self._query):
            if each is not None:
                each.close()
        self._osc = self._query = None
        self.changed.emit()

    def send_osc(self, host: str, port: int) -> None:
        """Send every number there, whenever it changes, beginning with all of them."""
        from studio.control.osc import OscSender

        self.stop_sending()
        self._sender = OscSender(host, port)
        self.listing.refresh()
        self._show()
        self.changed.emit()

    def stop_sending(self) -> None:
        """Send no OSC any more."""
        if self._sender is not None:
            self._sender.close()
        self._sender = None
        self.changed.emit()

    def hear_midi(self, backend: Backend, lights: OutBackend | None = None) -> None:
        """Listen to every MIDI port, and light up controllers where a backend for that is given."""
        from studio.control.midi_out import Lights
        from studio.control.midi_ports import MidiIn

        self.stop_midi()
        self._lights = Lights(lights, self._say, self._clock) if lights is not None else None
        self._midi = MidiIn(backend, self.inbox, self._say, self._clock, lights=self._lights)
        self._show()
        self.changed.emit()

    def stop_midi(self) -> None:
        """Listen to MIDI no more, and let lights be."""
        for each in (self._midi, self._lights):
            if each is not None:
                each.close()
        self._midi = self._lights = None
        self.changed.emit()

    @property
    def midi_clock(self) -> ClockHeard | None:
        """What the MIDI clock tells that is heard; None where none is."""
        return None if self._midi is None else self._midi.clock()

    @property
    def ports(self) -> Ports:
        """What is heard, and what is sent to."""
        return Ports(
            None if self._midi is None else self._midi.ports,
            None if self._lights is None else self._lights.ports,
            None if self._osc is None else self._osc.port,
            None if self._query is None else self._query.port,
            None if self._sender is None else self._sender.to,
        )

    def close(self) -> None:
        """Listen to nothing any more; what was being turned becomes an item of the history."""
        self._document.changed.disconnect(self._follow, missing_ok=True)
        self.stop_osc()
        self.stop_midi()
        self.stop_sending()
        self.names.settle()

    # -- in the document's thread -----------------------------------------------------------------------------------

    def pump(self) -> None:
        """Do what came in since the last time."""
        taken, now = self.inbox.take(), self._clock()
        self._learn(taken, now)
        if taken:
            self._ear.take(taken, now)
            if self._sender is not None:
                self._sender.hear(taken.numbers)
            turned = taken.numbers | self._mapped.values(self.mappings, taken)
            if taken.lost:
                self._tell_once("More signals came in at once than there is room for; some were left out.")
            if turned and self.listing.may_be_new:
                self.listing.refresh_quickly()
            self._turns = True
            for address, value in turned.items():
                self._turn(address, value, now)
            self._turns = False
            self.taken.emit(taken)
            return
        if self._turned_at is not None and now - self._turned_at >= REST:
            self._turned_at = None
            self.names.settle()
        if self.listing.is_read:
            self.listing.refresh()
        elif self.listing.is_stale and self._is_asked:
            self.listing.refresh_quickly()
        if self._is_untold:
            self._show()

    def rest(self) -> None:
        """Do so, and see how all numbers are, whoever turned them; to be called now and then."""
        self.pump()
        if self.listing.is_part and self._is_asked:
            self.listing.refresh()
            self._show()

    def _turn(self, address: str, value: float, now: float) -> None:
        if not self.listing.has(address):
            # Nothing alike is looked for: they may come by the thousand.
            self._tell_once(f"There is no number at {address[:80]}.")
            return
        try:
            self.names.turn(address, value)
            self._turned_at = now
        except StudioError as error:
            self._tell_once(str(error))

    def renew(self) -> None:
        """There may be other numbers than there were; `pump` lists them when it finds nothing to do."""
        self.listing.renew()

    @property
    def _is_asked(self) -> bool:
        """Whether anybody may ask for the numbers, or is told them."""
        return any(each is not None for each in (self._midi, self._lights, self._osc, self._query, self._sender))

    def _follow(self, change: Change) -> None:
        if isinstance(change, (NetworkChanged, SectionChanged)):
            self.listing.is_stale = self._is_untold = True
            # What controllers turn has another value, and is where it was.
            self.listing.may_be_new |= not self._turns

    @property
    def mappings(self) -> Mappings:
        """Those of the preset, and the person's own."""
        return (*self._document.section(MAPPINGS), *self.own)

    @property
    def learns(self) -> str:
        """The address of the number that the next control is mapped to; empty where nothing is learnt."""
        return self._learning.target if self._learning is not None else ""

    def learn(self, target: str, then: Callable[[Mapping], object] = lambda _: None, *, for_all: bool = False) -> None:
        """Map the next control that is moved to a number; `then` is told. Another call takes this one's place.

        Args:
            target: address of the number.
            then: told the mapping.
            for_all: whether it is the person's own, for all presets, rather than the preset's.

        Raises:
            StudioError: where there is no such number.
        """
        self.names.get(target)
        self._learning, self._watched = Learning(target, then, for_all), None
        self.changed.emit()

    def stop_learning(self) -> None:
        """Map nothing."""
        self._learning = None
        self.changed.emit()

    def set_mappings(self, of_preset: Mappings, own: Mappings, label: str = "Mappings") -> None:
        """Have other mappings, of the preset (undoably) and for all."""
        self.names.settle()
        self._document.set_section(MAPPINGS, of_preset, label)
        self.own = own
        self._show()
        self.changed.emit()

    def send_moved(self, values: ReadOnly[str, float]) -> None:
        """Numbers are where routes have them now: tell whoever is sent OSC."""
        self._moved = values
        if self._sender is not None and values:
            self._sender.send(values.items(), self.listing.known)

    def _learn(self, taken: Taken, now: float) -> None:
        learning, found = self._learning, suggested(taken)
        if learning is None or found is None:
            self._watch(taken, now)
            return
        self._learning = None
        try:
            number = self.names.number(learning.target)
            mapping = mapping_of(found, number)
        except StudioError:
            self._say(f"There is nothing at {learning.target} any more, so nothing was learnt.")
            self.changed.emit()
            return
        self._watched = watched(learning, mapping, number, now)
        self._keep(learning, mapping)
        self._watch(taken, now)

    def _watch(self, taken: Taken, now: float) -> None:
        """See whether what was learnt last is another kind of control than it seemed to be."""
        held = self._watched
        if held is None or not taken:
            return
        better = held.take(taken, now)
        if held.is_over(now) or held.mapping not in self.mappings:
            self._watched = None
        if better is not None and held.mapping in self.mappings:
            before, held.mapping = held.mapping, better
            self._keep(held.learning, better, before)

    def _keep(self, learning: Learning, mapping: Mapping, before: Mapping | None = None) -> None:
        """Have a mapping, in the place of another."""
        held = self._document.section(MAPPINGS), self.own
        of_preset, own = (tuple(each for each in some if each != before) for some in held)
        if learning.for_all:
            self.set_mappings(of_preset, learnt(own, mapping))
        else:
            self.set_mappings(learnt(of_preset, mapping), own, f"Learn {self.names.number(mapping.target).label}")
        learning.then(mapping)

    def _show(self) -> None:
        """Tell controllers where numbers are; those that a hand is at are told later."""
        if self.listing.is_stale:
            self.listing.refresh_quickly()
        self._is_untold = self._lights is not None and not self._lights.show(self.mappings, self.listing.newest.get)
        if self._sender is not None:
            moved = self._moved
            values = ((address, value) for address, (_, value) in self.listing.newest.items() if address not in moved)
            self._sender.send(values, self.listing.known)

    # -- in other threads -------------------------------------------------------------------------------------------

    def listen(self, time: float) -> Measurements:
        """What controllers have sent until now; called in the render thread with the time of the frame in seconds."""
        return self._ear.listen(time, self._clock())
