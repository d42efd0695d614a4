"""Bends of what layers hand on: the stack behind the selected layer, and of all."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

from studio.bends import registry
from studio.model.bends.bend import Bend
from studio.model.bends.stages import stage_of
from studio.model.networks.picture import DeepPicture
from studio.runtime.live.report import Progress
from studio.runtime.live.telemetry import Telemetry
from studio.ui.kit.command import Command, Context, Place
from studio.ui.kit.entry import Entry, plain
from studio.ui.kit.panel import Panel, bring_forward
from studio.ui.services.effects import Effects
from studio.ui.services.messages import MessageBar
from studio.ui.viewport.widget import Viewport

if TYPE_CHECKING:
    from studio.ui.bends.panel import BendsPanel


def _make(context: Context) -> BendsPanel:
    from studio.ui.bends.channel_bars import ChannelBars
    from studio.ui.bends.channel_menu import ChannelMenu
    from studio.ui.bends.findings import Findings
    from studio.ui.bends.panel import BendsPanel

    findings = Findings(context.document, context[Telemetry], context.live.order)

    def newest() -> DeepPicture | None:
        found = context.live.player.newest()
        return None if found is None else found.picture

    made = BendsPanel(context.document, context.workspace, findings, context[MessageBar].say, newest)
    # Some pictures in a row are at hand when the palette is opened.
    context[Telemetry].on(Progress, lambda _: made.pictures.look())
    effects = context.once(Effects, lambda: Effects(context.document, context[Telemetry], context.live.order))
    viewport = context[Viewport]
    viewport.set_picture_tool(made.masks)
    viewport.asked.connect(context.add(ChannelMenu(made, context.workspace)).open)
    viewport.over += [made.masks.draw, ChannelBars(context.workspace, effects).draw]
    return made


def _panel(context: Context) -> BendsPanel:
    from studio.ui.bends.panel import BendsPanel

    return context[BendsPanel]


def _entries(context: Context) -> Iterator[Entry]:
    """Every bend that there is, to be put behind the selected layer, and every one in the preset, to be seen."""
    for stage in context.document.stages:
        run = plain(partial(_see, context, stage.id))
        yield Entry(f"Bend {stage.id}: {stage.bend.label}", "Bend", run, f"behind {stage.layer}", "waves")
    layer = context.workspace.layer
    if layer in context.document.graph:
        for kind in registry().values():
            run = plain(partial(_put, context, kind))
            yield Entry(f"Bend: {kind.label}", "New bend", run, f"{kind.group}, behind {layer}", "waves")


def _add(context: Context) -> None:
    panel = _panel(context)
    bring_forward(panel)
    panel.add_bend()


def _put(context: Context, kind: type[Bend]) -> None:
    panel = _panel(context)
    bring_forward(panel)
    panel.put(kind)


def _see(context: Context, number: int) -> None:
    """Select the layer that a stage stands behind, and bring its card to the front."""
    context.workspace.choose(stage_of(context.document.stages, number).layer)
    panel = _panel(context)
    bring_forward(panel)
    panel.reveal(number)


PANELS = (
    Panel(
        "bends",
        "Bends",
        "right",
        _make,
        stack=10,
        order=60,
        modules=("studio.ui.bends.panel",),
        entries=_entries,
        commands=(
            Command(
                "bend.add",
                "Add bend…",
                _add,
                Place("Layer", 20, 10),
                keys=("Ctrl+Shift+B",),
                icon="waves",
                tip="Bend what the selected layer hands on",
            ),
            Command(
                "bend.palette",
                "Bends as pictures…",
                lambda c: _panel(c).open_palette(),
                Place("Layer", 20, 15),
                icon="squares-four",
                tip="Choose among pictures of what each bend does behind the selected layer",
            ),
            Command(
                "bend.throw",
                "Bend at random",
                lambda c: _panel(c).throw(),
                Place("Layer", 20, 20),
                keys=("Ctrl+Shift+D",),
                icon="dice-five",
                tip="Another bend of the selected layer, drawn at random; each throw is one undo",
            ),
            Command(
                "bend.toggle_all",
                "Bends off and on",
                lambda c: _panel(c).toggle_all(),
                Place("Layer", 20, 30),
                keys=("Ctrl+Alt+B",),
                tip="All bends of layers off, or on again as they were",
                enabled=lambda c: bool(c.document.stages),
                follows=frozenset({"section.stages", "network"}),
            ),
        ),
        gestures=(
            ("Right click on a layer or a tile", "Bend it, or that channel alone"),
            ("Drag a bend's handle", "Change the order"),
            ("Double click on its name", "Fold or unfold"),
            ("Left, right button on the picture", "Paint a bend's mask, take away from it, while it is painted"),
            ("Escape on the picture", "No more painting of the mask"),
        ),
    ),
)
