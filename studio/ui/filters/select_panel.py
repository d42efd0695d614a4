"""Selecting kernels by what they are, and what can be done with those selected."""

from __future__ import annotations

import random
from collections.abc import Callable

from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QPushButton, QSpinBox, QVBoxLayout, QWidget

from studio.errors import StudioError
from studio.model.views.workspace import Workspace
from studio.runtime.editing.kernels import copy_kernels, paste_kernels, reset_kernels
from studio.runtime.editing.previews import Editing
from studio.ui.filters import selecting
from studio.ui.kit import theme
from studio.ui.kit.icons import icon
from studio.ui.kit.keys import keyed
from studio.ui.services.effects import Effects


class SelectPanel(QWidget):
    """How many are selected, buttons that select, copy, paste and reset.

    Args:
        workspace: whose selection it is.
        editing: fills kernels, and shows what could not be done.
        effects: how much channels change the picture; None where nothing measures.
    """

    def __init__(self, workspace: Workspace, editing: Editing, effects: Effects | None = None) -> None:
        super().__init__()
        self._effects = effects
        self._workspace = workspace
        self._editing = editing
        self.count = QLabel()
        self.count.setStyleSheet(f"color: {theme.FAINT};")
        self.n = QSpinBox()
        self.n.setRange(1, 2**24)
        self.n.setValue(8)
        self.n.setAccessibleName("How many kernels")
        self.n.setToolTip("How many the buttons below select: kernels, or the most effective filters")
        self.buttons: dict[str, QPushButton] = {}
        grid = QGridLayout()
        grid.setSpacing(theme.SPACE // 2)
        for place, (text, name, tip, do) in enumerate(self._selections()):
            grid.addWidget(self._button(text, name, tip, do), place // 2, place % 2)
        many = QHBoxLayout()
        many.addWidget(QLabel("Select"))
        many.addWidget(self.n, 1)
        grid.addLayout(many, 2, 0, 1, 2)
        for place, (text, tip, act) in enumerate(
            (
                ("Most effective", "Select the filters that change the picture most", self._most_effective),
                ("Random", "Select so many kernels by chance; another draw with each press", self._some),
                ("Strongest", "Select the kernels of largest norm", self._counted(selecting.strongest)),
                ("Weakest", "Select the kernels of smallest norm", self._counted(selecting.weakest)),
            ),
            start=6,
        ):
            grid.addWidget(self._button(text, "", tip, act), place // 2, place % 2)
        kept = QHBoxLayout()
        kept.setSpacing(theme.SPACE // 2)
        for text, name, tip, do in (
            ("Copy", "copy", "Copy the selected kernels (Ctrl+C)", self.copy),
            ("Paste", "clipboard-text", "Fill the selected kernels with those that were copied (Ctrl+V)", self.paste),
            ("Reset", "arrow-counter-clockwise", "Give the selected kernels their trained weights back", self.reset),
        ):
            kept.addWidget(self._button(text, name, tip, do), 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, theme.SPACE, 0, 0)
        column.setSpacing(theme.SPACE)
        column.addWidget(self.count)
        column.addLayout(grid)
        column.addLayout(kept)
        column.addStretch(1)
        workspace.changed.connect(self._listen)
        self._show()

    def copy(self) -> None:
        """Copy the selected kernels."""
        self._try(lambda: copy_kernels(self._workspace))

    def paste(self) -> None:
        """Paste into the selected kernels."""
        self._try(lambda: paste_kernels(self._workspace, self._editing))

    def reset(self) -> None:
        """Reset the selected kernels."""
        self._try(lambda: reset_kernels(self._workspace, self._editing))

    def _selections(self) -> tuple[tuple[str, str, str, Callable[[], object]], ...]:
        workspace = self._workspace
        return (
            ("All", "selection-all", "Select every kernel (Ctrl+A)", lambda: selecting.select_all(workspace)),
            ("Invert", "selection-inverse", "Select the others (Ctrl+Shift+I)", lambda: selecting.invert(workspace)),
            (
                "Whole rows",
                "rows",
                "Complete the rows; or press numbers",
                lambda: selecting.whole_rows(workspace),
            ),
            (
                "Whole columns",
                "columns",
                "Complete the columns; or press numbers",
                lambda: selecting.whole_columns(workspace),
            ),
        )

    def _counted(self, rule: Callable[[Workspace, int], None]) -> Callable[[], None]:
        return lambda: rule(self._workspace, self.n.value())

    def _most_effective(self) -> None:
        self._try(lambda: selecting.most_effective(self._workspace, self._effects, self.n.value()))

    def _some(self) -> None:
        selecting.some(self._workspace, self.n.value(), random.randrange(2**31))

    def _try(self, act: Callable[[], object]) -> None:
        try:
            act()
        except StudioError as error:
            self._editing.report(str(error))

    def _button(self, text: str, name: str, tip: str, act: Callable[[], object]) -> QPushButton:
        button = self.buttons[text] = QPushButton(text)
        if name:
            button.setIcon(icon(name))
        button.setToolTip(keyed(tip))
        button.clicked.connect(lambda: act())
        return button

    def _listen(self, field: str) -> None:
        if field in ("selection", "layer", "key", "clipboard"):
            self._show()

    def _show(self) -> None:
        selection, copied = self._workspace.selection, self._workspace.clipboard
        if selection is None:
            self.count.setText("Nothing to select")
        elif selection.mask.all():
            self.count.setText(f"All {selection.count} kernels")
        else:
            self.count.setText(f"{selection.count} of {selection.mask.size} kernels")
        for button in self.buttons.values():
            button.setEnabled(selection is not None)
        self.buttons["Paste"].setEnabled(selection is not None and copied is not None)
