"""The real window, opened in a folder of its own and driven by mouse and key events."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from PySide6.QtCore import QEvent, QEventLoop, QPoint, QPointF, QSettings, Qt, QTimer
from PySide6.QtGui import QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QSlider, QStyle, QStyleOptionSlider, QWidget

from studio.app import Studio
from studio.io.opening import find_and_open
from studio.runtime.services import memory
from studio.ui.kit import theme
from studio.ui.services.session import Session
from studio.ui.viewport import gl_context

LEFT = Qt.MouseButton.LeftButton
SCREEN = "1920x1200x24"


@contextmanager
def display(screen: str = SCREEN) -> Iterator[None]:
    """A display: the one that there is, else one that nobody sees.

    Args:
        screen: width, height and depth of the latter.
    """
    if not sys.platform.startswith("linux") or os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"):
        yield
        return
    read, write = os.pipe()
    command = ["Xvfb", "-displayfd", str(write), "-screen", "0", screen, "-nolisten", "tcp"]
    server = subprocess.Popen(command, pass_fds=(write,), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    os.close(write)
    with os.fdopen(read) as told:
        number = told.readline().strip()
    os.environ.update(DISPLAY=f":{number}", QT_QPA_PLATFORM="xcb")
    try:
        yield
    finally:
        server.terminate()
        server.wait()


def application() -> QApplication:
    """The application, dressed as the studio's, in a process whose memory is managed as the studio's is."""
    memory.bound()
    gl_context.prepare()
    app = QApplication(["studio"])
    app.setApplicationName("network-bending-studio")
    theme.apply(app)
    return app


@contextmanager
def opened(
    what: str,
    source: str = "demo",
    size: tuple[int, int] = (1600, 1000),
    on_shown: Callable[[Studio], object] = lambda _: None,
) -> Iterator[Studio]:
    """The studio with a preset or network and a source, its window open at so many pixels.

    Args:
        what: preset or network.
        source: what plays.
        size: of the window.
        on_shown: called as soon as the window has been shown.
    """
    with tempfile.TemporaryDirectory() as temporary:
        home = Path(temporary)
        session = Session(QSettings(str(home / "settings.ini"), QSettings.Format.IniFormat))
        studio = Studio(*find_and_open(what), source, session, home)
        studio.window.resize(*size)
        studio.window.show()
        on_shown(studio)
        # Keys of commands are for the active window; without a window manager none becomes it by itself.
        studio.window.activateWindow()
        QTest.qWaitForWindowActive(studio.window)
        try:
            yield studio
        finally:
            # Whether to save is asked of people.
            studio.document.mark_saved(home, "closed")
            studio.window.close()
            studio.close()


def spin(seconds: float) -> None:
    """Let the window's events run as the program does: Qt's own loop sleeps until there is one, and lets Python go.

    `QTest.qWait` looks for events every 10 ms only, and holds Python's lock meanwhile, so that no other thread runs.
    """
    loop = QEventLoop()
    QTimer.singleShot(round(seconds * 1000), loop.quit)
    loop.exec()


def until(reached: Callable[[], object], seconds: float = 60.0) -> None:
    """Let the window's events run until something is so; TimeoutError where it does not become so."""
    end = time.monotonic() + seconds
    while not reached():
        if time.monotonic() > end:
            raise TimeoutError("the window did not get there")
        spin(0.02)


def press(widget: QWidget, at: QPoint) -> None:
    """The left button goes down."""
    QTest.mousePress(widget, LEFT, Qt.KeyboardModifier.NoModifier, at)


def move(widget: QWidget, at: QPoint, *, held: bool = True) -> None:
    """The mouse moves, with its left button down or up; no event but this one is handled meanwhile."""
    buttons = LEFT if held else Qt.MouseButton.NoButton
    place = QPointF(at)
    where = place, widget.mapTo(widget.window(), place), widget.mapToGlobal(place)
    event = QMouseEvent(QEvent.Type.MouseMove, *where, Qt.MouseButton.NoButton, buttons, Qt.KeyboardModifier.NoModifier)
    QApplication.sendEvent(widget, event)


def release(widget: QWidget, at: QPoint) -> None:
    """The left button goes up."""
    QTest.mouseRelease(widget, LEFT, Qt.KeyboardModifier.NoModifier, at)


def click(widget: QWidget, at: QPoint | None = None) -> None:
    """A click, in the middle unless told where."""
    QTest.mouseClick(widget, LEFT, Qt.KeyboardModifier.NoModifier, widget.rect().center() if at is None else at)


def handle(slider: QSlider, place: float) -> QPoint:
    """Where a horizontal slider's handle is at a place between 0 and 1."""
    option = QStyleOptionSlider()
    slider.initStyleOption(option)
    option.sliderPosition = round(slider.minimum() + place * (slider.maximum() - slider.minimum()))
    rect = slider.style().subControlRect(
        QStyle.ComplexControl.CC_Slider, option, QStyle.SubControl.SC_SliderHandle, slider
    )
    return rect.center()
