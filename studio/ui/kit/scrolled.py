"""What a panel lies in: where it is lower than the panel needs, the panel is scrolled."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QFrame, QScrollArea, QWidget

_LEAST = 90
_SHARE = 0.25
"""Of the window's height: what a panel needs it has up to there, and is scrolled beyond."""


class Scrolled(QScrollArea):
    """As wide as its content needs to be, and as low as there is room; the content has all of it otherwise.

    Args:
        content: the panel.
    """

    def __init__(self, content: QWidget) -> None:
        super().__init__()
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setWidget(content)

    def minimumSizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """See `QWidget.minimumSizeHint`."""
        content = self.widget()
        if content is None:
            return QSize(0, _LEAST)
        needed = content.minimumSizeHint().expandedTo(content.minimumSize())
        high = min(needed.height(), max(_LEAST, round(_SHARE * self.window().height())))
        return QSize(needed.width() + self.verticalScrollBar().sizeHint().width(), high)

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """As large as the content would be."""
        content = self.widget()
        return super().sizeHint() if content is None else content.sizeHint()
