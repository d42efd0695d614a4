"""One number that a macro turns, and between which values."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from studio.model.movement.address import Number as Target
from studio.model.movement.route import Aim
from studio.ui.kit import theme
from studio.ui.kit.addressed import give_address
from studio.ui.kit.buttons import tool_button
from studio.ui.kit.elided import ElidedLabel
from studio.ui.kit.number_controls import Number


class AimRow(QWidget):
    """A name, the values at the macro's ends, and a button that takes it back.

    ``ranged`` brings both values while a hand changes one, ``settled`` comes when it lets go, ``removed`` when it goes.

    Args:
        aim: what is turned.
        target: the number, with its limits; None where there is none at this address.
    """

    ranged = Signal(float, float)
    settled = Signal()
    removed = Signal()

    def __init__(self, aim: Aim, target: Target | None) -> None:
        super().__init__()
        self.target = aim.target
        self.is_there = target is not None
        give_address(self, aim.target)
        self.name = ElidedLabel()
        self.name.say(target.label if target is not None else f"Nothing is at {aim.target}")
        self.name.setToolTip(aim.target)
        if target is None:
            self.name.setStyleSheet(f"color: {theme.WARNING};")
        unit = target.unit if target is not None else ""
        self.lo, self.hi = Number(None, None, aim.lo, unit), Number(None, None, aim.hi, unit)
        self.lo.name_parts("At 0", "Its value where the macro is at 0")
        self.hi.name_parts("At 1", "Its value where the macro is at 1; may be the smaller one")
        self.turn = tool_button("swap", "Turn its range round", "Turn its range round", self._turn_round)
        self.remove = tool_button("x", "Stop the macro from turning it", f"Remove {aim.target}", self.removed.emit)
        ends = QHBoxLayout()
        ends.setContentsMargins(0, 0, 0, 0)
        ends.setSpacing(theme.SPACE // 2)
        to = QLabel("to")
        to.setStyleSheet(f"color: {theme.FAINT};")
        ends.addWidget(self.lo)
        ends.addWidget(to)
        ends.addWidget(self.hi)
        ends.addWidget(self.turn)
        ends.addStretch(1)
        ends.addWidget(self.remove)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, theme.SPACE // 2)
        column.setSpacing(2)
        column.addWidget(self.name)
        column.addLayout(ends)
        for end in (self.lo, self.hi):
            end.changed.connect(self._tell)
            end.settled.connect(self.settled)

    def show_aim(self, aim: Aim) -> None:
        """Show other values."""
        self.lo.show_value(aim.lo)
        self.hi.show_value(aim.hi)

    def _tell(self) -> None:
        self.ranged.emit(float(self.lo.value()), float(self.hi.value()))

    def _turn_round(self) -> None:
        self.ranged.emit(float(self.hi.value()), float(self.lo.value()))
        self.settled.emit()
