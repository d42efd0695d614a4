"""MIDI in words of the studio: bytes to events, and events to signals for routes."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from studio.control.inbox import Inbox

Kind = Literal[
    "note on", "note off", "cc", "pitch", "pressure", "program", "clock", "start", "continue", "stop", "position"
]

_LENGTHS = {0x8: 2, 0x9: 2, 0xA: 2, 0xB: 2, 0xC: 1, 0xD: 1, 0xE: 2}
_REALTIME: dict[int, Kind] = {0xF8: "clock", 0xFA: "start", 0xFB: "continue", 0xFC: "stop"}
_SONG_POSITION = 0xF2
_COMMON = {0xF1: 1, 0xF2: 2, 0xF3: 1, 0xF6: 0}


@dataclass(frozen=True)
class MidiEvent:
    """One message.

    Attributes:
        kind: what it is.
        channel: 1 to 16; 0 for what belongs to none.
        number: of the controller, note or program; 0 for what has none.
        value: as it was sent: 0 to 127, of the pitch wheel 0 to 16383, of a song position in sixteenths from its start.
    """

    kind: Kind
    channel: int = 0
    number: int = 0
    value: int = 0


class MidiReader:
    """Splits a stream of bytes into events, wherever it is cut into pieces.

    A status byte may be left out where it is the one before (running status), clock may stand within other messages,
    and system exclusive messages are passed over. What makes no sense is passed over, too.
    """

    def __init__(self) -> None:
        self._status = 0
        self._data: list[int] = []
        self._wanted = 0

    def feed(self, data: Iterable[int]) -> Iterator[MidiEvent]:
        """Take bytes; the events that are complete with them."""
        for byte in data:
            if byte >= 0xF8:
                if byte in _REALTIME:
                    yield MidiEvent(_REALTIME[byte])
            elif byte >= 0x80:
                self._begin(byte)
            elif self._status:
                self._data.append(byte & 0x7F)
                if len(self._data) == self._wanted:
                    event, self._data = _event(self._status, self._data), []
                    if self._status >= 0xF0:
                        self._status = 0
                    if event is not None:
                        yield event

    def _begin(self, status: int) -> None:
        self._data = []
        if status >= 0xF0:
            # The beginning and the end of what is exclusive: its data belong to no status.
            self._wanted = _COMMON.get(status, 0)
            self._status = status if self._wanted else 0
        else:
            self._status, self._wanted = status, _LENGTHS[status >> 4]


def _event(status: int, data: list[int]) -> MidiEvent | None:
    kind, channel = status >> 4, (status & 0xF) + 1
    if status == _SONG_POSITION:
        return MidiEvent("position", 0, 0, data[0] | data[1] << 7)
    if kind == 0x9 and data[1]:
        return MidiEvent("note on", channel, data[0], data[1])
    if kind in (0x8, 0x9):
        return MidiEvent("note off", channel, data[0], data[1] if kind == 0x8 else 0)
    if kind == 0xB:
        return MidiEvent("cc", channel, data[0], data[1])
    if kind == 0xC:
        return MidiEvent("program", channel, data[0])
    if kind == 0xD:
        return MidiEvent("pressure", channel, 0, data[0])
    if kind == 0xE:
        return MidiEvent("pitch", channel, 0, data[0] | data[1] << 7)
    return None


class MidiSignals:
    """Makes signals of events: ``midi/CHANNEL/cc/NUMBER`` and its like, as `studio.modulators.midi` reads them.

    A controller below 32 and the one 32 above it are besides one of 14 bits, ``midi/CHANNEL/cc14/NUMBER``. What
    relative encoders turned is added up in steps, ``midi/CHANNEL/turn/NUMBER/WAY``; see `relative`. A parameter that is
    chosen by controllers 99 and 98 and sent by 6 and 38 is ``midi/CHANNEL/nrpn/PARAMETER`` (MIDI 1.0, "non-registered
    parameter number").

    Args:
        inbox: takes them.
    """

    def __init__(self, inbox: Inbox) -> None:
        self._inbox = inbox
        self._high: dict[tuple[int, int], int] = {}
        self._chosen: dict[int, list[int | None]] = {}

    def take(self, event: MidiEvent) -> None:
        """One event."""
        name = f"midi/{event.channel}"
        if event.kind == "note on":
            self._inbox.begin(f"{name}/note/{event.number}", event.value / 127)
        elif event.kind == "note off":
            self._inbox.end(f"{name}/note/{event.number}")
        elif event.kind == "pitch":
            # Its middle is exactly 0, and both ends are reached.
            self._inbox.signal(f"{name}/pitch", (event.value - 8192) / (8191 if event.value > 8192 else 8192))
        elif event.kind == "pressure":
            self._inbox.signal(f"{name}/pressure", event.value / 127)
        elif event.kind == "cc":
            self._inbox.signal(f"{name}/cc/{event.number}", event.value / 127)
            for way in ("twos", "offset", "sign"):
                self._inbox.step(f"{name}/turn/{event.number}/{way}", relative(event.value, way))
            self._inbox.send(f"{name}/cc/{event.number}", event.value)
            self._take_14(event, name)
            self._take_parameter(event, name)

    def _take_14(self, event: MidiEvent, name: str) -> None:
        if event.number < 32:
            # The fine part that belongs to it follows.
            self._high[event.channel, event.number] = event.value
            self._inbox.signal(f"{name}/cc14/{event.number}", (event.value << 7) / 16383)
        elif event.number < 64:
            high = self._high.get((event.channel, event.number - 32), 0)
            self._inbox.signal(f"{name}/cc14/{event.number - 32}", (high << 7 | event.value) / 16383)

    def _take_parameter(self, event: MidiEvent, name: str) -> None:
        chosen = self._chosen.setdefault(event.channel, [None, None])
        if event.number in (98, 99):
            chosen[99 - event.number] = event.value
        elif event.number in (100, 101):
            # What follows is for a registered one, such as the range of the pitch wheel.
            chosen[:] = [None, None]
        elif event.number in (6, 38):
            high, low = chosen
            # Both at 127: none is chosen.
            if high is None or low is None or high == low == 127:
                return
            coarse, fine = self._high.get((event.channel, 6), 0), event.value if event.number == 38 else 0
            self._inbox.signal(f"{name}/nrpn/{high << 7 | low}", (coarse << 7 | fine) / 16383)


Way = Literal["twos", "offset", "sign"]


def relative(value: int, way: str) -> int:
    """How many steps a relative encoder was turned, in one of the three ways in which they say it.

    "twos" is 1, 2, ... up and 127, 126, ... down; "offset" 65, 66, ... up and 63, 62, ... down; "sign" 1, 2, ... up and
    65, 66, ... down.
    """
    if way == "offset":
        return value - 64
    if way == "sign":
        return value if value < 64 else 64 - value
    return value if value < 64 else value - 128


class Taps:
    """Beats in a minute by tapping: the last few taps, until a pause."""

    PAUSE = 2.5

    def __init__(self) -> None:
        self._times: deque[float] = deque(maxlen=8)

    def tap(self, time: float) -> float | None:
        """A tap at a time in seconds; the tempo, or None for a first tap and for what is no tempo."""
        if self._times and not 0.0 < time - self._times[-1] <= self.PAUSE:
            self._times.clear()
        self._times.append(time)
        if len(self._times) < 2:
            return None
        bpm = 60.0 * (len(self._times) - 1) / (self._times[-1] - self._times[0])
        return bpm if 20.0 <= bpm <= 400.0 else None
