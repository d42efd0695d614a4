"""The passes that norms by a map's own statistics begin with.

The shaders take them in passes over rows, then columns, so that no texel visits a whole map; H × W in each::

    map            H × W ─┬───────────┬───────────────────────┐
    row means      H × 1 ◄┘           │                       │
    mean           1 × 1 ◄─ columns   │                       │
    row moments    H × 2 ◄────────────┘ around that mean      │
    moments        1 × 2 ◄─ columns                           │
    output         H × W ◄────────────────────────────────────┘

A GroupNorm has two passes more, after "mean" and after "moments", which average the channels of a group. The
variance is taken around the mean, in a second reading of the map: the difference of two large sums would lose it.
"""

from __future__ import annotations

from studio.model.networks.shape import Shape

Scratch = tuple[tuple[str, Shape], ...]


def moments(shape: Shape, *, grouped: bool) -> Scratch:
    """The passes drawn above, before the last."""
    channels, height, _ = shape
    found: list[tuple[str, Shape]] = []
    for rows, width in (("adaptive_avg_pool2d", 1), ("row_moments", 2)):
        found.append((rows, Shape(channels, height, width)))
        found.append(("adaptive_avg_pool2d", Shape(channels, 1, width)))
        if grouped:
            found.append(("group_mean", Shape(channels, 1, width)))
    return tuple(found)
