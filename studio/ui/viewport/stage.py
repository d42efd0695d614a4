"""The middle of the window: the viewport alone, or beside something that takes the room in its place."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QRect, QSize, Qt, Signal
from PySide6.QtGui import QMouseEvent, QResizeEvent
from PySide6.QtWidgets import QWidget

from studio.ui.kit import theme
from studio.ui.viewport.widget import Viewport

_SHARE = 0.3
_LEAST = 180
_SMALLEST = 96
"""Pixels that the small viewport keeps though the guest needs more."""
_HIGH = 1.25
"""So many times as high as wide, the small viewport is above."""
_MOST = 0.7
"""The part of the room that the small viewport may be given by hand."""


class Stage(QWidget):
    """Shows the viewport in all of it, or small beside a guest; what parts the two can be dragged.

    The small one is at the right, or above where there is more height than width::

        +------------------+-----+      +---------+
        |                  |     |      | picture |
        |      guest       | pic |      +---------+
        |                  |     |      |  guest  |
        +------------------+-----+      +---------+

    The viewport stays where it is in the tree of widgets: what it is drawn on would not outlive a move.

    Args:
        viewport: what it shows.
    """

    swapped = Signal()
    """A double click on the small viewport: it wants to be large."""

    def __init__(self, viewport: Viewport) -> None:
        super().__init__()
        self._viewport = viewport
        self._guest: QWidget | None = None
        self._share = _SHARE
        self._is_dragged = False
        viewport.setParent(self)
        viewport.installEventFilter(self)
        self.setMinimumSize(viewport.minimumSize())

    @property
    def guest(self) -> QWidget | None:
        """What is large in the viewport's place."""
        return self._guest

    def show_large(self, guest: QWidget | None) -> None:
        """Give the room to this widget, which becomes a child; None gives it back to the viewport."""
        before, self._guest = self._guest, guest
        if before is not None and before is not guest and before.parent() is self:
            before.setParent(None)
            before.unsetCursor()
        if guest is not None:
            guest.setParent(self)
            # Its own, not that of what parts the two.
            guest.setCursor(Qt.CursorShape.ArrowCursor)
            guest.show()
        self._lay_out()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """A double click on the small viewport swaps."""
        del watched
        if self._guest is not None and event.type() == QEvent.Type.MouseButtonDblClick:
            assert isinstance(event, QMouseEvent)
            if event.button() == Qt.MouseButton.LeftButton:
                self.swapped.emit()
                return True
        return False

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """Share the room anew."""
        super().resizeEvent(event)
        self._lay_out()

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Take what parts the two: the rest of the stage is covered by them."""
        self._is_dragged = self._guest is not None and event.button() == Qt.MouseButton.LeftButton

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Give the small one as much room as the hand says."""
        if self._is_dragged:
            at, size = event.position(), self.size()
            share = at.y() / size.height() if self._is_high else 1 - at.x() / size.width()
            self._share = min(max(share, 0.0), _MOST)
            self._lay_out()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """It stays there."""
        del event
        self._is_dragged = False

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Share the room as at first."""
        del event
        self._share = _SHARE
        self._lay_out()

    @property
    def _is_high(self) -> bool:
        beside = _LEAST + theme.SPACE + self._needed.width()
        return self.height() > _HIGH * self.width() or (self.width() < beside and self.height() >= 2 * _LEAST)

    @property
    def _needed(self) -> QSize:
        """What the guest needs so that nothing of it is squeezed."""
        return QSize() if self._guest is None else self._guest.minimumSizeHint()

    def _lay_out(self) -> None:
        whole = self.rect()
        if self._guest is None:
            self._viewport.setGeometry(whole)
            self.unsetCursor()
            return
        is_high = self._is_high
        side = whole.height() if is_high else whole.width()
        needed = max(self._needed.height() if is_high else self._needed.width(), 0) + theme.SPACE
        small = max(_LEAST, round(side * self._share))
        small = round(max(min(small, side - needed), min(_SMALLEST, side / 2)))
        if is_high:
            self.setCursor(Qt.CursorShape.SplitVCursor)
            self._viewport.setGeometry(QRect(0, 0, whole.width(), small))
            self._guest.setGeometry(whole.adjusted(0, small + theme.SPACE, 0, 0))
        else:
            self.setCursor(Qt.CursorShape.SplitHCursor)
            self._guest.setGeometry(whole.adjusted(0, 0, -small - theme.SPACE, 0))
            self._viewport.setGeometry(QRect(whole.width() - small, 0, small, whole.height()))
