"""What can be fitted and zoomed: pictures, sheets, charts."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from PySide6.QtGui import QCursor
from PySide6.QtWidgets import QApplication


@runtime_checkable
class Zoomable(Protocol):
    """A widget whose content is zoomed."""

    def fit(self) -> None:
        """Show all of it."""

    def one_to_one(self) -> None:
        """Show it at its actual size."""

    def zoom_in(self) -> None:
        """Zoom in by a step."""

    def zoom_out(self) -> None:
        """Zoom out by a step."""

    def go_back(self) -> None:
        """Show what was seen before the last move."""

    def go_forth(self) -> None:
        """Show what was seen before one went back."""


def under_mouse(otherwise: Zoomable) -> Zoomable:
    """What the mouse is over, where that can be zoomed."""
    widget = QApplication.widgetAt(QCursor.pos())
    while widget is not None:
        if isinstance(widget, Zoomable):
            return widget
        widget = widget.parentWidget()
    return otherwise
