"""Where a checkpoint goes, and which one a lesson goes on from."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtWidgets import QFileDialog, QWidget

from studio.ui.kit.folders import folder_for, note_chosen, own

_FILES = "Checkpoints (*.safetensors)"


def ask_checkpoint(parent: QWidget, opened: Path | None, *, saves: bool) -> Path | None:
    """Let the person choose a checkpoint's file; None where they do not.

    Args:
        parent: over which the dialog lies.
        opened: the preset or network that is open, beside which the first is looked for.
        saves: whether it is to be written.
    """
    folder = folder_for("checkpoint", own(opened))
    if saves:
        start = str(Path(folder, "checkpoint.safetensors"))
        path, _ = QFileDialog.getSaveFileName(parent, "Save a checkpoint", start, _FILES)
    else:
        path, _ = QFileDialog.getOpenFileName(parent, "Go on from a checkpoint", folder, _FILES)
    note_chosen("checkpoint", path)
    return Path(path) if path else None
