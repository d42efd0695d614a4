"""The brush's settings."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QCheckBox, QVBoxLayout, QWidget

from studio.control.window import BRUSH
from studio.model.documents.document import Document
from studio.model.views.brush import Brush
from studio.model.views.workspace import Workspace
from studio.ui.filters.brush_row import BrushRow
from studio.ui.filters.learning_brush import LearningBrush
from studio.ui.kit import theme
from studio.ui.kit.forms import Form, align
from studio.ui.kit.keys import keyed
from studio.ui.services.brushes import Brushes

_TIPS = {
    "mode": "Keys: D add, T set, M multiply, E erase, U smooth, N noise",
    "radius": "Keys: [ and ]",
    "hardness": "Keys: Shift with [ and ]",
    "value": "Alt or the right button takes it up from the sheet; X turns its sign",
}


class BrushPanel(QWidget):
    """A form of the workspace's brush, below the brushes by name and what it paints on."""

    def __init__(
        self,
        document: Document,
        workspace: Workspace,
        report: Callable[[str], object],
        brushes: Brushes | None = None,
    ) -> None:
        super().__init__()
        self._workspace = workspace
        self.learning = LearningBrush(document, workspace, report)
        self.form: Form[Brush] = Form(Brush, workspace.brush)
        for name, tip in _TIPS.items():
            self.form.add_tip(name, keyed(tip))
        align((*self.learning.labels, *self.form.labels))
        self.form.give_addresses({name: number.address for name, number in BRUSH.items()})
        column = QVBoxLayout(self)
        column.setContentsMargins(0, theme.SPACE, 0, 0)
        self.named = BrushRow(brushes) if brushes is not None else None
        if self.named is not None:
            column.addWidget(self.named)
        column.addWidget(self.learning)
        column.addWidget(self.form)
        self.on_screen = QCheckBox("Radius in pixels of the screen")
        self.on_screen.setToolTip(
            "The brush keeps its size on the screen at every zoom; otherwise its radius counts weights"
        )
        self.on_screen.toggled.connect(lambda on: setattr(workspace, "brush_unit", "screen" if on else "weights"))
        column.addWidget(self.on_screen)
        column.addStretch(1)
        self.form.changed.connect(self._take)
        workspace.changed.connect(self._listen)
        self._show()

    def _take(self, brush: Brush) -> None:
        self._workspace.brush = brush

    def _listen(self, field: str) -> None:
        if field in ("brush", "brush_unit", "paints"):
            self._show()

    def _show(self) -> None:
        brush = self._workspace.brush
        self.on_screen.setChecked(self._workspace.brush_unit == "screen")
        if self.form.record() != brush:
            self.form.show_record(brush)
        of_weights = self._workspace.paints == "weights"
        if self.named is not None:
            self.named.setVisible(of_weights)
        self.form.set_shown("mode", of_weights)
        self.form.set_shown("seed", of_weights and brush.mode == "noise")
        self.form.set_shown("value", of_weights and brush.mode not in ("erase", "smooth"))
