"""Controls that are reached by their addresses, as dials: what turns one is as a hand at it."""

from __future__ import annotations

import math
from collections.abc import Iterator

import shiboken6
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QAbstractButton, QAbstractSlider, QComboBox, QDoubleSpinBox, QSpinBox, QWidget

from studio.errors import StudioError
from studio.model.movement.address import Dial, Number, NumberKind
from studio.ui.kit.reached import controls, label_of, reached_as, stays_down

_FIRST = "reached_first"


class Reached:
    """The controls of a window that have no address of another kind.

    Args:
        window: whose.
    """

    def __init__(self, window: QWidget) -> None:
        self._window = window
        self._known: dict[str, QWidget] = {}

    def dials(self) -> Iterator[Dial]:
        """All of them."""
        self._known = dict(controls(self._window))
        for address, control in self._known.items():
            yield _dial(address, control)

    def find(self, address: str) -> Dial | None:
        """The one at an address; None where there is none."""
        control = self._known.get(address)
        # A knob asks for its own a hundred times a second, and to look through the window takes milliseconds.
        if control is None or not shiboken6.isValid(control) or reached_as(control) != address:
            self._known = dict(controls(self._window))
            control = self._known.get(address)
        return None if control is None else _dial(address, control)


def _dial(address: str, control: QWidget) -> Dial:
    label, doc = label_of(control), control.toolTip().partition("\n")[0]
    if isinstance(control, QComboBox):
        words = tuple(control.itemText(row) for row in range(control.count()))
        first = min(_first(control, _row(control)), max(0.0, len(words) - 1.0))
        chosen = Number(address, label, "choice", first, 0.0, max(0.0, len(words) - 1.0), "", doc, None, words)
        return Dial(chosen, lambda: _row(control), lambda value: _choose(control, round(value)))
    if isinstance(control, QAbstractButton):
        kind: NumberKind = "switch" if stays_down(control) else "trigger"
        pressed = Number(address, label, kind, _first(control, _down(control)), 0.0, 1.0, "", doc)
        return Dial(pressed, lambda: _down(control), lambda value: _press(control, value >= 0.5))
    assert isinstance(control, (QSpinBox, QDoubleSpinBox, QAbstractSlider)), "all that is left"
    whole = not isinstance(control, QDoubleSpinBox) or control.decimals() == 0
    unit = "" if isinstance(control, QAbstractSlider) else control.suffix().strip()
    ends = float(control.minimum()), float(control.maximum())
    first = _first(control, float(control.value()))
    number = Number(address, label, "integer" if whole else "number", first, *ends, unit, doc)
    return Dial(number, lambda: float(control.value()), lambda value: _turn(control, value))


def _first(control: QWidget, now: float) -> float:
    """Where it was when it was first asked for: what it is reset to."""
    if control.property(_FIRST) is None:
        control.setProperty(_FIRST, now)
    return float(control.property(_FIRST))


def _row(control: QComboBox) -> float:
    return float(max(0, control.currentIndex()))


def _down(control: QAbstractButton) -> float:
    return float(stays_down(control) and control.isChecked())


def _need(control: QWidget) -> None:
    if not control.isEnabled():
        raise StudioError(f"“{label_of(control)}” is greyed out at the moment.")


def _choose(control: QComboBox, row: int) -> None:
    _need(control)
    if row != control.currentIndex():
        control.setCurrentIndex(row)
        control.activated.emit(row)
        control.textActivated.emit(control.itemText(row))


def _press(control: QAbstractButton, down: bool) -> None:
    if stays_down(control):
        if down != control.isChecked():
            _need(control)
            control.click()
    elif down:
        _need(control)
        # What it opens may wait for an answer, which must not hold up what else has come in.
        QTimer.singleShot(0, control, control.click)


def _turn(control: QSpinBox | QDoubleSpinBox | QAbstractSlider, value: float) -> None:
    _need(control)
    if isinstance(control, QDoubleSpinBox):
        control.setValue(value)
    else:
        control.setValue(math.floor(value + 0.5))
