"""What comes in from controllers, between the threads that receive it and the one that draws: the newest of each."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from studio.model.movement.modulator import Measurements

_RAW = 32
_MOST = 4096
"""Names that are kept at most: who sends a new one in each message fills no memory."""


@dataclass(frozen=True)
class Taken:
    """What has come in since the last look.

    Attributes:
        numbers: the newest value for each address.
        signals: the newest value of each signal.
        began: for each signal that set something off, how many seconds ago it last did.
        ended: for each that ended, how many seconds ago.
        steps: what relative encoders were turned by, added up.
        raw: what each control sent, in order, from 0 to 127; the newest few.
        lost: how many came in for which there was no room.
    """

    numbers: dict[str, float] = field(default_factory=dict)
    signals: dict[str, float] = field(default_factory=dict)
    began: dict[str, float] = field(default_factory=dict)
    ended: dict[str, float] = field(default_factory=dict)
    steps: dict[str, float] = field(default_factory=dict)
    raw: dict[str, tuple[int, ...]] = field(default_factory=dict)
    lost: int = 0

    def __bool__(self) -> bool:
        return bool(self.numbers or self.signals or self.began or self.ended or self.steps)


class Inbox:
    """Filled from any thread, emptied by one; neither waits for the other.

    Args:
        wake: called when something has come in, from the thread that brought it.
        clock: seconds.
    """

    def __init__(self, wake: Callable[[], object] = lambda: None, clock: Callable[[], float] = time.monotonic) -> None:
        self._wake = wake
        self._clock = clock
        self._lock = threading.Lock()
        self._held: dict[str, dict[str, float]] = {}
        self._raw: dict[str, deque[int]] = {}
        self._lost = 0

    def turn(self, address: str, value: float) -> None:
        """Turn a number; the value must have been checked."""
        self._keep("numbers", address, value)

    def signal(self, name: str, value: float) -> None:
        """A signal has another value."""
        self._keep("signals", name, value)

    def begin(self, name: str, value: float = 1.0) -> None:
        """A signal sets something off: a note, an onset."""
        self._keep("signals", name, value)
        self._keep("began", name, self._clock())

    def end(self, name: str) -> None:
        """What a signal set off is let go."""
        self._keep("signals", name, 0.0)
        self._keep("ended", name, self._clock())

    def step(self, name: str, steps: float) -> None:
        """A relative encoder was turned; unlike values, steps are added up until they are taken."""
        with self._lock:
            held = self._held.setdefault("steps", {})
            if name in held or len(held) < _MOST:
                held[name] = held.get(name, 0.0) + steps
        self._wake()

    def send(self, name: str, value: int) -> None:
        """A control sent this; whoever learns it is to know how it goes, and not only where it is."""
        with self._lock:
            if name in self._raw or len(self._raw) < _MOST:
                self._raw.setdefault(name, deque(maxlen=_RAW)).append(value)

    def take(self) -> Taken:
        """Everything since the last time."""
        now = self._clock()
        with self._lock:
            held, self._held = self._held, {}
            raw, self._raw = self._raw, {}
            lost, self._lost = self._lost, 0
        began, ended = ({name: now - at for name, at in held.get(kind, {}).items()} for kind in ("began", "ended"))
        sent = {name: tuple(values) for name, values in raw.items()}
        return Taken(held.get("numbers", {}), held.get("signals", {}), began, ended, held.get("steps", {}), sent, lost)

    def _keep(self, kind: str, name: str, value: float) -> None:
        with self._lock:
            held = self._held.setdefault(kind, {})
            if name in held or len(held) < _MOST:
                held[name] = value
            else:
                self._lost += 1
        self._wake()


class Ear:
    """What came in, handed from the thread that took it to the one that draws.

    As long as nobody draws nobody listens; what came long ago is then forgotten.
    """

    def __init__(self) -> None:
        self._waiting: deque[tuple[Taken, float]] = deque(maxlen=256)
        self._hearing, self._lock, self._time = Hearing(), threading.Lock(), 0.0

    def take(self, taken: Taken, now: float) -> None:
        """Something came in."""
        with self._lock:
            self._waiting.append((taken, now))

    def listen(self, time: float, now: float) -> Measurements:
        """All that came in until now, by the time of the run in seconds."""
        with self._lock:
            if time < self._time:
                # Another network runs, whose time begins anew.
                self._hearing.shift(time - self._time)
            self._time = time
            while self._waiting:
                taken, at = self._waiting.popleft()
                self._hearing.take(taken, time - (now - at))
            return self._hearing.measured


class Hearing:
    """What has been heard until now, put together from measurements and from what comes in."""

    def __init__(self) -> None:
        self._values: dict[str, float] = {}
        self._began: dict[str, float] = {}
        self._ended: dict[str, float] = {}

    def take(self, taken: Taken, time: float) -> None:
        """Add what came in, at a time of the run in seconds."""
        self._values.update(taken.signals)
        self._began.update({name: time - age for name, age in taken.began.items()})
        self._ended.update({name: time - age for name, age in taken.ended.items()})

    def shift(self, seconds: float) -> None:
        """The time of the run is another by so much: what set something off did so as long ago as before."""
        for held in (self._began, self._ended):
            held.update({name: at + seconds for name, at in held.items()})

    def add(self, measured: Measurements) -> None:
        """Add what was measured."""
        self._values.update(measured.values)
        self._began.update(measured.began)
        self._ended.update(measured.ended)

    @property
    def measured(self) -> Measurements:
        """All of it."""
        return Measurements(dict(self._values), dict(self._began), dict(self._ended))
