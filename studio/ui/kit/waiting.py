"""How a button looks whose switch waits for the beat."""

from __future__ import annotations

from PySide6.QtWidgets import QToolButton

from studio.ui.kit.buttons import show_icon


def show_switch(button: QToolButton, on: bool, waits: bool) -> None:
    """Let a button say whether what it switches is on, and whether that is to change on the beat."""
    button.setChecked(on)
    show_icon(button, "hourglass-medium" if waits else "power")
