"""What moves by itself: routes from sources to numbers, and the tempo."""

from __future__ import annotations

from studio.runtime.live.film_sound import FilmSound
from studio.runtime.live.telemetry import Telemetry
from studio.ui.kit.command import Command, Context, Place
from studio.ui.kit.panel import Panel
from studio.ui.movement.panel import MovementPanel
from studio.ui.services.messages import MessageBar


def _add(context: Context) -> None:
    context[MovementPanel].add_movement()


def _tap(context: Context) -> None:
    context[MovementPanel].tap_tempo()


PANELS = (
    Panel(
        "movement",
        "Movement",
        "right",
        lambda c: MovementPanel(c.document, c[Telemetry], c[MessageBar].say, c[FilmSound].find_tempo),
        stack=10,
        order=70,
        commands=(
            Command(
                "movement.add",
                "Add movement…",
                _add,
                Place("Layer", 30, 10),
                keys=("Ctrl+Shift+M",),
                icon="activity",
                tip="Let a number move by itself: to a beat, to the sound, to the picture",
            ),
            Command(
                "movement.tap",
                "Tap the tempo",
                _tap,
                Place("Layer", 30, 20),
                keys=("Ctrl+Alt+T",),
                tip="Two or more taps set the tempo",
            ),
            Command(
                "movement.hear",
                "Tempo from the sound",
                lambda c: c[MovementPanel].hear_tempo(),
                Place("Layer", 30, 30),
                icon="ear",
                tip="Of the film that plays, in step with its beats",
            ),
        ),
    ),
)
