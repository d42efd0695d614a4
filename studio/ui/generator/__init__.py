"""Steering generators: networks that are fed vectors."""

from __future__ import annotations

from typing import TYPE_CHECKING

from studio.runtime.live.telemetry import Telemetry
from studio.ui.kit.command import Command, Context, Place
from studio.ui.kit.panel import Panel, bring_forward
from studio.ui.services.parts import Parts

if TYPE_CHECKING:
    from studio.ui.generator.panel import GeneratorPanel


def _make(context: Context) -> GeneratorPanel:
    from studio.ui.generator.panel import GeneratorPanel

    parts = context[Parts]
    return GeneratorPanel(
        context.document, context[Telemetry], context.live.play, parts.opener.open, parts.messages.say
    )


def _draw(context: Context) -> None:
    from studio.ui.generator.panel import GeneratorPanel

    panel = context[GeneratorPanel]
    bring_forward(panel)
    if panel.directions:
        panel.seed.die.click()


PANELS = (
    Panel(
        "generator",
        "Generator",
        "left",
        _make,
        stack=10,
        order=30,
        modules=("studio.ui.generator.panel",),
        commands=(
            Command(
                "generator.seed",
                "Another seed",
                _draw,
                Place("Run", 30, 10),
                keys=("Ctrl+Shift+G",),
                icon="dice-five",
                tip="A generator begins at another point",
            ),
        ),
        gestures=(("Drag on the generator's pad", "Go along two directions at once; a double click goes back"),),
    ),
)
