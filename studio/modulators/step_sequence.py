"""A sequence of values, one a step."""

from __future__ import annotations

import math
from typing import Annotated, ClassVar

from pydantic import Field

from studio.model.declared.param import param
from studio.model.movement.modulator import Measurements, Modulator, Moment

_Value = Annotated[float, Field(ge=-1.0, le=1.0)]


class StepSequence(Modulator):
    """Takes one value after the other, a step each, and begins anew behind the last."""

    label: ClassVar[str] = "Step sequence"
    group: ClassVar[str] = "Time"

    values: tuple[_Value, ...] = param((1.0, 0.0, 0.5, 0.0), kind="points", doc="The values, from -1 to 1")
    beats: float = param(1.0, lo=1 / 64, hi=64.0, live=True, unit="beats", doc="How long a step is")
    glide: float = param(0.0, lo=0.0, hi=1.0, live=True, doc="Part of a step that the way to its value takes")
    swing: float = param(0.0, lo=0.0, hi=0.9, live=True, doc="How much later every second step begins")

    def value(self, when: Moment, measured: Measurements) -> float:
        """See `Modulator.value`."""
        del measured
        if not self.values:
            return 0.0
        at = when.beat / self.beats
        place = math.floor(at)
        part = at - place
        if place % 2 and self.swing:
            if part < self.swing:
                place, part = place - 1, 1.0
            else:
                part -= self.swing
        now, before = self.values[place % len(self.values)], self.values[(place - 1) % len(self.values)]
        return before + (now - before) * part / self.glide if part < self.glide else now
