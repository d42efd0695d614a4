"""Commands of the filter editor: kernels, tools, the brush."""

from __future__ import annotations

from collections.abc import Callable

from studio.model.views.workspace import Paints, Tool
from studio.runtime.editing import kernels
from studio.ui.filters import selecting
from studio.ui.filters.depths import Depth
from studio.ui.filters.editor import FilterEditor
from studio.ui.kit.command import LAYER, Command, Context, Place, Slot, has_tensor, holds, switch
from studio.ui.services.brushes import Brushes
from studio.ui.services.messages import MessageBar

_TOOL = frozenset({"workspace.tool"})
_BRUSH = frozenset({"workspace.brush", "workspace.tool"})


def _copy(context: Context) -> None:
    count = kernels.copy_kernels(context.workspace)
    context[MessageBar].note(f"Copied {count} filter{'s' if count != 1 else ''}.")


def _can_paste(context: Context) -> bool:
    return context.workspace.clipboard is not None and context.workspace.tensor is not None


def _take(tool: Tool) -> Callable[[Context], None]:
    def run(context: Context) -> None:
        context[FilterEditor].tools.cancel()
        context.workspace.tool = tool

    return run


def _mode(mode: str) -> Callable[[Context], None]:
    return lambda context: context[FilterEditor].tools.set_mode(mode)


def _paints(mode: str) -> Callable[[Context], bool]:
    return lambda context: context.workspace.tool == "paint" and context.workspace.brush.mode == mode


def _brush(order: int, mode: str, key: str, text: str, tip: str) -> Command:
    return Command(
        f"brush.{mode}",
        text,
        _mode(mode),
        Place("Tools/Brush", 10, order),
        keys=(key,),
        tip=tip,
        is_on=_paints(mode),
        follows=_BRUSH,
    )


def _onto(order: int, paints: Paints, text: str, tip: str) -> Command:
    return Command(
        f"brush.on_{paints}",
        text,
        _paint(paints),
        Place("Tools/Brush", 5, order),
        tip=tip,
        is_on=holds("paints", paints),
        follows=frozenset({"workspace.paints"}),
    )


def _depth(order: int, depth: Depth, key: str, icon: str, tip: str) -> Command:
    return Command(
        f"sheet.{depth}",
        depth.capitalize(),
        lambda context: context[FilterEditor].sheet.show_depth(depth),
        Place("View/Filter sheet", 45, order),
        keys=(key,),
        icon=icon,
        tip=tip,
        enabled=has_tensor,
        follows=LAYER,
    )


def _paint(paints: Paints) -> Callable[[Context], None]:
    def run(context: Context) -> None:
        context.workspace.tool, context.workspace.paints = "paint", paints

    return run


def _take_named(number: int) -> Callable[[Context], None]:
    return lambda context: context[Brushes].take(number)


def _keep(context: Context) -> None:
    row = context[FilterEditor].brush.named
    if row is not None:
        row.ask_keep()


