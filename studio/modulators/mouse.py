"""Where the mouse or the pen is."""

from __future__ import annotations

from typing import ClassVar, Literal

from studio.model.declared.param import param
from studio.model.movement.modulator import Measurements, Modulator, Moment


class Mouse(Modulator):
    """Where the mouse or the pen is over the viewport, from 0 at its left or upper edge to 1; or the pen's pressure."""

    label: ClassVar[str] = "Mouse"
    group: ClassVar[str] = "Controllers"

    of: Literal["x", "y", "pressure"] = param("x", doc="What is read")

    def value(self, when: Moment, measured: Measurements) -> float:
        """See `Modulator.value`."""
        del when
        return measured.values.get(f"mouse/{self.of}", 0.0)

    def signals(self) -> tuple[str, ...]:
        """See `Modulator.signals`."""
        return (f"mouse/{self.of}",)
