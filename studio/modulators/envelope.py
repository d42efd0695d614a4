"""An envelope that something sets off."""

from __future__ import annotations

import math
from typing import ClassVar

from studio.model.declared.param import param
from studio.model.movement.modulator import Measurements, Modulator, Moment


class Envelope(Modulator):
    """Rises to 1 when a signal begins, falls to its sustained level, and to 0 when the signal ends.

    Of a signal that has no end, such as an onset, attack, hold and release follow one another.
    """

    label: ClassVar[str] = "Envelope"
    group: ClassVar[str] = "Time"

    trigger: str = param("sound/onset", doc="What sets it off: a signal, such as sound/onset, beat, midi/1/note/60")
    attack: float = param(0.01, lo=0.0, hi=60.0, live=True, unit="s", doc="Time of the rise to 1")
    hold: float = param(0.0, lo=0.0, hi=60.0, live=True, unit="s", doc="Time at 1")
    decay: float = param(0.2, lo=0.0, hi=60.0, live=True, unit="s", doc="Time of the fall to the sustained level")
    sustain: float = param(0.0, lo=0.0, hi=1.0, live=True, doc="Level that is kept until the signal ends")
    release: float = param(0.3, lo=0.0, hi=60.0, live=True, unit="s", doc="Time of the fall to 0 after the end")
    curve: float = param(0.0, lo=0.0, hi=10.0, live=True, doc="How bent the falls are: 0 is straight")

    def value(self, when: Moment, measured: Measurements) -> float:
        """See `Modulator.value`."""
        began = measured.start(self.trigger, when)
        if began is None or when.time < began:
            return 0.0
        ended = measured.ended.get(self.trigger)
        if ended is not None and ended >= began and when.time >= ended:
            return self._held(ended - began) * self._fall(when.time - ended, self.release)
        if self.sustain == 0.0 or ended is not None or self.trigger.startswith("midi/"):
            return self._held(when.time - began)
        # It has no end: the sustained level falls off by itself.
        after = when.time - began - self.attack - self.hold - self.decay
        return self._held(when.time - began) * (self._fall(after, self.release) if after > 0.0 else 1.0)

    def signals(self) -> tuple[str, ...]:
        """See `Modulator.signals`."""
        return (self.trigger,)

    def _held(self, since: float) -> float:
        """The level so many seconds after the beginning, while the signal lasts."""
        if since < self.attack:
            return since / self.attack
        since -= self.attack + self.hold
        if since <= 0.0:
            return 1.0
        return self.sustain + (1.0 - self.sustain) * self._fall(since, self.decay)

    def _fall(self, since: float, seconds: float) -> float:
        part = min(since / seconds, 1.0) if seconds > 0.0 else 1.0
        if self.curve < 1e-9:  # straight, to all digits that count
            return 1.0 - part
        return 1.0 - math.expm1(-self.curve * part) / math.expm1(-self.curve)
