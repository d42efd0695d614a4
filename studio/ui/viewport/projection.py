"""The picture for others to see: alone on the whole screen, or in a window of its own on another one."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from PySide6.QtCore import QByteArray, QObject, Qt, QTimer, Signal
from PySide6.QtGui import QScreen
from PySide6.QtWidgets import QApplication, QMainWindow, QWidget

from studio.runtime.live.session import LiveSession
from studio.ui.services.choices import OutputChoice
from studio.ui.services.session import LAYOUT, Session
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
        framing: how the picture lies in it.
        black: whether it shows nothing.
        test: whether it shows a test picture.
    """

    changed = Signal()
    """Full screen, or the output window, has come or gone."""
    asked = Signal(object, object)
    """A right click on an output window: the window, and the place on the screen."""
    opened = Signal(object)
    """A new output window, which is not shown yet."""

    def __init__(
        self,
        window: QMainWindow,
        viewport: Viewport,
        live: LiveSession,
        around: Callable[[], Iterable[QWidget]],
        session: Session | None = None,
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
        self._session = session
        choice = session.output if session is not None else OutputChoice()
        self.framing, self.black, self.test = choice.framing, False, False
        self._screen = choice.screen

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

    # -- the output window ------------------------------------------------------------------------------------------

    def frame(self, **changes: object) -> None:
        """Let the picture lie in it in another way, from now on: see `Framing`."""
        self.framing = replace(self.framing, **changes)  # type: ignore[arg-type]  # as declared there
        self._tell_output()

    def turn(self) -> None:
        """A quarter further, clockwise."""
        self.framing = self.framing.turned()
        self._tell_output()

    def toggle_black(self) -> None:
        """Show nothing in it, or the picture again."""
        self.black = not self.black
        self._tell_output()

    def toggle_test(self) -> None:
        """Show a test picture in it, or the picture again."""
        self.test = not self.test
        self._tell_output()

    @property
    def screens(self) -> list[QScreen]:
        """The screens that there are."""
        return QApplication.screens()

    def show_on(self, screen: QScreen) -> None:
        """Fill another screen with it, opening it where it is not open."""
        self._screen = screen.name()
        if self.output is None:
            self.toggle_output()
        window = self.output
        if window is not None and not (window.isFullScreen() and window.screen() is screen):
            if window.isFullScreen():
                window.toggle_full_screen()
            window.setGeometry(screen.availableGeometry())
            window.toggle_full_screen()
        self._tell_output()

    def next_screen(self) -> None:
        """Fill the next screen with it."""
        screens = self.screens
        now = self.output.screen() if self.output is not None else self._window.screen()
        place = screens.index(now) if now in screens else -1
        self.show_on(screens[(place + 1) % len(screens)])

    def _tell_output(self) -> None:
        if self.output is not None:
            self.output.show_as(self.framing, black=self.black, test=self.test)
        if self._session is not None:
            framing = self.framing
            self._session.output = OutputChoice(
                self._screen, framing.fit, framing.quarters, framing.mirrored, framing.flipped
            )
        self.changed.emit()

    def toggle_output(self) -> None:
        """Open the window with the output alone, on another screen where there is one, or close it."""
        if self.output is not None:
            self.output.close()
            return
        window = OutputWindow(lambda: self._live.screen)
        # The keyboard stays where the hands are.
        window.setAttribute(Qt.WidgetAttribute.WA_ShowWithoutActivating)
        window.closed.connect(self._closed)
        window.asked.connect(lambda place: self.asked.emit(window, place))
        window.show_as(self.framing, black=self.black, test=self.test)
        others = [screen for screen in QApplication.screens() if screen is not self._window.screen()]
        # The one that was chosen comes first, where it is there.
        others.sort(key=lambda screen: screen.name() != self._screen)
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
