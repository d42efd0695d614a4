"""Everything that can be opened, imported and exported."""

from __future__ import annotations

from typing import TYPE_CHECKING

from studio.ui.kit.command import Command, Context, Place
from studio.ui.services.parts import Parts

if TYPE_CHECKING:
    from studio.ui.importing.opening import Opening


def opening_of(context: Context) -> Opening:
    """What opens files of every kind in this window."""
    from studio.ui.importing.opening import Opening

    return context.once(Opening, lambda: _make(context))


def _make(context: Context) -> Opening:
    from studio.ui.importing.import_reading import Importing
    from studio.ui.importing.opening import Opening

    parts = context[Parts]
    importing = Importing(context.window, parts.document, parts.importer, parts.networks, parts.session, parts.messages)
    return Opening(
        context.window,
        parts.document,
        parts.opener.open,
        context.live.play,
        importing,
        parts.importer,
        parts.session,
        parts.messages,
    )


COMMANDS = (
    Command(
        "file.open",
        "Open preset or network…",
        lambda c: opening_of(c).ask_preset(),
        Place("File", 10, 10),
        keys=("Ctrl+O",),
        icon="folder-open",
        tip="A folder with a preset.json or a network.json; it may be dropped on the window, too",
    ),
    Command(
        "file.import",
        "Import model…",
        lambda c: opening_of(c).ask_model(),
        Place("File", 10, 20),
        keys=("Ctrl+I",),
        icon="download-simple",
        tip="Of PyTorch, ONNX, Keras or TensorFlow.js, or a folder of .npy; it becomes a network of the studio's own",
    ),
    Command(
        "file.open_source",
        "Open film or picture…",
        lambda c: opening_of(c).ask_source(),
        Place("File", 10, 30),
        keys=("Ctrl+Shift+O",),
        icon="film-strip",
        tip="What the network works on; it may be dropped on the window, too",
    ),
    Command(
        "file.export",
        "Export network…",
        lambda c: opening_of(c).ask_export(),
        Place("File", 20, 30),
        keys=("Ctrl+Shift+E",),
        icon="export",
        tip="The bent network for PyTorch, as safetensors, ONNX or .npy",
    ),
)
