"""The numbers of the brush."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from studio.control.window import BRUSH, PULL, RATE
from studio.model.address import Dial
from studio.model.workspace import Workspace


def dials(workspace: Workspace) -> Iterator[Dial]:
    """How the brush paints weights, rates and pulls."""
    for name, number in BRUSH.items():
        yield Dial(number, partial(_get, workspace, name), partial(_set, workspace, name))
    yield Dial(RATE, lambda: workspace.rate, lambda value: setattr(workspace, "rate", value))
    yield Dial(PULL, lambda: workspace.pull, lambda value: setattr(workspace, "pull", value))


def _get(workspace: Workspace, name: str) -> float:
    return float(getattr(workspace.brush, name))


def _set(workspace: Workspace, name: str, value: float) -> None:
    kind = type(getattr(workspace.brush, name))
    workspace.brush = workspace.brush.model_copy(update={name: kind(value)})
