"""Widgets in a row that goes on in the next line where there is no room."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtWidgets import QLayout, QLayoutItem, QWidget

from studio.ui.kit import theme


class Flow(QLayout):
    """Lays its widgets out as words are in a paragraph.

    Args:
        parent: the widget that has it.
        spacing: pixels between them, and between lines.
    """

    def __init__(self, parent: QWidget | None = None, spacing: int = theme.SPACE // 2) -> None:
        super().__init__(parent)
        self._items: list[QLayoutItem] = []
        self.setSpacing(spacing)
        self.setContentsMargins(0, 0, 0, 0)

    def addItem(self, item: QLayoutItem) -> None:  # noqa: N802 - Qt's names, here and below
        """See `QLayout.addItem`."""
        self._items.append(item)

    def count(self) -> int:
        """See `QLayout.count`."""
        return len(self._items)

    def itemAt(self, index: int) -> QLayoutItem | None:  # noqa: N802
        """See `QLayout.itemAt`."""
        return self._items[index] if 0 <= index < len(self._items) else None

    def takeAt(self, index: int) -> QLayoutItem | None:  # noqa: N802
        """See `QLayout.takeAt`."""
        return self._items.pop(index) if 0 <= index < len(self._items) else None

    def expandingDirections(self) -> Qt.Orientation:  # noqa: N802
        """See `QLayout.expandingDirections`: it takes no more than it needs."""
        return Qt.Orientation(0)

    def hasHeightForWidth(self) -> bool:  # noqa: N802
        """See `QLayout.hasHeightForWidth`."""
        return True

    def heightForWidth(self, width: int) -> int:  # noqa: N802
        """See `QLayout.heightForWidth`."""
        return self._place(QRect(0, 0, width, 0), moves=False)

    def setGeometry(self, rect: QRect) -> None:  # noqa: N802
        """See `QLayout.setGeometry`."""
        super().setGeometry(rect)
        self._place(rect, moves=True)

    def sizeHint(self) -> QSize:  # noqa: N802
        """All in one line."""
        shown = self._shown
        margins = self.contentsMargins()
        wide = sum(item.sizeHint().width() + self.spacing() for item in shown) - self.spacing()
        high = max((item.sizeHint().height() for item in shown), default=0)
        return QSize(wide + margins.left() + margins.right(), high + margins.top() + margins.bottom())

    def minimumSize(self) -> QSize:  # noqa: N802
        """Each in a line of its own."""
        margins = self.contentsMargins()
        wide = max((item.minimumSize().width() for item in self._shown), default=0)
        high = max((item.minimumSize().height() for item in self._shown), default=0)
        return QSize(wide + margins.left() + margins.right(), high + margins.top() + margins.bottom())

    @property
    def _shown(self) -> list[QLayoutItem]:
        return [item for item in self._items if not item.isEmpty()]

    def _place(self, rect: QRect, *, moves: bool) -> int:
        """Where each comes to lie in this width; the height that all take."""
        margins = self.contentsMargins()
        left, right = rect.x() + margins.left(), rect.right() - margins.right()
        x, y, high = left, rect.y() + margins.top(), 0
        for item in self._shown:
            size = item.sizeHint()
            if x > left and x + size.width() - 1 > right:
                x, y, high = left, y + high + self.spacing(), 0
            if moves:
                item.setGeometry(QRect(QPoint(x, y), size))
            x, high = x + size.width() + self.spacing(), max(high, size.height())
        return y + high + margins.bottom() - rect.y()
