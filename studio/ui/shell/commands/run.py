"""Whether the picture goes on."""

from __future__ import annotations

from studio.ui.kit.command import Command, Place, Slot, holds, switch

COMMANDS = (
    Command(
        "run.hold",
        "Freeze the input",
        switch("held", True, False),
        Place("Run", 20, 10),
        Slot(50, 20),
        ("H",),
        "pause-circle",
        "No new picture is taken in, so that strokes show sooner",
        label="Freeze",
        is_on=holds("held", True),
        follows=frozenset({"workspace.held"}),
    ),
    Command(
        "run.hold_while_painting",
        "Freeze the input while painting",
        switch("stands", True, False),
        Place("Run", 20, 20),
        tip="The source continues when the brush is lifted",
        is_on=holds("stands", True),
        follows=frozenset({"workspace.stands"}),
    ),
)
