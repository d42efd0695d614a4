"""What is measured."""

from __future__ import annotations

from typing import ClassVar, Literal

from studio.model.declared.param import param
from studio.model.movement.modulator import Measurements, Modulator, Moment

Band = Literal["level", "low", "low mid", "high mid", "high", "onset", "beat"]


class Sound(Modulator):
    """How loud the sound is, whole or in a band, from 0 to 1; an onset or a beat is 1 when it falls, and fades.

    Bands are 20 to 150 Hz, 150 to 600, 600 to 2,500, and above. A level of 0 is -60 decibels or less, one of 1 is 0
    decibels; what lies under ``floor`` is silence.
    """

    label: ClassVar[str] = "Sound"
    group: ClassVar[str] = "Sound"

    band: Band = param("level", doc="Which part of the sound")
    floor: float = param(0.2, lo=0.0, hi=0.99, live=True, doc="Level that counts as silence")
    gain: float = param(1.0, lo=0.0, hi=16.0, live=True, doc="How much what lies above it is amplified")
    release: float = param(0.15, lo=0.0, hi=10.0, live=True, unit="s", doc="Time in which an onset or a beat fades")

    def value(self, when: Moment, measured: Measurements) -> float:
        """See `Modulator.value`."""
        name = self._signal()
        if self.band in ("onset", "beat"):
            began = measured.began.get(name)
            if began is None or when.time < began:
                return 0.0
            left = 1.0 - (when.time - began) / self.release if self.release > 0.0 else float(when.time == began)
            return min(1.0, max(0.0, left) * self.gain)
        above = (measured.values.get(name, 0.0) - self.floor) / (1.0 - self.floor)
        return min(1.0, max(0.0, above) * self.gain)

    def signals(self) -> tuple[str, ...]:
        """See `Modulator.signals`."""
        return (self._signal(),)

    def idle(self) -> tuple[str, ...]:
        """See `Modulator.idle`."""
        return ("floor",) if self.band in ("onset", "beat") else ("release",)

    def _signal(self) -> str:
        return f"sound/{self.band.replace(' ', '_')}"
