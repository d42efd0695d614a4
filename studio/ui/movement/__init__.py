"""What moves by itself: routes from sources to numbers, and the tempo."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from studio.model.movement.tempo import Tempo
from studio.runtime.live.film_sound import FilmSound
from studio.runtime.live.report import Message
from studio.runtime.live.telemetry import Telemetry
from studio.ui.kit.command import Command, Context, Place
from studio.ui.kit.panel import Panel
from studio.ui.services.controllers import Controllers
from studio.ui.services.fades import Fades
from studio.ui.services.messages import MessageBar

if TYPE_CHECKING:
    from studio.ui.movement.panel import MovementPanel


def _panel(context: Context) -> MovementPanel:
    from studio.ui.movement.panel import MovementPanel

    return context[MovementPanel]


def _make(context: Context) -> MovementPanel:
    from studio.ui.movement.marks import MovedMarks
    from studio.ui.movement.panel import MovementPanel

    context.add(MovedMarks(context[Telemetry]))
    controllers, say = context[Controllers], context[MessageBar].say

    def find_tempo(then: Callable[[Tempo], object]) -> None:
        microphone = controllers.microphone
        if microphone is None:
            context[FilmSound].find_tempo(then)
        elif (tempo := microphone.tempo) is not None:
            then(tempo)
        else:
            say(Message("No beat is heard in the microphone yet; let it listen for some seconds.", "warning"))

    made = MovementPanel(context.document, context[Telemetry], say, find_tempo, controllers.hub.names)
    # The crossfader is there once its slots are filled, and a panel's numbers once it is made.
    context[Fades].filled.connect(made.show_targets)
    controllers.reached.connect(made.show_targets)
    return made


PANELS = (
    Panel(
        "movement",
        "Movement",
        "right",
        _make,
        stack=10,
        order=70,
        modules=("studio.ui.movement.panel", "studio.ui.movement.marks"),
        commands=(
            Command(
                "movement.add",
                "Add movement…",
                lambda c: _panel(c).add_movement(),
                Place("Layer", 30, 10),
                keys=("Ctrl+Shift+M",),
                icon="activity",
                tip="Let a number move by itself: to a beat, to the sound, to the picture",
            ),
            Command(
                "movement.tap",
                "Tap the tempo",
                lambda c: _panel(c).tap_tempo(),
                Place("Layer", 30, 20),
                keys=("Ctrl+Alt+T",),
                tip="Two or more taps set the tempo",
            ),
            Command(
                "movement.hear",
                "Tempo from the sound",
                lambda c: _panel(c).hear_tempo(),
                Place("Layer", 30, 30),
                icon="ear",
                tip="Of the film that plays, in step with its beats",
            ),
        ),
    ),
)
