"""Where the keyboard is, drawn around every widget alike, as soon as keys are used to go about."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QPoint, QRect, Qt, QTimer
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QRegion
from PySide6.QtWidgets import QApplication, QWidget
from shiboken6 import isValid

from studio.ui.kit import theme
from studio.ui.kit.scrolled import bring_into_sight

WIDTH = 2
_MOVES = (QEvent.Type.Move, QEvent.Type.Resize, QEvent.Type.Hide, QEvent.Type.Show)


class FocusRing(QObject):
    """A ring around the widget that has the keyboard, from the first Tab until the mouse is pressed."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._by_keys = False
        self._frame: _Frame | None = None
        self._watched: list[QWidget] = []
        # Once all that moves has moved.
        self._soon = QTimer(self, singleShot=True, interval=0)
        self._soon.timeout.connect(self._place)
        application = QApplication.instance()
        assert isinstance(application, QApplication)
        application.focusChanged.connect(self._follow)

    @property
    def frame(self) -> QWidget | None:
        """The ring where it is shown."""
        return self._frame if self._frame is not None and isValid(self._frame) and self._frame.isVisible() else None

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """Follow the widget, and what it lies in, to another place."""
        del watched
        if event.type() in _MOVES:
            self._soon.start()
        return False

    def set_wanted(self, wanted: bool) -> None:
        """Whether there is to be a ring."""
        self._by_keys = wanted
        self._soon.start()

    def _follow(self, _old: QWidget | None, now: QWidget | None) -> None:
        # Qt scrolls to what comes next in the same area, and not to what is come to from another.
        if self._by_keys and now is not None:
            bring_into_sight(now)
        self._soon.start()

    def _place(self) -> None:
        widget = QApplication.focusWidget()
        for watched in self._watched:
            if isValid(watched):
                watched.removeEventFilter(self)
        self._watched = []
        if not self._by_keys or widget is None or not widget.isVisible():
            self._hide()
            return
        window = widget.window()
        above: QWidget | None = widget
        seen = QRect(QPoint(), window.size())
        while above is not None and above is not window:
            self._watched.append(above)
            above.installEventFilter(self)
            seen &= QRect(above.mapTo(window, QPoint()), above.size())
            above = above.parentWidget()
        if self._frame is None or not isValid(self._frame) or self._frame.parentWidget() is not window:
            self._hide()
            self._frame = _Frame(window)
        around = seen.adjusted(-WIDTH, -WIDTH, WIDTH, WIDTH) & QRect(QPoint(), window.size())
        self._frame.surround(around)

    def _hide(self) -> None:
        frame, self._frame = self._frame, None
        if frame is not None and isValid(frame):
            frame.hide()
            frame.deleteLater()


class _Frame(QWidget):
    """The ring: in front of everything, and not there for the mouse."""

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setObjectName("focus ring")

    def surround(self, rect: QRect) -> None:
        self.setGeometry(rect)
        inner = QRect(QPoint(), rect.size()).adjusted(WIDTH, WIDTH, -WIDTH, -WIDTH)
        self.setMask(QRegion(QRect(QPoint(), rect.size())) - QRegion(inner))
        self.show()
        self.raise_()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        del event
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(theme.FOCUS))
