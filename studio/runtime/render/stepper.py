"""What a network's states are fed before a frame: their beginning, or a part of the source's picture."""

from __future__ import annotations

import numpy as np

from studio.engine.base import Engine
from studio.model.declared.size import Size
from studio.model.networks.inputs import Input
from studio.model.networks.picture import DeepPicture, to_tensor
from studio.model.networks.shape import Array
from studio.model.networks.state import COLOURS, Stepping, Steps, beginning, shrunk


class Stepper:
    """Says for each frame which states the engine is fed, and how many steps it takes.

    Args:
        engine: steps them.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._steps = Steps()

    def next(self, picture: DeepPicture, stepping: Stepping) -> tuple[dict[str, Array], int]:
        """The states that are not those which the network handed on, and how many steps the frame takes.

        Args:
            picture: the source's, as large as the states.
            stepping: how they are stepped.
        """
        states = self._engine.graph.states
        if not states:
            return {}, 1
        fed: dict[str, Array] = {}
        size = Size.of(picture)
        begins = stepping.held or not self._begun(size)
        if begins:
            self._steps.begin(stepping.steps)
            self._engine.forget()
        for put in states:
            if begins:
                colour = _colour(put, picture)
                fed[put.name] = beginning(put.begins, put.channels, put.map_size(size), put.seed, colour)
            if stepping.picture > 0.0:
                fed[put.name] = self._mixed(put, fed.get(put.name), picture, stepping.picture)
        steps = self._steps.next(stepping.steps)
        if begins:
            # What is held at its beginning is one step from it.
            return fed, 1 if stepping.held else steps
        return (fed if steps else {}), steps

    def _begun(self, size: Size) -> bool:
        states = self._engine.graph.states if self._engine.stepped else ()
        return bool(states) and all(self._engine.shape(put.name).size == put.map_size(size) for put in states)

    def _mixed(self, put: Input, begun: Array | None, picture: DeepPicture, part: float) -> Array:
        state = self._engine.state(put.name) if begun is None else begun
        assert state is not None
        mixed, shown = state.copy(), _colour(put, picture)[: put.channels]
        mixed[: len(shown)] += (shown - mixed[: len(shown)]) * np.float32(part)
        return mixed


def _colour(put: Input, picture: DeepPicture) -> Array:
    """(3, H, W) of the picture, as large as a state and in its values."""
    return shrunk(to_tensor(picture, COLOURS, put.range), put.smaller)
