"""What a MIDI controller says."""

from __future__ import annotations

from typing import ClassVar, Literal

from studio.model.declared.param import param
from studio.model.movement.modulator import Measurements, Modulator, Moment


class Midi(Modulator):
    """A controller, a note's velocity, an NRPN, the wheel or the pressure, from 0 to 1; the wheel from -1 to 1."""

    label: ClassVar[str] = "MIDI"
    group: ClassVar[str] = "Controllers"

    of: Literal["cc", "cc14", "note", "nrpn", "pitch", "pressure"] = param("cc", doc="What is read")
    channel: int = param(1, lo=1, hi=16, doc="Of which channel")
    number: int = param(1, lo=0, hi=16383, doc="Which controller or note, to 127, or NRPN", safe=(0, 127))

    def value(self, when: Moment, measured: Measurements) -> float:
        """See `Modulator.value`."""
        del when
        return measured.values.get(self._signal(), 0.0)

    def signals(self) -> tuple[str, ...]:
        """See `Modulator.signals`."""
        return (self._signal(),)

    def idle(self) -> tuple[str, ...]:
        """See `Modulator.idle`."""
        return () if self._is_numbered else ("number",)

    @property
    def _is_numbered(self) -> bool:
        return self.of not in ("pitch", "pressure")

    def _signal(self) -> str:
        return f"midi/{self.channel}/{self.of}" + (f"/{self.number}" if self._is_numbered else "")
