"""What the source shows."""

from __future__ import annotations

from typing import ClassVar, Literal

from studio.model.declared.param import param
from studio.model.movement.modulator import Measurements, Modulator, Moment


class Picture(Modulator):
    """A property of the source's picture, from 0 to 1.

    Brightness is the mean luma, contrast twice its standard deviation, motion four times the mean change since the
    picture before, each held to 1; hue and saturation are those of the mean colour.
    """

    label: ClassVar[str] = "Picture"
    group: ClassVar[str] = "Picture"

    of: Literal["brightness", "contrast", "motion", "hue", "saturation"] = param("brightness", doc="Which property")

    def value(self, when: Moment, measured: Measurements) -> float:
        """See `Modulator.value`."""
        del when
        return measured.values.get(f"picture/{self.of}", 0.0)

    def signals(self) -> tuple[str, ...]:
        """See `Modulator.signals`."""
        return (f"picture/{self.of}",)
