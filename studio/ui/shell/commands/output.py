"""Commands of the output window: where it is, how the picture lies in it, black, and the test picture."""

from __future__ import annotations

from collections.abc import Iterator
from typing import get_args

from studio.io.outlets import Outlet, outlets, system_of
from studio.model.views.framing import Fit
from studio.runtime.live.sending import Send, Sent, StopSending
from studio.runtime.live.telemetry import Telemetry
from studio.ui.kit.command import Command, Context, Place
from studio.ui.viewport.projection import Projection

_WINDOWS = frozenset({"windows"})
OUTPUT = "View/Output"
"""Its menu."""
_FITS: dict[Fit, tuple[str, str]] = {
    "fit": ("All of the picture", "As large as the window holds, black around it"),
    "fill": ("Fill the window", "What does not fit is cut off"),
    "stretch": ("Stretch", "Fill the window, whatever becomes of the proportions"),
    "actual": ("A pixel for each", "One pixel of the screen for each of the picture"),
}


def _fit(number: int, fit: Fit) -> Command:
    text, tip = _FITS[fit]

    def run(context: Context) -> None:
        context[Projection].frame(fit=fit)

    return Command(
        f"output.{fit}",
        text,
        run,
        Place(OUTPUT, 20, number),
        tip=tip,
        is_on=lambda c: c[Projection].framing.fit == fit,
        follows=_WINDOWS,
    )


def _send(number: int, each: Outlet) -> Command:
    is_here = system_of(each) == ""

    def run(context: Context) -> None:
        is_on = each.name in context[Telemetry][Sent].where
        context.live.order(StopSending(each.name) if is_on else Send(each.name))

    return Command(
        f"send.{each.name}",
        f"Send to {each.label}",
        run,
        Place(OUTPUT, 50, number),
        icon="broadcast",
        tip="The output, for other programs; ends when chosen again" if is_here else f"Only on {system_of(each)}",
        is_on=lambda c: each.name in c[Telemetry][Sent].where,
        enabled=lambda _: is_here,
        follows=frozenset({"sent"}),
    )


COMMANDS = (
    Command(
        "output.black",
        "Black",
        lambda c: c[Projection].toggle_black(),
        Place(OUTPUT, 10, 10),
        keys=("K",),
        icon="square",
        tip="The output window shows nothing, until the key is pressed again",
        is_on=lambda c: c[Projection].black,
        follows=_WINDOWS,
    ),
    Command(
        "output.test",
        "Test picture",
        lambda c: c[Projection].toggle_test(),
        Place(OUTPUT, 10, 20),
        keys=("Shift+K",),
        icon="grid-four",
        tip="Edges, a circle that must be round, colours and greys, in the output window",
        is_on=lambda c: c[Projection].test,
        follows=_WINDOWS,
    ),
    *(_fit(number, fit) for number, fit in enumerate(get_args(Fit))),
    Command(
        "output.turn",
        "Turn by a quarter",
        lambda c: c[Projection].turn(),
        Place(OUTPUT, 30, 10),
        icon="arrow-clockwise",
        tip="Clockwise, in the output window alone",
    ),
    Command(
        "output.mirror",
        "Mirror",
        lambda c: c[Projection].frame(mirrored=not c[Projection].framing.mirrored),
        Place(OUTPUT, 30, 20),
        tip="Left and right exchanged, for a projection from behind",
        is_on=lambda c: c[Projection].framing.mirrored,
        follows=_WINDOWS,
    ),
    Command(
        "output.flip",
        "Upside down",
        lambda c: c[Projection].frame(flipped=not c[Projection].framing.flipped),
        Place(OUTPUT, 30, 30),
        tip="For a projector that hangs",
        is_on=lambda c: c[Projection].framing.flipped,
        follows=_WINDOWS,
    ),
    Command(
        "output.next_screen",
        "Next screen",
        lambda c: c[Projection].next_screen(),
        Place(OUTPUT, 40, 10),
        keys=("Shift+F10",),
        icon="monitor",
        tip="Fill the next screen with the output; it is remembered",
    ),
)


def commands() -> Iterator[Command]:
    """One for each outlet that is there when the window opens."""
    yield from (_send(number, each) for number, each in enumerate(outlets()))
