"""A bend drawn at random: its kind, its parameters within their safe ranges, and which channels it bends."""

from __future__ import annotations

import math
import random
from typing import Any

from studio.bends import registry
from studio.errors import StudioError
from studio.model.bend import Bend
from studio.model.document import Document
from studio.model.form import Field, fields
from studio.model.op import Array
from studio.model.stage import ChannelList, Channels, SomeChannels

_SHARES = (0.1, 0.25, 0.5, 1.0)


def throw(document: Document, layer: str, seed: int | None = None, impact: Array | None = None) -> None:
    """Put a bend drawn at random behind a layer, as one item of the history.

    Args:
        document: what is worked on.
        layer: the layer.
        seed: what it is drawn by; None for another each time.
        impact: (channels,) how much each channel of the layer matters, finite or infinite; None where it is not known.

    Raises:
        StudioError: where no layer is selected.
    """
    if layer not in document.graph:
        raise StudioError("Select a layer first; a bend stands behind one.")
    chance = random.Random(seed)
    kinds = [kind for kind in registry().values() if kind.other is None]
    bend = drawn(chance.choice(sorted(kinds, key=lambda kind: kind.__name__)), chance)
    share = chance.choice(_SHARES)
    channels: Channels = SomeChannels(share=share, seed=chance.randrange(1000))
    if impact is not None and share < 1.0:
        channels = drawn_by_effect(impact, share, chance)
    document.add_stage(layer, bend, channels=channels)


def drawn_by_effect(impact: Array, share: float, chance: random.Random) -> ChannelList:
    """A share of the channels, drawn without putting back, each as likely as it matters.

    Source: P. Efraimidis and P. Spirakis, "Weighted random sampling with a reservoir", 2006: those with the largest
    u^(1/w), of u drawn from 0 to 1 for each, are drawn by their weights w.
    """
    largest = max((float(w) for w in impact if math.isfinite(w)), default=0.0) or 1.0
    weights = [float(w) / largest if math.isfinite(w) else 1.0 for w in impact]
    keys = [math.log(1.0 - chance.random()) / w if w > 0 else -math.inf for w in weights]
    order = sorted(range(len(keys)), key=lambda channel: -keys[channel])
    count = max(1, round(share * len(keys)))
    return ChannelList(channels=tuple(sorted(order[:count])), name="drawn by effect")


def drawn(kind: type[Bend], chance: random.Random) -> Bend:
    """A bend of this kind with parameters drawn from their safe ranges, or near their defaults where none is known."""
    return kind.model_validate({field.name: _value(field, chance) for field in fields(kind)})


def _value(field: Field, chance: random.Random) -> Any:
    if field.kind == "choice":
        return chance.choice(field.choices)
    if field.kind == "boolean":
        return chance.random() < 0.5
    if field.kind == "seed":
        return chance.randrange(1000)
    if field.kind not in ("number", "integer"):
        return field.default
    lo, hi = field.safe or (_end(field.lo, field.default, -1), _end(field.hi, field.default, 1))
    value = chance.uniform(lo, hi)
    return round(value) if field.kind == "integer" else round(value, 3)


def _end(limit: float | None, default: Any, way: int) -> float:
    """An end of a range that is not too far from the default."""
    near = float(default or 0) + way * max(1.0, abs(float(default or 0)))
    if limit is None:
        return near
    return max(limit, near) if way < 0 else min(limit, near)
