"""The window's tests: contexts that share are asked for before there is an application."""

from __future__ import annotations

import ctypes
import gc
import os
import sys
from collections.abc import Callable, Iterator
from ctypes.util import find_library
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import pytest
from helpers import tiny_network, without
from PySide6.QtGui import QOpenGLContext
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot
from pytestqt.wait_signal import SignalBlocker

# Tests see the usual colours, whatever whoever runs them has chosen.
os.environ["STUDIO_THEME"] = "dark"

from studio.io.networks import save_network
from studio.ui.kit import theme
from studio.ui.viewport import gl_context

if TYPE_CHECKING:
    from learning_room import Room
    from whole_window import WholeWindow

gl_context.prepare()

_MANY = 2_000_000
"""Blocks of memory, as of about eighty windows, that closed ones hold before they are let go."""

PATIENCE = 120_000
"""Milliseconds that a test waits for what must come. Where it comes they cost nothing, however busy the machine is."""


class PatientBot(QtBot):
    """Waits for long."""

    def waitUntil(self, callback: Callable[[], bool | None], *, timeout: int = PATIENCE) -> None:  # noqa: N802 - Qt's
        super().waitUntil(callback, timeout=timeout)

    def waitSignal(self, signal: Any, *, timeout: int = PATIENCE, **named: Any) -> SignalBlocker:  # noqa: N802 - Qt's
        return super().waitSignal(signal, timeout=timeout, **named)

    def waitExposed(self, widget: QWidget, *, timeout: int = PATIENCE) -> Any:  # noqa: N802 - Qt's
        return super().waitExposed(widget, timeout=timeout)


@pytest.fixture
def qtbot(qapp: QApplication, request: pytest.FixtureRequest) -> QtBot:
    """In the place of pytest-qt's."""
    del qapp
    return PatientBot(request)


@pytest.fixture(scope="session", autouse=True)
def _closed_windows() -> ClosedWindows:
    return ClosedWindows()


@pytest.fixture(autouse=True)
def _collect_in_this_thread(_closed_windows: ClosedWindows) -> Iterator[None]:
    """As the window does: another thread's collection would destroy widgets that belong to this one."""
    gc.disable()
    yield
    gc.collect()
    _closed_windows.let_go_of_many()
    gc.enable()


class ClosedWindows:
    """Each window leaves all that there is out of every collection, itself with it; some hundreds of them took 9 GB.

    Blocks of memory are counted, which takes no time. To count the objects themselves took a tenth of a second behind
    each test.
    """

    def __init__(self) -> None:
        self._let_go()

    def let_go_of_many(self) -> None:
        if sys.getallocatedblocks() > self._left + _MANY:
            self._let_go()

    def _let_go(self) -> None:
        """Leave what is left, as all that has been imported is, out of every collection from now on."""
        gc.unfreeze()
        gc.collect()
        gc.freeze()
        self._left = sys.getallocatedblocks()


@pytest.fixture
def gl_app(qapp: QApplication, _one_kind_of_context: None) -> QApplication:
    """The application, where it has a display to draw on with OpenGL."""
    if qapp.platformName() in ("offscreen", "minimal"):
        without("window", "Qt has no display to draw on with OpenGL; run under xvfb-run with QT_QPA_PLATFORM=xcb")
    return qapp


@pytest.fixture(params=[11, 13, 15])
def letters(request: pytest.FixtureRequest, gl_app: QApplication) -> Iterator[int]:
    """The size of the desktop's letters in points, as the studio is dressed: GNOME's usual ones, and its large ones."""
    usual, large, sheet, palette = gl_app.font(), gl_app.font(), gl_app.styleSheet(), gl_app.palette()
    large.setPointSizeF(request.param)
    gl_app.setFont(large)
    theme.apply(gl_app)
    yield request.param
    gl_app.setStyleSheet(sheet)
    gl_app.setPalette(palette)
    gl_app.setFont(usual)


@pytest.fixture
def whole(qtbot: QtBot, gl_app: QApplication, tmp_path: Path) -> Iterator[WholeWindow]:
    """The whole window on a tiny network and the demo film, at 64 × 64."""
    from whole_window import WholeWindow

    del gl_app
    (tmp_path / "weights").mkdir()
    save_network(tiny_network(), tmp_path / "weights" / "tiny")
    made = WholeWindow(qtbot, tmp_path / "home", str(tmp_path / "weights" / "tiny"), "demo", "64")
    yield made
    made.close()


@pytest.fixture
def whole_on_still(qtbot: QtBot, gl_app: QApplication, tmp_path: Path) -> Iterator[WholeWindow]:
    """The whole window on a tiny network and a picture of 48 × 64, ``still.png``."""
    from whole_window import WholeWindow

    del gl_app
    save_network(tiny_network(), tmp_path / "tiny")
    cv2.imwrite(str(tmp_path / "still.png"), np.random.default_rng(0).integers(0, 256, (48, 64, 3), np.uint8))
    made = WholeWindow(qtbot, tmp_path / "home", str(tmp_path / "tiny"), str(tmp_path / "still.png"))
    yield made
    made.close()


@pytest.fixture
def room(qtbot: QtBot, gl_app: QApplication, tmp_path: Path) -> Iterator[Room]:
    """The whole window with the learning panel in front, beside folders of pictures."""
    from learning_room import Room

    del gl_app
    made = Room(qtbot, tmp_path)
    yield made
    made.whole.close()


@cache
def _egl() -> ctypes.CDLL | None:
    library = find_library("EGL")
    if library is None:
        return None
    egl = ctypes.CDLL(library)
    egl.eglGetCurrentDisplay.restype = ctypes.c_void_p
    egl.eglMakeCurrent.argtypes = [ctypes.c_void_p] * 4
    return egl


@pytest.fixture(autouse=True)
def _one_kind_of_context() -> Iterator[None]:
    """Engines' tests leave a context of EGL's current in this thread, beside which none of Qt's, GLX's, can be."""
    egl = _egl()
    display = egl.eglGetCurrentDisplay() if egl is not None else None
    if egl is not None and display:
        egl.eglMakeCurrent(display, None, None, None)
    yield
    current = QOpenGLContext.currentContext()
    if current is not None:
        current.doneCurrent()
