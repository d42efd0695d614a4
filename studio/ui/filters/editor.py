"""The filter editor: header, canvas and panels, one under the other or side by side as there is room."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence, QResizeEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QSizePolicy,
    QSplitter,
    QStackedWidget,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from studio.model.documents.document import Document
from studio.model.networks.changes import Change, NetworkChanged, WeightsChanged
from studio.model.networks.layout import kernel_grid
from studio.model.views.workspace import Workspace
from studio.runtime.editing.previews import Editing
from studio.ui.filters import selecting
from studio.ui.filters.bars_canvas import BarsCanvas
from studio.ui.filters.brush_panel import BrushPanel
from studio.ui.filters.depths import Depth
from studio.ui.filters.edits_panel import EditsPanel
from studio.ui.filters.found_row import FoundRow
from studio.ui.filters.header import Header
from studio.ui.filters.live_maps import LiveMaps
from studio.ui.filters.select_panel import SelectPanel
from studio.ui.filters.sheet_canvas import OnMap, SheetCanvas
from studio.ui.filters.sheet_tools import SheetTools
from studio.ui.filters.tool_row import ToolRow
from studio.ui.kit import theme
from studio.ui.kit.scrolled import ScrolledColumn
from studio.ui.services.brushes import Brushes
from studio.ui.services.effects import Effects

_WIDE = 640
_PANELS = 320
_PANELS_HIGH = 284
_PANELS_SHARE = 0.4
_INVERT = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier


class FilterEditor(QWidget):
    """Shows the selected tensor and changes it: by brush, by selection, by edits.

    Args:
        document: what is edited.
        workspace: which tensor, which kernels of it, with what.
        editing: works the edits out.
        tools: shared with the viewport; made here where it is None.
        effects: how much rows and columns of sheets change the picture.
        maps: the live maps of channels.
        brushes: those that are kept by name; None where none can be.
    """

    edits_made = Signal(object)
    """The panel of edits is there: it and all edits are made when it is first shown or asked for."""

    def __init__(
        self,
        document: Document,
        workspace: Workspace,
        editing: Editing,
        tools: SheetTools | None = None,
        effects: Effects | None = None,
        maps: LiveMaps | None = None,
        brushes: Brushes | None = None,
    ) -> None:
        super().__init__()
        self._document = document
        self._workspace = workspace
        self._editing = editing
        self._effects = effects
        self._pointed: object = None
        self._by_hand = False  # whether the person has shared the room out
        self._sizes: list[int] = []
        self.tools = tools or SheetTools(document, workspace, editing)
        self.header = Header(document, workspace)
        self.tool_row = ToolRow(workspace)
        self.sheet = SheetCanvas(document, workspace, self.tools, effects, maps)
        self.bars = BarsCanvas(document, workspace, editing)
        self.empty = _faint("")
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.canvas = QStackedWidget()
        for page in (self.sheet, self.bars, self.empty):
            self.canvas.addWidget(page)
        self.found = FoundRow(workspace)
        self.reading = _faint(" ")
        self.reading.setAccessibleName("Value under the mouse")
        self.shape = _faint("")
        self.shape.setSizePolicy(QSizePolicy.Policy.Minimum, QSizePolicy.Policy.Preferred)
        self.shape.setToolTip("Shape of the tensor: rows, columns, height and width of a kernel")
        self.brush = BrushPanel(document, workspace, editing.report, brushes)
        self.selection = SelectPanel(workspace, editing, effects)
        self._edits: EditsPanel | None = None
        self._edits_page = _scrolling()
        self.panels = QTabWidget()
        self.panels.setDocumentMode(True)
        self.panels.tabBar().setDrawBase(False)
        self.panels.tabBar().setAccessibleName("Brush, selection and edits")
        self.panels.addTab(_scrolling(self.brush), "Brush")
        self.panels.addTab(_scrolling(self.selection), "Selection")
        self.panels.addTab(self._edits_page, "Edits")
        self.panels.currentChanged.connect(self._show_panel)
        self._upper = QWidget()
        column = QVBoxLayout(self._upper)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.SPACE // 2)
        column.addWidget(self.tool_row)
        column.addWidget(self.found)
        column.addWidget(self.canvas, 1)
        below = QHBoxLayout()
        below.setSpacing(theme.SPACE)
        below.addWidget(self.reading, 1)
        below.addWidget(self.shape)
        column.addLayout(below)
        self.splitter = QSplitter(Qt.Orientation.Vertical)
        self.splitter.setChildrenCollapsible(False)
        self.splitter.addWidget(self._upper)
        self.splitter.addWidget(self.panels)
        self.splitter.splitterMoved.connect(self._note_hand)
        self.splitter.setStretchFactor(0, 1)
        self.splitter.setStretchFactor(1, 0)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(theme.SPACE, theme.SPACE, theme.SPACE, theme.SPACE)
        whole.setSpacing(theme.SPACE // 2)
        whole.addWidget(self.header)
        whole.addWidget(self.splitter, 1)
        self.tool_row.depth_chosen.connect(self._show_depth)
        self.sheet.zoomed.connect(lambda: self.tool_row.show_depth(self.sheet.depths.depth))
        self.sheet.pointed.connect(self._point)
        self.bars.pointed.connect(self._point)
        document.changed.connect(self._follow)
        workspace.changed.connect(self._listen)
        self._show()

    @property
    def edits(self) -> EditsPanel:
        """The panel of edits, made now if it was not there."""
        return self._edits or self._make_edits()

    def sizeHint(self) -> QSize:  # noqa: N802
        """See `QWidget.sizeHint`."""
        return QSize(360, 640)

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        """See `QWidget.minimumSizeHint`."""
        return QSize(280, 320)

    def give_sheet(self) -> QWidget:
        """The sheet with its tools, for whoever shows it larger; `take_sheet` brings it back."""
        self._sizes = self.splitter.sizes()
        return self._upper

    def take_sheet(self) -> None:
        """Show the sheet here again."""
        if self.splitter.indexOf(self._upper) < 0:
            self.splitter.insertWidget(0, self._upper)
            self.splitter.setStretchFactor(0, 1)
            self._upper.show()
            self.splitter.setSizes(self._sizes)

    def show_edit(self, name: str) -> None:
        """Bring the form of an edit to the front, by the edit's class name; KeyError where there is none."""
        self.edits.choose(name)
        self.panels.setCurrentIndex(2)
        self.edits.chooser.setFocus()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        """Panels go beside the canvas where there is room, below it where there is not."""
        super().resizeEvent(event)
        wide = self.width() >= _WIDE
        wanted = Qt.Orientation.Horizontal if wide else Qt.Orientation.Vertical
        if self.splitter.orientation() != wanted or not self._by_hand:
            self.splitter.setOrientation(wanted)
            self._share_out()

    def _note_hand(self) -> None:
        self._by_hand = True

    def _share_out(self) -> None:
        if self.splitter.count() < 2:
            return
        wide = self.splitter.orientation() == Qt.Orientation.Horizontal
        size = self.splitter.width() if wide else self.splitter.height()
        panels = _PANELS if wide else min(_PANELS_HIGH, round(size * _PANELS_SHARE))
        self.splitter.setSizes([size - panels, panels])

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        """Escape takes a preview back; copy, paste and select all work on kernels."""
        if event.key() == Qt.Key.Key_Escape and self._editing.is_active:
            self._editing.cancel()
        elif event.matches(QKeySequence.StandardKey.Copy):
            self.selection.copy()
        elif event.matches(QKeySequence.StandardKey.Paste):
            self.selection.paste()
        elif event.matches(QKeySequence.StandardKey.SelectAll):
            selecting.select_all(self._workspace)
        elif event.key() == Qt.Key.Key_I and event.modifiers() == _INVERT:
            selecting.invert(self._workspace)
        else:
            super().keyPressEvent(event)

    # -- within ---------------------------------------------------------------------------------------------------

    def _show_depth(self, depth: Depth) -> None:
        self.sheet.show_depth(depth)
        self.bars.fit()

    def _follow(self, change: Change) -> None:
        if isinstance(change, NetworkChanged):
            self._show()
        elif isinstance(change, WeightsChanged) and change.tensor == self._workspace.tensor:
            self._read()

    def _listen(self, field: str) -> None:
        if field in ("layer", "key"):
            self._show()
        elif field == "tool":
            self._show_tool()

    def _show(self) -> None:
        name, graph = self._workspace.tensor, self._document.graph
        self.shape.setText("" if name is None else "×".join(map(str, self._document.tensor(name).shape)))
        if name is None:
            if self._workspace.layer in graph:
                kind = type(graph.node(self._workspace.layer).op).__name__
                self.empty.setText(f"{self._workspace.layer}: {kind} has no weights")
            self.canvas.setCurrentWidget(self.empty)
        else:
            is_vector = self._document.tensor(name).ndim == 1
            self.canvas.setCurrentWidget(self.bars if is_vector else self.sheet)
        self._point(None)

    def _show_panel(self, place: int) -> None:
        if self.panels.widget(place) is self._edits_page and self._edits is None:
            self._make_edits()

    def _make_edits(self) -> EditsPanel:
        made = self._edits = EditsPanel(self._document, self._workspace, self._editing)
        self._edits_page.setWidget(made)
        self.edits_made.emit(made)
        return made

    def _show_tool(self) -> None:
        place = {"paint": 0, "select": 1}.get(self._workspace.tool)
        if place is not None:
            self.panels.setCurrentIndex(place)

    def _point(self, place: object) -> None:
        self._pointed = place
        self._workspace.pointed = self._channel_at(place)
        self._read()

    def _channel_at(self, place: object) -> tuple[str, int] | None:
        """The layer and its channel that the kernels at a place make."""
        name, graph = self._workspace.tensor, self._document.graph
        if isinstance(place, OnMap):
            return self._workspace.layer, place.channel
        layer, _, key = (name or "").rpartition(".")
        if layer not in graph or not isinstance(place, tuple) or key != "weight":
            return None
        tensor = self._document.tensor(name or "")
        if tensor.ndim != 4 or self.tools.value_at(*place) is None:
            return None
        _, _, kh, kw = kernel_grid(tensor.shape)
        across = type(graph.node(layer).op).__name__.startswith("ConvTranspose")
        return layer, int(place[1]) // kw if across else int(place[0]) // kh

    def _read(self) -> None:
        """Say which weight is under the mouse, and its value."""
        name, place = self._workspace.tensor, self._pointed
        if name is None or place is None:
            self._say("")
            return
        if isinstance(place, OnMap):
            self._say(self._told(place.channel))
            return
        tensor, trained = self._document.tensor(name), self._document.original(name)
        if isinstance(place, int):
            index: tuple[int, ...] = (place,)
            where = f"channel {place}"
        elif isinstance(place, tuple) and self.tools.value_at(*place) is not None:
            kh, kw = kernel_grid(tensor.shape)[2:]
            (row, y), (column, x) = divmod(int(place[0]), kh), divmod(int(place[1]), kw)
            index = (row, column, y, x)[: tensor.ndim]
            where = f"row {row}, column {column}" + (f" · y {y}, x {x}" if kh * kw > 1 else "")
        else:
            self._say("")
            return
        now, before = float(tensor[index]), float(trained[index])
        if isinstance(place, tuple):
            where += self._learns(*place)
        self._say(f"{now:.4g}" + (f" (was {before:.3g})" if now != before else "") + f" · {where}")

    def _told(self, channel: int) -> str:
        """What there is to say of a channel as a whole."""
        effects = None if self._effects is None else self._effects.of(self._workspace.layer)
        known = effects is not None and channel < len(effects) and np.isfinite(effects[channel])
        said = f" · changes the picture by {effects[channel]:.2g}" if effects is not None and known else ""
        return f"channel {channel}{said} · a click selects its filter"

    def _learns(self, y: float, x: float) -> str:
        """How the weight there learns, where that is not as usual."""
        rate, pull = self.tools.painted_at("rates", y, x), self.tools.painted_at("pulls", y, x)
        said = " · pinned" if rate == 0 else f" · rate {rate:.3g}" if rate != 1 else ""
        return said + (f" · pull {pull:.2g}" if pull else "")

    def _say(self, text: str) -> None:
        """Say something below the canvas, in place of the shape; nothing brings that back."""
        self.reading.setText(text or " ")
        self.shape.setVisible(not text)


def _faint(text: str) -> QLabel:
    label = QLabel(text)
    label.setStyleSheet(f"color: {theme.FAINT};")
    label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
    return label


def _scrolling(panel: QWidget | None = None) -> ScrolledColumn:
    area = ScrolledColumn(panel)
    area.setFrameShape(QFrame.Shape.NoFrame)
    return area
