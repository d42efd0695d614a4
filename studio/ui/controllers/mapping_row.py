"""One mapping: which control turns which number, and how."""

from __future__ import annotations

from dataclasses import replace
from typing import get_args

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QFrame, QGridLayout, QHBoxLayout, QLabel, QVBoxLayout

from studio.errors import StudioError
from studio.model.movement.mapping import Mapping, Mode
from studio.ui.kit import theme
from studio.ui.kit.addressed import give_address
from studio.ui.kit.buttons import tool_button
from studio.ui.kit.elided import ElidedLabel
from studio.ui.values.controls import Numbers

_TIPS = {
    "absolute": "A fader or knob with ends: it sets the number from end to end",
    "relative twos": "An endless knob that sends 1, 2 … up and 127, 126 … down",
    "relative offset": "An endless knob that sends 65, 66 … up and 63, 62 … down",
    "relative sign": "An endless knob that sends 1, 2 … up and 65, 66 … down",
    "toggle": "Each press switches between the ends",
    "trigger": "At the far end while it is pressed",
    "next": "Each press takes the next of a choice or of whole numbers",
}


class MappingRow(QFrame):
    """Shows a mapping, and changes it.

    ``changed`` brings the mapping as it is to be, and whether it is for all presets; ``removed`` comes when it is to
    go, ``refused`` with a sentence on what was typed in vain.

    Args:
        mapping: what it shows.
        label: what the number is called; empty where there is none at present.
        for_all: whether it is a person's own.
    """

    changed = Signal(object, bool)
    removed = Signal()
    refused = Signal(str)

    def __init__(self, mapping: Mapping, label: str, for_all: bool) -> None:
        super().__init__()
        self.mapping, self.for_all = mapping, for_all
        give_address(self, mapping.target)
        self.setObjectName("mapping")
        self.setStyleSheet(
            f"QFrame#mapping {{ background: {theme.PANEL}; border: 1px solid {theme.LINE}; border-radius: 4px; }}"
        )
        self.name, self.signal = ElidedLabel(), ElidedLabel()
        self.name.say(label or "Nothing is at this address now")
        self.name.setStyleSheet(f"font-weight: 600; color: {theme.TEXT if label else theme.WARNING};")
        self.name.setToolTip(mapping.target)
        self.signal.say(f"{mapping.signal}  →  {mapping.target}")
        self.signal.setStyleSheet(f"color: {theme.FAINT};")
        self.remove = tool_button("x", "Forget this mapping", "Forget this mapping", self.removed.emit)
        self.mode = QComboBox()
        self.mode.setAccessibleName("What the control is")
        for mode in get_args(Mode):
            self.mode.addItem(mode.capitalize(), mode)
        self.mode.setCurrentIndex(self.mode.findData(mapping.mode))
        self.mode.setToolTip(_TIPS[mapping.mode])
        self.scope = QComboBox()
        self.scope.setAccessibleName("Where it is kept")
        self.scope.addItem("In this preset", False)
        self.scope.addItem("For all presets", True)
        self.scope.setCurrentIndex(int(for_all))
        self.ends = Numbers("Range")
        self.ends.setPlaceholderText("its whole range")
        self.ends.setToolTip("The number at both ends of the control, such as 0, 45; empty for its whole range")
        self.ends.show_value(() if mapping.lo is None or mapping.hi is None else (mapping.lo, mapping.hi))
        self.takeover = QCheckBox("Pick up")
        self.takeover.setToolTip("It turns the number only once it has come past where that is, so that nothing jumps")
        self.takeover.setChecked(mapping.takeover)
        self.takeover.setEnabled(mapping.mode == "absolute")
        self._lay_out()
        self.mode.activated.connect(self._change)
        self.scope.activated.connect(self._change)
        self.ends.settled.connect(self._change)
        self.takeover.clicked.connect(self._change)

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.setContentsMargins(0, 0, 0, 0)
        head.addWidget(self.name, 1)
        head.addWidget(self.remove)
        grid = QGridLayout()
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(theme.SPACE)
        grid.setVerticalSpacing(theme.SPACE // 2)
        grid.setColumnStretch(0, 1)
        grid.setColumnStretch(1, 1)
        grid.addWidget(self.mode, 0, 0)
        grid.addWidget(self.scope, 0, 1)
        ends = QHBoxLayout()
        ends.setSpacing(theme.SPACE)
        ends.addWidget(QLabel("Range"))
        ends.addWidget(self.ends, 1)
        grid.addLayout(ends, 1, 0)
        grid.addWidget(self.takeover, 1, 1)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(theme.SPACE // 2, theme.SPACE // 2, theme.SPACE // 2, theme.SPACE // 2)
        whole.setSpacing(theme.SPACE // 2)
        whole.addLayout(head)
        whole.addWidget(self.signal)
        whole.addLayout(grid)

    def _change(self) -> None:
        try:
            ends = self.ends.value()
        except StudioError as error:
            self.refused.emit(str(error))
            return
        if len(ends) not in (0, 2):
            self.refused.emit("Range: give two numbers, at either end of the control, or none.")
            return
        lo, hi = ends or (None, None)
        mapping = replace(self.mapping, mode=self.mode.currentData(), lo=lo, hi=hi, takeover=self.takeover.isChecked())
        self.changed.emit(mapping, bool(self.scope.currentData()))
