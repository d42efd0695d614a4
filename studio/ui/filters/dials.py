"""The numbers of the brush."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from studio.model.address import Dial, Number, joined, number_of
from studio.model.brush import Brush
from studio.model.form import fields
from studio.model.learning_sheets import MOST
from studio.model.workspace import Workspace

_KINDS = ("number", "integer", "seed")
RATE = Number("/brush/rate", "Brush rate", "number", 0.0, 0.0, MOST["rates"], "", "What it sets rates of learning to")
PULL = Number("/brush/pull", "Brush pull", "number", 0.05, 0.0, MOST["pulls"], "", "What it sets pulls to")


def addresses() -> dict[str, str]:
    """Of the brush's own settings, by their names."""
    return {field.name: joined("brush", field.name) for field in fields(Brush) if field.kind in _KINDS}


def dials(workspace: Workspace) -> Iterator[Dial]:
    """How the brush paints weights, rates and pulls."""
    for field in fields(Brush):
        if field.kind in _KINDS:
            number = number_of(joined("brush", field.name), field, f"Brush {field.label.lower()}")
            yield Dial(number, partial(_get, workspace, field.name), partial(_set, workspace, field.name))
    yield Dial(RATE, lambda: workspace.rate, lambda value: setattr(workspace, "rate", value))
    yield Dial(PULL, lambda: workspace.pull, lambda value: setattr(workspace, "pull", value))


def _get(workspace: Workspace, name: str) -> float:
    return float(getattr(workspace.brush, name))


def _set(workspace: Workspace, name: str, value: float) -> None:
    kind = type(getattr(workspace.brush, name))
    workspace.brush = workspace.brush.model_copy(update={name: kind(value)})
