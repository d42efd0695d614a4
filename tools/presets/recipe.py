"""What a preset of edited filters is made by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Step:
    """One edit of one tensor of a layer; of some rows of its filter sheet, or of all."""

    layer: str
    edit: str
    params: Mapping[str, object] = field(default_factory=dict)
    rows: range | None = None
    tensor: str = "weight"


@dataclass(frozen=True)
class Recipe:
    """A preset before it is made. ``frame`` of its source is its thumbnail."""

    name: str
    network: str
    description: str
    frame: int
    steps: Sequence[Step]
    bypassed: Sequence[str] = ()
    source: str = "demo"


def residuals(edit: str, params: Mapping[str, object]) -> list[Step]:
    """One edit of all convolutions of a painter's residual blocks."""
    return [Step(f"res{block}.conv{which}", edit, params) for block in range(1, 6) for which in (1, 2)]
