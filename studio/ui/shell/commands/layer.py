"""The selected layer: which one, and whether it works."""

from __future__ import annotations

from collections.abc import Callable

from studio.model.views.workspace import ORIGINALS
from studio.ui.kit.command import Command, Context, Place, Slot, holds, switch
from studio.ui.services.bypassing import bypass_or_not

_COMPARISON = frozenset({"workspace.comparison"})


def _step(by: int) -> Callable[[Context], None]:
    return lambda context: context.workspace.step(by)


def _bypass(context: Context) -> None:
    bypass_or_not(context.document, context.workspace.layer)


def _solo(context: Context) -> None:
    workspace = context.workspace
    workspace.comparison = None if workspace.comparison == workspace.layer else workspace.layer


COMMANDS = (
    Command(
        "layer.previous",
        "Previous layer",
        _step(-1),
        Place("Layer", 10, 10),
        keys=("Ctrl+Up",),
        icon="arrow-up",
    ),
    Command(
        "layer.next",
        "Next layer",
        _step(1),
        Place("Layer", 10, 20),
        keys=("Ctrl+Down",),
        icon="arrow-down",
    ),
    Command(
        "layer.bypass",
        "Bypass",
        _bypass,
        Place("Layer", 20, 10),
        keys=("Ctrl+B",),
        icon="arrow-bend-right-down",
        tip="The selected layer hands on what it reads",
        is_on=lambda c: c.workspace.layer in c.document.bypassed,
        follows=frozenset({"section.bypassed", "network", "workspace.layer"}),
    ),
    Command(
        "layer.solo",
        "Solo",
        _solo,
        Place("Layer", 20, 20),
        keys=("Ctrl+L",),
        icon="headphones",
        tip="Only the selected layer's bends; all others as trained",
        is_on=lambda c: c.workspace.comparison == c.workspace.layer,
        follows=_COMPARISON | {"workspace.layer"},
    ),
    Command(
        "layer.originals",
        "Compare with the originals",
        switch("comparison", ORIGINALS, None),
        Place("Layer", 20, 30),
        Slot(50, 10),
        ("Ctrl+E",),
        "eye",
        "Every layer as it was trained; hold A for a moment's look",
        label="Originals",
        is_on=holds("comparison", ORIGINALS),
        follows=_COMPARISON,
    ),
)
