"""Controllers and the open document: what comes in by OSC and MIDI turns numbers, moves routes, and can be learnt.

OSC, MIDI (threads of their own) --> inbox --> pump (the document's thread): numbers, mappings, learning
|
'--> listen (the render thread): signals for routes
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from collections.abc import Mapping as ReadOnly
from types import MappingProxyType

from studio.control.inbox import Hearing, Inbox, Taken
from studio.control.mapped import Mapped, suggested
from studio.control.midi import Taps
from studio.control.midi_ports import Backend, MidiIn
from studio.control.namespace import Namespace
from studio.control.osc import LOOPBACK, PORT, OscServer
from studio.control.oscquery import OscQuery
from studio.errors import StudioError
from studio.model.address import Number
from studio.model.changes import Change, NetworkChanged, SectionChanged
from studio.model.document import Document
from studio.model.mapping import MAPPINGS, Mapping, learnt
from studio.model.modulator import Measurements

REST = 0.4
"""Seconds without a turn after which what controllers turned becomes one item of the history."""

Listed = ReadOnly[str, tuple[Number, float]]


class Hub:
    """Joins controllers to a document. It belongs to the document's thread, but for `listen`.

    Args:
        document: what they turn.
        wake: called from any thread when something has come in; `pump` is to be called soon after.
        say: told in a sentence what is wrong; called from any thread.
        clock: seconds.

    Attributes:
        names: every number that can be reached; others than the document's are added to it.
        inbox: takes what comes in, from any thread.
        on_taken: called by `pump` with what came in, for the recording of a performance.
    """

    def __init__(
        self,
        document: Document,
        wake: Callable[[], object] = lambda: None,
        say: Callable[[str], object] = lambda _: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.names = Namespace(document)
        self.inbox = Inbox(wake, clock)
        self.on_taken: Callable[[Taken], object] = lambda _: None
        self._document = document
        self._say = say
        self._clock = clock
        self._mapped = Mapped(lambda address: self.names.numbers()[address], self.names.get)
        # As long as nothing runs nobody listens; what came long ago is then forgotten.
        self._waiting: deque[tuple[Taken, float]] = deque(maxlen=256)
        self._hearing, self._lock = Hearing(), threading.Lock()
        self._listed: Listed = MappingProxyType({})
        self._turned_at: float | None = None
        self._learning: tuple[str, Callable[[Mapping], object]] | None = None
        self._taps = Taps()
        self._osc: OscServer | None = None
        self._query: OscQuery | None = None
        self._midi: MidiIn | None = None
        self.refresh()
        document.changed.connect(self._follow)

    # -- ports ------------------------------------------------------------------------------------------------------

    def hear_osc(self, port: int = PORT, host: str = LOOPBACK) -> tuple[int, int]:
        """Listen to OSC, and list the addresses over HTTP; the UDP and the TCP port.

        Raises:
            StudioError: where a port cannot be had.
        """
        self._osc = OscServer(self.inbox, self._numbers, self._say, host, port)
        try:
            self._query = OscQuery(lambda: self._listed, self._osc.port, host)
        except StudioError:
            self._osc.close()
            self._osc = None
            raise
        return self._osc.port, self._query.port

    def hear_midi(self, backend: Backend) -> None:
        """Listen to every MIDI port."""
        self._midi = MidiIn(backend, self.inbox, self._say, self._clock)

    def close(self) -> None:
        """Listen to nothing any more; what was being turned becomes an item of the history."""
        self._document.changed.disconnect(self._follow, missing_ok=True)
        for each in (self._osc, self._query, self._midi):
            if each is not None:
                each.close()
        self._osc = self._query = self._midi = None
        self.names.settle()

    # -- in the document's thread -----------------------------------------------------------------------------------

    def pump(self) -> None:
        """Do what came in since the last time; also to be called now and then where nothing does."""
        taken, now = self.inbox.take(), self._clock()
        if taken:
            with self._lock:
                self._waiting.append((taken, now))
            self._learn(taken)
            turned = taken.numbers | self._mapped.values(self._document.section(MAPPINGS), taken)
            for address, value in turned.items():
                try:
                    self.names.turn(address, value)
                    self._turned_at = now
                except StudioError as error:
                    self._say(str(error))
            self.on_taken(taken)
            return
        if self._turned_at is not None and now - self._turned_at >= REST:
            self._turned_at = None
            self.names.settle()
        if self._is_stale:
            self.refresh()

    def refresh(self) -> None:
        """List the numbers anew, for those who ask from other threads; `pump` does it when it finds nothing to do."""
        self._is_stale = False
        numbers = self.names.numbers()
        self._listed = MappingProxyType(
            {address: (number, self.names.get(address)) for address, number in numbers.items()}
        )

    def _follow(self, change: Change) -> None:
        if isinstance(change, (NetworkChanged, SectionChanged)):
            self._is_stale = True

    def learn(self, target: str, then: Callable[[Mapping], object] = lambda _: None) -> None:
        """Map the next control that is moved to a number; `then` is told. Another call takes this one's place.

        Raises:
            StudioError: where there is no such number.
        """
        self.names.get(target)
        self._learning = target, then

    def stop_learning(self) -> None:
        """Map nothing."""
        self._learning = None

    def tap(self) -> None:
        """A tap of the tempo: from the second on the document's tempo follows, in step with the taps."""
        now = self._clock()
        bpm = self._taps.tap(now)
        if bpm is not None:
            self.names.turn("/tempo/bpm", bpm)
            self._turned_at = now

    def _learn(self, taken: Taken) -> None:
        found = suggested(taken) if self._learning is not None else None
        if found is None or self._learning is None:
            return
        (target, then), self._learning = self._learning, None
        signal, mode = found
        number = self.names.numbers()[target]
        mapping = Mapping(signal, target, "toggle" if mode == "trigger" and number.kind == "switch" else mode)
        mappings = learnt(self._document.section(MAPPINGS), mapping)
        self.names.settle()
        self._document.set_section(MAPPINGS, mappings, f"Learn {number.label}")
        then(mapping)

    # -- in other threads -------------------------------------------------------------------------------------------

    def listen(self, time: float) -> Measurements:
        """What controllers have sent until now; called in the render thread with the time of the frame in seconds."""
        now = self._clock()
        with self._lock:
            while self._waiting:
                taken, at = self._waiting.popleft()
                self._hearing.take(taken, time - (now - at))
            return self._hearing.measured

    def _numbers(self) -> dict[str, Number]:
        return {address: number for address, (number, _) in self._listed.items()}
