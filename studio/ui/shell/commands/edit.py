"""Taking back, doing again, and back to the trained weights."""

from __future__ import annotations

from studio.runtime.editing import kernels
from studio.ui.kit.command import LAYER, Command, Context, Place, Slot, has_tensor


def _undo(context: Context) -> None:
    """Take back the preview under way, or the last thing done."""
    if context.editing.is_active:
        context.editing.cancel()
    else:
        context.document.undo()


def _redo(context: Context) -> None:
    context.editing.commit()
    context.document.redo()


def _can_redo(context: Context) -> bool:
    history = context.document.history
    return history.position < len(history)


COMMANDS = (
    Command(
        "edit.undo",
        "Undo",
        _undo,
        Place("Edit", 10, 10),
        Slot(10, 10),
        ("Ctrl+Z",),
        "arrow-u-up-left",
        enabled=lambda c: c.document.history.position > 0,
        follows=frozenset({"history"}),
    ),
    Command(
        "edit.redo",
        "Redo",
        _redo,
        Place("Edit", 10, 20),
        Slot(10, 20),
        ("Ctrl+Shift+Z", "Ctrl+Y"),
        "arrow-u-up-right",
        enabled=_can_redo,
        follows=frozenset({"history"}),
    ),
    Command(
        "edit.reset_kernels",
        "Reset selected filters",
        lambda c: kernels.reset_kernels(c.workspace, c.editing),
        Place("Edit", 40, 10),
        keys=("Ctrl+R",),
        icon="arrow-counter-clockwise",
        tip="Back to their trained weights",
        enabled=has_tensor,
        follows=LAYER,
    ),
    Command(
        "edit.reset_layer",
        "Reset layer",
        lambda c: kernels.reset_layer(c.document, c.workspace.layer),
        Place("Edit", 40, 20),
        keys=("Ctrl+Shift+R",),
        tip="All its tensors back to their trained values",
        enabled=lambda c: c.document.is_bent(c.workspace.layer),
        follows=frozenset({"history", "workspace.layer"}),
    ),
    Command(
        "edit.reset_all",
        "Reset everything",
        lambda c: kernels.reset_everything(c.document),
        Place("Edit", 40, 30),
        keys=("Ctrl+Alt+R",),
        tip="All weights back to their trained values",
    ),
)
