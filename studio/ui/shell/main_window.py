"""The window: the viewport in the middle, panels around it, and the commands that act on them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import QEvent, QPoint, QSize, Qt, QTimer
from PySide6.QtGui import (
    QCloseEvent,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDropEvent,
    QKeyEvent,
    QResizeEvent,
    QShowEvent,
)
from PySide6.QtWidgets import QDockWidget, QMainWindow, QMenu, QWidget

from studio.model.declared import plugins
from studio.model.networks.changes import Opened
from studio.runtime.live.report import Message, Progress
from studio.runtime.live.sending import Sent
from studio.ui.filters import FilterEditor
from studio.ui.importing import opening_of
from studio.ui.importing.dropping import says_of_drop
from studio.ui.importing.recent_menu import RecentMenu
from studio.ui.kit.actions import Actions
from studio.ui.kit.command import Context
from studio.ui.kit.events import Events
from studio.ui.kit.panel import Panel
from studio.ui.kit.reached import COMMAND, HEAD
from studio.ui.kit.reached_dials import Reached
from studio.ui.services.clipped import Clipped
from studio.ui.services.parts import Parts
from studio.ui.shell.command_dials import command_dials, find_command
from studio.ui.shell.commands.output import OUTPUT
from studio.ui.shell.compact import LEAST
from studio.ui.shell.declared import declared
from studio.ui.shell.docks import Docks
from studio.ui.shell.focus_ring import FocusRing
from studio.ui.shell.hints import Hints
from studio.ui.shell.keyboard import Keyboard
from studio.ui.shell.menus import fill, fill_menus
from studio.ui.shell.middle import Middle
from studio.ui.shell.panels import Panels
from studio.ui.shell.status import StatusBar
from studio.ui.shell.toolbar import ToolBar
from studio.ui.viewport.output_dials import dials
from studio.ui.viewport.projection import Projection
from studio.ui.viewport.screens import ScreenMenu
from studio.ui.viewport.widget import Viewport

_PATIENCE = 10_000
"""Milliseconds after which panels behind others are made although there is no picture yet."""


class MainWindow(QMainWindow):
    """Puts together what is declared; what there is to know, the parts know.

    Args:
        parts: what the window is made of.
        may_close: whether it may close now; where something is saved first, what it is given is called afterwards.

    Attributes:
        context: finds parts and panels by their types.
        panels: makes those that are not seen at first.
        actions_: the commands as actions, by id.
    """

    def __init__(self, parts: Parts, may_close: Callable[[Callable[[], None]], bool]) -> None:
        super().__init__()
        self.parts = parts
        self._may_close = may_close
        self._shown = 0
        self.context = Context(self, parts, *parts.all())
        self._events = self.context.add(Events(self))
        self._keyboard = Keyboard(self, parts.workspace, self._events)
        self.ring = FocusRing(self)
        self._keyboard.goes_by_keys.connect(self.ring.set_wanted)
        self.setAcceptDrops(True)
        self.setMinimumSize(LEAST)
        self._declared = declared()
        self.panels = Panels(self.context, self._declared.panels, self.say_error)
        for panel in self.panels.left_out:
            self._declared = self._declared.without(panel)
        for problem in plugins.problems():
            self.say_error(problem)
        self.context.add(self._declared)
        made = [(panel, widget) for panel, widget in self.panels.all if widget is not None]
        for panel, _ in made:
            self._reach(panel)
        self._middle = Middle([each for each in made if each[0].area == "middle"], parts.messages)
        self.setCentralWidget(self._middle)
        self._docks = Docks(self, self.panels.all, self.panels.make)
        self.panels.then = self._fill_in
        projection = Projection(self, self.context[Viewport], parts.live, self._around, parts.session)
        self._projection = self.context.add(projection)
        parts.controllers.add(partial(dials, projection))
        self.context.tell_of(self._projection.changed, "windows")
        self._projection.opened.connect(self._add_window)
        self._projection.asked.connect(self._open_output_menu)
        self._projection.told.connect(lambda text: parts.messages.say(Message(text, "warning")))
        parts.telemetry.on(Sent, lambda _: self.context.tell("sent"))
        waits, make_for = self.panels.waits, self.panels.make_for
        self.actions_ = Actions(self.context, self._declared.commands, self, self.say_error, waits, make_for)
        self.context.add(self.actions_)
        actions, controllers = self.actions_, parts.controllers
        controllers.add_owner(COMMAND, lambda: command_dials(actions), lambda address: find_command(actions, address))
        self._reached = Reached(self)
        controllers.add_owner(HEAD, self._reached.dials, self._reached.find)
        self._make_bars()
        with self._docks.held_back():
            self._is_restored = parts.session.restore_window(self)
        if not self._is_restored:
            # Left to itself, Qt gives a window two thirds of the screen at most.
            self.resize(self.sizeHint())
        self.context[Viewport].hovered.connect(self._status.show_hovered)
        parts.document.changed.connect(self._entitle)
        parts.workspace.changed.connect(self._listen)
        parts.telemetry.on(Progress, self._take)
        parts.opener.bent.connect(self._docks.to_front)
        parts.messages.follow(parts.telemetry)
        parts.document.changed.connect(lambda c: parts.messages.settle("opening") if isinstance(c, Opened) else None)
        self._entitle()
        self.actions_.refresh()
        self.hints = self.context.add(Hints(self.context, parts.session))
        self._clipped = Clipped(parts.document, parts.telemetry, parts.messages.say, self)

    def _fill_in(self, panel: Panel, widget: QWidget) -> None:
        """A panel has been made later than the window."""
        self._docks.fill_in(panel, widget)
        self._reach(panel)
        self.actions_.refresh(panel.commands)

    def _reach(self, panel: Panel) -> None:
        self.parts.controllers.add(partial(panel.dials, self.context))

    # -- the layout -------------------------------------------------------------------------------------------------

    def _make_bars(self) -> None:
        menus = fill_menus(self.menuBar(), self._declared, self.actions_)
        self._docks.fill(menus["Panels"])
        self._add_screens(menus[OUTPUT])
        files, after = menus["File"], self.actions_["file.open_source"]
        recent = RecentMenu(self.parts.session, lambda path: opening_of(self.context).open(path), self)
        files.insertMenu(files.actions()[files.actions().index(after) + 1], recent)
        self.addToolBar(ToolBar(self.actions_, self.parts.workspace, self.say_warning))
        self._status = StatusBar(self.parts.telemetry, self.parts.live.stop_tuning)
        self.setStatusBar(self._status)

    @property
    def docks(self) -> dict[str, QDockWidget]:
        """The docks by their panels' ids."""
        return dict(self._docks.by_name)

    def _around(self) -> list[QWidget]:
        """What lies around the picture."""
        bars: list[QWidget] = [self.menuBar(), self.statusBar(), *self.findChildren(ToolBar)]
        return [*self._docks.visible(), *bars, *self._middle.around]

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Nine tenths of the screen, but no more than anybody needs."""
        available = self.screen().availableSize()
        return QSize(min(1760, round(available.width() * 0.92)), min(1080, round(available.height() * 0.92)))

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """Small windows have their panels in one place."""
        super().resizeEvent(event)
        self._docks.window_resized(event.size())

    # -- following ----------------------------------------------------------------------------------------------------

    def _listen(self, field: str) -> None:
        workspace = self.parts.workspace
        if field in ("layer", "key") and workspace.view.kind == "filters" and workspace.tensor is not None:
            # The tools work on the selected tensor, so it must be the one that is seen.
            workspace.show("filters")

    def _take(self, progress: Progress) -> None:
        if progress.shown != self._shown:
            if not self._shown:
                self.panels.make_at_leisure()
            self._shown = progress.shown
            self.context[Viewport].refresh()
            self._projection.refresh()

    def _entitle(self, _: object = None) -> None:
        self.setWindowTitle(f"{self.parts.document.name}[*] – Network Bending Studio")
        self.setWindowModified(self.parts.document.unsaved)

    def say_warning(self, text: str) -> None:
        """Show a sentence on what was refused, and left as it was."""
        self.parts.messages.say(Message(text, "warning"))

    def say_error(self, text: str) -> None:
        """Show what could not be done."""
        self.parts.messages.say(Message(text, "error"))

    def _add_window(self, window: QWidget) -> None:
        """Let all keys work in another window."""
        self.actions_.attach(window)
        self._keyboard.add(window)

    def _open_output_menu(self, window: QWidget, place: QPoint) -> None:
        """Everything that concerns the output window, at the mouse."""
        menu = QMenu(window)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        fill(menu, self._declared.menus()[OUTPUT], self.actions_)
        self._add_screens(menu)
        menu.popup(place)

    def _add_screens(self, menu: QMenu) -> None:
        menu.insertMenu(self.actions_["output.next_screen"], ScreenMenu(self._projection, menu))

    # -- events -------------------------------------------------------------------------------------------------------

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802 - Qt's name
        """The first time, give every panel its share before all of it is painted; once it stands there, look at events.

        Thousands go by before.
        """
        super().showEvent(event)
        if self._docks.lay_out(is_restored=self._is_restored):
            self.context[FilterEditor].sheet.make_ready()
        QTimer.singleShot(0, self, self._events.begin)
        # Where no picture comes, at least the panels do.
        QTimer.singleShot(_PATIENCE, self, self.panels.make_at_leisure)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Escape takes back the stroke or the preview under way, then leaves full screen."""
        tools, editing = self.context[FilterEditor].tools, self.parts.editing
        if event.key() != Qt.Key.Key_Escape:
            super().keyPressEvent(event)
        elif tools.is_held:
            tools.cancel()
        elif editing.is_active:
            editing.cancel()
        elif self.isFullScreen():
            self._projection.toggle_full_screen()

    def focusNextPrevChild(self, forth: bool) -> bool:  # noqa: N802 - Qt's name
        """Tab passes over panels that lie behind others."""
        first = self.focusWidget()
        while super().focusNextPrevChild(forth):
            now = self.focusWidget()
            if now is None or now is first or not self._docks.is_behind(now):
                return True
        return False

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802 - Qt's name
        """Full screen may be left by the system, too."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.WindowStateChange:
            self._projection.window_changed()
            self._middle.place()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:  # noqa: N802 - Qt's name
        """Files and folders may be dropped; what that would do is shown."""
        path = _dropped(event)
        if path is not None:
            event.acceptProposedAction()
            self._middle.show_drop(says_of_drop(path))

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:  # noqa: N802 - Qt's name
        """It goes elsewhere."""
        del event
        self._middle.show_drop("")

    def dropEvent(self, event: QDropEvent) -> None:  # noqa: N802 - Qt's name
        """Open what was dropped: of several things the first."""
        self._middle.show_drop("")
        path = _dropped(event)
        if path is not None:
            event.acceptProposedAction()
            opening_of(self.context).open(path)

    def _close_later(self) -> None:
        self.close()

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802 - Qt's name
        """Ask about what is not saved; then end."""
        if not self._may_close(self._close_later):
            event.ignore()
            return
        self.parts.session.keep_window(self, self._docks.compact.layout or self._projection.layout)
        self._projection.close()
        super().closeEvent(event)


def _dropped(event: QDropEvent) -> Path | None:
    """The first file or folder of a drag."""
    return next((Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()), None)
