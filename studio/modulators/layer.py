"""What a layer makes."""

from __future__ import annotations

import math
from typing import ClassVar, Literal

from studio.model.declared.param import param
from studio.model.movement.modulator import Measurements, Modulator, Moment


class LayerMap(Modulator):
    """The mean of a layer's map in the frame before, or how far its values spread, squeezed to -1..1 by a tanh."""

    label: ClassVar[str] = "Layer"
    group: ClassVar[str] = "Picture"

    layer: str = param("", doc="Which layer")
    of: Literal["mean", "spread"] = param("mean", doc="Its mean, or how far its values spread")
    scale: float = param(1.0, lo=1e-6, hi=1e6, live=True, doc="The value that becomes tanh(1), about 0.76")

    def value(self, when: Moment, measured: Measurements) -> float:
        """See `Modulator.value`."""
        del when
        return math.tanh(measured.values.get(self._signal(), 0.0) / self.scale)

    def signals(self) -> tuple[str, ...]:
        """See `Modulator.signals`."""
        return (self._signal(),)

    def _signal(self) -> str:
        return f"layer/{self.layer}/{self.of}"
