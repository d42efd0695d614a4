"""What was done, and going back in it."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

from studio.runtime.live.report import Progress
from studio.runtime.live.telemetry import Telemetry
from studio.ui.kit.command import Command, Context, Place
from studio.ui.kit.entry import Entry, plain
from studio.ui.kit.panel import Panel
from studio.ui.services.milestones import Milestones
from studio.ui.services.parts import Parts

if TYPE_CHECKING:
    from studio.ui.history.panel import HistoryPanel


def _make(context: Context) -> HistoryPanel:
    from studio.ui.history.panel import HistoryPanel

    parts = context[Parts]
    milestones = context.once(Milestones, lambda: Milestones(context.document, context.live.snapshot, parts.post))
    context[Telemetry].on(Progress, lambda progress: milestones.see_opened() if progress.serial else None)
    return HistoryPanel(context.document, milestones)


def _panel(context: Context) -> HistoryPanel:
    from studio.ui.history.panel import HistoryPanel

    return context[HistoryPanel]


def _named(context: Context) -> Iterator[Entry]:
    """The states that have a name: choosing one goes there."""
    _panel(context)
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
        modules=("studio.ui.history.panel",),
        commands=(
            Command(
                "history.name",
                "Name this state…",
                lambda c: _panel(c).ask_name(),
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
