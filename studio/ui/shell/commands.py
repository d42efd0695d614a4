"""Every command of the window, declared once: its menu, its keys, its icon, its tool tip, and what it does.

To add one, add a line to `COMMANDS`; the menu entry, the shortcut, the shortcut sheet and the tool tip follow.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from studio.model.view import ViewKind
from studio.model.workspace import ORIGINALS
from studio.runtime.editing import kernels

if TYPE_CHECKING:
    from studio.ui.shell.main_window import MainWindow

Do = Callable[["MainWindow"], object]
Is = Callable[["MainWindow"], bool]


@dataclass(frozen=True)
class Command:
    """One command.

    Attributes:
        name: by which toolbars and tests find it.
        menu: the menu that it stands in.
        text: its entry there.
        do: what it does; StudioErrors become messages.
        keys: its shortcuts.
        icon: a Phosphor name.
        tip: one line more than the text says.
        is_on: for commands that switch something: whether it is on.
        enabled: whether there is something to do.
        starts_group: whether a line stands above it in the menu.
    """

    name: str
    menu: str
    text: str
    do: Do
    keys: tuple[str, ...] = ()
    icon: str = ""
    tip: str = ""
    is_on: Is | None = None
    enabled: Is | None = None
    starts_group: bool = False


def _view(kind: ViewKind) -> Do:
    return lambda window: window.show_view(kind)


def _is_view(kind: str) -> Is:
    return lambda window: window.workspace.view.kind == kind


def _tool(name: str) -> Do:
    return lambda window: setattr(window.workspace, "tool", name)


def _is_tool(name: str) -> Is:
    return lambda window: window.workspace.tool == name


def _toggle(field: str, on: object, off: object) -> Do:
    def do(window: MainWindow) -> None:
        setattr(window.workspace, field, off if getattr(window.workspace, field) == on else on)

    return do


def _select(how: str) -> Do:
    return lambda window: window.select(how)


def _step_layer(by: int) -> Do:
    return lambda window: window.step_layer(by)


def _bypass(window: MainWindow) -> None:
    layer = window.workspace.layer
    window.document.set_bypassed(layer, layer not in window.document.bypassed)


def _solo(window: MainWindow) -> None:
    workspace = window.workspace
    workspace.audition = None if workspace.audition == workspace.layer else workspace.layer


def _has_tensor(window: MainWindow) -> bool:
    return window.workspace.tensor is not None


def _can_undo(window: MainWindow) -> bool:
    return window.document.history.position > 0


def _can_redo(window: MainWindow) -> bool:
    history = window.document.history
    return history.position < len(history.labels)


COMMANDS: tuple[Command, ...] = (
    # -- File
    Command(
        "open",
        "File",
        "Open preset or network…",
        lambda w: w.opening.ask_preset(),
        ("Ctrl+O",),
        "folder-open",
        "A folder with a preset.json or a network.json; it may be dropped on the window, too",
    ),
    Command(
        "import",
        "File",
        "Import model…",
        lambda w: w.opening.ask_model(),
        ("Ctrl+I",),
        "download-simple",
        "A PyTorch, ONNX or safetensors file, or a folder of .npy; becomes a network of the studio's own",
    ),
    Command(
        "open_source",
        "File",
        "Open film or picture…",
        lambda w: w.opening.ask_source(),
        ("Ctrl+Shift+O",),
        "film-strip",
        "What the network works on; it may be dropped on the window, too",
    ),
    Command(
        "save",
        "File",
        "Save preset",
        lambda w: w.deck.save(),
        ("Ctrl+S",),
        "floppy-disk",
        "Every weight that you have changed, bit for bit",
        starts_group=True,
    ),
    Command("save_as", "File", "Save preset as…", lambda w: w.deck.save_as(), ("Ctrl+Shift+S",), "floppy-disk-back"),
    Command(
        "export",
        "File",
        "Export network…",
        lambda w: w.opening.ask_export(),
        ("Ctrl+Shift+E",),
        "export",
        "The bent network for PyTorch, as safetensors, ONNX or .npy",
    ),
    Command(
        "record",
        "File",
        "Record",
        lambda w: w.recorder.toggle(),
        ("R",),
        "record",
        "Begin or end a recording of the output",
        lambda w: w.is_recording,
        starts_group=True,
    ),
    Command(
        "still", "File", "Save a still", lambda w: w.recorder.save_still(), ("P",), "camera", "The output as a PNG"
    ),
    Command(
        "sheet",
        "File",
        "Save a sheet of all layers",
        lambda w: w.recorder.save_sheet(),
        ("Shift+P",),
        "squares-four",
        "Every layer's activation on one PNG",
    ),
    Command("quit", "File", "Quit", lambda w: w.close(), ("Ctrl+Q",), "sign-out", starts_group=True),
    # -- Edit
    Command(
        "undo",
        "Edit",
        "Undo",
        lambda w: w.undo(),
        ("Ctrl+Z",),
        "arrow-u-up-left",
        enabled=_can_undo,
    ),
    Command(
        "redo",
        "Edit",
        "Redo",
        lambda w: w.redo(),
        ("Ctrl+Shift+Z", "Ctrl+Y"),
        "arrow-u-up-right",
        enabled=_can_redo,
    ),
    Command(
        "copy",
        "Edit",
        "Copy filters",
        lambda w: w.copy(),
        ("Ctrl+C",),
        "copy",
        "The selected kernels",
        enabled=_has_tensor,
        starts_group=True,
    ),
    Command(
        "paste",
        "Edit",
        "Paste filters",
        lambda w: kernels.paste_kernels(w.workspace, w.editing),
        ("Ctrl+V",),
        "clipboard-text",
        "Into the selected kernels, of this layer or another",
        enabled=lambda w: w.workspace.clipboard is not None and w.workspace.tensor is not None,
    ),
    Command(
        "select_all",
        "Edit",
        "Select all filters",
        _select("all"),
        ("Ctrl+A",),
        "selection-all",
        enabled=_has_tensor,
        starts_group=True,
    ),
    Command(
        "invert",
        "Edit",
        "Invert selection",
        _select("invert"),
        ("Ctrl+Shift+I",),
        "selection-inverse",
        enabled=_has_tensor,
    ),
    Command(
        "reset_kernels",
        "Edit",
        "Reset selected filters",
        lambda w: kernels.reset_kernels(w.workspace, w.editing),
        ("Ctrl+R",),
        "arrow-counter-clockwise",
        "Back to their trained weights",
        enabled=_has_tensor,
        starts_group=True,
    ),
    Command(
        "reset_layer",
        "Edit",
        "Reset layer",
        lambda w: kernels.reset_layer(w.document, w.workspace.layer),
        ("Ctrl+Shift+R",),
        "",
        "All its tensors back to their trained values",
        enabled=lambda w: w.document.is_bent(w.workspace.layer),
    ),
    Command(
        "reset_all",
        "Edit",
        "Reset everything",
        lambda w: kernels.reset_everything(w.document),
        ("Ctrl+Alt+R",),
        "",
        "All weights back to their trained values",
    ),
    # -- View
    Command(
        "view_output",
        "View",
        "Output",
        _view("output"),
        ("O",),
        "image",
        "What the network makes of the picture",
        _is_view("output"),
    ),
    Command(
        "view_split",
        "View",
        "Input and output",
        _view("split"),
        ("I",),
        "columns",
        "Side by side, with a divider to drag",
        _is_view("split"),
    ),
    Command(
        "view_layer",
        "View",
        "Layer",
        _view("layer"),
        ("L",),
        "squares-four",
        "The selected layer's activation, a tile for each channel",
        _is_view("layer"),
    ),
    Command(
        "view_filters",
        "View",
        "Filters",
        _view("filters"),
        ("W",),
        "grid-four",
        "The selected layer's weights, a kernel in each cell; paint on them",
        _is_view("filters"),
        enabled=lambda w: w.workspace.tensor is not None,
    ),
    Command(
        "grey",
        "View",
        "Grey colours",
        _toggle("colours", "grey", "signed"),
        ("C",),
        "circle-half",
        "From the smallest value, black, to the largest, white; else blue below zero and orange above",
        lambda w: w.workspace.colours == "grey",
        starts_group=True,
    ),
    Command(
        "one_range",
        "View",
        "One range for all tiles",
        _toggle("scaling", "all", "tile"),
        ("G",),
        "arrows-out-line-vertical",
        "Compare channels with each other; else each tile has a range of its own",
        lambda w: w.workspace.scaling == "all",
    ),
    Command("fit", "View", "Fit", lambda w: w.viewport.fit(), ("F",), "arrows-out", "All of it", starts_group=True),
    Command("one_to_one", "View", "One pixel each", lambda w: w.viewport.one_to_one(), ("1",), "number-square-one"),
    Command(
        "zoom_in", "View", "Zoom in", lambda w: w.viewport.zoom_in(), ("Ctrl++", "Ctrl+="), "magnifying-glass-plus"
    ),
    Command("zoom_out", "View", "Zoom out", lambda w: w.viewport.zoom_out(), ("Ctrl+-",), "magnifying-glass-minus"),
    Command(
        "full_screen",
        "View",
        "Full screen",
        lambda w: w.projection.toggle_full_screen(),
        ("F11",),
        "corners-out",
        "The picture alone; Escape or F11 comes back",
        lambda w: w.isFullScreen(),
        starts_group=True,
    ),
    Command(
        "output_window",
        "View",
        "Output window",
        lambda w: w.projection.toggle_output(),
        ("F10",),
        "monitor",
        "The output without anything else, for a second monitor",
        lambda w: w.projection.output is not None,
    ),
    # -- Layer
    Command("previous_layer", "Layer", "Previous layer", _step_layer(-1), ("Ctrl+Up",), "arrow-up"),
    Command("next_layer", "Layer", "Next layer", _step_layer(1), ("Ctrl+Down",), "arrow-down"),
    Command(
        "bypass",
        "Layer",
        "Bypass",
        _bypass,
        ("Ctrl+B",),
        "arrow-bend-right-down",
        "The selected layer hands on what it reads",
        lambda w: w.workspace.layer in w.document.bypassed,
        starts_group=True,
    ),
    Command(
        "solo",
        "Layer",
        "Solo",
        _solo,
        ("Ctrl+L",),
        "headphones",
        "Only the selected layer's bends; all others as trained",
        lambda w: w.workspace.audition == w.workspace.layer,
    ),
    Command(
        "originals",
        "Layer",
        "Compare with the originals",
        _toggle("audition", ORIGINALS, None),
        ("Ctrl+E",),
        "eye",
        "Every layer as it was trained; hold A for a moment's look",
        lambda w: w.workspace.audition == ORIGINALS,
    ),
    Command(
        "picture_values",
        "Layer",
        "Picture values…",
        lambda w: w.show_values(),
        ("Ctrl+Shift+V",),
        "sliders-horizontal",
        "Range, mean and channels that the network is fed and shown in; its weights stay as they are",
        starts_group=True,
    ),
    # -- Tools
    Command("paint", "Tools", "Paint", _tool("paint"), ("B",), "paint-brush", "On the filter sheet", _is_tool("paint")),
    Command(
        "select",
        "Tools",
        "Select",
        _tool("select"),
        ("S",),
        "selection",
        "Kernels on the filter sheet",
        _is_tool("select"),
    ),
    Command("move", "Tools", "Move", _tool("move"), ("V",), "hand", "Drag the sheet itself", _is_tool("move")),
    Command(
        "protect",
        "Tools",
        "Paint within the selection",
        _toggle("protected", True, False),
        ("Ctrl+Shift+P",),
        "shield-check",
        "What is not selected cannot be painted on",
        lambda w: w.workspace.protected,
        starts_group=True,
    ),
    # -- Run
    Command("play", "Run", "Play or pause", lambda w: w.transport.toggle(), ("Space",), "play"),
    Command("frame_back", "Run", "Frame back", lambda w: w.transport.step(-1), (",",), "caret-left", "While paused"),
    Command("frame_on", "Run", "Frame on", lambda w: w.transport.step(1), (".",), "caret-right", "While paused"),
    Command(
        "hold",
        "Run",
        "Hold the picture",
        _toggle("held", True, False),
        ("H",),
        "pause-circle",
        "Take no new picture in: strokes are on the screen sooner",
        lambda w: w.workspace.held,
    ),
    Command(
        "stands",
        "Run",
        "Hold the picture while painting",
        _toggle("stands", True, False),
        (),
        "",
        "The source goes on when the brush is lifted",
        lambda w: w.workspace.stands,
    ),
    # -- Help
    Command("shortcuts", "Help", "Shortcuts", lambda w: w.show_shortcuts(), ("F1", "?"), "keyboard"),
    Command("about", "Help", "About", lambda w: w.show_about(), (), "info"),
)

GESTURES: tuple[tuple[str, str], ...] = (
    ("A, held", "The originals for a moment"),
    ("Wheel", "Zoom at the cursor"),
    ("Middle button", "Pan"),
    ("Double click", "Fit, or one pixel each"),
    ("D T M E U N", "The brush adds, sets, multiplies, erases, smooths, adds noise"),
    ("X", "Turn the sign of the brush's value"),
    ("[  and  ]", "Smaller or larger brush"),
    ("Shift + [  and  ]", "Softer or harder brush"),
    ("Shift with the brush", "A straight line; a click draws it from the last stroke's end"),
    ("Right button with the brush", "Pick up the value under the cursor"),
    ("Ctrl, Shift while selecting", "Add to the selection, take away from it"),
    ("Escape", "Take back the stroke or the preview under way"),
    ("Enter on a layer", "Show its activation"),
    ("B, S, F on a layer in the list", "Bypass, solo, filters"),
)
