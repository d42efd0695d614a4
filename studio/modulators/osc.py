"""What comes by OSC."""

from __future__ import annotations

from typing import ClassVar

from studio.model.declared.param import param
from studio.model.movement.modulator import Measurements, Modulator, Moment


class Osc(Modulator):
    """The newest number that came to a path of its own, ``/studio/in/NAME``."""

    label: ClassVar[str] = "OSC"
    group: ClassVar[str] = "Controllers"

    name: str = param("fader", doc="What stands behind /studio/in/")
    lo: float = param(0.0, live=True, label="From", doc="The value that becomes 0")
    hi: float = param(1.0, live=True, label="To", doc="The value that becomes 1")

    def value(self, when: Moment, measured: Measurements) -> float:
        """See `Modulator.value`."""
        del when
        width = self.hi - self.lo
        part = (measured.values.get(f"osc/{self.name}", self.lo) - self.lo) / width if width else 0.0
        return min(1.0, max(0.0, part))

    def signals(self) -> tuple[str, ...]:
        """See `Modulator.signals`."""
        return (f"osc/{self.name}",)
