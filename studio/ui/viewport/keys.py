"""What keys do to the picture that has the keyboard, and which cursor the mouse has on it."""

from __future__ import annotations

from PySide6.QtCore import Qt

PANS = {
    Qt.Key.Key_Left: (1.0, 0.0),
    Qt.Key.Key_Right: (-1.0, 0.0),
    Qt.Key.Key_Up: (0.0, 1.0),
    Qt.Key.Key_Down: (0.0, -1.0),
}
"""Steps to the right and down."""

DOES = {
    Qt.Key.Key_0: "fit",
    Qt.Key.Key_F: "fit",
    Qt.Key.Key_1: "one_to_one",
    Qt.Key.Key_Plus: "zoom_in",
    Qt.Key.Key_Equal: "zoom_in",
    Qt.Key.Key_Minus: "zoom_out",
}
"""Methods of the viewport."""

SIDE = {Qt.MouseButton.BackButton: "go_back", Qt.MouseButton.ForwardButton: "go_forth"}
"""What the buttons at a mouse's side do: methods, too."""


def cursor_of(drag: str, *, moves: bool, divides: bool, paints: bool) -> Qt.CursorShape:
    """The cursor while something is dragged, or could be where the mouse is."""
    if drag == "pan":
        return Qt.CursorShape.ClosedHandCursor
    if moves:
        return Qt.CursorShape.OpenHandCursor
    if drag == "divider" or divides:
        return Qt.CursorShape.SplitHCursor
    return Qt.CursorShape.CrossCursor if paints else Qt.CursorShape.ArrowCursor
