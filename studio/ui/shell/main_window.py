"""The window: the viewport in the middle, panels around it, and the commands that act on them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QSize, Qt, QTimer
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent, QKeyEvent, QResizeEvent
from PySide6.QtWidgets import (
    QDockWidget,
    QMainWindow,
    QVBoxLayout,
    QWidget,
)

from studio.model.changes import Change, NetworkChanged
from studio.model.document import Document
from studio.model.edit import Selection
from studio.model.preset import Preset
from studio.model.view import View, ViewKind
from studio.model.workspace import Workspace
from studio.runtime.editing import kernels
from studio.runtime.editing.previews import Editing
from studio.runtime.live.report import Message, Report
from studio.runtime.live.session import LiveSession
from studio.ui.filters import FilterEditor, SheetTools
from studio.ui.histogram.panel import HistogramPanel
from studio.ui.history.panel import HistoryPanel
from studio.ui.importing.import_reading import Importing
from studio.ui.importing.opening import Opening
from studio.ui.importing.recent_menu import RecentMenu
from studio.ui.layers.graph_view import GraphView
from studio.ui.layers.panel import NetworkPanel
from studio.ui.presets.panel import PresetDeck
from studio.ui.recording.panel import RecorderPanel
from studio.ui.services.parts import Parts
from studio.ui.shell.about import show_about
from studio.ui.shell.actions import Actions
from studio.ui.shell.comparing import Comparing
from studio.ui.shell.docks import Docks
from studio.ui.shell.shortcut_sheet import ShortcutSheet
from studio.ui.shell.status import StatusBar
from studio.ui.shell.toolbar import ToolBar
from studio.ui.source.panel import Transport
from studio.ui.values.panel import ValuesPanel
from studio.ui.viewport.projection import Projection
from studio.ui.viewport.widget import Viewport


class MainWindow(QMainWindow):
    """Puts the panels together; what there is to know, the parts know.

    Args:
        parts: what the window is made of.
        may_close: whether it may close now; where something is saved first, what it is given is called afterwards.
    """

    document: Document
    workspace: Workspace
    editing: Editing
    live: LiveSession
    viewport: Viewport
    transport: Transport
    deck: PresetDeck
    recorder: RecorderPanel
    opening: Opening
    projection: Projection

    def __init__(self, parts: Parts, may_close: Callable[[Callable[[], None]], bool]) -> None:
        super().__init__()
        self.parts = parts
        self._may_close = may_close
        self.document, self.workspace = parts.document, parts.workspace
        self.editing, self.live = parts.editing, parts.live
        self._shortcuts: ShortcutSheet | None = None
        self._values: ValuesPanel | None = None
        self._shown = 0
        self._comparing = Comparing(self, self.workspace)
        self.setAcceptDrops(True)
        self.setMinimumSize(960, 560)
        self.viewport = Viewport(self.workspace, lambda: self.live.screen)
        self.transport = Transport(self.live, parts.telemetry, parts.session, parts.importer)
        self.network = NetworkPanel(self.document, self.workspace, parts.telemetry)
        self.graph = GraphView(self.document, self.workspace, parts.telemetry)
        tools = SheetTools(self.document, self.workspace, self.editing)
        self.viewport.set_tool(tools)
        self.editor = FilterEditor(self.document, self.workspace, self.editing, tools)
        self.histogram = HistogramPanel(self.document, self.workspace, parts.telemetry, self.live.watch)
        self.history = HistoryPanel(self.document)
        self.deck = PresetDeck(
            self.document,
            parts.library,
            parts.loader,
            parts.saver,
            parts.worker,
            parts.session,
            parts.messages.say,
            self._look_at_what_it_shows,
        )
        self.recorder = RecorderPanel(self.document, self.live, parts.telemetry, parts.session, parts.worker)
        importing = Importing(self, self.document, parts.importer, parts.networks, parts.session, parts.messages)
        self.opening = Opening(
            self, self.document, self.deck.open, self.transport.play, importing, parts.importer, parts.messages
        )
        self.actions_ = Actions(self)
        files = self.actions_.fill(self.menuBar())["File"]
        after_open = files.actions()[files.actions().index(self.actions_["open_source"]) + 1]
        files.insertMenu(after_open, RecentMenu(parts.session, self.opening.open, self))
        self.addToolBar(ToolBar(self.actions_, self.workspace))
        self._status = StatusBar(parts.telemetry)
        self.setStatusBar(self._status)
        self._put_in_the_middle()
        self._docks = Docks(
            self,
            {
                "Network": self.network,
                "Graph": self.graph,
                "Presets": self.deck,
                "History": self.history,
                "Filters": self.editor,
                "Histogram": self.histogram,
                "Recording": self.recorder,
            },
        )
        self._docks.fill(self.menuBar().addMenu("Panels"))
        self._is_restored = parts.session.restore_window(self)
        if not self._is_restored:
            # Left to itself, Qt gives a window two thirds of the screen at most.
            self.resize(self.sizeHint())
        self.projection = Projection(self, self.live, self._around, self.actions_.refresh)
        self.viewport.hovered.connect(self._status.show_hovered)
        self.document.changed.connect(self._follow)
        self.workspace.changed.connect(self._listen)
        parts.telemetry.changed.connect(self._take)
        self._entitle()
        self.actions_.refresh()

    # -- the layout -------------------------------------------------------------------------------------------------

    def _put_in_the_middle(self) -> None:
        middle = QWidget()
        column = QVBoxLayout(middle)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.viewport, 1)
        column.addWidget(self.parts.messages)
        column.addWidget(self.transport)
        self.setCentralWidget(middle)

    @property
    def docks(self) -> dict[str, QDockWidget]:
        """The panels by name."""
        return dict(self._docks.by_name)

    def _around(self) -> list[QWidget]:
        """What lies around the picture."""
        bars: list[QWidget] = [self.menuBar(), self.statusBar(), *self.findChildren(ToolBar)]
        return [*self._docks.visible(), *bars, self.transport, self.parts.messages]

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Nine tenths of the screen, but no more than anybody needs."""
        available = self.screen().availableSize()
        return QSize(min(1760, round(available.width() * 0.92)), min(1080, round(available.height() * 0.92)))

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """The first time, give every panel its share."""
        super().resizeEvent(event)
        if not event.oldSize().isValid():
            # Once the docks have been laid out.
            QTimer.singleShot(0, self, self._docks.sweep if self._is_restored else self._docks.proportion)

    # -- following ----------------------------------------------------------------------------------------------------

    def _follow(self, change: Change) -> None:
        if isinstance(change, NetworkChanged):
            self.parts.telemetry.forget()
        self._entitle()
        self.actions_.refresh()

    def _listen(self, field: str) -> None:
        if field in ("layer", "key") and self.workspace.view.kind == "filters" and self.workspace.tensor is not None:
            # The tools work on the selected tensor, so it must be the one that is seen.
            self.show_view("filters")
        self.actions_.refresh()

    def _take(self, report: Report) -> None:
        self.parts.messages.take(report)
        if report.shown != self._shown:
            self._shown = report.shown
            self.viewport.refresh()
            self.projection.refresh()
        self.actions_["record"].setChecked(self.is_recording)

    def _entitle(self) -> None:
        self.setWindowTitle(f"{self.document.name}[*] – Network Bending Studio")
        self.setWindowModified(self.document.unsaved)

    @property
    def is_recording(self) -> bool:
        """Whether a recording is under way."""
        return self.recorder.is_recording

    def say_error(self, text: str) -> None:
        """Show what could not be done."""
        self.parts.messages.say(Message(text, "error"))

    def _look_at_what_it_shows(self, preset: Preset) -> None:
        if preset.view_layer is not None:
            self.workspace.choose(preset.view_layer)
            self.workspace.view = View("layer", preset.view_layer)

    # -- commands -----------------------------------------------------------------------------------------------------

    def show_view(self, kind: ViewKind) -> None:
        """Look at the output, at both ends, or at the selected layer or its filters."""
        workspace = self.workspace
        names = {"layer": workspace.layer, "filters": workspace.tensor or ""}
        workspace.view = View(kind, names.get(kind, ""))

    def step_layer(self, by: int) -> None:
        """Select the layer before or after; what is looked at of a layer follows."""
        names = [node.name for node in self.document.graph.nodes]
        here = names.index(self.workspace.layer) if self.workspace.layer in names else 0
        self.workspace.choose(names[min(max(0, here + by), len(names) - 1)])
        kind = self.workspace.view.kind
        if kind == "layer" or (kind == "filters" and self.workspace.tensor is not None):
            self.show_view(kind)

    def select(self, how: str) -> None:
        """Select all filters of the tensor, or those that are not selected."""
        tensor, selection = self.workspace.tensor, self.workspace.selection
        if tensor is not None and selection is not None:
            everything = Selection.everything(self.document.tensor(tensor).shape)
            self.workspace.select(everything if how == "all" else selection.invert())

    def copy(self) -> None:
        """Take the selected kernels into the clipboard."""
        count = kernels.copy_kernels(self.workspace)
        self.parts.messages.note(f"Copied {count} filter{'s' if count != 1 else ''}.")

    def undo(self) -> None:
        """Take back the preview under way, or the last thing done."""
        if self.editing.is_active:
            self.editing.cancel()
        else:
            self.document.undo()

    def redo(self) -> None:
        """Do again what was undone."""
        self.editing.commit()
        self.document.redo()

    def show_shortcuts(self) -> None:
        """The sheet of all keys, or away with it."""
        if self._shortcuts is None:
            self._shortcuts = ShortcutSheet(self)
        self._shortcuts.setVisible(not self._shortcuts.isVisible())

    def show_values(self) -> None:
        """In which values the network is fed and shown."""
        if self._values is None:
            self._values = ValuesPanel(self, self.document, self.parts.telemetry)
        self._values.show()
        self._values.raise_()
        self._values.activateWindow()

    def show_about(self) -> None:
        """What this is."""
        show_about(self)

    # -- events -------------------------------------------------------------------------------------------------------

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Escape takes back the preview or the stroke under way, then leaves full screen."""
        if self.editor.tools.key(event.key(), event.modifiers()):
            return
        if event.key() != Qt.Key.Key_Escape:
            super().keyPressEvent(event)
        elif self.editing.is_active:
            self.editing.cancel()
        elif self.isFullScreen():
            self.projection.toggle_full_screen()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:  # noqa: N802 - Qt's name
        """Files and folders may be dropped."""
        if any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:  # noqa: N802 - Qt's name
        """Open what was dropped: of several things the first."""
        paths = [Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()]
        if paths:
            event.acceptProposedAction()
            self.opening.open(paths[0])

    def _close_later(self) -> None:
        self.close()

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802 - Qt's name
        """Ask about what is not saved; then end."""
        if not self._may_close(self._close_later):
            event.ignore()
            return
        if not self.isFullScreen():
            self.parts.session.keep_window(self)
        self.projection.close()
        super().closeEvent(event)
