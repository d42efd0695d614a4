"""A source of movement."""

from studio.plugin import Modulator, param


class Ramp(Modulator):
    """Rises from 0 to 1 and begins anew."""

    label = "Ramp"

    seconds: float = param(2.0, lo=0.1, hi=60.0, live=True, unit="s", doc="How long it rises")

    def value(self, when, measured):
        return when.time / self.seconds % 1.0
