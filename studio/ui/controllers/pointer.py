"""Where the mouse or the pen is over the picture, as signals for routes: ``mouse/x``, ``mouse/y`` and ``pressure``."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject
from PySide6.QtGui import QMouseEvent, QTabletEvent
from PySide6.QtWidgets import QWidget

from studio.control.inbox import Inbox


class Pointer(QObject):
    """Watches a widget that the mouse moves over, and takes nothing from it.

    Args:
        over: the viewport.
        inbox: takes the signals.
    """

    def __init__(self, over: QWidget, inbox: Inbox) -> None:
        super().__init__(over)
        self._over, self._inbox = over, inbox
        over.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """Note where it is."""
        if watched is self._over and isinstance(event, (QMouseEvent, QTabletEvent)):
            place, size = event.position(), self._over.size()
            for name, at, whole in (("x", place.x(), size.width()), ("y", place.y(), size.height())):
                self._inbox.signal(f"mouse/{name}", min(1.0, max(0.0, at / max(1, whole - 1))))
            if isinstance(event, QTabletEvent):
                self._inbox.signal("mouse/pressure", float(event.pressure()))
        return False
