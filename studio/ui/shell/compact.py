"""On a small window all panels share one place as tabs; with room again each is where it was."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QByteArray, QObject, QSize, Qt, QTimer
from PySide6.QtWidgets import QDockWidget, QMainWindow

from studio.ui.kit import theme
from studio.ui.services.session import LAYOUT

LEAST = QSize(600, 320)
"""Below this no window is: a screen of 1280 × 720 at 200 % has room for it, beside what the system shows."""

_SMALL = QSize(940, 540)
"""A window that is narrower, or lower, is small."""

_LETTERS = QSize(590, 330)
"""As is one that is so in letters of 12 pixels: in large ones, panels side by side would leave the picture no place."""

_WIDTH = 300
_REST = 250
"""Milliseconds without a move after which docks lie where they belong."""
_AGAIN = 150
"""Milliseconds after which docks are put once more where they were."""


class Compact(QObject):
    """Brings the docks together, and back.

    Args:
        window: has them.
        docks: gives those that it has, in the order of their tabs.
        settled: called when they lie where they are to be.
    """

    def __init__(
        self,
        window: QMainWindow,
        docks: Callable[[], list[QDockWidget]],
        settled: Callable[[], object] = lambda: None,
    ) -> None:
        super().__init__(window)
        self._window, self._docks, self._settled = window, docks, settled
        self._roomy: QByteArray | None = None
        self._last: QByteArray | None = None
        self._resting = QTimer(self, singleShot=True, interval=_REST)
        self._resting.timeout.connect(self._note)

    @property
    def layout(self) -> QByteArray | None:
        """Where docks are with room; None while they are there."""
        return self._roomy

    def docks_moved(self) -> None:
        """Something lies elsewhere; when all rests, that is where it belongs."""
        self._resting.start()

    def _note(self) -> None:
        # By the time that a window says that it has become small, its docks are squeezed.
        if self._roomy is None and not self._is_small(self._window.size()) and not self._window.isFullScreen():
            self._last = self._window.saveState(LAYOUT)

    def _is_small(self, size: QSize) -> bool:
        font = self._window.font()
        letters = QSize(theme.room(font, _LETTERS.width()), theme.room(font, _LETTERS.height()))
        least = _SMALL.expandedTo(letters)
        return size.width() < least.width() or size.height() < least.height()

    def forget(self) -> None:
        """Docks are put elsewhere; where they were with room counts no more."""
        self._roomy = self._last = None

    def window_resized(self, size: QSize) -> None:
        """See whether there is room."""
        if self._window.isFullScreen():
            return
        small = self._is_small(size)
        if small and self._roomy is None:
            self._enter()
        elif not small and self._roomy is not None:
            self._leave()

    def _enter(self) -> None:
        window = self._window
        self._roomy = self._last or window.saveState(LAYOUT)
        docked = [dock for dock in self._docks() if not dock.isFloating()]
        front = next((dock for dock in docked if not dock.isHidden()), None)
        last: QDockWidget | None = None
        for dock in docked:
            hidden = dock.isHidden()
            window.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, dock)
            if last is not None:
                window.tabifyDockWidget(last, dock)
            dock.setVisible(not hidden)
            last = dock
        if front is not None:
            front.raise_()
        if docked:
            window.resizeDocks(docked[:1], [_WIDTH], Qt.Orientation.Horizontal)
        QTimer.singleShot(0, self, self._settled)

    def _leave(self) -> None:
        roomy, self._roomy = self._roomy, None
        assert roomy is not None, "it is small"
        hidden = {dock: dock.isHidden() for dock in self._docks()}
        restore = partial(self._restore, roomy, hidden)
        restore()
        # Sizes fit only when the window has laid itself out in its own.
        for after in (0, _AGAIN):
            QTimer.singleShot(after, self, restore)

    def _restore(self, roomy: QByteArray, hidden: dict[QDockWidget, bool]) -> None:
        """Put docks where they were; what was shown or put away meanwhile stays so."""
        if self._roomy is not None:
            return  # it has become small again
        self._window.restoreState(roomy, LAYOUT)
        for dock, was in hidden.items():
            if dock.isHidden() != was:
                dock.setVisible(not was)
        self._settled()
