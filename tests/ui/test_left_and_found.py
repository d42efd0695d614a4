"""How the studio was left is how it is found again: after a usual end, and after one by force.

Two studios, one after the other, on the same settings and in the same folder, driven by real events.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest
from helpers import tiny_network
from PySide6.QtCore import QEvent, QObject, QSettings, Qt
from PySide6.QtWidgets import QAbstractButton, QApplication, QDockWidget
from pytestqt.qtbot import QtBot
from whole_window import WholeWindow

from studio.io.autosave import ABOUT
from studio.io.networks import save_network
from studio.model.views.workspace import Workspace
from studio.runtime.live.playing import PlayerState
from studio.ui.services.cues import FilmCues

pytestmark = pytest.mark.gl


@pytest.fixture
def place(qtbot: QtBot, gl_app: QApplication, tmp_path: Path) -> Path:
    """A folder with a network and a film in it."""
    del gl_app, qtbot
    (tmp_path / "weights").mkdir()
    save_network(tiny_network(), tmp_path / "weights" / "tiny")
    (tmp_path / "film").mkdir()
    for number in range(50):
        cv2.imwrite(str(tmp_path / "film" / f"{number:02d}.png"), np.full((48, 64, 3), 4 * number, np.uint8))
    return tmp_path


def start(qtbot: QtBot, place: Path, source: str = "demo") -> WholeWindow:
    return WholeWindow(qtbot, place / "home", str(place / "weights" / "tiny"), source, "64")


def press(whole: WholeWindow, text: str) -> None:
    """A button of the message bar."""
    bar = whole.studio.messages
    whole.until(lambda: any(each.text() == text for each in bar.findChildren(QAbstractButton)))
    [button] = [each for each in bar.findChildren(QAbstractButton) if each.text() == text]
    whole.qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def test_sizes_colours_brush_order_and_cues_are_as_they_were(qtbot: QtBot, place: Path) -> None:
    first = start(qtbot, place)
    first.until(lambda: first.context[FilmCues].can_have)
    first.key(Qt.Key.Key_C)
    first.key(Qt.Key.Key_G)
    first.key(Qt.Key.Key_F4)
    first.key(Qt.Key.Key_BracketRight)
    first.key(Qt.Key.Key_J)
    first.workspace.size, first.workspace.row_order = "96", "norm"
    left = _as_is(first.workspace)
    assert left[:2] == ("grey", "all")
    cues = first.context[FilmCues].cues
    first.close()
    second = start(qtbot, place)
    # What the test's window sets for itself comes after what was remembered.
    second.studio._reopening.offer("demo")
    assert _as_is(second.workspace) == left
    second.until(lambda: second.context[FilmCues].cues == cues)
    assert QSettings(str(place / "home" / "settings.ini"), QSettings.Format.IniFormat).value("last")
    second.close()


def test_a_floating_panel_comes_after_the_window_which_would_lie_over_it(qtbot: QtBot, place: Path) -> None:
    first = start(qtbot, place)
    dock = first.window.docks["histogram"]
    dock.setFloating(True)
    dock.setGeometry(300, 200, 420, 400)
    first.settle()
    first.window.parts.session.keep_window(first.window)
    first.close()
    early = ShownEarly()
    app = QApplication.instance()
    assert app is not None
    app.installEventFilter(early)
    second = start(qtbot, place)
    app.removeEventFilter(early)
    dock = second.window.docks["histogram"]
    second.until(dock.isVisible)
    assert dock.isFloating()
    assert dock.geometry().getRect() == (300, 200, 420, 400)
    assert early.found == []
    second.close()


class ShownEarly(QObject):
    """Panels of their own that are on the screen before the window is."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        if event.type() == QEvent.Type.Show and isinstance(watched, QDockWidget) and watched.isWindow():
            parent = watched.parentWidget()
            is_seen = not watched.testAttribute(Qt.WidgetAttribute.WA_DontShowOnScreen)
            if is_seen and (parent is None or not parent.isVisible()):
                self.found.append(watched.windowTitle())
        return False


def _as_is(workspace: Workspace) -> tuple[object, ...]:
    return (
        workspace.colours,
        workspace.scaling,
        workspace.size,
        workspace.row_order,
        workspace.brush,
        workspace.brush_unit,
    )


def test_after_an_end_from_outside_what_was_not_saved_is_offered(qtbot: QtBot, place: Path) -> None:
    first = start(qtbot, place)
    first.stroke((0.5, 0.5), (1.5, 3.5))
    tensor = first.workspace.tensor or ""
    painted = first.tensor(tensor)
    assert first.document.unsaved
    # As SIGTERM has it: the last edit was not kept yet, and nobody is asked.
    first.studio.is_ended = True
    first.close()
    [folder] = (place / "home" / "recovery").iterdir()
    second = start(qtbot, place)
    press(second, "Restore")
    second.until(lambda: (second.tensor(tensor) == painted).all())
    # The old copy goes when the new one is whole.
    second.until(lambda: not (folder / ABOUT).exists())
    second.close()
    # A busy machine may take longer than the end waits for what nobody would miss.
    qtbot.waitUntil(lambda: not list(folder.parent.glob(f"*/{ABOUT}")))


def test_after_an_end_by_force_bends_and_film_come_back_by_a_button(qtbot: QtBot, place: Path) -> None:
    film = str(place / "film")
    first = start(qtbot, place, film)
    first.until(lambda: first.told[PlayerState].spec == film)
    first.stroke((0.5, 0.5), (1.5, 3.5))
    tensor = first.workspace.tensor or ""
    painted = first.tensor(tensor)
    first.studio._autosave.keep()
    recovery = place / "home" / "recovery"
    first.until(lambda: list(recovery.glob(f"*/{ABOUT}")))
    first.until(lambda: not first.studio.parts.worker.pending)
    # What a killed process leaves behind: its files, and no lock that anybody holds.
    [folder] = recovery.iterdir()
    shutil.copytree(folder, place / "left", ignore=shutil.ignore_patterns("lock"))
    first.close()
    shutil.copytree(place / "left", recovery / "earlier")
    second = start(qtbot, place)
    second.until(lambda: second.told[PlayerState].spec == "demo")
    press(second, "Restore")
    second.until(lambda: second.told[PlayerState].spec == film)
    second.until(lambda: (second.tensor(tensor) == painted).all())
    assert second.document.unsaved
    second.close()
