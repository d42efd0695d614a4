"""Controllers: what is heard and sent, which control turns which number, and a menu on every control of the window."""

from __future__ import annotations

from typing import TYPE_CHECKING

from studio.ui.kit.command import Command, Context, Place
from studio.ui.kit.events import Events
from studio.ui.kit.panel import Panel
from studio.ui.services.controllers import Controllers
from studio.ui.services.messages import MessageBar
from studio.ui.viewport.widget import Viewport

if TYPE_CHECKING:
    from studio.ui.controllers.panel import ControllersPanel


def _make(context: Context) -> ControllersPanel:
    from studio.ui.controllers.address_menu import AddressMenu
    from studio.ui.controllers.panel import ControllersPanel
    from studio.ui.controllers.pointer import Pointer

    say = context[MessageBar].say
    context.add(AddressMenu(context.window, context.document, context[Controllers], say, context[Events]))
    context.add(Pointer(context[Viewport], context[Controllers].hub.inbox))
    return ControllersPanel(context.document, context[Controllers])


def _learn(context: Context) -> None:
    from studio.ui.controllers.address_menu import AddressMenu

    context[AddressMenu].learn_focused()


PANELS = (
    Panel(
        "controllers",
        "Controllers",
        "right",
        _make,
        stack=20,
        order=60,
        modules=("studio.ui.controllers.panel", "studio.ui.controllers.address_menu"),
        scrolled=True,
        commands=(
            Command(
                "controllers.learn",
                "Learn a control",
                _learn,
                Place("Tools", 60, 10),
                keys=("Ctrl+Alt+M",),
                icon="graduation-cap",
                tip="The next control that you move turns what the mouse is over, or what has the keyboard",
            ),
        ),
        gestures=(("Right button on a control", "Learn, modulate, reset, copy its address"),),
    ),
)