COMMANDS = (
    Command(
        "edit.copy",
        "Copy filters",
        _copy,
        Place("Edit", 20, 10),
        keys=("Ctrl+C",),
        icon="copy",
        tip="The selected kernels",
        enabled=has_tensor,
        follows=LAYER,
    ),
    Command(
        "edit.paste",
        "Paste filters",
        lambda c: kernels.paste_kernels(c.workspace, c.editing),
        Place("Edit", 20, 20),
        keys=("Ctrl+V",),
        icon="clipboard-text",
        tip="Into the selected kernels, of this layer or another",
        enabled=_can_paste,
        follows=LAYER | {"workspace.clipboard"},
    ),
    Command(
        "edit.select_all",
        "Select all filters",
        lambda c: selecting.select_all(c.workspace),
        Place("Edit", 30, 10),
        keys=("Ctrl+A",),
        icon="selection-all",
        enabled=has_tensor,
        follows=LAYER,
    ),
    Command(
        "edit.invert_selection",
        "Invert selection",
        lambda c: selecting.invert(c.workspace),
        Place("Edit", 30, 20),
        keys=("Ctrl+Shift+I",),
        icon="selection-inverse",
        enabled=has_tensor,
        follows=LAYER,
    ),
    Command(
        "tool.paint",
        "Paint",
        _take("paint"),
        Place("Tools", 10, 10),
        Slot(40, 10),
        ("B",),
        "paint-brush",
        "On the filter sheet",
        is_on=holds("tool", "paint"),
        follows=_TOOL,
    ),
    Command(
        "tool.select",
        "Select",
        _take("select"),
        Place("Tools", 10, 20),
        Slot(40, 20),
        ("S",),
        "selection",
        "Kernels on the filter sheet",
        is_on=holds("tool", "select"),
        follows=_TOOL,
    ),
    Command(
        "tool.move",
        "Move",
        _take("move"),
        Place("Tools", 10, 30),
        Slot(40, 30),
        ("V",),
        "hand",
        "Drag the sheet itself",
        is_on=holds("tool", "move"),
        follows=_TOOL,
    ),
    Command(
        "edit.keep_live",
        "Keep the edit live",
        lambda c: c[FilterEditor].edits.keep_live(),
        Place("Edit", 40, 10),
        icon="activity",
        tip="The edit of the Edits tab lies over the selected kernels; its numbers stay turnable and can be moved",
        enabled=has_tensor,
        follows=LAYER,
    ),
    Command(
        "edit.bake",
        "Bake the live edits",
        lambda c: c[FilterEditor].edits.live.bake_now(),
        Place("Edit", 40, 20),
        tip="Write what the live edits of the selected tensor make into its weights",
        enabled=lambda c: any(each.tensor == c.workspace.tensor for each in c.document.edits),
        follows=LAYER | {"section.edits"},
    ),
    Command(
        "tool.protect",
        "Paint within the selection",
        switch("protected", True, False),
        Place("Tools", 20, 10),
        keys=("Ctrl+Shift+P",),
        icon="shield-check",
        tip="What is not selected cannot be painted on",
        is_on=holds("protected", True),
        follows=frozenset({"workspace.protected"}),
    ),
    _depth(10, "overview", "F6", "dots-nine", "The whole sheet, a square for each kernel where they are small"),
    _depth(20, "filters", "F7", "cards", "A card for each channel: its kernels, its live map, its effect, its number"),
    _depth(30, "weights", "F8", "hash", "Single weights, with their numbers where there is room"),
    Command(
        "sheet.own_scale",
        "A scale for each kernel",
        switch("kernel_scaling", "tile", "all"),
        Place("View/Filter sheet", 45, 40),
        icon="grid-four",
        tip="Each kernel has the full range of colours, however faint it is",
        is_on=holds("kernel_scaling", "tile"),
        follows=frozenset({"workspace.kernel_scaling"}),
    ),
    _onto(10, "weights", "Paint weights", "The brush changes the weights themselves"),
    _onto(20, "rates", "Paint learning rates", "0 pins a weight while the rest learns, 1 is as usual, more hurries"),
    _onto(30, "pulls", "Paint pull", "Weights are drawn back to what they were, or to another preset, while it learns"),
    _brush(10, "add", "D", "Add", "The brush adds its value"),
    _brush(20, "set", "T", "Set", "The brush sets weights to its value"),
    _brush(30, "multiply", "M", "Multiply", "The brush multiplies weights by its value"),
    _brush(40, "erase", "E", "Erase", "The brush sets weights to zero"),
    _brush(50, "smooth", "U", "Smooth", "The brush takes the mean of what lies around"),
    _brush(60, "noise", "N", "Noise", "The brush adds noise"),
    *(
        Command(
            f"brush.take_{number}",
            f"Brush {number} by name",
            _take_named(number),
            Place("Tools/Brush", 40, number),
            keys=(f"F{number + 1}",),
            tip="One of the brushes that are kept, in their order",
        )
        for number in range(1, 5)
    ),
    Command(
        "brush.next",
        "Next brush by name",
        lambda c: c[Brushes].step(1),
        Place("Tools/Brush", 45, 10),
        keys=("Ctrl+]",),
    ),
    Command(
        "brush.previous",
        "Previous brush by name",
        lambda c: c[Brushes].step(-1),
        Place("Tools/Brush", 45, 20),
        keys=("Ctrl+[",),
    ),
    Command(
        "brush.keep",
        "Keep the brush…",
        _keep,
        Place("Tools/Brush", 50, 10),
        icon="floppy-disk",
        tip="As it is set now, under a name",
    ),
    Command(
        "brush.turn_sign",
        "Turn the sign",
        lambda c: c[FilterEditor].tools.turn_sign(),
        Place("Tools/Brush", 20, 10),
        keys=("X",),
        tip="Of the brush's value",
    ),
    Command(
        "brush.smaller",
        "Smaller",
        lambda c: c[FilterEditor].tools.resize(-1),
        Place("Tools/Brush", 30, 10),
        keys=("[",),
    ),
    Command(
        "brush.larger",
        "Larger",
        lambda c: c[FilterEditor].tools.resize(1),
        Place("Tools/Brush", 30, 20),
        keys=("]",),
    ),
    Command(
        "brush.softer",
        "Softer",
        lambda c: c[FilterEditor].tools.harden(-1),
        Place("Tools/Brush", 30, 30),
        keys=("Shift+[", "{", "Shift+{"),
    ),
    Command(
        "brush.harder",
        "Harder",
        lambda c: c[FilterEditor].tools.harden(1),
        Place("Tools/Brush", 30, 40),
        keys=("Shift+]", "}", "Shift+}"),
    ),
)
