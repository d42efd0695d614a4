"""What is added to the vectors of a generator on their way: turned by hand, by a route, by a controller."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from studio.model.networks.section import Section
from studio.model.networks.shape import Array

FURTHEST = 4.0
"""How far a value is moved at most; past four standard deviations a generator knows nothing."""

Offsets = Mapping[str, tuple[float, ...]]

LATENT: Section[Offsets] = Section("latent", {})
"""What is added to each vector, by the input's name; what is missing at the end of one is zero."""


def moved(feeds: Mapping[str, Array], offsets: Offsets) -> dict[str, Array]:
    """Vectors, (C, 1, 1) float32 by input, with what is added to them."""
    found = dict(feeds)
    for name, values in offsets.items():
        if name in found and any(values):
            vector = found[name].copy()
            count = min(len(values), len(vector))
            vector[:count, 0, 0] += np.asarray(values[:count], np.float32)
            found[name] = vector
    return found
