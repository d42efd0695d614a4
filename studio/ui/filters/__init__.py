"""The filter editor: the selected tensor as a sheet or as bars, tools to change it by hand, and every edit's form."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from studio.errors import StudioError
from studio.runtime.live.movement import EditCosts, Moved
from studio.runtime.live.telemetry import Telemetry
from studio.ui.filters.commands import COMMANDS as _COMMANDS
from studio.ui.filters.dials import dials
from studio.ui.filters.editor import FilterEditor
from studio.ui.filters.edits_panel import EditsPanel, edit_groups
from studio.ui.filters.live_maps import LiveMaps
from studio.ui.filters.order_commands import COMMANDS as _ORDERS
from studio.ui.filters.picking import Picking
from studio.ui.filters.pointing import Pointing
from studio.ui.filters.sheet_tools import SheetTools
from studio.ui.filters.sheet_veil import ViewportVeil
from studio.ui.kit.command import Context
from studio.ui.kit.entry import Entry, plain
from studio.ui.kit.events import Events
from studio.ui.kit.panel import Panel, bring_forward
from studio.ui.services.brushes import Brushes
from studio.ui.services.effects import Effects, source_of
from studio.ui.services.messages import MessageBar
from studio.ui.services.session import Session
from studio.ui.services.watching import Watching
from studio.ui.viewport.stage import Stage
from studio.ui.viewport.widget import Viewport

__all__ = ["PANELS", "FilterEditor", "SheetTools", "edit_groups"]


def _make(context: Context) -> FilterEditor:
    effects = context.once(Effects, lambda: Effects(context.document, context[Telemetry], context.live.order))
    maps = LiveMaps(context.document, context[Telemetry], context.live.order)
    brushes = context.add(Brushes(context.workspace, context[Session], context[MessageBar].say))
    made = FilterEditor(
        context.document, context.workspace, context.editing, effects=effects, maps=maps, brushes=brushes
    )
    # In the viewport the same tools work on the same sheet.
    context[Viewport].set_tool(made.tools)
    context.add(ViewportVeil(context.document, context.workspace, context[Viewport]))
    made.edits_made.connect(partial(_tell, context[Telemetry]))
    stage, workspace = context[Stage], context.workspace

    def swap(field: str = "stage") -> None:
        if field == "stage":
            # All that lies in it is told of its new place, by thousands of events.
            with context[Events].paused():
                stage.show_large(made.give_sheet() if workspace.stage else None)
                if not workspace.stage:
                    made.take_sheet()

    watching = context.once(Watching, lambda: Watching(context.live.watch))
    note = context[MessageBar].note
    picking = context.add(Picking(context.document, workspace, context[Telemetry], watching, effects, note))
    context[Viewport].picked.connect(picking.pick)
    context.add(Pointing(context.document, workspace, context[Telemetry], context.live.order, context[Viewport]))
    workspace.changed.connect(swap)
    stage.swapped.connect(lambda: setattr(workspace, "stage", False))
    swap()
    return made


def _tell(telemetry: Telemetry, edits: EditsPanel) -> None:
    """Let the panel of edits know what moves them, from now on."""
    edits.live.take_costs(telemetry[EditCosts])
    edits.live.take_moved(telemetry[Moved])
    telemetry.on(EditCosts, edits.live.take_costs)
    telemetry.on(Moved, edits.live.take_moved)


def _entries(context: Context) -> Iterator[Entry]:
    """Every edit: choosing one brings its form to the front; and every brush that is kept."""
    brushes = context[Brushes]
    for number, named in enumerate(brushes.all, 1):
        run = plain(partial(brushes.take, number))
        yield Entry(f"Brush {number}: {named.name}", "Brush", run, named.brush.mode, "paint-brush")
    for group, edits in edit_groups().items():
        for kind in edits:
            yield Entry(kind.label, "Edit", plain(partial(_show_edit, context, kind.__name__)), group, "magic-wand")


def _show_edit(context: Context, name: str) -> None:
    """Bring the form of an edit to the front, of the layer that makes the selected one where that has no weights."""
    workspace, graph = context.workspace, context.document.graph
    if workspace.tensor is None:
        layer = source_of(graph, workspace.layer) if workspace.layer in graph else None
        if layer is None:
            raise StudioError(f"{workspace.layer} has no weights to edit; select a layer that has some.")
        workspace.choose(layer, "weight")
    editor = context[FilterEditor]
    bring_forward(editor)
    editor.show_edit(name)


PANELS = (
    Panel(
        "filters",
        "Filters",
        "right",
        _make,
        stack=10,
        entries=_entries,
        dials=lambda c: dials(c.workspace, c[Brushes]),
        commands=(*_COMMANDS, *_ORDERS),
        gestures=(
            ("Drag on the picture", "Select the filters that make that part; with Shift where it is zoomed"),
            ("Q held over a filter", "The picture without that channel; with Shift that channel alone"),
            ("Click on the picture", "Select the filters that change it most there; Ctrl adds"),
            ("Click on a channel's tile", "Select the filter that makes it"),
            ("Click on a card's map", "Select its filter; Ctrl adds, Shift takes away"),
            ("Wheel on the sheet", "From every kernel to cards of filters with live maps, and on to single weights"),
            ("Shift with the brush", "A straight line; a click draws it from the last stroke's end"),
            ("Right button with the brush", "Pick up the value under the cursor"),
            ("Ctrl, Shift while selecting", "Add to the selection, take away from it"),
            ("Escape", "Take back the stroke or the preview under way"),
        ),
    ),
)
