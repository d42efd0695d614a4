"""Small buttons with an icon."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QToolButton

from studio.ui.kit.icons import icon
from studio.ui.kit.keys import keyed


def tool_button(picture: str, tip: str, name: str, act: Callable[[], object] | None = None) -> QToolButton:
    """A button that leaves the keyboard where it was; Tab reaches it.

    Args:
        picture: the icon's name; empty for none.
        tip: its tool tip, with keys as in `keyed`.
        name: for screen readers.
        act: called when it is pressed.
    """
    button = QToolButton()
    if picture:
        show_icon(button, picture)
    button.setIconSize(QSize(18, 18))
    button.setToolTip(keyed(tip))
    button.setAccessibleName(name)
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    if act is not None:
        button.clicked.connect(lambda: act())
    return button


def show_icon(button: QToolButton, picture: str) -> None:
    """Give it another icon, which is made only where it is another: reports come 30 times a second."""
    if button.property("picture") != picture:
        button.setProperty("picture", picture)
        button.setIcon(icon(picture))
