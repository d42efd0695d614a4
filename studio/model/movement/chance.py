"""Drawing by chance: places by their weights, and values of declared parameters."""

from __future__ import annotations

import math
import random
from typing import Any

from studio.model.declared.form import Field
from studio.model.networks.shape import Array


def by_weight(weights: Array, count: int, chance: random.Random) -> tuple[int, ...]:
    """So many places drawn without putting back, each as likely as its weight, rising.

    Infinite weights and NaN count as the largest that is known.
    Source: P. Efraimidis and P. Spirakis, "Weighted random sampling with a reservoir", 2006: those with the largest
    u^(1/w), of u drawn from 0 to 1 for each, are drawn by their weights w.
    """
    largest = max((float(w) for w in weights if math.isfinite(w)), default=0.0) or 1.0
    shares = [float(w) / largest if math.isfinite(w) else 1.0 for w in weights]
    keys = [math.log(1.0 - chance.random()) / w if w > 0 else -math.inf for w in shares]
    order = sorted(range(len(keys)), key=lambda place: -keys[place])
    return tuple(sorted(order[:count]))


def value_by_chance(field: Field, chance: random.Random, deviation: float = 1.0) -> Any:
    """A value of a parameter: within what it declares for chance, else its safe range, else near its default.

    Args:
        field: the parameter.
        chance: draws.
        deviation: of the weights, in which some parameters are counted.
    """
    if field.kind == "choice":
        return chance.choice(field.choices)
    if field.kind == "boolean":
        return chance.random() < 0.5
    if field.kind == "seed":
        return chance.randrange(1000)
    if field.kind not in ("number", "integer"):
        return field.default
    lo, hi = field.drawn or field.safe or (_end(field.lo, field.default, -1), _end(field.hi, field.default, 1))
    value = chance.uniform(lo, hi)
    if field.kind == "integer":
        return round(value)
    return value * deviation if field.in_deviations and field.drawn else round(value, 3)


def _end(limit: float | None, default: Any, way: int) -> float:
    """An end of a range that is not too far from the default."""
    near = float(default or 0) + way * max(1.0, abs(float(default or 0)))
    if limit is None:
        return near
    return max(limit, near) if way < 0 else min(limit, near)
