"""The source bar: what is played, where it is, and how fast."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING

from studio.runtime.live.telemetry import Telemetry
from studio.ui.kit.command import Command, Context, Place
from studio.ui.kit.entry import Entry, plain
from studio.ui.kit.panel import Panel, bring_forward
from studio.ui.services.cues import FilmCues
from studio.ui.services.parts import Parts
from studio.ui.services.session import Session
from studio.ui.source.beat_light import BeatLight
from studio.ui.source.dials import dials
from studio.ui.source.panel import Transport

if TYPE_CHECKING:
    from studio.ui.source.camera_panel import CameraPanel
    from studio.ui.source.feedback_panel import FeedbackPanel
    from studio.ui.source.state_panel import StatePanel


def _make(context: Context) -> Transport:
    parts, telemetry = context[Parts], context[Telemetry]
    cues = context.add(FilmCues(telemetry, parts.session, context.live.seek, parts.messages.say))
    context.tell_of(cues.changed, "cues")
    made = Transport(context.live, telemetry, parts.session, parts.importer, cues)
    made.menu.ask_camera = lambda: _show_camera(context)
    made.add(BeatLight(context.document, telemetry))
    return made


def _cues(context: Context) -> Iterator[Entry]:
    """The film's cue points: choosing one goes there."""
    cues = context[FilmCues]
    for number in range(1, len(cues.cues) + 1):
        yield Entry(cues.text(number), "Cue", plain(partial(cues.go, number)), icon="map-pin")


def _has_cue(number: int, context: Context) -> bool:
    return number <= len(context[FilmCues].cues)


def _go(number: int) -> Callable[[Context], None]:
    return lambda context: context[FilmCues].go(number)


_CUES = frozenset({"cues"})


def _camera(context: Context) -> CameraPanel:
    from studio.ui.source.camera_panel import CameraPanel

    return CameraPanel(context[Telemetry], context[Session], context.live.play, context[Parts].importer)


def _show_camera(context: Context) -> None:
    from studio.ui.source.camera_panel import CameraPanel

    bring_forward(context[CameraPanel])


def _feedback(context: Context) -> FeedbackPanel:
    from studio.ui.source.feedback_panel import FeedbackPanel

    return FeedbackPanel(context.document)


def _state(context: Context) -> StatePanel:
    from studio.ui.source.state_panel import StatePanel

    return StatePanel(context.document, context.live.begin_again)


PANELS = (
    Panel(
        "source",
        "Source",
        "middle",
        _make,
        stack=20,
        dials=lambda c: dials(c.live, c[Telemetry], c[FilmCues]),
        entries=_cues,
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
            Command(
                "cue.set",
                "Set a cue here",
                lambda c: c[FilmCues].set_here(),
                Place("Run/Cues", 15, 10),
                keys=("J",),
                icon="map-pin",
                tip="A place in the film to come back to, which is kept with the film",
                enabled=lambda c: c[FilmCues].can_have,
                follows=_CUES,
            ),
            Command(
                "cue.back",
                "Previous cue",
                lambda c: c[FilmCues].go_back(),
                Place("Run/Cues", 20, 10),
                keys=("Ctrl+,",),
                icon="skip-back",
                tip="Or the film's beginning",
                enabled=lambda c: c[FilmCues].can_have,
                follows=_CUES,
            ),
            Command(
                "cue.on",
                "Next cue",
                lambda c: c[FilmCues].go_on(),
                Place("Run/Cues", 20, 20),
                keys=("Ctrl+.",),
                icon="skip-forward",
                enabled=lambda c: bool(c[FilmCues].cues),
                follows=_CUES,
            ),
            *(
                Command(
                    f"cue.go_{number}",
                    f"Cue {number}",
                    _go(number),
                    Place("Run/Cues", 30, number),
                    keys=(f"Ctrl+Alt+{number}",),
                    enabled=partial(_has_cue, number),
                    follows=_CUES,
                )
                for number in range(1, 10)
            ),
        ),
    ),
    Panel(
        "camera",
        "Camera",
        "right",
        _camera,
        stack=20,
        order=75,
        starts_hidden=True,
        scrolled=True,
        commands=(
            Command(
                "run.camera",
                "Camera…",
                _show_camera,
                Place("Run", 12, 10),
                icon="camera",
                tip="Which camera, its size, rate, mirror and exposure",
            ),
        ),
    ),
    Panel(
        "feedback",
        "Feedback",
        "right",
        _feedback,
        stack=20,
        order=70,
        starts_hidden=True,
        scrolled=True,
    ),
    Panel(
        "state",
        "State",
        "right",
        _state,
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
