"""The clock of another machine by MIDI: how fast its beats follow each other, when they fall, and which they are."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from studio.control.midi import MidiEvent
from studio.model.movement.tempo import Tempo

CLOCKS = 24
"""Clock messages in a beat."""

_POSITION = 6
"""Clock messages in a sixteenth, by which song positions count."""

_STILL = 0.5
"""Seconds without a message after which a clock has stood still: what was before tells nothing of the tempo then."""

_LAST, _CHANGED = 8, 0.006
"""How many messages are off by how many seconds where the tempo is another."""

_BPM, _PHASE = 0.25, 0.012
"""Beats a minute, and seconds of a beat, by which a tempo may be off before it is set anew: a clock jitters by less."""


@dataclass(frozen=True)
class ClockHeard:
    """What a clock tells.

    Attributes:
        bpm: beats in a minute.
        at: when its last beat fell, in seconds.
        beat: which one that was, from 0.
        is_placed: whether the other machine has said so, by a start or a song position.
        goes: whether it plays; a clock may go on while it is stopped.
    """

    bpm: float
    at: float
    beat: int
    is_placed: bool
    goes: bool


class MidiClock:
    """Follows the messages of one port, whose jitter is evened out by a line through the last eight beats.

    "Start" begins at beat 0 with the next message, "continue" goes on where it was stopped or at the song position that
    was told; while it is stopped the tempo is still heard. Where the tempo changes, the line begins anew.
    """

    def __init__(self) -> None:
        self._times: deque[float] = deque(maxlen=8 * CLOCKS + 1)
        self._next = 0  # the number of the next clock message since the song began
        self._goes, self._is_placed = True, False

    def take(self, event: MidiEvent, time: float) -> None:
        """One event at its time in seconds; what is no clock counts for nothing."""
        if event.kind in ("start", "continue"):
            # Some machines begin their clock anew with it.
            self._times.clear()
            self._goes = True
            if event.kind == "start":
                self._next, self._is_placed = 0, True
        elif event.kind == "stop":
            self._goes = False
        elif event.kind == "position":
            self._next, self._is_placed = _POSITION * event.value, True
        elif event.kind == "clock":
            if self._times and time - self._times[-1] > _STILL:
                self._times.clear()
            self._times.append(time)
            self._next += self._goes

    def heard(self) -> ClockHeard | None:
        """What it tells; None until a beat has been heard, and where it is no tempo."""
        times = np.array(self._times)
        if len(times) <= CLOCKS or times[-1] <= times[0]:
            return None
        period, newest, off = _line(times)
        if abs(off) > _CHANGED and len(times) > CLOCKS + 1:
            # It goes at another tempo by now.
            while len(self._times) > CLOCKS + 1:
                self._times.popleft()
            period, newest, _ = _line(times[-CLOCKS - 1 :])
        bpm = 60.0 / CLOCKS / period if period > 0.0 else 0.0
        if not 20.0 <= bpm <= 400.0:
            return None
        last = max(0, self._next - 1)
        beat, since = divmod(last, CLOCKS)
        return ClockHeard(bpm, newest - since * period, beat, self._is_placed, self._goes)

    def is_heard(self, now: float) -> bool:
        """Whether it has been heard of late."""
        return bool(self._times) and now - self._times[-1] <= _STILL

    @property
    def bpm(self) -> float | None:
        """Beats in a minute; None as for `heard`."""
        found = self.heard()
        return None if found is None else found.bpm

    @property
    def beat_at(self) -> float | None:
        """When the last beat fell, in seconds; None as for `heard`."""
        found = self.heard()
        return None if found is None else found.at


def _line(times: NDArray[np.float64]) -> tuple[float, float, float]:
    """A line through times by their numbers: seconds a step, the newest time, and by how much the last ones are off."""
    numbers = np.arange(len(times)) - (len(times) - 1) / 2
    mean = float(times.mean())
    period = float(numbers @ (times - mean) / (numbers @ numbers))
    off = times[-_LAST:] - mean - period * numbers[-_LAST:]
    return period, mean + period * float(numbers[-1]), float(off.mean())


def followed(tempo: Tempo, heard: ClockHeard, ahead: float, now: float) -> Tempo:
    """The tempo that goes by a clock; the same one where it does so already.

    Args:
        tempo: as it is.
        heard: what the clock tells.
        ahead: seconds that the tempo's time is ahead of the clock's.
        now: by the tempo's time, in seconds.
    """
    at, goes_by = heard.at + ahead, heard.is_placed and heard.goes
    bpm = tempo.bpm if abs(heard.bpm - tempo.bpm) <= _BPM else round(heard.bpm, 1)
    wanted = tempo.placed(bpm, at, heard.beat) if goes_by else tempo.struck(bpm, at)
    off = wanted.beat(now) - tempo.beat(now)
    bar = tempo.beats_per_bar
    # Whole bars count for nothing, and where nobody has said which beat it is, neither do beats.
    rest = off - round(off / bar) * bar if goes_by else off - round(off)
    return tempo if bpm == tempo.bpm and abs(rest) * 60.0 / bpm <= _PHASE else wanted
