"""What the brush paints on, and with which value, where that is not the weights themselves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QDoubleSpinBox, QFormLayout, QLabel, QVBoxLayout, QWidget

from studio.control.window import PULL, RATE
from studio.errors import StudioError
from studio.io.presets import list_presets
from studio.learn.sheets import aim_of
from studio.model.documents.document import Document
from studio.model.filters.learning_sheets import LEARNING_SHEETS, MOST, LearningSheetsChanged
from studio.model.networks.changes import Change, NetworkChanged
from studio.model.views.workspace import Paints, Workspace
from studio.ui.kit import theme
from studio.ui.kit.addressed import give_address
from studio.ui.kit.spins import DecimalSpin

PAINTS: dict[Paints, tuple[str, str]] = {
    "weights": ("Weights", "The brush changes the weights themselves"),
    "rates": ("Learning rates", "How fast each weight learns: 0 pins it, 1 is as usual, more hurries"),
    "pulls": ("Pull", "How far each weight is drawn back in every step of learning: 0 not at all, 1 all the way"),
}
_ORIGINALS = "Trained weights"
_HINTS: dict[Paints, str] = {
    "weights": "",
    "rates": "Green weights are pinned, white ones hurry. X changes between pinning and releasing.",
    "pulls": "Pink weights are drawn back while it learns; pinned ones stay.",
}


class LearningBrush(QWidget):
    """Chooses what the brush paints on, and shows the value for it.

    Args:
        document: whose sheets are painted.
        workspace: holds the brush.
        report: told a sentence where something does not fit.
    """

    def __init__(self, document: Document, workspace: Workspace, report: Callable[[str], object]) -> None:
        super().__init__()
        self._document, self._workspace, self._report = document, workspace, report
        self.paints = QComboBox()
        self.paints.setAccessibleName("What the brush paints on")
        for kind, (text, tip) in PAINTS.items():
            self.paints.addItem(text, kind)
            self.paints.setItemData(self.paints.count() - 1, tip, Qt.ItemDataRole.ToolTipRole)
        self.rate = _spin("Rate", MOST["rates"], 2, 1.0)
        self.pull = _spin("Pull", MOST["pulls"], 4, 0.01)
        give_address(self.rate, RATE.address)
        give_address(self.pull, PULL.address)
        self.towards = QComboBox(editable=True)
        self.towards.setAccessibleName("Pull towards")
        self.towards.setToolTip("The weights that it is drawn to: its own, as trained, or those of another preset")
        self.hint = QLabel(wordWrap=True)
        self.hint.setStyleSheet(f"color: {theme.FAINT};")
        self.form = QFormLayout()
        self.form.setContentsMargins(0, 0, 0, 0)
        self.form.setHorizontalSpacing(theme.SPACE)
        self.form.setVerticalSpacing(theme.SPACE // 2)
        self.labels = QLabel("Paints"), QLabel("Rate"), QLabel("Pull"), QLabel("Towards")
        for label, control in zip(self.labels, (self.paints, self.rate, self.pull, self.towards), strict=True):
            label.setBuddy(control)
            self.form.addRow(label, control)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.SPACE // 2)
        column.addLayout(self.form)
        column.addWidget(self.hint)
        self.paints.activated.connect(lambda: setattr(workspace, "paints", self.paints.currentData()))
        self.rate.valueChanged.connect(lambda value: setattr(workspace, "rate", value))
        self.pull.valueChanged.connect(lambda value: setattr(workspace, "pull", value))
        self.towards.activated.connect(lambda: self._aim())
        line = self.towards.lineEdit()
        assert line is not None, "it is editable"
        line.editingFinished.connect(self._aim)
        workspace.changed.connect(self._listen)
        document.changed.connect(self._follow)
        self._show()
        self._show_aim()

    def _aim(self) -> None:
        """Pull towards what is chosen, unless it does not fit."""
        text = self.towards.currentText().strip()
        wanted = "" if text in ("", _ORIGINALS) else text
        held = self._document.section(LEARNING_SHEETS)
        if wanted == held.towards:
            return
        try:
            aim_of(wanted, self._document.network)
        except StudioError as error:
            self._report(str(error))
            self._show_aim()
            return
        self._document.set_section(LEARNING_SHEETS, replace(held, towards=wanted), f"Pull towards {text}")

    def _listen(self, field: str) -> None:
        if field in ("paints", "rate", "pull"):
            self._show()

    def _follow(self, change: Change) -> None:
        if isinstance(change, LearningSheetsChanged | NetworkChanged):
            self._show_aim()

    def _show(self) -> None:
        paints = self._workspace.paints
        self.paints.setCurrentIndex(self.paints.findData(paints))
        self.paints.setToolTip(PAINTS[paints][1])
        for spin, value in ((self.rate, self._workspace.rate), (self.pull, self._workspace.pull)):
            spin.setValue(value)
        self.form.setRowVisible(self.rate, paints == "rates")
        if paints == "pulls" and not self.form.isRowVisible(self.towards):
            self._offer()
        for row in (self.pull, self.towards):
            self.form.setRowVisible(row, paints == "pulls")
        self.hint.setText(_HINTS[paints])
        self.hint.setVisible(bool(_HINTS[paints]))

    def _show_aim(self) -> None:
        towards = self._document.section(LEARNING_SHEETS).towards
        self.towards.setCurrentText(towards or _ORIGINALS)

    def _offer(self) -> None:
        """List the presets of the network that is open."""
        home = self._document.weights_path
        mine = [card.name for card in list_presets() if home is not None and Path(card.weights).name == home.name]
        now = self.towards.currentText()
        self.towards.clear()
        self.towards.addItems([_ORIGINALS, *mine])
        self.towards.setCurrentText(now)


def _spin(name: str, most: float, decimals: int, step: float) -> QDoubleSpinBox:
    spin = DecimalSpin(minimum=0.0, maximum=most, decimals=decimals, singleStep=step)
    spin.setAccessibleName(name)
    spin.setKeyboardTracking(False)
    return spin
