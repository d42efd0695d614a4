"""Dialogs that fit the screen, however small it is."""

from __future__ import annotations

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QVBoxLayout, QWidget

from studio.ui.kit.scrolled import Scrolled

_AROUND = QSize(24, 56)
"""What the system puts around a window."""


def room_for(dialog: QWidget) -> QSize:
    """How large a dialog can be on its screen."""
    room: QSize = dialog.screen().availableGeometry().size() - _AROUND
    return room


def fit(dialog: QWidget, wanted: QSize | None = None) -> None:
    """Give a dialog the size that it wants, as far as the screen has it; where none is given, all that it needs."""
    dialog.resize((wanted or dialog.sizeHint()).expandedTo(dialog.minimumSizeHint()).boundedTo(room_for(dialog)))


def scrolled_body(into: QVBoxLayout) -> QVBoxLayout:
    """A column for the parts of a dialog, which is scrolled where the screen is too low for all of them."""
    body = QWidget()
    body.setObjectName("body")
    column = QVBoxLayout(body)
    column.setContentsMargins(0, 0, 0, 0)
    area = Scrolled(body)
    area.setObjectName("body")
    into.addWidget(area, 1)
    return column
