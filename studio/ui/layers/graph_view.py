"""The graph view: the network with its skips and branches."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, QSize, Qt, QTimer
from PySide6.QtGui import (
    QBrush,
    QColor,
    QContextMenuEvent,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QResizeEvent,
    QShowEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QApplication, QGraphicsScene, QGraphicsView, QLabel, QToolButton, QToolTip, QWidget

from studio.model.documents.document import Document
from studio.model.networks.changes import Change, NetworkChanged
from studio.model.networks.section import BypassChanged
from studio.model.views.workspace import Workspace
from studio.runtime.live.report import LayerWarnings
from studio.runtime.live.telemetry import Telemetry
from studio.ui.kit import theme
from studio.ui.kit.icons import icon
from studio.ui.layers.graph_items import Box, Edge, Geometry, Marks
from studio.ui.layers.graph_layout import lay_out
from studio.ui.layers.network_actions import BentLayers, LayerActions
from studio.ui.layers.network_list import KEYS
from studio.ui.layers.network_model import LayerModel
from studio.ui.layers.network_rows import KINDS

_NEAREST, _FARTHEST = 3.0, 0.05
_STEP = 1.25
_MARGIN = 24.0
_STRIP = 34


class GraphView(QGraphicsView):
    """Inputs and layers as boxes, edges as lines.

    A click selects, a double click shows the activation; dragging moves the graph, the wheel zooms about the pointer.

    Args:
        document: whose network it is.
        workspace: a click selects its layer.
        telemetry: warnings.
    """

    def __init__(
        self, document: Document, workspace: Workspace, telemetry: Telemetry, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._workspace = workspace
        self._telemetry = telemetry
        self._actions = LayerActions(document, workspace)
        bent = BentLayers(document, self)
        self._model = LayerModel(document, workspace, telemetry, bent, self)
        self._document = document
        self._marks = Marks(self.font())
        self._boxes: dict[str, Box] = {}
        self._edges: list[Edge] = []
        self._warnings: dict[str, str] = {}
        self._pressed: QPoint | None = None
        self._dragged = False
        self._is_placed = False
        self._set_up()
        self._buttons = self._make_buttons()
        self._legend = QLabel(self.viewport())
        self._legend.setWordWrap(True)
        self._legend.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._legend.setStyleSheet(f"background: {theme.PANEL}; padding: 4px {theme.SPACE}px;")
        bent.changed.connect(self.viewport().update)
        document.changed.connect(self._follow)
        workspace.changed.connect(self._listen)
        telemetry.on(LayerWarnings, self._take)
        self._build()

    # -- zoom and place ---------------------------------------------------------------------------------------------

    @property
    def zoom(self) -> float:
        """Pixels of the screen for one of the graph's."""
        return self.transform().m11()

    def fit(self) -> None:
        """Show the whole graph, no larger than life."""
        whole = self.scene().sceneRect()
        room = self._room()
        self._zoom_to(min(1.0, room.width() / whole.width(), room.height() / whole.height()))
        self.centerOn(whole.center())

    def fit_width(self) -> None:
        """Show the graph's whole width, no larger than life, about the selected layer."""
        whole = self.scene().sceneRect()
        self._zoom_to(min(1.0, self._room().width() / whole.width()))
        self.centerOn(whole.center().x(), whole.top())
        self._show_selected()

    def zoom_by(self, factor: float, about: QPointF | None = None) -> None:
        """Nearer (above 1) or farther, about a place of the viewport, its middle where none is given."""
        at = about if about is not None else QPointF(self.viewport().rect().center())
        before = self.mapToScene(at.toPoint())
        self._zoom_to(self.zoom * factor)
        moved = self.mapFromScene(before) - at.toPoint()
        self._scroll_by(moved)

    def _zoom_to(self, zoom: float) -> None:
        zoom = min(max(zoom, _FARTHEST), _NEAREST)
        self.resetTransform()
        self.scale(zoom, zoom)

    def _scroll_by(self, moved: QPoint) -> None:
        self.horizontalScrollBar().setValue(self.horizontalScrollBar().value() + moved.x())
        self.verticalScrollBar().setValue(self.verticalScrollBar().value() + moved.y())

    def _room(self) -> QSize:
        return self.viewport().size() - QSize(4, _STRIP)

    def _show_selected(self) -> None:
        box = self._boxes.get(self._workspace.layer)
        if box is not None:
            self.ensureVisible(box.sceneBoundingRect(), 30, 40)

    # -- building ---------------------------------------------------------------------------------------------------

    def _set_up(self) -> None:
        self.setScene(QGraphicsScene(self))
        self.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.TextAntialiasing)
        self.setBackgroundBrush(QBrush(QColor(theme.GROUND)))
        self.setFrameShape(QGraphicsView.Shape.NoFrame)
        self.setTransformationAnchor(QGraphicsView.ViewportAnchor.NoAnchor)
        self.setViewportUpdateMode(QGraphicsView.ViewportUpdateMode.SmartViewportUpdate)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName("Network graph")

    def _make_buttons(self) -> list[QToolButton]:
        made = []
        for text, glyph, keys, does in (
            ("Zoom in", "magnifying-glass-plus", "+", lambda: self.zoom_by(_STEP)),
            ("Zoom out", "magnifying-glass-minus", "−", lambda: self.zoom_by(1 / _STEP)),
            ("Fit", "corners-out", "0", self.fit),
        ):
            button = QToolButton(self.viewport())
            button.setIcon(icon(glyph))
            button.setToolTip(f"{text} ({keys})")
            button.setAccessibleName(text)
            button.setFixedSize(26, 26)
            button.setCursor(Qt.CursorShape.ArrowCursor)
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            button.clicked.connect(does)
            made.append(button)
        return made

    def _build(self) -> None:
        layout = lay_out(self._document.graph)
        geometry, scene = Geometry(layout), self.scene()
        scene.clear()
        self._boxes = {row.name: Box(row, geometry.box(row.name), self._model, self._marks) for row in self._model.rows}
        self._edges = [Edge(link, geometry) for link in layout.links]
        for item in (*self._edges, *self._boxes.values()):
            scene.addItem(item)
        bounds: QRectF = scene.itemsBoundingRect()
        scene.setSceneRect(bounds.adjusted(-_MARGIN, -2 * _MARGIN, _MARGIN, 2 * _MARGIN))
        shown = {row.kind for row in self._model.rows}
        self._legend.setText(
            " &nbsp;".join(
                f'<span style="color:{c}">■</span> {text}' for kind, (text, c) in KINDS.items() if kind in shown
            )
        )
        self._light()
        self._place_overlays()
        if self._is_placed:
            self.fit_width()

    def _light(self) -> None:
        layer = self._workspace.layer
        for edge in self._edges:
            lit = layer in (edge.link.source, edge.link.target)
            if lit != edge.lit:
                edge.light(lit)

    # -- what models tell -------------------------------------------------------------------------------------------

    def _follow(self, change: Change) -> None:
        if isinstance(change, NetworkChanged):
            self._model.rebuild()
            self._build()
        elif isinstance(change, BypassChanged):
            self.viewport().update()

    def _listen(self, field: str) -> None:
        if field == "layer":
            self._light()
            self._show_selected()
            self.viewport().update()

    def _take(self, _: LayerWarnings) -> None:
        now, before = self._telemetry[LayerWarnings].warnings, self._warnings
        if now != before:
            for name in now.keys() | before.keys():
                if name in self._boxes and now.get(name) != before.get(name):
                    self._boxes[name].update()
            self._warnings = dict(now)

    # -- what Qt tells ----------------------------------------------------------------------------------------------

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802 - Qt's name
        """See Qt."""
        super().showEvent(event)
        if not self._is_placed:
            self._is_placed = True
            QTimer.singleShot(0, self, self.fit_width)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """See Qt."""
        super().resizeEvent(event)
        self._place_overlays()

    def scrollContentsBy(self, dx: int, dy: int) -> None:  # noqa: N802 - Qt's name
        """See Qt, which moves what lies in the viewport along with the graph."""
        super().scrollContentsBy(dx, dy)
        self._place_overlays()

    def _place_overlays(self) -> None:
        right = self.viewport().width() - 4
        for button in reversed(self._buttons):
            right -= button.width()
            button.move(right, 4)
            right -= 2
        height, width = self.viewport().height(), self.viewport().width()
        tall = self._legend.heightForWidth(width)
        self._legend.setGeometry(0, height - tall, width, tall)

    def _name_at(self, at: QPoint) -> str | None:
        item = self.itemAt(at)
        return item.row.name if isinstance(item, Box) else None

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """See Qt: the start of a click or of a move."""
        if event.button() in (Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton):
            self._pressed, self._dragged = event.position().toPoint(), False

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """See Qt: moves the graph."""
        if self._pressed is None:
            self.viewport().setCursor(
                Qt.CursorShape.PointingHandCursor
                if self._name_at(event.position().toPoint())
                else Qt.CursorShape.ArrowCursor
            )
            return
        at = event.position().toPoint()
        moved = self._pressed - at
        if self._dragged or moved.manhattanLength() >= QApplication.startDragDistance():
            self._dragged = True
            self._pressed = at
            self.viewport().setCursor(Qt.CursorShape.ClosedHandCursor)
            self._scroll_by(moved)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """See Qt: a click selects."""
        pressed, self._pressed = self._pressed, None
        self.viewport().setCursor(Qt.CursorShape.ArrowCursor)
        if pressed is not None and not self._dragged and event.button() == Qt.MouseButton.LeftButton:
            name = self._name_at(event.position().toPoint())
            if name is not None:
                self._actions.choose(name)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """See Qt: shows a layer; beside the layers, the whole graph."""
        name = self._name_at(event.position().toPoint())
        if event.button() == Qt.MouseButton.LeftButton and name is not None:
            self._actions.view(name)
        elif event.button() == Qt.MouseButton.LeftButton:
            self.fit()

    def wheelEvent(self, event: QWheelEvent) -> None:  # noqa: N802 - Qt's name
        """See Qt: zooms about the pointer."""
        self.zoom_by(_STEP ** (event.angleDelta().y() / 120), event.position())
        event.accept()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:  # noqa: N802 - Qt's name
        """See Qt: what can be done with the layer."""
        by_key = event.reason() == QContextMenuEvent.Reason.Keyboard
        name = self._workspace.layer if by_key else self._name_at(event.pos())
        if name:
            menu = self._actions.menu(self, name)
            menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            menu.popup(event.globalPos())

    def viewportEvent(self, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """See Qt: tool tips."""
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            name = self._name_at(event.pos())
            if name is not None:
                self._model.take_times()
                row = self._boxes[name].row
                QToolTip.showText(event.globalPos(), f"{self._model.tip(row)}\n{KINDS[row.kind][0]}", self)
                return True
            QToolTip.hideText()
        return super().viewportEvent(event)

    def event(self, event: QEvent) -> bool:
        """See Qt: the graph's own keys come before the window's shortcuts."""
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and self._means(event):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """See Qt: zoom, up and down the layers, and the same keys as in the network panel."""
        does = self._means(event)
        if does in ("up", "down"):
            self._step(-1 if does == "up" else 1)
        elif does == "fit":
            self.fit()
        elif does in ("in", "out"):
            self.zoom_by(_STEP if does == "in" else 1 / _STEP)
        elif does and self._workspace.layer:
            getattr(self._actions, does)(self._workspace.layer)
        elif not does:
            super().keyPressEvent(event)

    def _means(self, event: QKeyEvent) -> str:
        own = {
            Qt.Key.Key_Up: "up",
            Qt.Key.Key_Down: "down",
            Qt.Key.Key_0: "fit",
            Qt.Key.Key_Plus: "in",
            Qt.Key.Key_Equal: "in",
            Qt.Key.Key_Minus: "out",
        }
        modifiers = event.modifiers() & ~(Qt.KeyboardModifier.KeypadModifier | Qt.KeyboardModifier.ShiftModifier)
        return {**KEYS, **own}.get(Qt.Key(event.key()), "") if modifiers == Qt.KeyboardModifier.NoModifier else ""

    def _step(self, by: int) -> None:
        names = [node.name for node in self._document.graph.nodes]
        if self._workspace.layer in names:
            place = names.index(self._workspace.layer) + by
            self._actions.choose(names[min(max(place, 0), len(names) - 1)])
