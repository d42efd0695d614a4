"""What is wrong with a layer's activation, in a word, judged by its statistics."""

from __future__ import annotations

import math

from studio.engine.base import Engine, Stats
from studio.model.networks.node import Node

_SATURATED = 0.95
_NEAR = 1e-3


def judge(node: Node, stats: Stats) -> str:
    """One warning, the worst first; empty where all is well.

    NaN and infinite values; nothing but zeros; a bounded activation (sigmoid, tanh ...) of which 95 % of the values
    lie in the outermost bins of its range.
    """
    if stats.nan:
        return f"{stats.nan} values are not a number"
    if stats.infinite:
        return f"{stats.infinite} values are infinite"
    if stats.minimum == stats.maximum == 0.0:
        return "all values are zero"
    ends = node.op.bounds()
    if ends is not None and _saturated(stats, *ends):
        return f"saturated: {_SATURATED:.0%} of the values or more are at {ends[0]:g} or {ends[1]:g}"
    return ""


def _saturated(stats: Stats, low: float, high: float) -> bool:
    total = int(stats.histogram.sum())
    if not total or math.isnan(stats.minimum):
        return False
    near = _NEAR * (high - low)
    at_ends = 0
    if stats.minimum <= low + near:
        at_ends += int(stats.histogram[0])
    if stats.maximum >= high - near and stats.maximum > stats.minimum:
        at_ends += int(stats.histogram[-1])
    return at_ends >= _SATURATED * total


def outside(stats: Stats, low: float, high: float) -> float:
    """What part of the values lies outside of these, as far as the bins of the histogram tell."""
    total = int(stats.histogram.sum())
    if not total or math.isnan(stats.minimum):
        return 0.0
    edges = stats.edges
    if stats.minimum == stats.maximum:
        return float(not low <= stats.minimum <= high)
    return float(stats.histogram[(edges[1:] <= low) | (edges[:-1] >= high)].sum() / total)


def is_finite(stats: Stats) -> bool:
    """Whether every value is a number, and none infinite."""
    return not (stats.nan or stats.infinite)


def broken_from(engine: Engine) -> str | None:
    """The first layer with a value that is not finite, where the output has such; None where it has none."""
    return None if is_finite(engine.stats(engine.graph.output)) else first_broken(engine)


def first_broken(engine: Engine) -> str | None:
    """The first layer in running order with a value that is not finite; None where there is none."""
    return next((node.name for node in engine.graph.nodes if not is_finite(engine.stats(node.name))), None)
