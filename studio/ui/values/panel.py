"""The values in which the open network is fed and shown, to be changed while it runs."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QLabel, QPushButton, QVBoxLayout, QWidget

from studio.errors import StudioError
from studio.model.documents.document import Document
from studio.model.networks.changes import Change, NetworkChanged
from studio.model.networks.values import Values
from studio.runtime.live.report import LayerShapes
from studio.runtime.live.telemetry import Telemetry
from studio.ui.kit import theme
from studio.ui.kit.fitting import fit, scrolled_body
from studio.ui.values.form import ValuesForm

_WIDTH = 380


class ValuesPanel(QDialog):
    """Stays open beside the window until Escape; each change is an item of the history.

    Args:
        window: beside which it stays.
        document: whose network it is.
        telemetry: knows how many channels the output has.
    """

    def __init__(self, window: QWidget, document: Document, telemetry: Telemetry) -> None:
        super().__init__(window)
        self._document = document
        self._telemetry = telemetry
        self._tensors = document.network.tensors
        self._channels: int | None = None
        self.setWindowTitle("Picture values")
        self.setObjectName("values")
        self.setModal(False)
        self.form = ValuesForm()
        self.form.changed.connect(self._change)
        self.form.failed.connect(self._say)
        self.problem = QLabel()
        self.problem.setTextFormat(Qt.TextFormat.PlainText)
        self.problem.setWordWrap(True)
        self.problem.setStyleSheet(f"color: {theme.DANGER};")
        about = QLabel("What lies between the picture and the first layer, and after the last. Weights stay.")
        about.setWordWrap(True)
        about.setStyleSheet(f"color: {theme.FAINT};")
        close = QPushButton("Close")
        close.setToolTip("Back to the window (Escape)")
        close.setAutoDefault(False)
        close.clicked.connect(self.reject)
        box = QVBoxLayout(self)
        box.setContentsMargins(*(2 * theme.SPACE,) * 4)
        box.setSpacing(theme.SPACE)
        body = scrolled_body(box)
        for part in (about, self.form, self.problem):
            body.addWidget(part)
        body.addStretch(1)
        box.addWidget(close, 0, Qt.AlignmentFlag.AlignRight)
        self.setMinimumWidth(_WIDTH)
        document.changed.connect(self._follow)
        telemetry.on(LayerShapes, self._take)
        self._show()
        fit(self)

    def _follow(self, change: Change) -> None:
        if isinstance(change, NetworkChanged):
            self._show()

    def _show(self) -> None:
        network = self._document.network
        shape = self._telemetry[LayerShapes].shapes.get(network.graph.output)
        if shape is not None:
            self._channels = shape.channels
        elif network.tensors is not self._tensors:
            self._channels = None
        self._tensors = network.tensors
        self.form.show_graph(network.graph, self._channels)
        self._say("")

    def _take(self, known: LayerShapes) -> None:
        graph = self._document.graph
        if self._channels is None and graph.output in known.shapes:
            self._channels = known.shapes[graph.output].channels
            self.form.fit(graph, self._channels)

    def _change(self, values: Values) -> None:
        try:
            self._document.set_values(values)
        except StudioError as error:
            self._say(str(error))
        else:
            self._say("")

    def _say(self, problem: str) -> None:
        self.problem.setText(problem)
