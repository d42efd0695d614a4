"""What lies over a widget within its window."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, QPoint, QRect
from PySide6.QtGui import QRegion
from PySide6.QtWidgets import QWidget
from shiboken6 import isValid


class Covers(QObject):
    """Tells which part of a widget other widgets of its window lie over.

    Qt tells nobody of that. But whatever is shown, hidden, moved or raised has the window painted, which it asks for
    first.

    Args:
        widget: which.
        changed: called with the part that is covered, in the widget's own places, when it has become another.
    """

    def __init__(self, widget: QWidget, changed: Callable[[QRegion], None]) -> None:
        super().__init__(widget)
        self._widget = widget
        self._changed = changed
        self._window: QWidget | None = None
        self._last = QRegion(), widget.size(), widget.devicePixelRatioF()

    def watch(self) -> None:
        """Watch the window that the widget is in now."""
        window = self._widget.window()
        if window is not self._window:
            if self._window is not None and isValid(self._window):
                self._window.removeEventFilter(self)
            self._window = window
            window.installEventFilter(self)
        self.look()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """The window is about to be painted."""
        del watched
        if event.type() == QEvent.Type.UpdateRequest and self._widget.isVisible():
            self.look()
        return False

    def look(self) -> None:
        """Look what lies over it now."""
        # Of another screen's pixels a mask has more, or fewer.
        found = covered(self._widget), self._widget.size(), self._widget.devicePixelRatioF()
        if found != self._last:
            self._last = found
            self._changed(found[0])


def covered(widget: QWidget) -> QRegion:
    """What other widgets of its window, that are in front of it, cover of a widget."""
    found, inner, outer = QRegion(), widget, widget.parentWidget()
    while outer is not None and not inner.isWindow():
        place = QRect(widget.mapTo(outer, QPoint()), widget.size())
        siblings = outer.children()
        # Those that come later lie in front.
        for other in siblings[siblings.index(inner) + 1 :]:
            if isinstance(other, QWidget) and other.isVisible() and not other.isWindow():
                over = other.geometry() & place
                if not over.isEmpty():
                    mask = other.mask()
                    region = QRegion(over) if mask.isEmpty() else mask.translated(other.pos()) & over
                    found |= region.translated(-place.topLeft())
        inner, outer = outer, outer.parentWidget()
    return found
