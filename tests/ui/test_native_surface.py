"""The viewport on a native window within the window: hands pass through it, and what lies over it is seen."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from ctypes.util import find_library
from dataclasses import replace
from functools import partial
from pathlib import Path

import cv2
import numpy as np
import pytest
from helpers import tiny_network, without
from PySide6.QtCore import QEvent, QObject, QPoint, QRect, QSize, Qt
from PySide6.QtGui import QColor, QRegion, QSurface
from PySide6.QtWidgets import QApplication, QLabel, QWidget
from pytestqt.qtbot import QtBot
from whole_window import WholeWindow

from studio.io.networks import save_network
from studio.ui.viewport import canvas as viewport_canvas
from studio.ui.viewport.canvas import Canvas
from studio.ui.viewport.covers import Covers, covered
from studio.ui.viewport.gl_front import GLFront
from studio.ui.viewport.native import NativeSurface, has_native_surfaces


@pytest.fixture
def whole(qtbot: QtBot, gl_app: QApplication, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[WholeWindow]:
    del gl_app
    if not has_native_surfaces():
        without("window", "windows within windows are for X11")
    monkeypatch.setattr(viewport_canvas, "draws_in_software", lambda: False)
    save_network(tiny_network(), tmp_path / "tiny")
    cv2.imwrite(str(tmp_path / "still.png"), np.random.default_rng(0).integers(0, 256, (48, 64, 3), np.uint8))
    made = WholeWindow(qtbot, tmp_path / "home", str(tmp_path / "tiny"), str(tmp_path / "still.png"))
    made.settle()
    yield made
    made.close()


def on_screen(widget: QWidget, at: QPoint) -> QColor:
    place = widget.mapToGlobal(at)
    return widget.screen().grabWindow(0, place.x(), place.y(), 1, 1).toImage().pixelColor(0, 0)


class Hand:
    """Moves the mouse, and presses buttons and keys, as the display's own devices do."""

    def __init__(self) -> None:
        names = [find_library(name) for name in ("X11", "Xtst")]
        if not all(names):
            without("xtst", "there is no XTEST")
        self._x, self._test = (ctypes.CDLL(name) for name in names)
        self._x.XOpenDisplay.restype = ctypes.c_void_p
        self._display = ctypes.c_void_p(self._x.XOpenDisplay(None))

    def move(self, place: QPoint) -> None:
        self._test.XTestFakeMotionEvent(self._display, -1, place.x(), place.y(), ctypes.c_ulong(0))
        self._x.XSync(self._display, 0)

    def click(self, button: int) -> None:
        for down in (1, 0):
            self._test.XTestFakeButtonEvent(self._display, button, down, ctypes.c_ulong(0))
        self._x.XSync(self._display, 0)

    def key(self, letter: str) -> None:
        code = self._x.XKeysymToKeycode(self._display, ctypes.c_ulong(ord(letter)))
        for down in (1, 0):
            self._test.XTestFakeKeyEvent(self._display, code, down, ctypes.c_ulong(0))
        self._x.XSync(self._display, 0)

    def close(self) -> None:
        self._x.XCloseDisplay(self._display)


class Heard(QObject):
    """The kinds of events that a widget gets."""

    def __init__(self, widget: QWidget) -> None:
        super().__init__(widget)
        self.kinds: list[QEvent.Type] = []
        widget.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        del watched
        self.kinds.append(event.type())
        return False

    def has(self, kind: QEvent.Type) -> bool:
        return kind in self.kinds


@pytest.mark.gl
def test_the_rest_of_the_window_is_painted_without_opengl(whole: WholeWindow, monkeypatch: pytest.MonkeyPatch) -> None:
    assert isinstance(whole.viewport.surface, NativeSurface)
    assert whole.window.windowHandle().surfaceType() == QSurface.SurfaceType.RasterSurface
    label = QLabel("0", whole.window.statusBar())
    label.setGeometry(0, 0, 60, 20)
    label.show()
    drawn: list[object] = []
    paint = GLFront.paint
    monkeypatch.setattr(GLFront, "paint", lambda *given: (drawn.append(given), paint(*given)))
    heard = Heard(label)
    for k in range(5):
        label.setText(f"Text {k}")
        QApplication.processEvents()
    assert heard.kinds.count(QEvent.Type.Paint) == 5
    assert len(drawn) < 5, "the picture stands still meanwhile"


