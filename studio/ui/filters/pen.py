"""What a pen's events mean on the sheet."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QPointingDevice, QTabletEvent


def means_stroke(event: QTabletEvent, *, free: bool) -> bool:
    """Whether it begins or goes on with a stroke; ``free`` where the place under it is one to paint on."""
    if event.type() != QEvent.Type.TabletPress:
        return True
    return free and event.button() in (Qt.MouseButton.LeftButton, Qt.MouseButton.NoButton)


def pressure_of(event: QTabletEvent) -> float:
    """From 0 to 1; of a pen that does not tell it, 1."""
    tells = event.pointingDevice().capabilities() & QPointingDevice.Capability.Pressure
    return event.pressure() if tells else 1.0
