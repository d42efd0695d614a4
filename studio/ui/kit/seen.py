"""Whether anybody sees a panel: Qt calls those visible that lie behind others of their place, too."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, QTimer
from PySide6.QtWidgets import QDockWidget, QWidget

_SETTLES = 60
"""Milliseconds: while a window is put together, panels are shown that are covered a moment later."""


def in_sight(widget: QWidget) -> bool:
    """Whether part of a widget lies within all that hold it, as that of a panel behind others of its place does not.

    `QWidget.visibleRegion` would be empty where children cover all of it as well.
    """
    if not widget.isVisible():
        return False
    rect = widget.rect()
    while not widget.isWindow() and (parent := widget.parentWidget()) is not None:
        rect = rect.translated(widget.pos()) & parent.rect()
        widget = parent
    return not rect.isEmpty()


def once_painted(widget: QWidget, then: Callable[[], object]) -> None:
    """Have something done when a widget has been painted for the first time, and is on the screen."""
    _FirstPaint(widget, then)


class _FirstPaint(QObject):
    def __init__(self, widget: QWidget, then: Callable[[], object]) -> None:
        super().__init__(widget)
        self._then = then
        widget.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        if event.type() == QEvent.Type.Paint:
            watched.removeEventFilter(self)
            # What lies on it is painted within this event, too.
            QTimer.singleShot(0, self, self._then)
        return False


class Seen(QObject):
    """Tells when a panel comes to be seen, and when it is seen no more.

    Args:
        widget: the panel.
        tell: called with whether it is seen, whenever that changes; at first it is not.
    """

    def __init__(self, widget: QWidget, tell: Callable[[bool], object]) -> None:
        super().__init__(widget)
        self._widget = widget
        self._tell = tell
        self._is_seen = False
        self._dock: QDockWidget | None = None
        self._timer = QTimer(self, interval=_SETTLES, singleShot=True)
        self._timer.timeout.connect(self._look)
        widget.installEventFilter(self)

    def __bool__(self) -> bool:
        """Whether it is seen."""
        return self._is_seen

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """It is shown or hidden."""
        del watched
        if event.type() in (QEvent.Type.Show, QEvent.Type.Hide):
            self._find_dock()
            self._timer.start()
        return False

    def _find_dock(self) -> None:
        parent = self._widget.parentWidget()
        while parent is not None and not isinstance(parent, QDockWidget):
            parent = parent.parentWidget()
        if parent is not self._dock and isinstance(parent, QDockWidget):
            self._dock = parent
            parent.visibilityChanged.connect(lambda _: self._timer.start())

    def _look(self) -> None:
        is_seen = in_sight(self._widget)
        if is_seen != self._is_seen:
            self._is_seen = is_seen
            self._tell(is_seen)
