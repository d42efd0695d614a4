"""Pooling that tells where the largest values lay, and what puts values back there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from studio.errors import StudioError
from studio.io.importers._meanings.flow import Flow
from studio.io.importers._values.views import Value


@dataclass(frozen=True)
class Spots(Value):
    """Where the largest values of a pooling's windows lie, of the shape of what it makes.

    Attributes:
        of: what was pooled.
        window: the settings of the pooling.
    """

    of: Value | None = None
    window: Mapping[str, Any] = field(default_factory=dict)


def spots(pooled: Value, of: Value, window: Mapping[str, Any]) -> Spots:
    """What a pooling gives beside its map."""
    kept = {key: window[key] for key in ("kernel_size", "stride", "padding", "ceil_mode") if key in window}
    return Spots(pooled.shape, of=of, window=kept)


def unpooled(f: Flow, value: Value, places: Value, size: Sequence[int]) -> Value:
    """Every value where the largest of its window lay, zeros around it.

    Raises:
        StudioError: where nothing says so, or the size is not that of what was pooled.
    """
    if not isinstance(places, Spots) or places.of is None:
        raise StudioError("it puts values to places that no pooling told, which is not supported.")
    if tuple(size) != places.of.shape[2:]:
        raise StudioError(f"it makes a map of {tuple(size)} of places in one of {places.of.shape[2:]}.")
    return f.layer("MaxUnpool2d", places.of, value, **places.window)
