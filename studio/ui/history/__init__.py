"""What was done, and going back in it."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from studio.ui.history.panel import HistoryPanel
from studio.ui.kit.command import Command, Context, Place
from studio.ui.kit.entry import Entry, plain
from studio.ui.kit.panel import Panel
from studio.ui.services.milestones import Milestones
from studio.ui.services.parts import Parts


def _make(context: Context) -> HistoryPanel:
    parts = context[Parts]
    milestones = context.once(Milestones, lambda: Milestones(context.document, context.live.snapshot, parts.post))
    return HistoryPanel(context.document, milestones)


def _named(context: Context) -> Iterator[Entry]:
    """The states that have a name: choosing one goes there."""
    context[HistoryPanel]
    for position, name in context[Milestones].named:
        yield Entry(name, "State", plain(partial(context.document.go, position)), "of the history", "flag")


PANELS = (
    Panel(
        "history",
        "History",
        "left",
        _make,
        stack=20,
        order=20,
        entries=_named,
        commands=(
            Command(
                "history.name",
                "Name this state…",
                lambda c: c[HistoryPanel].ask_name(),
                Place("Edit", 12, 10),
                keys=("Ctrl+J",),
                icon="flag",
                tip="A flag in the history, to come back to by its name",
                enabled=lambda c: c.document.history.position > 0,
                follows=frozenset({"history"}),
            ),
        ),
    ),
)
