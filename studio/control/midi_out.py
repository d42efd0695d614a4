"""MIDI to controllers: lights, rings and motor faders show where the numbers are that their controls turn."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Protocol

from studio.control.midi import MidiEvent
from studio.errors import StudioError
from studio.model.movement.address import Number
from studio.model.movement.mapping import Mapping, Mappings

_QUIET = 0.3
"""Seconds after a control was moved in which nothing is sent to it: a hand is at it, and knows where it is."""

_ECHO = 0.25
"""Seconds in which a value that comes back as it was sent is the controller's echo."""

_SIGNAL = re.compile(r"midi/(\d+)/(cc|cc14|note)/(\d+)")


class OutHandle(Protocol):
    """An open port."""

    def send(self, data: bytes) -> None:
        """Send one message; raises OSError where the device is gone."""

    def close(self) -> None:
        """Send no more."""


class OutBackend(Protocol):
    """The library that opens ports; in tests a made one."""

    def out_names(self) -> list[str]:
        """The ports that there are now."""

    def open_out(self, name: str) -> OutHandle:
        """Open one; raises OSError where that cannot be."""


class Lights:
    """Sends the values of mapped numbers to every controller; calls may come from any thread.

    Args:
        backend: opens ports.
        say: told which ports come and go, a sentence each.
        clock: seconds.
    """

    def __init__(
        self,
        backend: OutBackend,
        say: Callable[[str], object] = lambda _: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._backend, self._say, self._now = backend, say, clock
        self._open: dict[str, OutHandle] = {}
        self._failed: set[str] = set()
        self._sent: dict[str, tuple[int, float]] = {}
        self._moved: dict[str, float] = {}
        self._lock = threading.RLock()
        self.look()

    @property
    def ports(self) -> tuple[str, ...]:
        """Those that it sends to."""
        return tuple(self._open)

    def look(self) -> None:
        """Open the ports that have come, and let go of those that have gone; new ones are sent everything."""
        try:
            there = self._backend.out_names()
        except StudioError:
            there = []
        with self._lock:
            for name in [name for name in self._open if name not in there]:
                self._drop(name)
            self._failed &= set(there)
            for name in there:
                if name in self._open or name in self._failed:
                    continue
                try:
                    self._open[name] = self._backend.open_out(name)
                    self._sent.clear()
                except OSError as error:
                    self._failed.add(name)
                    self._say(f"The MIDI port “{name}” takes no lights ({error}); another program may use it.")

    def is_echo(self, event: MidiEvent) -> bool:
        """Whether a message is what was just sent, come back; notes what hands do otherwise."""
        kind = {"cc": "cc", "note on": "note", "note off": "note"}.get(event.kind)
        if kind is None:
            return False
        key, now = f"midi/{event.channel}/{kind}/{event.number}", self._now()
        value = 0 if event.kind == "note off" else event.value
        with self._lock:
            sent = self._sent.get(key)
            if sent is not None and sent[0] == value and now - sent[1] < _ECHO:
                return True
            self._moved[key] = now
            # It stands there now, whatever it was sent before.
            self._sent[key] = value, 0.0
        return False

    def show(self, mappings: Mappings, find: Callable[[str], tuple[Number, float] | None]) -> bool:
        """Send where numbers are, as far as they have changed; False where a hand is at a control, to be told later.

        Args:
            mappings: which control belongs to which number.
            find: a number and its value by its address; None where there is none.
        """
        is_told = True
        for mapping in mappings:
            found = find(mapping.target)
            if found is not None:
                for key, data, value in _messages(mapping, *found):
                    is_told &= self._send(key, data, value)
        return is_told

    def close(self) -> None:
        """Send no more."""
        with self._lock:
            while self._open:
                self._drop(next(iter(self._open)))

    def _send(self, key: str, data: bytes, value: int) -> bool:
        now = self._now()
        with self._lock:
            sent = self._sent.get(key)
            if sent is not None and sent[0] == value:
                return True
            if now - self._moved.get(key, -1e9) < _QUIET:
                return False
            self._sent[key] = value, now
            for name, port in list(self._open.items()):
                try:
                    port.send(data)
                except OSError:
                    # Pulled; it is found again by looking.
                    self._drop(name)
            return True

    def _drop(self, name: str) -> None:
        with suppress(OSError):
            self._open.pop(name).close()


def _messages(mapping: Mapping, number: Number, value: float) -> Iterable[tuple[str, bytes, int]]:
    """What shows a number's value on its control: the key by which it is known, the bytes, what they say."""
    found = _SIGNAL.fullmatch(mapping.signal)
    if found is None or not 1 <= int(found[1]) <= 16 or int(found[3]) > 127:
        return
    channel, kind, which = int(found[1]) - 1, found[2], int(found[3])
    lo, hi = number.reach
    lo, hi = lo if mapping.lo is None else mapping.lo, hi if mapping.hi is None else mapping.hi
    part = min(1.0, max(0.0, (value - lo) / (hi - lo))) if hi != lo else 0.0
    if kind == "note":
        lit = 127 if part >= 0.5 else 0
        yield f"midi/{channel + 1}/note/{which}", bytes([0x90 | channel, which, lit]), lit
        return
    if kind == "cc14":
        fine = round(part * 16383)
        for of, byte in ((which, fine >> 7), (which + 32, fine & 0x7F)):
            yield f"midi/{channel + 1}/cc/{of}", bytes([0xB0 | channel, of & 0x7F, byte]), byte
        return
    coarse = round(part * 127)
    yield f"midi/{channel + 1}/cc/{which}", bytes([0xB0 | channel, which, coarse]), coarse
