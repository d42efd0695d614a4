"""The middle of the window: the viewport alone, or beside something that takes the room in its place."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QRect, Qt, Signal
from PySide6.QtGui import QMouseEvent, QResizeEvent
from PySide6.QtWidgets import QWidget

from studio.ui.kit import theme
from studio.ui.viewport.widget import Viewport

_SHARE = 0.3
_LEAST, _MOST = 180, 520


class Stage(QWidget):
    """Shows the viewport in all of it, or small at the right of a guest.

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
        if guest is not None:
            guest.setParent(self)
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

    def _lay_out(self) -> None:
        whole = self.rect()
        if self._guest is None:
            self._viewport.setGeometry(whole)
            return
        wide = max(_LEAST, min(_MOST, round(whole.width() * _SHARE)))
        wide = min(wide, whole.width() // 2)
        self._guest.setGeometry(QRect(0, 0, whole.width() - wide - theme.SPACE, whole.height()))
        self._viewport.setGeometry(QRect(whole.width() - wide, 0, wide, min(whole.height(), wide)))
