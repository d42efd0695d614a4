"""The picture for others to see: alone on the whole screen, or in a window of its own on another one."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from PySide6.QtCore import QByteArray, QObject, QRect, Qt, QTimer, Signal
from PySide6.QtGui import QGuiApplication, QScreen
from PySide6.QtWidgets import QApplication, QMainWindow, QWidget

from studio.runtime.live.session import LiveSession
from studio.ui.kit.fitting import fit
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
        session: remembers how it was left; None where nothing does.
        find_screens: gives the screens that there are.

    Attributes:
        output: the output window; None while there is none.
        framing: how the picture lies in it.
        black: whether it shows nothing.
        test: whether it shows a test picture.
        waits_for: name of the screen that was chosen and is not there; empty where it is, or none was.
    """

    changed = Signal()
    """Full screen, or the output window, has come or gone."""
    asked = Signal(object, object)
    """A right click on an output window: the window, and the place on the screen."""
    opened = Signal(object)
    """A new output window, which is not shown yet."""
    told = Signal(str)
    """What has become of the screen that it filled, in a sentence."""

    def __init__(
        self,
        window: QMainWindow,
        viewport: Viewport,
        live: LiveSession,
        around: Callable[[], Iterable[QWidget]],
        session: Session | None = None,
        find_screens: Callable[[], list[QScreen]] = QGuiApplication.screens,
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
        self._screen, self.waits_for, self._place = choice.screen, "", choice.rect
        self._find_screens = find_screens
        app = QApplication.instance()
        assert isinstance(app, QGuiApplication), "there is no window without one"
        app.screenAdded.connect(self.screen_came)
        app.screenRemoved.connect(self.screen_went)

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
        return self._find_screens()

    @property
    def own_screen(self) -> QScreen:
        """The one that the studio is on."""
        return self._window.screen()

    @property
    def filled(self) -> QScreen | None:
        """The screen that the output fills; None where it is a window, or there is none."""
        return self.output.screen() if self.output is not None and self.output.isFullScreen() else None

    def show_on(self, screen: QScreen) -> None:
        """Fill another screen with it, opening it where it is not open; it is remembered by its name."""
        self._screen, self.waits_for = screen.name(), ""
        if self.output is None:
            self._open(screen)
        elif self.filled is not screen:
            self._put_on(self.output, screen)
        self._tell_output()

    def show_in_window(self) -> None:
        """Have it as a window, opening it where it is not open; no screen is remembered."""
        self._screen = self.waits_for = ""
        if self.output is None:
            self._open(None)
        elif self.output.isFullScreen():
            self.output.toggle_full_screen()
        self._tell_output()

    def next_screen(self) -> None:
        """Fill the next screen with it."""
        screens = self.screens
        now = self.output.screen() if self.output is not None else self._window.screen()
        place = screens.index(now) if now in screens else -1
        self.show_on(screens[(place + 1) % len(screens)])

    def screen_came(self, screen: QScreen) -> None:
        """There is one more: the output fills it, where it was on it before, or was to be."""
        if self.output is not None and self.waits_for and screen.name() == self.waits_for:
            self.waits_for = ""
            self._put_on(self.output, screen)
            self.told.emit(f"The output is on {screen.name()} again.")
        self.changed.emit()

    def screen_went(self, screen: QScreen) -> None:
        """One has gone: the output becomes a window beside the studio instead of covering it."""
        window = self.output
        if window is not None and self.filled is screen:
            self.waits_for = screen.name()
            window.toggle_full_screen()
            area = self._window.screen().availableGeometry()
            window.setGeometry(QRect(area.topLeft(), area.size() / 2))
            self.told.emit(f"The screen {screen.name()} has gone; the output is a window until it is back.")
        self.changed.emit()

    def _put_on(self, window: OutputWindow, screen: QScreen) -> None:
        if window.isFullScreen():
            window.toggle_full_screen()
        window.setScreen(screen)
        window.setGeometry(screen.availableGeometry())
        window.toggle_full_screen()

    def _tell_output(self) -> None:
        if self.output is not None:
            self.output.show_as(self.framing, black=self.black, test=self.test)
        self._remember()
        self.changed.emit()

    def _remember(self) -> None:
        if self._session is not None:
            framing = self.framing
            self._session.output = OutputChoice(
                self._screen,
                framing.fit,
                framing.quarters,
                framing.mirrored,
                framing.flipped,
                ",".join(map(str, self._place.getRect())) if self._place is not None else "",  # type: ignore[call-overload]
            )

    def toggle_output(self) -> None:
        """Open the window with the output alone, on another screen where there is one, or close it."""
        if self.output is not None:
            self.output.close()
            return
        others = [screen for screen in self.screens if screen is not self._window.screen()]
        chosen = [screen for screen in others if screen.name() == self._screen]
        if self._screen and self._screen not in (screen.name() for screen in self.screens):
            self.waits_for = self._screen
        # The one that was chosen comes first, where it is there.
        self._open(next(iter(chosen or others), None))

    def _open(self, screen: QScreen | None) -> None:
        """Open the window, filling this screen; a window where there is none."""
        window = OutputWindow(lambda: self._live.screen)
        # The keyboard stays where the hands are.
        window.setAttribute(Qt.WidgetAttribute.WA_ShowWithoutActivating)
        window.closed.connect(self._closed)
        window.asked.connect(lambda place: self.asked.emit(window, place))
        window.show_as(self.framing, black=self.black, test=self.test)
        if screen is not None:
            window.setScreen(screen)
            window.setGeometry(screen.availableGeometry())
        elif self._place is not None and any(each.availableGeometry().intersects(self._place) for each in self.screens):
            window.setGeometry(self._place)
        else:
            window.setScreen(self._window.screen())
            fit(window, window.size())
        self.output = window
        self._live.also_show_output(True)
        self.opened.emit(window)
        window.show()
        if screen is not None:
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
        if self.output is not None and not self.output.isFullScreen():
            self._place = self.output.geometry()
            self._remember()
        self.output, self.waits_for = None, ""
        self._live.also_show_output(False)
        self.changed.emit()
