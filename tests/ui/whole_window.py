"""The whole studio in a window: its real threads, and hands that press real keys and buttons."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from filter_editor_desk import drag
from PySide6.QtCore import QAbstractAnimation, QMimeData, QPoint, QPointF, QRect, QSettings, Qt, QUrl
from PySide6.QtGui import QCursor, QDragEnterEvent, QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from studio.app import Studio
from studio.io.opening import find_and_open
from studio.model.networks.picture import Picture
from studio.model.networks.shape import Array
from studio.runtime.live.report import EngineState, Progress
from studio.ui.filters import FilterEditor
from studio.ui.histogram.panel import HistogramPanel
from studio.ui.importing import opening_of
from studio.ui.importing.opening import Opening
from studio.ui.layers.panel import NetworkPanel
from studio.ui.presets.panel import PresetDeck
from studio.ui.recording.panel import RecorderPanel
from studio.ui.services.choices import FadingChoice, RecordingChoice
from studio.ui.services.session import Session
from studio.ui.shell.declared import declared
from studio.ui.source.panel import Transport
from studio.ui.viewport.projection import Projection
from studio.ui.viewport.widget import Viewport

PATIENCE = 120_000
NONE = Qt.KeyboardModifier.NoModifier


class WholeWindow:
    """A studio on a preset or a network, with its files below ``home``."""

    def __init__(self, qtbot: QtBot, home: Path, opened: str, source: str, size: str = "source") -> None:
        self.qtbot = qtbot
        settings = QSettings(str(home / "settings.ini"), QSettings.Format.IniFormat)
        preset, path = find_and_open(opened)
        session = Session(settings)
        # Tests of fades have them; all others want to see what they opened.
        session.fading = FadingChoice(beats=0.0)
        # Not where the person who runs the tests has films.
        home.mkdir(parents=True, exist_ok=True)
        session.recording = RecordingChoice(folder=str(home))
        self.studio = Studio(preset, path, source, session, home)
        self.document, self.workspace = self.studio.document, self.studio.workspace
        self.live, self.told = self.studio.live, self.studio.telemetry
        self.window = self.studio.window
        context = self.context = self.window.context
        self.viewport, self.projection = context[Viewport], context[Projection]
        self.editor, self.network = context[FilterEditor], context[NetworkPanel]
        self.histogram = context[HistogramPanel]
        self.deck, self.recorder, self.transport = context[PresetDeck], context[RecorderPanel], context[Transport]
        self.opening: Opening = opening_of(context)
        self.workspace.engine, self.workspace.size = "torch", size
        # Nobody answers questions here.
        self.window._may_close = lambda _close: True
        # The mouse is where another test has left it: over a button, whose tip hides what the status bar says else.
        QCursor.setPos(self.window.screen().geometry().bottomRight())
        self.first_size = self.window.size()
        self.window.resize(1280, 800)
        self.window.show()
        qtbot.waitExposed(self.window)
        # Over what has no tip, and where Qt hears of it: it tells no move to the place where it last knew the mouse.
        menus = self.window.menuBar()
        QTest.mouseMove(menus, menus.rect().bottomRight())
        self.until(lambda: self.told[Progress].serial)
        # What tests look for may lie behind other panels, which come after the first picture.
        self.until(lambda: not self.window.panels.waiting)

    def until(self, true: Callable[[], object]) -> None:
        try:
            self.qtbot.waitUntil(lambda: bool(true()), timeout=PATIENCE)
        except Exception as error:
            raise AssertionError(f"waited in vain; said: {self.said}; {self.told[EngineState]}") from error

    def settle(self) -> None:
        """Wait until all lies where it stays: panels glide there, and layouts follow in turns of the event loop."""
        before: list[tuple[QWidget, QRect]] = []

        def lies_still() -> bool:
            nonlocal before
            now = [(each, each.geometry()) for each in self.window.findChildren(QWidget) if each.isVisible()]
            before, was = now, before
            running = QAbstractAnimation.State.Running
            return now == was and not any(a.state() == running for a in self.window.findChildren(QAbstractAnimation))

        self.until(lies_still)

    @property
    def frames(self) -> int:
        """How many have been run."""
        return self.told[Progress].serial

    @property
    def said(self) -> list[str]:
        return [message.text for message in self.studio.messages.log]

    def picture(self) -> Picture:
        """The output, when all that was ordered has been run."""
        found: list[Picture] = []
        self.live.snapshot(found.append)
        self.until(lambda: found)
        return found[0]

    def stand_still(self) -> None:
        """Pause at the beginning of the film; unlike after a pause alone, no frame being decoded then still comes."""
        self.live.pause(True)
        before = self._era()
        self.live.seek(0.0)
        self.until(lambda: self._era() != before)

    def _era(self) -> object:
        newest = self.live.player.newest()
        return newest and newest.era

    def tensor(self, name: str) -> Array:
        return np.array(self.document.tensor(name))

    def key(self, key: Qt.Key, modifiers: Qt.KeyboardModifier = NONE, on: QWidget | None = None) -> None:
        # Shortcuts are for the active window alone, and no window manager makes it so here.
        self.window.activateWindow()
        self.until(self.window.isActiveWindow)
        self.qtbot.keyClick(on or QApplication.focusWidget() or self.window, key, modifiers)
        QApplication.processEvents()

    def command(self, name: str) -> None:
        """Press the keys of a command."""
        action = self.window.actions_[name]
        action.trigger()
        QApplication.processEvents()

    def stroke(self, *places: tuple[float, float]) -> None:
        """Paint on the filter editor's sheet, through these places in weights."""
        sheet = self.editor.sheet
        drag(self.qtbot, sheet, [sheet.at(y, x).toPoint() for y, x in places])
        QApplication.processEvents()

    @property
    def picture_in_place(self) -> bool:
        """Whether the viewport shows one picture, as wide as the panels that glide to their places have left it by now.

        Until then what is seen, and so what a click is on, lies elsewhere than it will.
        """
        return [part.placement.rect.width for part in self.viewport._parts] == [self.viewport.width()]

    def click(self, on: QWidget, at: QPoint | None = None) -> None:
        self.qtbot.mouseClick(on, Qt.MouseButton.LeftButton, NONE, at or on.rect().center())

    def close(self) -> None:
        self.window.close()
        self.studio.close()
        self.window.deleteLater()
        QApplication.processEvents()


HARMLESS = tuple(
    command.id
    for command in declared().commands
    # Those that wait for an answer, and the end.
    # And what is sent to programs that are not on this machine.
    if not command.id.startswith("send.")
    and command.id
    not in (
        "file.open",
        "file.import",
        "file.open_source",
        "file.export",
        # It would go on for as long as the whole film takes.
        "file.render",
        "file.quit",
        "help.about",
        "learn.new",
        "learn.compare",
        # It asks for a name.
        "brush.keep",
        "history.name",
        "view.full_screen",
        "view.output_window",
        # It would be the person's own from then on.
        "view.high_contrast",
    )
)


def drop(whole: WholeWindow, path: Path) -> None:
    """Drop a file or a folder on the window."""
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path))])
    buttons, modifiers = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    enter = QDragEnterEvent(QPoint(600, 400), Qt.DropAction.CopyAction, data, buttons, modifiers)
    QApplication.sendEvent(whole.window, enter)
    assert enter.isAccepted()
    event = QDropEvent(QPointF(600, 400), Qt.DropAction.CopyAction, data, buttons, modifiers)
    QApplication.sendEvent(whole.window, event)
