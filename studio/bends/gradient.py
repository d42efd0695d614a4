"""Gradient."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from studio.bends._differences import steepness, steps_between
from studio.bends._layers import lines_by
from studio.model.bends.bend import Bend, Given, Layers
from studio.model.declared.param import param

if TYPE_CHECKING:
    from torch import Tensor

_LEAST = 1e-12

_steps = partial(steps_between, border="edge")


class Gradient(Bend):
    """How steeply values change at every place: the length of the differences across and down."""

    label = "Gradient"
    group = "Filters"
    shader = "gradient"
    in_tiles = True

    gain: float = param(1.0, lo=-100.0, hi=100.0, live=True, safe=(0.0, 4.0), doc="What it is multiplied by")

    def layers(self, at: Layers, x: str) -> str:
        """See `Bend.layers`."""
        squares = []
        for down, across in ((np.eye, _steps), (_steps, np.eye)):
            step = lines_by(at, x, down, across)
            squares.append(at.add("Mul", step, step))
        # A root has no slope at zero.
        steep = at.add("Sqrt", at.add("Affine", at.add("Add", *squares), shift=_LEAST))
        return at.add("Affine", steep, scale=self.gain * 0.5)

    def torch(self, x: Tensor, given: Given) -> Tensor:
        """See `Bend.torch`."""
        del given
        return steepness(x, self.gain * 0.5)