@pytest.mark.gl
def test_hands_reach_the_viewport_as_if_the_native_window_were_not_there(whole: WholeWindow) -> None:
    viewport, heard, hand = whole.viewport, Heard(whole.viewport), Hand()
    whole.window.activateWindow()
    whole.until(whole.window.isActiveWindow)
    middle = viewport.mapToGlobal(viewport.rect().center())
    wanted = {
        QEvent.Type.Enter: lambda: hand.move(middle),
        QEvent.Type.MouseMove: lambda: hand.move(middle + QPoint(5, 5)),
        QEvent.Type.MouseButtonPress: lambda: hand.click(1),
        QEvent.Type.MouseButtonRelease: lambda: hand.click(1),
        QEvent.Type.Wheel: lambda: hand.click(4),
        QEvent.Type.ContextMenu: lambda: hand.click(3),
        QEvent.Type.KeyPress: lambda: hand.key("j"),
    }
    for kind, act in wanted.items():
        heard.kinds.clear()
        act()
        whole.until(partial(heard.has, kind))
        if (menu := QApplication.activePopupWidget()) is not None:
            menu.close()
    assert viewport.hasFocus()
    assert not viewport.camera.fitted, "the wheel has zoomed"
    hand.move(middle)
    whole.until(lambda: viewport._label)
    hand.close()


@pytest.mark.gl
def test_widgets_over_it_are_seen_and_leave_nothing_behind(whole: WholeWindow) -> None:
    viewport = whole.viewport
    at, away = QPoint(60, 40), QPoint(160, 40)
    for parent in (viewport, whole.window):
        whole.until(lambda: on_screen(viewport, at) != QColor("red"))
        over = QLabel(parent)
        over.setStyleSheet("background: red")
        over.setGeometry(QRect(viewport.mapTo(parent, QPoint(30, 20)), viewport.mapTo(parent, QPoint(90, 60))))
        over.show()
        whole.until(lambda: on_screen(viewport, at) == QColor("red"))
        assert on_screen(viewport, away) != QColor("red")
        over.move(viewport.mapTo(parent, QPoint(130, 20)))
        whole.until(lambda: on_screen(viewport, away) == QColor("red"))
        whole.until(lambda: on_screen(viewport, at) != QColor("red"))
        over.hide()
        whole.until(lambda: on_screen(viewport, away) != QColor("red"))
        over.deleteLater()


@pytest.mark.gl
def test_beneath_what_is_seen_through_lies_the_picture(whole: WholeWindow) -> None:
    viewport = whole.viewport
    at = viewport.rect().center()
    whole.until(lambda: on_screen(viewport, at) == pixel_of(viewport.surface, at))
    before = on_screen(viewport, at)
    over = QLabel(viewport)
    over.setGeometry(QRect(at - QPoint(30, 30), at + QPoint(30, 30)))
    over.show()
    QApplication.processEvents()
    whole.until(lambda: covered(viewport.surface).contains(at))
    assert on_screen(viewport, at) == before
    # A frame around nothing, as the ring around what has the keyboard.
    over.setMask(QRegion(over.rect()) - QRegion(over.rect().adjusted(2, 2, -2, -2)))
    assert not covered(viewport.surface).contains(at)
    over.deleteLater()


@pytest.mark.gl
def test_what_lies_beneath_follows_the_picture(whole: WholeWindow, monkeypatch: pytest.MonkeyPatch) -> None:
    viewport = whole.viewport
    assert isinstance(viewport.surface, NativeSurface)
    at = viewport.rect().center()
    whole.until(lambda: on_screen(viewport, at) == pixel_of(viewport.surface, at))
    over = QLabel(viewport)
    over.setGeometry(QRect(at - QPoint(30, 30), at + QPoint(30, 30)))
    over.show()
    whole.until(lambda: viewport.surface._covered.contains(at))
    # Nothing comes or goes over the picture from now on.
    monkeypatch.setattr(viewport.surface._covers, "look", lambda: None)
    before = on_screen(viewport, at)
    # Nothing but the ground is in the middle then.
    viewport.look = replace(viewport.look, ground=(0.0, 1.0, 0.0))
    viewport.camera.one_to_one()
    viewport.camera.pan(0.9 * viewport.width(), 0.9 * viewport.height())
    viewport.refresh()
    whole.until(lambda: on_screen(viewport, at) == pixel_of(viewport.surface, at) != before)
    over.deleteLater()


