"""Macros: eight knobs, each for many numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING

from studio.model.movement.route import MACROS
from studio.runtime.live.telemetry import Telemetry
from studio.ui.kit.command import Command, Context, Place
from studio.ui.kit.entry import Entry, plain
from studio.ui.kit.panel import Panel
from studio.ui.services.controllers import Controllers
from studio.ui.services.messages import MessageBar

if TYPE_CHECKING:
    from studio.ui.macros.panel import MacrosPanel

_STEP = 0.05


def _make(context: Context) -> MacrosPanel:
    from studio.ui.macros.panel import MacrosPanel

    made = MacrosPanel(context.document, context[Telemetry], context[MessageBar].say, context[Controllers].hub.names)
    context.tell_of(made.switched, "macro")
    return made


def _panel(context: Context) -> MacrosPanel:
    from studio.ui.macros.panel import MacrosPanel

    return context[MacrosPanel]


def _is_chosen(number: int, context: Context) -> bool:
    return _panel(context).number == number


def _choose(number: int) -> Callable[[Context], None]:
    return lambda context: _panel(context).choose(number)


def _step(by: float) -> Callable[[Context], None]:
    return lambda context: _panel(context).step(by)


def _aims(context: Context) -> Iterator[Entry]:
    """Every number that the chosen macro can turn: choosing one lets it."""
    panel = _panel(context)
    for target in panel.targets():
        run = plain(partial(panel.aim, target.address))
        yield Entry(f"Macro {panel.number} turns {target.label}", "Macro", run, target.address, "sliders-horizontal")


PANELS = (
    Panel(
        "macros",
        "Macros",
        "right",
        _make,
        # Below what it turns, so that a knob can be dragged there.
        stack=20,
        order=40,
        modules=("studio.ui.macros.panel",),
        scrolled=True,
        entries=_aims,
        commands=(
            Command(
                "macro.more",
                "Turn the macro up",
                _step(_STEP),
                Place("Layer/Macros", 10, 10),
                keys=("Alt+Up",),
                tip="The chosen macro, by a twentieth of its way",
            ),
            Command(
                "macro.less",
                "Turn the macro down",
                _step(-_STEP),
                Place("Layer/Macros", 10, 20),
                keys=("Alt+Down",),
                tip="The chosen macro, by a twentieth of its way",
            ),
            *(
                Command(
                    f"macro.choose_{number}",
                    f"Macro {number}",
                    _choose(number),
                    Place("Layer/Macros", 20, number),
                    keys=(f"Alt+{number}",),
                    tip="Alt and the arrows turn it",
                    is_on=partial(_is_chosen, number),
                    follows=frozenset({"macro"}),
                )
                for number in range(1, MACROS + 1)
            ),
        ),
        gestures=(
            ("Drag a macro's knob", "Turn it; Shift finer"),
            ("Drag a macro's ⋮⋮ onto a slider", "Let it turn that as well"),
        ),
    ),
)
