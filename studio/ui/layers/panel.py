"""The network panel: every layer with its picture, its cost and its state."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QLineEdit, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from studio.model.documents.document import Document
from studio.model.networks.changes import Change, NetworkChanged
from studio.model.networks.section import BypassChanged
from studio.model.views.workspace import Workspace
from studio.runtime.live.report import LayerShapes, LayerTimes, LayerWarnings, Thumbnails
from studio.runtime.live.telemetry import Telemetry
from studio.ui.kit import theme
from studio.ui.kit.icons import icon
from studio.ui.kit.panel import bring_forward
from studio.ui.layers.network_actions import BentLayers, LayerActions
from studio.ui.layers.network_list import LayerList
from studio.ui.layers.network_model import LayerModel
from studio.ui.layers.network_text import count_text, seconds_text

# Milliseconds; numbers that change more often cannot be read.
_TIMES_EVERY = 500


class NetworkPanel(QWidget):
    """Inputs and layers in running order.

    Args:
        document: whose network it is.
        workspace: a click selects its layer, a double click sets its view, solo its comparison.
        telemetry: thumbnails, shapes, times and warnings.
    """

    def __init__(
        self, document: Document, workspace: Workspace, telemetry: Telemetry, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._document = document
        self._workspace = workspace
        self._telemetry = telemetry
        self._actions = LayerActions(document, workspace)
        bent = BentLayers(document, self)
        self.model = LayerModel(document, workspace, telemetry, bent, self)
        self.list = LayerList(self.model, self._actions, self)
        self._search = QLineEdit(placeholderText="Find layer", clearButtonEnabled=True)
        self._search.setAccessibleName("Find layer")
        self._search.setToolTip("Show only layers with this in their name or operator")
        self._search.addAction(icon("magnifying-glass", theme.FAINT), QLineEdit.ActionPosition.LeadingPosition)
        self._banner, self._broken_text = self._make_banner()
        self._nothing = QLabel("No layer has this in its name or operator.", wordWrap=True)
        self._nothing.setStyleSheet(f"color: {theme.FAINT}; padding: 12px;")
        self._nothing.setAlignment(Qt.AlignmentFlag.AlignTop)
        self._totals = QLabel()
        self._totals.setFont(theme.smaller(self._totals.font(), 0.9))
        self._totals.setStyleSheet(f"color: {theme.FAINT}; padding: 4px 8px;")
        self._totals.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._totals.setToolTip("Layers, parameters, and what all layers take together")
        self._lay_out()
        self._resting = QTimer(self, singleShot=True, interval=_TIMES_EVERY)
        self._search.textChanged.connect(self._seek)
        self._search.returnPressed.connect(self.list.setFocus)
        bent.changed.connect(self.list.viewport().update)
        document.changed.connect(self._follow)
        workspace.changed.connect(self._listen)
        telemetry.on(LayerShapes, self._take_shapes)
        telemetry.on(LayerTimes, self._take_times)
        telemetry.on(Thumbnails, self._take_thumbnails)
        telemetry.on(LayerWarnings, self._take_warnings)
        self._show_all()

    def find_layer(self) -> None:
        """Bring the keyboard to the search field."""
        bring_forward(self)
        self._search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self._search.selectAll()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """The sum below the list is said in fewer words where there is little room."""
        super().resizeEvent(event)
        self._show_totals()

    # -- within -----------------------------------------------------------------------------------------------------

    def _lay_out(self) -> None:
        top = QHBoxLayout()
        top.setContentsMargins(theme.SPACE, theme.SPACE // 2, theme.SPACE, theme.SPACE // 2)
        top.addWidget(self._search)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addLayout(top)
        whole.addWidget(self.list, 1)
        whole.addWidget(self._nothing, 1)
        whole.addWidget(self._banner)
        whole.addWidget(self._totals)
        self.setMinimumWidth(200)
        self.setAutoFillBackground(True)

    def _make_banner(self) -> tuple[QFrame, QLabel]:
        banner = QFrame()
        banner.setObjectName("broken")
        banner.setStyleSheet(f"QFrame#broken {{ background: #472226; border-left: 3px solid {theme.DANGER}; }}")
        text = QLabel(wordWrap=True)
        select = QPushButton("Select")
        select.setToolTip("Select the first layer with values that are not finite")
        select.setAccessibleName("Select the broken layer")
        select.clicked.connect(self._select_broken)
        row = QHBoxLayout(banner)
        row.setContentsMargins(theme.SPACE, theme.SPACE // 2, theme.SPACE, theme.SPACE // 2)
        row.addWidget(text, 1)
        row.addWidget(select)
        banner.hide()
        return banner, text

    def _select_broken(self) -> None:
        broken = self._telemetry[LayerWarnings].broken
        if broken is None or broken not in self._document.graph:
            return
        self._search.clear()
        self._actions.choose(broken)
        self.list.show_selected()
        self.list.setFocus()

    def _seek(self, text: str) -> None:
        self.model.search(text)
        self._nothing.setVisible(not self.model.rows)
        self.list.setVisible(bool(self.model.rows))
        self.list.show_selected()

    def _show_all(self) -> None:
        self.model.rebuild()
        self._seek(self._search.text())
        self._show_broken()
        self._show_totals()

    def _follow(self, change: Change) -> None:
        if isinstance(change, NetworkChanged):
            self._search.clear()
            self._show_all()
        elif isinstance(change, BypassChanged):
            self.list.viewport().update()

    def _listen(self, field: str) -> None:
        if field == "layer" and self._workspace.layer:
            self.list.show_selected()
        elif field in ("comparison", "makers"):
            self.list.viewport().update()

    def _take_shapes(self, _: LayerShapes) -> None:
        self.list.viewport().update()

    def _take_thumbnails(self, seen: Thumbnails) -> None:
        self._redraw(seen.pictures)

    def _take_times(self, _: LayerTimes) -> None:
        if not self._resting.isActive():
            self._resting.start()
            self.model.take_times()
            self._show_totals()
            self.list.viewport().update()

    def _take_warnings(self, seen: LayerWarnings) -> None:
        self._show_broken()
        self._redraw(seen.warnings)

    def _redraw(self, names: Iterable[str]) -> None:
        if self.list.isVisible():
            self.list.redraw(set(names))

    def _show_broken(self) -> None:
        broken = self._telemetry[LayerWarnings].broken
        if broken is None or broken not in self._document.graph:
            self._banner.hide()
            return
        text = f"{broken} is the first layer with NaN or infinite values."
        if text != self._broken_text.text():
            self._broken_text.setText(text)
        self._banner.show()

    def _show_totals(self) -> None:
        rows = self.model.all_rows
        layers = sum(row.is_layer for row in rows)
        count = count_text(sum(row.parameters for row in rows))
        times = [seconds_text(self.model.total_seconds)] if self.model.total_seconds > 0 else []
        text = " · ".join([f"{layers} layers", f"{count} parameters", *times])
        if self._totals.fontMetrics().horizontalAdvance(text) > self.width() - 2 * theme.SPACE:
            text = " · ".join([f"{layers} layers", count, *times])
        self._totals.setText(text)
