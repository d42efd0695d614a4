"""Performances: recorded with the film by one key, played again, and edited on a timeline."""

from __future__ import annotations

from typing import TYPE_CHECKING

from studio.model.performances.score import Score
from studio.runtime.live.telemetry import Telemetry
from studio.ui.kit.command import Command, Context, Place
from studio.ui.kit.panel import Panel
from studio.ui.services.controllers import Controllers
from studio.ui.services.parts import Parts

if TYPE_CHECKING:
    from studio.ui.performance.panel import PerformancePanel
    from studio.ui.performance.stage_hand import StageHand


def _make(context: Context) -> PerformancePanel:
    from studio.ui.performance.panel import PerformancePanel
    from studio.ui.performance.stage_hand import StageHand

    parts, score = context[Parts], context.add(Score())
    hand = context.add(StageHand(parts, score, context[Controllers].hub.inbox))
    context.tell_of(hand.changed, "performance")
    context.tell_of(score.changed, "performance")
    return PerformancePanel(context.document, score, hand, context[Telemetry], parts.worker, parts.messages.say)


def _hand(context: Context) -> StageHand:
    from studio.ui.performance.stage_hand import StageHand

    return context[StageHand]


def _ask_open(context: Context) -> None:
    from studio.ui.performance.panel import PerformancePanel

    context[PerformancePanel].reveal()
    context[PerformancePanel].ask_open()


_FOLLOWS = frozenset({"performance", "recording"})

PANELS = (
    Panel(
        "performance",
        "Performance",
        "bottom",
        _make,
        stack=10,
        starts_hidden=True,
        modules=("studio.ui.performance.panel",),
        commands=(
            Command(
                "performance.record",
                "Record a performance",
                lambda c: _hand(c).toggle_record(),
                Place("File", 30, 15),
                keys=("Shift+R",),
                icon="record",
                tip="Film, and all that hands do: it can be rendered again, larger",
                is_on=lambda c: _hand(c).records,
                follows=_FOLLOWS,
            ),
            Command(
                "performance.play",
                "Play the performance",
                lambda c: _hand(c).toggle_play(),
                Place("Run", 40, 10),
                keys=("Ctrl+Space",),
                icon="play",
                tip="All that hands did, again; what you turn meanwhile is yours",
                is_on=lambda c: _hand(c).plays,
                enabled=lambda c: c[Score].performance is not None,
                follows=_FOLLOWS,
            ),
            Command(
                "performance.overdub",
                "Overdub the performance",
                lambda c: _hand(c).overdub(),
                Place("Run", 40, 20),
                keys=("Ctrl+Shift+Space",),
                icon="record",
                tip="Plays it and records it anew, with what you turn meanwhile in place of what was turned",
                enabled=lambda c: c[Score].performance is not None,
                follows=_FOLLOWS,
            ),
            Command(
                "performance.open",
                "Open a performance…",
                _ask_open,
                Place("File", 30, 16),
                icon="folder-open",
                tip="To play it again, or to edit it",
            ),
        ),
        gestures=(
            ("Drag a keyframe", "Another time and value; Shift keeps the time, Ctrl leaves it and drags a copy"),
            ("Drag a fade between its steps", "Another time for all of it"),
            ("Drag a mark", "Another time for what was done there; Ctrl does it once more"),
            ("Double click on a curve", "Another keyframe"),
            ("Drag along the times", "Choose a part, to keep it or to cut it out"),
        ),
    ),
)
