"""The source bar: what is played, where it is, and how fast."""

from __future__ import annotations

from studio.runtime.live.telemetry import Telemetry
from studio.ui.kit.command import Command, Context, Place
from studio.ui.kit.panel import Panel
from studio.ui.services.parts import Parts
from studio.ui.source.beat_light import BeatLight
from studio.ui.source.dials import dials
from studio.ui.source.feedback_panel import FeedbackPanel
from studio.ui.source.panel import Transport
from studio.ui.source.state_panel import StatePanel


def _make(context: Context) -> Transport:
    parts = context[Parts]
    made = Transport(context.live, context[Telemetry], parts.session, parts.importer)
    made.add(BeatLight(context.document, context[Telemetry]))
    return made


PANELS = (
    Panel(
        "source",
        "Source",
        "middle",
        _make,
        stack=20,
        dials=lambda c: dials(c.live, c[Telemetry]),
        commands=(
            Command(
                "run.play",
                "Play or pause",
                lambda c: c[Transport].toggle(),
                Place("Run", 10, 10),
                keys=("Space",),
                icon="play",
            ),
            Command(
                "run.frame_back",
                "Previous frame",
                lambda c: c[Transport].step(-1),
                Place("Run", 10, 20),
                keys=(",",),
                icon="caret-left",
                tip="While paused",
            ),
            Command(
                "run.frame_on",
                "Next frame",
                lambda c: c[Transport].step(1),
                Place("Run", 10, 30),
                keys=(".",),
                icon="caret-right",
                tip="While paused",
            ),
        ),
    ),
    Panel(
        "feedback",
        "Feedback",
        "right",
        lambda c: FeedbackPanel(c.document),
        stack=20,
        order=70,
        starts_hidden=True,
        scrolled=True,
    ),
    Panel(
        "state",
        "State",
        "right",
        lambda c: StatePanel(c.document, c.live.begin_again),
        stack=20,
        order=72,
        starts_hidden=True,
        scrolled=True,
        commands=(
            Command(
                "run.begin_again",
                "Begin the state again",
                lambda c: c.live.begin_again(),
                Place("Run", 10, 40),
                keys=("Shift+Space",),
                icon="arrow-counter-clockwise",
                tip="The network's state, and bends with memory, though the source goes on",
                enabled=lambda c: bool(c.document.graph.states) or any(s.bend.memory() for s in c.document.stages),
                follows=frozenset({"network", "section.stages"}),
            ),
        ),
    ),
)
