"""What a panel lies in: where it is lower than the panel needs, the panel is scrolled."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QPoint, QSize, Qt, QTimer
from PySide6.QtGui import QMoveEvent, QShowEvent
from PySide6.QtWidgets import QApplication, QFrame, QScrollArea, QWidget

_LEAST = 90
_SHARE = 0.25
"""Of the window's height: what a panel needs it has up to there, and is scrolled beyond."""


def bring_into_sight(widget: QWidget) -> None:
    """Scroll what a widget lies in so that it is seen, its head at least, once it has been laid out."""

    def scroll() -> None:
        around = widget.parentWidget()
        while around is not None:
            inside = around.widget() if isinstance(around, QScrollArea) else None
            if isinstance(around, QScrollArea) and inside is not None:
                around.ensureWidgetVisible(widget, 0, 0)
                top = widget.mapTo(inside, QPoint(0, 0)).y()
                bar = around.verticalScrollBar()
                # What is higher than there is room begins at its head.
                bar.setValue(min(bar.value(), top))
            around = around.parentWidget()

    # Layouts tell one another how large they are in turns of the event loop.
    QTimer.singleShot(0, widget, lambda: QTimer.singleShot(0, widget, scroll))


class Anchor(QObject):
    """Keeps what is edited where it is seen while what lies above it in a scrolled panel grows or goes.

    Args:
        part: of the panel; whatever has the keyboard within it stays in its place.
    """

    def __init__(self, part: QWidget) -> None:
        super().__init__(part)
        self._part = part
        self._owed = 0
        self._timer = QTimer(self, interval=0, singleShot=True)
        self._timer.timeout.connect(self._scroll)
        part.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """The part is moved within its panel."""
        del watched
        if isinstance(event, QMoveEvent) and event.type() == QEvent.Type.Move:
            focused = QApplication.focusWidget()
            if focused is not None and self._part.isAncestorOf(focused):
                self._owed += event.pos().y() - event.oldPos().y()
                # The bar reaches as far only when Qt has laid out the panel.
                self._timer.start()
        return False

    def _scroll(self) -> None:
        owed, self._owed = self._owed, 0
        around = self._part.parentWidget()
        while around is not None and not isinstance(around, QScrollArea):
            around = around.parentWidget()
        if around is not None:
            bar = around.verticalScrollBar()
            bar.setValue(bar.value() + owed)


class ScrolledColumn(QScrollArea):
    """As wide as its content, which is scrolled up and down; what is in it has the keyboard, and is scrolled to.

    Args:
        content: what is scrolled; None where it comes later.
    """

    def __init__(self, content: QWidget | None = None) -> None:
        super().__init__(widgetResizable=True)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        if content is not None:
            self.setWidget(content)

    def minimumSizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """As wide as what is never scrolled to needs to be, beside the bar; see `QWidget.minimumSizeHint`."""
        wide = self._needed().width() + self.verticalScrollBar().sizeHint().width()
        return QSize(wide, super().minimumSizeHint().height())

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802 - Qt's name
        """Ask for that width: what is in it may have grown while nobody saw it."""
        super().showEvent(event)
        self.updateGeometry()

    def _needed(self) -> QSize:
        content = self.widget()
        return QSize() if content is None else content.minimumSizeHint().expandedTo(content.minimumSize())


class Scrolled(ScrolledColumn):
    """As wide as its content needs to be, and as low as there is room; the content has all of it otherwise.

    Args:
        content: the panel.
    """

    def __init__(self, content: QWidget) -> None:
        super().__init__(content)
        self.setFrameShape(QFrame.Shape.NoFrame)

    def minimumSizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """See `QWidget.minimumSizeHint`."""
        if self.widget() is None:
            return QSize(0, _LEAST)
        high = min(self._needed().height(), max(_LEAST, round(_SHARE * self.window().height())))
        return QSize(super().minimumSizeHint().width(), high)

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """As large as the content would be."""
        content = self.widget()
        return super().sizeHint() if content is None else content.sizeHint()