@pytest.mark.gl
def test_a_picture_of_a_window_that_has_just_grown_is_whole(whole: WholeWindow) -> None:
    surface = whole.viewport.surface
    assert isinstance(surface, NativeSurface)
    whole.until(lambda: not surface.grabFramebuffer().isNull())
    whole.window.resize(whole.window.size() + QSize(180, 90))
    at_once = surface.grabFramebuffer()
    QApplication.processEvents()
    whole.until(lambda: surface.grabFramebuffer() == at_once)
    assert at_once.size() == surface.size() * surface.devicePixelRatioF()


def test_there_is_a_way_back(monkeypatch: pytest.MonkeyPatch, qapp: QApplication) -> None:
    monkeypatch.setenv("STUDIO_NATIVE_VIEWPORT", "0")
    assert not has_native_surfaces()
    monkeypatch.delenv("STUDIO_NATIVE_VIEWPORT")
    assert has_native_surfaces() == (qapp.platformName() == "xcb")


def test_on_a_screen_with_other_pixels_the_mask_is_made_anew(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    inner, _ = QWidget(window), QWidget(window)
    window.show()
    told: list[QRegion] = []
    covers = Covers(inner, told.append)
    covers.watch()
    covers.look()
    assert len(told) == 1
    monkeypatch.setattr(inner, "devicePixelRatioF", lambda: 3.0)
    covers.look()
    assert told == [told[0], told[0]]


def pixel_of(surface: object, at: QPoint) -> QColor:
    assert isinstance(surface, NativeSurface)
    image = surface.grabFramebuffer()
    ratio = image.devicePixelRatio()
    return image.pixelColor(round(at.x() * ratio), round(at.y() * ratio))


def is_shown(canvas: Canvas) -> bool:
    """Whether the middle of what it draws is on the screen."""
    at = canvas.rect().center()
    return on_screen(canvas, at) == pixel_of(canvas.surface, at) != QColor(0, 0, 0)


@pytest.mark.gl
@pytest.mark.parametrize("kind", [BaseException, SystemExit, KeyError])
def test_whatever_a_driver_throws_is_said_and_the_next_picture_is_drawn(
    whole: WholeWindow, monkeypatch: pytest.MonkeyPatch, kind: type[BaseException]
) -> None:
    def fail(*_: object) -> None:
        raise kind("odd")

    with monkeypatch.context() as broken:
        broken.setattr(GLFront, "_draw", fail)
        whole.viewport.refresh()
        whole.until(lambda: kind.__name__ in whole.viewport.problem)
    whole.viewport.refresh()
    whole.until(lambda: not whole.viewport.problem)


@pytest.mark.gl
def test_a_picture_of_the_window_has_what_is_drawn_in_it(whole: WholeWindow) -> None:
    viewport = whole.viewport
    at = viewport.rect().center()
    grabbed = whole.window.grab().toImage()
    place = viewport.mapTo(whole.window, at) * grabbed.devicePixelRatio()
    assert grabbed.pixelColor(place) == pixel_of(viewport.surface, at) == on_screen(viewport, at)


@pytest.mark.gl
def test_it_is_there_again_after_windows_have_come_and_gone(whole: WholeWindow) -> None:
    viewport = whole.viewport
    at = viewport.rect().center()
    wanted = on_screen(viewport, at)
    for _ in range(3):
        whole.command("view.output_window")
        output = whole.projection.output
        assert output is not None
        whole.until(partial(is_shown, output))
        output.toggle_full_screen()
        QApplication.processEvents()
        output.toggle_full_screen()
        output.close()
        whole.until(lambda: whole.projection.output is None)
        whole.window.hide()
        QApplication.processEvents()
        whole.window.show()
        whole.until(lambda: on_screen(viewport, at) == wanted)


def test_only_what_is_visible_in_front_and_within_the_window_covers(qtbot: QtBot) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    window.resize(200, 200)
    behind, middle, front = (QWidget(window) for _ in range(3))
    for each in (behind, middle, front):
        each.setGeometry(20, 30, 100, 100)
    inner = QWidget(middle)
    inner.setGeometry(10, 10, 50, 50)
    beside = QWidget(middle)
    beside.setGeometry(40, 40, 40, 40)
    front.setGeometry(0, 0, 45, 45)
    apart = QWidget(window, Qt.WindowType.Tool)
    window.show()
    apart.show()
    assert covered(inner) == QRegion(30, 30, 20, 20) | QRegion(0, 0, 15, 5)
    beside.hide()
    assert covered(inner) == QRegion(0, 0, 15, 5)
    inner.raise_()
    behind.raise_()
    assert covered(inner) == QRegion(0, 0, 50, 50)
    behind.lower()
    front.lower()
    assert covered(inner).isEmpty()
