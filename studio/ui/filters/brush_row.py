"""The brushes by name, as a row: one to take, one to keep, and what else can be done to them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QSignalBlocker, QSize
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QInputDialog, QMenu, QSizePolicy, QToolButton, QWidget

from studio.errors import StudioError
from studio.ui.kit import theme
from studio.ui.kit.buttons import tool_button
from studio.ui.kit.keys import keyed
from studio.ui.services.brushes import Brushes

_OWN = "Set by hand"


class BrushRow(QWidget):
    """Shows which brush is held, and takes another.

    Args:
        brushes: those that there are.
    """

    def __init__(self, brushes: Brushes) -> None:
        super().__init__()
        self._brushes = brushes
        self.box = QComboBox()
        self.box.setAccessibleName("Brush by name")
        tip = "Brushes by name: F2 to F5 take the first four, Ctrl+[ and Ctrl+] the one before and after"
        self.box.setToolTip(keyed(tip))
        self.box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.box.setMinimumContentsLength(12)
        self.box.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.box.activated.connect(self._take)
        self.save = tool_button(
            "floppy-disk", "Keep the brush as it is set now, under a name", "Keep the brush", self.ask_keep
        )
        self.more = tool_button("dots-three-vertical", "Rename or remove the brush that is shown", "More of the brush")
        self.more.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        menu = QMenu(self)
        self._rename = menu.addAction("Rename…", self.ask_rename)
        self._remove = menu.addAction("Remove", lambda: self._do(self._brushes.remove, self._brushes.number))
        self.more.setMenu(menu)
        self.more.setStyleSheet("QToolButton::menu-indicator { image: none; }")
        for button in (self.save, self.more):
            button.setIconSize(QSize(16, 16))
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.SPACE // 2)
        row.addWidget(self.box, 1)
        row.addWidget(self.save)
        row.addWidget(self.more)
        brushes.changed.connect(self._show)
        self._show()

    def ask_keep(self) -> None:
        """Let the person name the present brush."""
        number = self._brushes.number
        self._ask("Keep the brush", self._brushes.all[number - 1].name if number else "", self._brushes.keep)

    def ask_rename(self) -> None:
        """Let the person call the brush that is held something else."""
        number = self._brushes.number
        if number:
            self._ask("Rename the brush", self._brushes.all[number - 1].name, partial(self._brushes.rename, number))

    def _ask(self, title: str, name: str, then: Callable[[str], object]) -> None:
        dialog = QInputDialog(self.window())
        dialog.setWindowTitle(title)
        dialog.setLabelText("Name of the brush")
        dialog.setTextValue(name)
        dialog.textValueSelected.connect(partial(self._do, then))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _take(self, row: int) -> None:
        number = self.box.itemData(row)
        if number:
            self._do(self._brushes.take, number)

    def _do(self, does: Callable[..., object], *given: object) -> None:
        try:
            does(*given)
        except StudioError as error:
            self._brushes.report(str(error))

    def _show(self) -> None:
        number = self._brushes.number
        names = [each.name for each in self._brushes.all]
        with QSignalBlocker(self.box):
            if [self.box.itemText(row) for row in range(1, self.box.count())] != names:
                self.box.clear()
                self.box.addItem(_OWN, 0)
                for at, name in enumerate(names, 1):
                    self.box.addItem(name, at)
            self.box.setCurrentIndex(number)
        for action in (self._rename, self._remove):
            action.setEnabled(number > 0)
