"""The picture for others to see: alone on the whole screen, or in a window of its own on another one."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from PySide6.QtCore import QByteArray, QObject, Qt, QTimer, Signal
from PySide6.QtWidgets import QApplication, QMainWindow, QWidget

from studio.runtime.live.session import LiveSession
from studio.ui.services.session import LAYOUT
from studio.ui.viewport.output_window import OutputWindow
from studio.ui.viewport.widget import Viewport


class Projection(QObject):
    """Full screen, and the output window.

    Args:
        window: the studio's; it tells of every change of its state, see `window_changed`.
        viewport: what stays in full screen.
        live: told to keep the output on the screen while another window shows it.
        around: gives what lies around the picture.

    Attributes:
        output: the output window; None while there is none.
    """

    changed = Signal()
    """Full screen, or the output window, has come or gone."""
    opened = Signal(object)
    """A new output window, which is not shown yet."""

    def __init__(
        self, window: QMainWindow, viewport: Viewport, live: LiveSession, around: Callable[[], Iterable[QWidget]]
    ) -> None:
        super().__init__(window)
        self._window = window
        self._viewport = viewport
        self._live = live
        self._around = around
        self._hidden: list[QWidget] | None = None
        self._layout = QByteArray()
        self._was_maximised = False
        self.output: OutputWindow | None = None

    @property
    def layout(self) -> QByteArray | None:
        """The layout that comes back when full screen is left; None while the window is none."""
        return self._layout if self._hidden is not None else None

    def toggle_full_screen(self) -> None:
        """The picture alone on the whole screen, or everything again."""
        if not self._window.isFullScreen():
            # Before it grows: afterwards the docks have other sizes.
            self._enter()
            self._window.showFullScreen()
        elif self._was_maximised:
            self._window.showMaximized()
        else:
            self._window.showNormal()

    def window_changed(self) -> None:
        """The window's state is another, whoever has changed it: the system has keys and menus of its own for that."""
        if self._window.isFullScreen():
            self._enter()
        else:
            self._leave()
        self.changed.emit()

    def _enter(self) -> None:
        if self._hidden is not None:
            return
        self._was_maximised = self._window.isMaximized()
        self._layout = self._window.saveState(LAYOUT)
        self._hidden = [widget for widget in self._around() if not widget.isHidden()]
        for widget in self._hidden:
            widget.hide()
        self._viewport.set_alone(True)

    def _leave(self) -> None:
        if self._hidden is None:
            return
        hidden, self._hidden = self._hidden, None
        self._viewport.set_alone(False)
        for widget in hidden:
            widget.show()
        self._window.restoreState(self._layout, LAYOUT)
        # Sizes fit only when the window has its own again, which the system gives it when it likes.
        for after in (0, 150):
            QTimer.singleShot(after, self, self._restore_sizes)

    def _restore_sizes(self) -> None:
        if self._hidden is None:
            self._window.restoreState(self._layout, LAYOUT)

    def toggle_output(self) -> None:
        """Open the window with the output alone, on another screen where there is one, or close it."""
        if self.output is not None:
            self.output.close()
            return
        window = OutputWindow(lambda: self._live.screen)
        # The keyboard stays where the hands are.
        window.setAttribute(Qt.WidgetAttribute.WA_ShowWithoutActivating)
        window.closed.connect(self._closed)
        others = [screen for screen in QApplication.screens() if screen is not self._window.screen()]
        if others:
            window.setGeometry(others[0].availableGeometry())
        self.output = window
        self._live.also_show_output(True)
        self.opened.emit(window)
        window.show()
        if others:
            window.toggle_full_screen()
        self.changed.emit()

    def refresh(self) -> None:
        """Draw what is newest."""
        if self.output is not None:
            self.output.refresh()

    def close(self) -> None:
        """The studio closes."""
        if self.output is not None:
            self.output.close()

    def _closed(self) -> None:
        self.output = None
        self._live.also_show_output(False)
        self.changed.emit()
