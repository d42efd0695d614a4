"""The numbers of the brush."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from studio.control.window import BRUSH, NAMED_BRUSH, PULL, RATE
from studio.model.declared.param import number_in, with_number
from studio.model.movement.address import Dial
from studio.model.views.workspace import Workspace
from studio.ui.services.brushes import Brushes


def dials(workspace: Workspace, brushes: Brushes) -> Iterator[Dial]:
    """How the brush paints weights, rates and pulls, and which of those by name it is."""
    for name, number in BRUSH.items():
        yield Dial(number, partial(_get, workspace, name), partial(_set, workspace, name))
    yield Dial(RATE, lambda: workspace.rate, lambda value: setattr(workspace, "rate", value))
    yield Dial(PULL, lambda: workspace.pull, lambda value: setattr(workspace, "pull", value))

    def take(number: float) -> None:
        # 0 is what a brush has that is set by hand: there is nothing to take.
        if number:
            brushes.take(round(number))

    def lead(number: float) -> None:
        # A route passes by numbers that there may not be.
        if 1 <= number <= len(brushes.all):
            brushes.take(round(number))

    yield Dial(NAMED_BRUSH, lambda: float(brushes.number), take, lead=lead)


def _get(workspace: Workspace, name: str) -> float:
    return number_in(workspace.brush, name)


def _set(workspace: Workspace, name: str, value: float) -> None:
    workspace.brush = with_number(workspace.brush, name, value)
