"""One number of a preset, and how it is read and turned."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from studio.model.movement.address import Number
from studio.model.networks.preset import Preset


@dataclass(frozen=True)
class Knob:
    """A number of a preset.

    Attributes:
        number: what it is.
        get: its value in a preset.
        turn: the preset with another value, which has been checked.
    """

    number: Number
    get: Callable[[Preset], float]
    turn: Callable[[Preset, float], Preset]
