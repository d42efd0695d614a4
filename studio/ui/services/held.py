"""What can be faded to, and how: snapshots, the four slots of crossfader and pad, easings, and what is waited for."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import get_args

from studio.model.movement.tempo import Tempo
from studio.model.networks.preset import Preset
from studio.modulators.keyframes import Easing

SNAPSHOTS = range(1, 10)
SLOTS = "ABCD"
PLACES = {"A": (0.0, 0.0), "B": (1.0, 0.0), "C": (0.0, 1.0), "D": (1.0, 1.0)}
"""Where each lies, across and down."""

EASINGS: tuple[Easing, ...] = tuple(each for each in get_args(Easing) if each != "hold")
QUANTA = ("at once", "beat", "bar")


def quantum_of(chosen: str, tempo: Tempo) -> float:
    """How many beats what was chosen waits for a multiple of; 0 for at once."""
    return {"beat": 1.0, "bar": float(tempo.beats_per_bar)}.get(chosen, 0.0)


@dataclass(frozen=True, eq=False)
class Held:
    """A preset that can be gone to.

    Attributes:
        preset: as it was when it was taken.
        path: its folder; None where it had none, or what was taken was not saved there.
    """

    preset: Preset
    path: Path | None = None
