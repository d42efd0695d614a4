"""The buttons that say where presets are tried: all in their tiles, the one under the mouse in the large picture."""

from __future__ import annotations

from functools import partial

from PySide6.QtWidgets import QToolButton

from studio.ui.kit.buttons import tool_button
from studio.ui.services.session import Session


def try_buttons(session: Session | None) -> tuple[QToolButton, QToolButton]:
    """One for all tiles, and one for the large picture, which is remembered."""
    own = tool_button("film-strip", "Show all presets on what is playing", "On your source")
    large = tool_button(
        "frame-corners",
        "The preset under the mouse plays in the large picture, too; nothing is opened, and recordings go on",
        "Try presets in the large picture",
    )
    for button in (own, large):
        button.setCheckable(True)
    if session is not None:
        large.setChecked(session.tries_large)
        large.toggled.connect(partial(setattr, session, "tries_large"))
    return own, large
