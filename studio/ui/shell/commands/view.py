"""What the viewport shows, and in which colours."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from studio.model.views.view import ViewKind
from studio.ui.kit import theme
from studio.ui.kit.command import LAYER, Command, Context, Place, Slot, has_tensor, holds, switch
from studio.ui.services.messages import MessageBar

_VIEW = frozenset({"workspace.view", "workspace.stage", "network"})


def _show(kind: ViewKind) -> Callable[[Context], None]:
    def run(context: Context) -> None:
        context.workspace.show(kind)
        context.workspace.stage = False

    return run


def _shows(kind: ViewKind) -> Callable[[Context], bool]:
    return lambda context: context.workspace.view.kind == kind and not context.workspace.stage


def _show_before(context: Context) -> None:
    """Look at the layer before its bends; or after them, where it is looked at before them already."""
    workspace = context.workspace
    if workspace.view.kind == "layer":
        workspace.view = replace(workspace.view, before=not _shows_before(context))
    else:
        workspace.show("layer", before=True)
    workspace.stage = False


def _shows_before(context: Context) -> bool:
    return _shows("layer")(context) and context.workspace.view.before


def _swap(context: Context) -> None:
    context.workspace.stage = not context.workspace.stage


def _set_theme(context: Context) -> None:
    theme.choose("dark" if theme.chosen_name() == "high contrast" else "high contrast")
    context[MessageBar].note("The colours are these from the next start on.")


COMMANDS = (
    Command(
        "view.high_contrast",
        "High contrast",
        _set_theme,
        Place("View", 50, 10),
        icon="circle-half-tilt",
        tip="Black, white and bright edges, from the next start on",
        is_on=lambda _: theme.chosen_name() == "high contrast",
        follows=frozenset({"theme"}),
    ),
    Command(
        "view.output",
        "Output",
        _show("output"),
        Place("View", 10, 10),
        Slot(20, 10),
        ("O",),
        "image",
        "What the network makes of the picture",
        is_on=_shows("output"),
        follows=_VIEW,
    ),
    Command(
        "view.split",
        "Input and output",
        _show("split"),
        Place("View", 10, 20),
        Slot(20, 20),
        ("I",),
        "columns",
        "Side by side, with a divider to drag",
        label="Split",
        is_on=_shows("split"),
        follows=_VIEW,
    ),
    Command(
        "view.layer",
        "Layer",
        _show("layer"),
        Place("View", 10, 30),
        Slot(20, 30),
        ("L",),
        "squares-four",
        "The selected layer's activation, a tile for each channel",
        is_on=_shows("layer"),
        follows=_VIEW,
    ),
    Command(
        "view.before_bends",
        "Layer before its bends",
        _show_before,
        Place("View", 10, 35),
        keys=("Shift+L",),
        icon="waves",
        tip="The activation that is looked at as its layer made it; once more for what its bends hand on",
        is_on=_shows_before,
        follows=_VIEW,
    ),
    Command(
        "view.filters",
        "Filters large",
        _swap,
        Place("View", 10, 40),
        Slot(20, 40),
        ("W",),
        "grid-four",
        "The sheet to paint on takes the middle, and the picture goes beside it",
        label="Filters",
        is_on=holds("stage", True),
        enabled=has_tensor,
        follows=_VIEW | LAYER,
    ),
    Command(
        "view.grey",
        "Grey colours",
        switch("colours", "grey", "signed"),
        Place("View", 20, 10),
        Slot(30, 10),
        ("C",),
        "circle-half",
        "From the smallest value, black, to the largest, white; else blue below zero and orange above",
        label="Grey",
        is_on=holds("colours", "grey"),
        follows=frozenset({"workspace.colours"}),
    ),
    Command(
        "view.one_range",
        "One range for all tiles",
        switch("scaling", "all", "tile"),
        Place("View", 20, 20),
        Slot(30, 20),
        ("G",),
        "arrows-out-line-vertical",
        "Compare channels with each other, those far beyond the others cut off; else each tile has a range of its own",
        label="One range",
        is_on=holds("scaling", "all"),
        follows=frozenset({"workspace.scaling"}),
    ),
)
