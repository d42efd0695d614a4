"""Which number of the studio a control turns: what menus, and knobs that are dragged onto it, ask."""

from __future__ import annotations

from PySide6.QtCore import QPoint
from PySide6.QtWidgets import QApplication, QWidget

_PROPERTY = "address"


def give_address(widget: QWidget, address: str) -> None:
    """Let a control, with all that it is made of, stand for the number at an address; empty for none any more."""
    widget.setProperty(_PROPERTY, address)


def address_of(widget: QWidget | None) -> str:
    """The address that a widget, or what it is a part of, stands for; empty where there is none."""
    while widget is not None:
        found = widget.property(_PROPERTY)
        if found:
            return str(found)
        widget = widget.parentWidget()
    return ""


def address_at(place: QPoint) -> str:
    """The address of the control at a place of the screen, in global coordinates; empty where there is none."""
    return address_of(QApplication.widgetAt(place))
