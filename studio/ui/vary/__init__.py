"""Dice: variants of what is open, and breeding."""

from __future__ import annotations

from typing import TYPE_CHECKING

from studio.control.window import STRENGTH
from studio.model.movement.address import Dial
from studio.runtime.live.telemetry import Telemetry
from studio.ui.kit.command import Command, Context, Place
from studio.ui.kit.panel import Panel, bring_forward
from studio.ui.services.parts import Parts

if TYPE_CHECKING:
    from studio.ui.vary.panel import VaryPanel


def _make(context: Context) -> VaryPanel:
    from studio.runtime.live.variants import Variants
    from studio.ui.vary.panel import VaryPanel

    parts = context[Parts]
    variants = Variants(parts.proofs, parts.post)
    return VaryPanel(context.document, context.workspace, variants, context[Telemetry], parts.messages.say)


def _roll(context: Context) -> None:
    from studio.ui.vary.panel import VaryPanel

    panel = context[VaryPanel]
    bring_forward(panel)
    panel.roll()


def _dials(context: Context) -> tuple[Dial, ...]:
    from studio.ui.vary.panel import VaryPanel

    panel = context[VaryPanel]
    return (Dial(STRENGTH, lambda: panel.breeding.strength, panel.set_strength),)


PANELS = (
    Panel(
        "vary",
        "Vary",
        "left",
        _make,
        stack=20,
        order=15,
        modules=("studio.ui.vary.panel", "studio.edits:registry"),
        dials=_dials,
        commands=(
            Command(
                "vary.roll",
                "Draw eight variants",
                _roll,
                Place("Edit", 60, 10),
                keys=("Ctrl+Shift+Y",),
                icon="dice-five",
                tip="Chance bends the filters that matter most; click one of eight to take it and to breed from it",
            ),
        ),
        gestures=(("Click on a variant", "Take it, and see eight variants of it"),),
    ),
)
