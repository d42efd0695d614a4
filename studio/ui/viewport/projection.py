"""The picture for others to see: alone on the whole screen, or in a window of its own on another one."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from PySide6.QtWidgets import QApplication, QMainWindow, QWidget

from studio.runtime.live.session import LiveSession
from studio.ui.viewport.output_window import OutputWindow


class Projection:
    """Full screen, and the output window.

    Args:
        window: the studio's.
        live: told to keep the output on the screen while another window shows it.
        around: gives what lies around the picture.
        changed: called when the output window has come or gone.

    Attributes:
        output: the output window; None while there is none.
    """

    def __init__(
        self,
        window: QMainWindow,
        live: LiveSession,
        around: Callable[[], Iterable[QWidget]],
        changed: Callable[[], None],
    ) -> None:
        self._window = window
        self._live = live
        self._around = around
        self._changed = changed
        self._hidden: list[QWidget] = []
        self.output: OutputWindow | None = None

    def toggle_full_screen(self) -> None:
        """The picture alone on the whole screen, or everything again."""
        if self._window.isFullScreen():
            self._window.showNormal()
            for widget in self._hidden:
                widget.show()
            self._hidden = []
            return
        self._hidden = [widget for widget in self._around() if not widget.isHidden()]
        for widget in self._hidden:
            widget.hide()
        self._window.showFullScreen()

    def toggle_output(self) -> None:
        """Open the window with the output alone, on another screen where there is one, or close it."""
        if self.output is not None:
            self.output.close()
            return
        window = OutputWindow(lambda: self._live.screen)
        window.closed.connect(self._closed)
        others = [screen for screen in QApplication.screens() if screen is not self._window.screen()]
        if others:
            window.setGeometry(others[0].availableGeometry())
        self.output = window
        self._live.also_show_output(True)
        window.show()
        if others:
            window.toggle_full_screen()
        self._changed()

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
        self._changed()
