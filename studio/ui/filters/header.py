"""Which tensor is edited: its layer, its name, and whether it is bent."""

from __future__ import annotations

from PySide6.QtWidgets import QComboBox, QHBoxLayout, QSizePolicy, QToolButton, QWidget

from studio.model.documents.document import Document
from studio.model.networks.changes import Change, HistoryChanged, NetworkChanged, WeightsChanged
from studio.model.views.workspace import Workspace
from studio.runtime.editing.kernels import reset_tensor
from studio.ui.kit import theme
from studio.ui.kit.icons import icon
from studio.ui.kit.reached import name_control


class Header(QWidget):
    """Two boxes that choose layer and tensor; the mark of what is bent also takes it back."""

    def __init__(self, document: Document, workspace: Workspace) -> None:
        super().__init__()
        self._document = document
        self._workspace = workspace
        self.layers = _box("Layer", "The layer whose weights are edited")
        self.keys = _box("Tensor", "Which of the layer's tensors is edited")
        self.layers.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.bent = QToolButton()
        self.bent.setIcon(icon("arrow-counter-clockwise", theme.ACCENT))
        self.bent.setToolTip("Give the tensor its trained values back; lit where it differs from them")
        self.bent.setAccessibleName("Give the tensor its trained values back")
        name_control(self.bent, "reset_tensor")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.SPACE // 2)
        row.addWidget(self.layers, 3)
        row.addWidget(self.keys, 2)
        row.addWidget(self.bent)
        self.layers.activated.connect(self._choose_layer)
        self.keys.activated.connect(self._choose_key)
        self.bent.clicked.connect(lambda: reset_tensor(workspace))
        document.changed.connect(self._follow)
        workspace.changed.connect(self._listen)
        self._fill()

    def _follow(self, change: Change) -> None:
        if isinstance(change, NetworkChanged):
            self._fill()
        elif isinstance(change, HistoryChanged) or (
            isinstance(change, WeightsChanged) and change.tensor == self._workspace.tensor and not self.bent.isEnabled()
        ):
            self._show_bent()

    def _listen(self, field: str) -> None:
        if field in ("layer", "key"):
            self._show()

    def _fill(self) -> None:
        self.layers.clear()
        self.layers.addItems([node.name for node in self._document.graph.nodes if node.op.tensor_shapes()])
        self._show()

    def _show(self) -> None:
        """Show what the workspace holds; a layer without tensors is named, though it cannot be chosen here."""
        workspace, graph = self._workspace, self._document.graph
        self.layers.setPlaceholderText(workspace.layer)
        self.layers.setCurrentIndex(self.layers.findText(workspace.layer))
        keys = list(graph.node(workspace.layer).op.tensor_shapes()) if workspace.layer in graph else []
        self.keys.clear()
        self.keys.addItems(keys)
        self.keys.setCurrentIndex(self.keys.findText(workspace.key))
        self.keys.setEnabled(len(keys) > 1)
        self.keys.setVisible(bool(keys))
        self._show_bent()

    def _show_bent(self) -> None:
        name = self._workspace.tensor
        self.bent.setEnabled(name is not None and self._document.is_bent(name))

    def _choose_layer(self) -> None:
        self._workspace.choose(self.layers.currentText())

    def _choose_key(self) -> None:
        self._workspace.choose(self._workspace.layer, self.keys.currentText())


def _box(name: str, tip: str) -> QComboBox:
    box = QComboBox()
    box.setAccessibleName(name)
    box.setToolTip(tip)
    box.setMinimumContentsLength(5)
    box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    return box
