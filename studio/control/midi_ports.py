"""The MIDI ports of this machine: opened, watched, and opened again when a device that was pulled comes back."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any, Protocol

from studio.control.inbox import Inbox
from studio.control.midi import MidiEvent, MidiReader, MidiSignals
from studio.control.midi_clock import ClockHeard, MidiClock
from studio.control.midi_out import Lights, OutHandle
from studio.errors import StudioError

LOG = logging.getLogger("studio")

Receive = Callable[[bytes], None]

_OF_CLOCKS = "clock", "start", "continue", "stop", "position"
_LOOK_EVERY = 1.0
"""Seconds between looks at which ports there are: no library tells that a device was pulled."""


class Handle(Protocol):
    """An open port."""

    def close(self) -> None:
        """Receive no more."""


class Backend(Protocol):
    """The library that opens ports; in tests a made one."""

    def names(self) -> list[str]:
        """The ports that there are now."""

    def open(self, name: str, receive: Receive) -> Handle:
        """Open one; what it receives comes in a thread of the library's. Raises OSError where that cannot be."""


class RtMidi:
    """The ports of the system, through rtmidi2, an optional extra.

    Raises:
        StudioError: where it is not installed, or the system has no MIDI.
    """

    def __init__(self) -> None:
        try:
            import rtmidi2
        except ImportError as error:
            raise StudioError(
                'MIDI needs the package rtmidi2; install it with pip install "network-bending-studio[midi]".'
            ) from error
        self._library: Any = rtmidi2
        self.names()

    def names(self) -> list[str]:
        """See `Backend.names`."""
        try:
            return [str(name) for name in self._library.get_in_ports()]
        except RuntimeError as error:
            raise StudioError(f"This system offers no MIDI ({str(error).splitlines()[0]}).") from error

    def open(self, name: str, receive: Receive) -> Handle:
        """See `Backend.open`."""
        try:
            port = self._library.MidiIn()
            port.ignore_types(midi_sysex=True, midi_time=False, midi_sense=True)
            port.callback = lambda message, _stamp: receive(bytes(message))
            port.open_port(name)
        except (RuntimeError, ValueError, IndexError) as error:
            raise OSError(str(error)) from error
        return _Port(port)

    def out_names(self) -> list[str]:
        """See `OutBackend.out_names`."""
        try:
            return [str(name) for name in self._library.get_out_ports()]
        except RuntimeError as error:
            raise StudioError(f"This system offers no MIDI ({str(error).splitlines()[0]}).") from error

    def open_out(self, name: str) -> OutHandle:
        """See `OutBackend.open_out`."""
        try:
            port = self._library.MidiOut()
            port.open_port(name)
        except (RuntimeError, ValueError, IndexError) as error:
            raise OSError(str(error)) from error
        return _OutPort(port)


class _OutPort:
    def __init__(self, port: Any) -> None:
        self._port = port

    def send(self, data: bytes) -> None:
        try:
            self._port.send_raw(*data)
        except RuntimeError as error:
            raise OSError(str(error)) from error

    def close(self) -> None:
        with suppress(RuntimeError):
            self._port.close_port()


class _Port:
    def __init__(self, port: Any) -> None:
        self._port = port

    def close(self) -> None:
        # A device that is gone may fail at being closed.
        with suppress(RuntimeError):
            self._port.callback = None
            self._port.close_port()


class MidiIn:
    """Listens to every port, as they come and go, until it is closed.

    Args:
        backend: opens ports.
        inbox: takes the signals.
        say: told which ports come and go, and which cannot be opened, a sentence each.
        clock: seconds.
        lights: shows controllers where numbers are; what comes back from it is no hand's doing.
        is_watched: whether a thread looks for ports; else whoever owns it calls `look`.
    """

    def __init__(
        self,
        backend: Backend,
        inbox: Inbox,
        say: Callable[[str], object] = lambda _: None,
        clock: Callable[[], float] = time.monotonic,
        *,
        lights: Lights | None = None,
        is_watched: bool = True,
    ) -> None:
        self._backend = backend
        self._lights = lights
        self._signals = MidiSignals(inbox)
        self._say = say
        self._now = clock
        self._open: dict[str, Handle] = {}
        self._failed: set[str] = set()
        self._lock = threading.Lock()
        self._clocks: dict[str, MidiClock] = {}
        self.look()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="midi", daemon=True) if is_watched else None
        if self._thread is not None:
            self._thread.start()

    @property
    def ports(self) -> tuple[str, ...]:
        """Those that it listens to."""
        return tuple(self._open)

    def look(self) -> None:
        """Open the ports that have come, and let go of those that have gone."""
        try:
            there = self._backend.names()
        except StudioError:
            there = []
        for name in [name for name in self._open if name not in there]:
            self._open.pop(name).close()
            with self._lock:
                self._clocks.pop(name, None)
            self._say(f"The MIDI port “{name}” was disconnected; it is used again when it comes back.")
        self._failed &= set(there)
        for name in there:
            if name in self._open or name in self._failed:
                continue
            reader = MidiReader()
            try:
                self._open[name] = self._backend.open(name, partial(self._take, name, reader))
            except BaseException as error:  # noqa: BLE001 - of a driver
                self._failed.add(name)
                self._say(f"The MIDI port “{name}” cannot be opened ({error}); another program may use it.")

    def close(self) -> None:
        """Listen no more."""
        self._closing.set()
        if self._thread is not None:
            self._thread.join()
        while self._open:
            self._open.popitem()[1].close()

    def clock(self) -> ClockHeard | None:
        """What the clock tells that is heard: of several ports, the one whose clock has been heard for longest."""
        now = self._now()
        with self._lock:
            heard = [clock for clock in self._clocks.values() if clock.is_heard(now)]
            return heard[0].heard() if heard else None

    def _take(self, name: str, reader: MidiReader, data: bytes) -> None:
        now = self._now()
        with self._lock:
            for event in reader.feed(data):
                if self._lights is not None and self._lights.is_echo(event):
                    continue
                self._signals.take(event)
                if event.kind in _OF_CLOCKS:
                    self._clock_of(name, event, now).take(event, now)

    def _clock_of(self, name: str, event: MidiEvent, now: float) -> MidiClock:
        clock = self._clocks.get(name)
        if clock is None or (event.kind == "clock" and not clock.is_heard(now)):
            # One that begins to be heard comes behind those that are.
            clock = self._clocks.pop(name, None) or MidiClock()
            self._clocks[name] = clock
        return clock

    def _watch(self) -> None:
        said = ""
        while not self._closing.wait(_LOOK_EVERY):
            try:
                self.look()
                if self._lights is not None:
                    self._lights.look()
                said = ""
            # Ports come and go while they are asked; the next look finds them as they are then.
            except BaseException as error:
                LOG.exception("Looking for MIDI ports failed")
                if said != (said := f"{type(error).__name__}: {error}"):
                    self._say(f"Looking for MIDI ports failed ({said}); it is tried again.")
