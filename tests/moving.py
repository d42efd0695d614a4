"""Any source of movement with any parameters, for generated tests."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from studio.model.declared.form import Field, fields
from studio.model.movement.modulator import Modulator
from studio.modulators import registry
from studio.modulators.keyframes import Key

NAMES = st.text("abcdefghijklmnopqrstuvwxyz/0123456789", max_size=12)
EASINGS = st.sampled_from(["linear", "hold", "in", "out", "in and out", "back", "bounce"])


@st.composite
def keys(draw: st.DrawFn) -> tuple[Key, ...]:
    times = sorted(draw(st.sets(st.integers(0, 200), min_size=1, max_size=6)))
    return tuple(Key(time / 10, draw(st.floats(-1, 1)), draw(EASINGS)) for time in times)


def _values(kind: type[Modulator], field: Field) -> st.SearchStrategy[Any]:
    if field.kind == "choice":
        return st.sampled_from(field.choices)
    if field.kind == "boolean":
        return st.booleans()
    if field.kind == "text":
        return NAMES
    if field.kind == "points":
        return keys() if kind.__name__ == "Keyframes" else st.lists(st.floats(-1, 1), max_size=8).map(tuple)
    lo, hi = -1e6 if field.lo is None else field.lo, 1e6 if field.hi is None else field.hi
    if field.kind in ("integer", "seed"):
        return st.integers(int(lo), int(hi))
    return st.floats(lo, hi)


@st.composite
def modulators(draw: st.DrawFn) -> Modulator:
    """Any source with any parameters."""
    kind = registry()[draw(st.sampled_from(sorted(registry())))]
    return kind.model_validate({field.name: draw(_values(kind, field)) for field in fields(kind)})
