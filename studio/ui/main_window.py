"""The window: the viewport in the middle, panels around it, and the commands that act on them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import QEvent, QObject, QSize, Qt, QTimer
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent, QKeyEvent, QResizeEvent
from PySide6.QtWidgets import (
    QApplication,
    QDockWidget,
    QFileDialog,
    QMainWindow,
    QScrollArea,
    QTabBar,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from studio.model.document import Change, Document, NetworkChanged
from studio.model.edit import Selection
from studio.model.preset import Preset
from studio.model.view import View, ViewKind
from studio.model.workspace import ORIGINALS, Workspace
from studio.runtime import kernels
from studio.runtime.editing import Editing
from studio.runtime.importing import import_model
from studio.runtime.live import Live
from studio.runtime.report import Message, Report
from studio.ui.about import show_about
from studio.ui.actions import Actions
from studio.ui.dropping import MODEL_SUFFIXES, kind_of
from studio.ui.filter_editor import FilterEditor, SheetTools
from studio.ui.graph_view import GraphView
from studio.ui.histogram_panel import HistogramPanel
from studio.ui.history_panel import HistoryPanel
from studio.ui.network_panel import NetworkPanel
from studio.ui.output_window import OutputWindow
from studio.ui.parts import Parts
from studio.ui.preset_deck import PresetDeck
from studio.ui.recent_menu import RecentMenu
from studio.ui.recorder_panel import RecorderPanel
from studio.ui.shortcut_sheet import ShortcutSheet
from studio.ui.status import StatusBar
from studio.ui.toolbar import ToolBar
from studio.ui.transport import Transport
from studio.ui.viewport import Viewport

_COMPARE = Qt.Key.Key_A


class MainWindow(QMainWindow):
    """Puts the panels together; what there is to know, the parts know.

    Args:
        parts: what the window is made of.
        may_close: whether it may close now; where something is saved first, what it is given is called afterwards.
    """

    document: Document
    workspace: Workspace
    editing: Editing
    live: Live
    viewport: Viewport
    transport: Transport
    deck: PresetDeck
    recorder: RecorderPanel
    output_window: OutputWindow | None

    def __init__(self, parts: Parts, may_close: Callable[[Callable[[], None]], bool]) -> None:
        super().__init__()
        self.parts = parts
        self._may_close = may_close
        self.document, self.workspace = parts.document, parts.workspace
        self.editing, self.live = parts.editing, parts.live
        self.output_window = None
        self._shortcuts: ShortcutSheet | None = None
        self._hidden_for_picture: list[QWidget] = []
        self._shown = 0
        self._comparing = False
        self._heard_before: str | None = None
        self.setAcceptDrops(True)
        self.setMinimumSize(960, 560)
        self.setDockOptions(
            QMainWindow.DockOption.AnimatedDocks
            | QMainWindow.DockOption.AllowNestedDocks
            | QMainWindow.DockOption.AllowTabbedDocks
            | QMainWindow.DockOption.GroupedDragging
        )
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
        self.actions_ = Actions(self)
        files = self.actions_.fill(self.menuBar())["File"]
        after_open = files.actions()[files.actions().index(self.actions_["open_source"]) + 1]
        files.insertMenu(after_open, RecentMenu(parts.session, self.open_path, self))
        self.addToolBar(ToolBar(self.actions_, self.workspace))
        self._status = StatusBar(parts.telemetry)
        self.setStatusBar(self._status)
        self._lay_out()
        self.viewport.hovered.connect(self._status.show_hovered)
        self.document.changed.connect(self._follow)
        self.workspace.changed.connect(self._listen)
        parts.telemetry.changed.connect(self._take)
        application = QApplication.instance()
        assert application is not None
        application.installEventFilter(self)
        self._entitle()
        self.actions_.refresh()

    # -- the layout -------------------------------------------------------------------------------------------------

    def _lay_out(self) -> None:
        middle = QWidget()
        column = QVBoxLayout(middle)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.viewport, 1)
        column.addWidget(self.parts.messages)
        column.addWidget(self.transport)
        self.setCentralWidget(middle)
        left, right = Qt.DockWidgetArea.LeftDockWidgetArea, Qt.DockWidgetArea.RightDockWidgetArea
        self.setTabPosition(Qt.DockWidgetArea.AllDockWidgetAreas, QTabWidget.TabPosition.North)
        for corner, area in (
            (Qt.Corner.TopLeftCorner, left),
            (Qt.Corner.BottomLeftCorner, left),
            (Qt.Corner.TopRightCorner, right),
            (Qt.Corner.BottomRightCorner, right),
        ):
            self.setCorner(corner, area)
        self._docks = {
            "network": self._dock("Network", self.network, left),
            "graph": self._dock("Graph", self.graph, left),
            "presets": self._dock("Presets", self.deck, left),
            "history": self._dock("History", self.history, left),
            "filters": self._dock("Filters", self.editor, right),
            "histogram": self._dock("Histogram", self.histogram, right),
            "recording": self._dock("Recording", self.recorder, right),
        }
        docks = self._docks
        self.tabifyDockWidget(docks["network"], docks["graph"])
        self.tabifyDockWidget(docks["presets"], docks["history"])
        self.tabifyDockWidget(docks["histogram"], docks["recording"])
        for name in ("network", "presets", "filters", "histogram"):
            docks[name].raise_()
        panels = self.menuBar().addMenu("Panels")
        for dock in docks.values():
            panels.addAction(dock.toggleViewAction())
        panels.addSeparator()
        panels.addAction("Usual layout", self.usual_layout)
        self._usual = self.saveState()
        self._is_restored = self.parts.session.restore_window(self)

    def _dock(self, title: str, content: QWidget, area: Qt.DockWidgetArea) -> QDockWidget:
        dock = QDockWidget(title)
        dock.setObjectName(title.lower())
        if content in (self.histogram, self.recorder):
            # Higher than half of a small screen.
            scroll = QScrollArea()
            scroll.setWidgetResizable(True)
            scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
            scroll.setWidget(content)
            dock.setWidget(scroll)
        else:
            dock.setWidget(content)
        self.addDockWidget(area, dock)
        return dock

    @property
    def docks(self) -> dict[str, QDockWidget]:
        """The panels by name."""
        return dict(self._docks)

    def usual_layout(self) -> None:
        """Put every panel back where it was at the first start, at widths that suit the window."""
        self.restoreState(self._usual)
        for dock in self._docks.values():
            dock.show()
        for name in ("network", "presets", "filters", "histogram"):
            self._docks[name].raise_()
        self._proportion()

    def _proportion(self) -> None:
        width, height = self.width(), self.height()
        across = [self._docks["network"], self._docks["filters"]]
        sides = [max(250, min(380, round(width * 0.2))), max(310, min(560, round(width * 0.27)))]
        self.resizeDocks(across, sides, Qt.Orientation.Horizontal)
        for upper, lower, share in (("network", "presets", 0.56), ("filters", "histogram", 0.62)):
            halves = [round(height * share), round(height * (1 - share))]
            self.resizeDocks([self._docks[upper], self._docks[lower]], halves, Qt.Orientation.Vertical)
        QTimer.singleShot(0, self, self._sweep)

    def _sweep(self) -> None:
        """Hide the tab bars that Qt leaves behind when tabbed docks get another size; those in use touch a dock."""
        tops = {dock.y() for dock in self._docks.values() if dock.isVisible()}
        for bar in self.findChildren(QTabBar, options=Qt.FindChildOption.FindDirectChildrenOnly):
            if not any(abs(bar.geometry().bottom() + 1 - top) <= 1 for top in tops):
                bar.hide()

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Nine tenths of the screen, but no more than anybody needs."""
        available = self.screen().availableSize()
        return QSize(min(1760, round(available.width() * 0.92)), min(1080, round(available.height() * 0.92)))

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """The first time, give every panel its share."""
        super().resizeEvent(event)
        if not event.oldSize().isValid() and not self._is_restored:
            # Once the docks have been laid out.
            QTimer.singleShot(0, self, self._proportion)

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
            if self.output_window is not None:
                self.output_window.refresh()
        self.actions_["record"].setChecked(self.is_recording)

    def _entitle(self) -> None:
        self.setWindowTitle(f"{self.document.name}[*] – Network Bending Studio")
        self.setWindowModified(self.document.unsaved)

    @property
    def is_recording(self) -> bool:
        """Whether a recording is under way."""
        recording = self.parts.telemetry.report.recording
        return recording is not None and not recording.finished

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

    def ask_preset(self) -> None:
        """Choose a preset's or a network's folder."""
        start = str(self.document.path or Path.home())
        chosen = QFileDialog.getExistingDirectory(self, "Open the folder of a preset or a network", start)
        if chosen:
            self.open_path(Path(chosen))

    def ask_model(self) -> None:
        """Choose a model of another program."""
        kinds = " ".join(f"*{suffix}" for suffix in MODEL_SUFFIXES)
        chosen, _ = QFileDialog.getOpenFileName(self, "Import a model", str(Path.home()), f"Models ({kinds});;All (*)")
        if chosen:
            self.import_model(Path(chosen))

    def ask_source(self) -> None:
        """Choose a film or a picture."""
        chosen, _ = QFileDialog.getOpenFileName(self, "Open a film or a picture", str(Path.home()))
        if chosen:
            self.open_path(Path(chosen))

    def open_path(self, path: Path) -> None:
        """Open whatever it is: a preset, a network, a model of others, a film, a picture, a folder of pictures."""
        kind = kind_of(path)
        if kind == "preset":
            self.deck.open(path.parent if path.is_file() else path)
        elif kind == "model":
            self.import_model(path)
        else:
            self.transport.play(str(path))

    def import_model(self, path: Path) -> None:
        """Make a network of somebody else's model, in a thread, and open it."""
        self.parts.messages.note(f"Importing {path.name} …")

        def done(imported: tuple[Preset, tuple[str, ...]]) -> None:
            preset, remarks = imported
            self.document.load(preset)
            self.parts.session.note_network(str(preset.weights_path))
            self.parts.messages.note(f"Imported {path.name} into {preset.weights_path}.")
            for remark in remarks:
                self.parts.messages.say(Message(remark, "warning"))

        work = partial(import_model, path, self.parts.networks)
        self.parts.importer.do(work, done, lambda error: self.say_error(str(error)))

    def toggle_full_screen(self) -> None:
        """The picture alone on the whole screen, or everything again."""
        if self.isFullScreen():
            self.showNormal()
            for widget in self._hidden_for_picture:
                widget.show()
            self._hidden_for_picture = []
            return
        around = [*self._docks.values(), self.menuBar(), self.statusBar(), self.transport, self.parts.messages]
        around += list(self.findChildren(ToolBar))
        self._hidden_for_picture = [widget for widget in around if widget.isVisible()]
        for widget in self._hidden_for_picture:
            widget.hide()
        self.showFullScreen()
        self.viewport.setFocus()

    def toggle_output_window(self) -> None:
        """Open the window with the output alone, on another screen where there is one, or close it."""
        if self.output_window is not None:
            self.output_window.close()
            return
        window = OutputWindow(lambda: self.live.screen)
        window.closed.connect(self._output_closed)
        others = [screen for screen in QApplication.screens() if screen is not self.screen()]
        if others:
            window.setGeometry(others[0].availableGeometry())
        self.output_window = window
        self.live.also_show_output(True)
        window.show()
        if others:
            window.toggle_full_screen()

    def _output_closed(self) -> None:
        self.output_window = None
        self.live.also_show_output(False)
        self.actions_.refresh()

    def show_shortcuts(self) -> None:
        """The sheet of all keys, or away with it."""
        if self._shortcuts is None:
            self._shortcuts = ShortcutSheet(self)
        self._shortcuts.setVisible(not self._shortcuts.isVisible())

    def show_about(self) -> None:
        """What this is."""
        show_about(self)

    # -- events -------------------------------------------------------------------------------------------------------

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """A held A lets the originals be heard, wherever the keyboard is but in a field for text."""
        is_compare = isinstance(event, QKeyEvent) and event.key() == _COMPARE and not event.isAutoRepeat()
        if is_compare and isinstance(event, QKeyEvent) and self.isActiveWindow():
            pressed = event.type() == QEvent.Type.KeyPress and not event.modifiers()
            released = event.type() == QEvent.Type.KeyRelease
            if pressed and watched is QApplication.focusWidget() and not _takes_text(watched):
                self._heard_before, self._comparing = self.workspace.audition, True
                self.workspace.audition = ORIGINALS
                return True
            if released and self._comparing:
                self._comparing = False
                self.workspace.audition = self._heard_before
        return super().eventFilter(watched, event)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Escape takes back the preview or the stroke under way, then leaves full screen."""
        if self.editor.tools.key(event.key(), event.modifiers()):
            return
        if event.key() != Qt.Key.Key_Escape:
            super().keyPressEvent(event)
        elif self.editing.is_active:
            self.editing.cancel()
        elif self.isFullScreen():
            self.toggle_full_screen()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:  # noqa: N802 - Qt's name
        """Files and folders may be dropped."""
        if any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:  # noqa: N802 - Qt's name
        """Open what was dropped: of several things the first."""
        paths = [Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()]
        if paths:
            event.acceptProposedAction()
            self.open_path(paths[0])

    def _close_later(self) -> None:
        self.close()

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802 - Qt's name
        """Ask about what is not saved; then end."""
        if not self._may_close(self._close_later):
            event.ignore()
            return
        if not self.isFullScreen():
            self.parts.session.keep_window(self)
        if self.output_window is not None:
            self.output_window.close()
        super().closeEvent(event)


def _takes_text(widget: QObject) -> bool:
    return bool(widget.inherits("QLineEdit") or widget.inherits("QAbstractSpinBox") or widget.inherits("QTextEdit"))
