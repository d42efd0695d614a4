"""Which number of the studio a control turns: what menus, and knobs that are dragged onto it, ask."""

from __future__ import annotations

from PySide6.QtCore import QPoint
from PySide6.QtWidgets import QApplication, QWidget

ADDRESS = "address"
"""The property of a widget that holds it."""


def give_address(widget: QWidget, *addresses: str) -> None:
    """Let a control, with all that it is made of, stand for the number at an address; empty for none any more.

    A pad stands for two.
    """
    widget.setProperty(ADDRESS, " ".join(addresses))


def addresses_of(widget: QWidget | None) -> tuple[str, ...]:
    """The addresses that a widget, or what it is a part of, stands for."""
    while widget is not None:
        found = str(widget.property(ADDRESS) or "")
        if found:
            return tuple(found.split())
        widget = widget.parentWidget()
    return ()


def address_of(widget: QWidget | None) -> str:
    """The first of them; empty where there is none."""
    return next(iter(addresses_of(widget)), "")


def address_at(place: QPoint) -> str:
    """The address of the control at a place of the screen, in global coordinates; empty where there is none."""
    return address_of(QApplication.widgetAt(place))
