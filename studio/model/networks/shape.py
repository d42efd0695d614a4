"""What maps and tensors are to all that works on them: arrays of float32, and their shapes."""

from __future__ import annotations

from fractions import Fraction
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from studio.model.declared.size import Size

Array = NDArray[np.float32]

Scale = tuple[Fraction, Fraction]
"""Of one size over another: of the heights, and of the widths."""


class Shape(NamedTuple):
    """That of one feature map: channels, height, width."""

    channels: int
    height: int
    width: int

    @property
    def size(self) -> Size:
        """Of each channel."""
        return Size(self.height, self.width)

    def __str__(self) -> str:
        return f"{self.channels}×{self.height}×{self.width}"
