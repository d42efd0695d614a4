"""The controls that forms are made of: each holds one value, and tells of changes by a person's hand alone."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QCheckBox,
    QComboBox,
    QHBoxLayout,
    QSpinBox,
    QToolButton,
    QWidget,
)

from studio.ui.kit import theme
from studio.ui.kit.icons import icon

REST = 400
"""Milliseconds without a change after which one has settled."""

SPIN_WIDTH = 76
"""Pixels of a field for a number in the usual letters; see `theme.room`."""

_LARGEST_WHOLE = 2**31 - 1


class Control(QWidget):
    """One value with what shows and changes it.

    ``changed`` comes with every change by a person's hand, ``settled`` when the hand lets go: at once where there is
    nothing to hold, and after a rest where a key or an arrow may follow.
    """

    changed = Signal()
    settled = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._box = QHBoxLayout(self)
        self._box.setContentsMargins(0, 0, 0, 0)
        self._box.setSpacing(theme.SPACE // 2)
        self._parts: list[QWidget] = []
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(REST)
        self._rest.timeout.connect(self.settled)

    def value(self) -> Any:
        """What is shown."""
        raise NotImplementedError

    def show_value(self, value: Any) -> None:
        """Show another value; tells nobody."""
        raise NotImplementedError

    def focus_part(self) -> QWidget:
        """What the label's shortcut goes to."""
        return self._parts[-1]

    def name_parts(self, name: str, doc: str) -> None:
        """Tell screen readers and tool tips what this is."""
        for part in self._parts:
            part.setAccessibleName(name)
            if not part.toolTip():
                part.setToolTip(doc)

    def add_tip(self, tip: str) -> None:
        """Say more in the tool tips."""
        for part in self._parts:
            part.setToolTip(f"{part.toolTip()}. {tip}")

    def _take(self, part: QWidget, stretch: int = 0) -> None:
        part.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._parts.append(part)
        self._box.addWidget(part, stretch)

    def _at_once(self) -> None:
        self._rest.stop()
        self.changed.emit()
        self.settled.emit()

    def _after_a_rest(self) -> None:
        self.changed.emit()
        self._rest.start()


class Seed(Control):
    """A whole number that chooses among random outcomes, and a die that draws another."""

    def __init__(self, lo: float | None, hi: float | None, default: int | None) -> None:
        super().__init__()
        self._limits = int(lo or 0), int(_LARGEST_WHOLE if hi is None else hi)
        self._quiet = False
        self.die = QToolButton()
        self.die.setIcon(icon("dice-five"))
        self.die.setToolTip("Draw another")
        self.spin = QSpinBox()
        self.spin.setRange(*self._limits)
        self.spin.setButtonSymbols(QAbstractSpinBox.ButtonSymbols.NoButtons)
        self.spin.setKeyboardTracking(False)
        self._box.addStretch(1)
        self._take(self.die)
        self._take(self.spin)
        self.spin.setFixedWidth(theme.room(self.spin.font(), SPIN_WIDTH + 24))
        self.spin.setValue(default or 0)
        self.die.clicked.connect(self._draw)
        self.spin.valueChanged.connect(self._spun)

    def value(self) -> Any:
        """See `Control.value`."""
        return self.spin.value()

    def show_value(self, value: Any) -> None:
        """See `Control.show_value`."""
        self._quiet = True
        self.spin.setValue(int(value))
        self._quiet = False

    def _draw(self) -> None:
        # Short numbers can be told to somebody.
        self.spin.setValue(random.randint(self._limits[0], min(self._limits[1], 99999)))

    def _spun(self) -> None:
        if not self._quiet:
            self._after_a_rest()


class Choice(Control):
    """One of a few words."""

    def __init__(self, choices: Sequence[Any], default: Any) -> None:
        super().__init__()
        self._choices = tuple(choices)
        self.combo = QComboBox()
        self.combo.addItems([str(choice).replace("_", " ").capitalize() for choice in choices])
        self.combo.setMinimumContentsLength(6)
        self._take(self.combo, 1)
        if default is not None:
            self.show_value(default)
        self.combo.activated.connect(self._at_once)

    def value(self) -> Any:
        """See `Control.value`."""
        return self._choices[self.combo.currentIndex()]

    def show_value(self, value: Any) -> None:
        """See `Control.show_value`."""
        self.combo.setCurrentIndex(self._choices.index(value))


class Tick(Control):
    """Yes or no."""

    def __init__(self, default: bool | None) -> None:
        super().__init__()
        self.box = QCheckBox()
        self.box.setChecked(bool(default))
        self._take(self.box)
        self._box.addStretch(1)
        self.box.clicked.connect(self._at_once)

    def value(self) -> Any:
        """See `Control.value`."""
        return self.box.isChecked()

    def show_value(self, value: Any) -> None:
        """See `Control.show_value`."""
        self.box.setChecked(bool(value))


class Wholes(Control):
    """A few whole numbers: height and width."""

    def __init__(self, default: tuple[Any, ...]) -> None:
        super().__init__()
        self._quiet = False
        self.spins: list[QSpinBox] = []
        for number in default:
            spin = QSpinBox()
            spin.setRange(-_LARGEST_WHOLE, _LARGEST_WHOLE)
            spin.setValue(int(number))
            spin.valueChanged.connect(self._spun)
            self.spins.append(spin)
            self._take(spin, 1)

    def value(self) -> Any:
        """See `Control.value`."""
        return tuple(spin.value() for spin in self.spins)

    def show_value(self, value: Any) -> None:
        """See `Control.show_value`."""
        self._quiet = True
        for spin, number in zip(self.spins, value, strict=True):
            spin.setValue(int(number))
        self._quiet = False

    def _spun(self) -> None:
        if not self._quiet:
            self._after_a_rest()
