"""States: maps that a network makes itself, step by step, such as the cells of a cellular automaton.

Source: A. Mordvintsev, E. Randazzo, E. Niklasson and M. Levin, "Growing Neural Cellular Automata", Distill, 2020.
"""

from __future__ import annotations

import numpy as np

from studio.model.declared.param import Shaded, param
from studio.model.declared.size import Size
from studio.model.networks.inputs import Beginning
from studio.model.networks.section import Section
from studio.model.networks.shape import Array

COLOURS = 3
"""The first channels of a state, which are its colour where it has as many."""

MOST_STEPS = 64.0


class Stepping(Shaded):
    """How a preset steps the states of its network.

    A state begins as the network says. Before a frame's steps, ``picture`` of its colour becomes that of the source.
    """

    steps: float = param(
        1.0, lo=0.0, hi=MOST_STEPS, safe=(0.0, 16.0), live=True, doc="Steps a frame; 0.5 is one in every second frame"
    )
    picture: float = param(
        0.0, lo=0.0, hi=1.0, live=True, doc="Part of its colour that is the source's picture, before each frame"
    )
    held: bool = param(
        False, live=True, doc="Whether it is held at its beginning; it continues from there when released"
    )


STEPPING: Section[Stepping] = Section("state", Stepping())
"""Of all states of the network together."""


def beginning(begins: Beginning, channels: int, size: Size, seed: int, colour: Array) -> Array:
    """A state in its first step, (C, H, W) float32.

    Args:
        begins: "zeros"; "seed", one cell in the middle whose colour is 0 and whose other channels are 1; "noise",
            evenly spread from 0 to 1; "picture", the source's colour, full opacity in the channel behind it, and zeros.
        channels: of the state.
        size: of its map.
        seed: of the noise.
        colour: (3, H, W) of the source's picture, in the state's own values.
    """
    if begins == "noise":
        return np.random.default_rng(seed).random((channels, *size), np.float32)
    made = np.zeros((channels, *size), np.float32)
    if begins == "seed":
        made[COLOURS if channels > COLOURS else 0 :, size.height // 2, size.width // 2] = 1.0
    if begins == "picture":
        made[:COLOURS] = colour[:channels]
        made[COLOURS : COLOURS + 1] = 1.0
    return made


def shrunk(colour: Array, smaller: Size) -> Array:
    """(C, H, W) of a picture made so many times smaller down and across, each place the mean of those it stands for."""
    if smaller == (1, 1):
        return colour
    channels, height, width = len(colour), *Size.of(colour[0]).divided(smaller)
    whole = colour[:, : height * smaller.height, : width * smaller.width]
    parts = whole.reshape(channels, height, smaller.height, width, smaller.width)
    return np.asarray(parts.mean((2, 4)), np.float32)


class Steps:
    """Counts the steps of each frame, so that a rate that is not whole comes out even."""

    def __init__(self) -> None:
        self._rest = 0.0

    def begin(self, rate: float) -> None:
        """Begin again: of less than one step a frame the first is taken in the first frame."""
        self._rest = max(0.0, 1.0 - rate)

    def next(self, rate: float) -> int:
        """How many the next frame takes, at so many steps a frame."""
        whole = int(self._rest + rate + 1e-6)
        self._rest += rate - whole
        return whole
