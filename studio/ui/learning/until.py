"""When Learn pauses by itself: after so many steps, after a time, or where the picture is as near as it should be."""

from __future__ import annotations

import math
from collections.abc import Iterator

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QGridLayout, QLabel, QSizePolicy, QWidget

from studio.control.window import DECIBELS, SECONDS, STEPS
from studio.learn.goal import Goal
from studio.model.movement.address import Dial
from studio.ui.kit import theme
from studio.ui.kit.addressed import give_address
from studio.ui.kit.spins import DecimalSpin

_NAMES = {STEPS: "Steps to take", SECONDS: "Seconds to learn", DECIBELS: "Decibels to reach"}

_ENDLESS = {STEPS: "endless", SECONDS: "any time", DECIBELS: "any dB"}


class Until(QWidget):
    """Asks for them; 0 of each is without end, and the first that is reached counts.

    ``turned`` comes with another value, from which on they count while it learns.
    """

    turned = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.steps = DecimalSpin(suffix=" steps", decimals=0)
        self.seconds = DecimalSpin(suffix=" s", decimals=1)
        self.decibels = DecimalSpin(suffix=" dB", decimals=1)
        self._spins = {STEPS: self.steps, SECONDS: self.seconds, DECIBELS: self.decibels}
        for number, spin in self._spins.items():
            spin.setRange(0, int(number.hi))
            spin.setSpecialValueText(_ENDLESS[number])
            spin.setKeyboardTracking(False)
            spin.setAccessibleName(_NAMES[number])
            spin.setMinimumWidth(40)
            spin.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
            spin.setToolTip(number.doc)
            spin.valueChanged.connect(self.turned)
            give_address(spin, number.address)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(theme.SPACE // 2)
        grid.addWidget(QLabel("Pause after"), 0, 0)
        grid.addWidget(self.steps, 0, 1, 1, 3)
        for column, (text, spin) in enumerate((("or after", self.seconds), ("or at", self.decibels))):
            grid.addWidget(QLabel(text), 1, 2 * column)
            grid.addWidget(spin, 1, 2 * column + 1)
            grid.setColumnStretch(2 * column + 1, 1)

    @property
    def most(self) -> float:
        """Steps to take; infinity without end."""
        return float(self.steps.value() or math.inf)

    @property
    def goal(self) -> Goal | None:
        """What else is to be reached; None for nothing."""
        seconds, decibels = self.seconds.value() or math.inf, self.decibels.value() or math.inf
        return Goal(seconds, decibels) if min(seconds, decibels) < math.inf else None

    def dials(self) -> Iterator[Dial]:
        """Its numbers."""
        for number, spin in self._spins.items():
            yield Dial(number, spin.value, spin.setValue)
