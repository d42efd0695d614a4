"""Fades between presets, snapshots, and what goes between them by hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from studio.ui.kit.command import Command, Context, Place
from studio.ui.kit.panel import Panel
from studio.ui.services.fades import Fades
from studio.ui.services.held import SNAPSHOTS
from studio.ui.services.messages import MessageBar

if TYPE_CHECKING:
    from studio.ui.fades.panel import FadesPanel


def _make(context: Context) -> FadesPanel:
    from studio.ui.fades.panel import FadesPanel

    return FadesPanel(context[Fades], context[MessageBar].say)


def _take(number: int) -> Callable[[Context], None]:
    return lambda context: context[Fades].take(number)


PANELS = (
    Panel(
        "fades",
        "Fades",
        "left",
        _make,
        stack=20,
        order=15,
        modules=("studio.ui.fades.panel",),
        scrolled=True,
        commands=(
            Command(
                "fade.stop",
                "Stop the fade here",
                lambda c: c[Fades].stop(),
                Place("Run/Snapshots", 10, 10),
                tip="What is between the two presets stays",
            ),
            *(
                Command(
                    f"fade.take_{number}",
                    f"Take snapshot {number}",
                    _take(number),
                    Place("Run/Snapshots", 20, number),
                    keys=(f"Ctrl+{number}",),
                    tip=f"The key {number} then fades to what is open now",
                )
                for number in SNAPSHOTS
            ),
        ),
        gestures=(("Drag on the morph pad", "Be between the presets at its corners"),),
    ),
)
