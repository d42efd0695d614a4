"""Marks on sliders: where the numbers are that routes and macros move away from their handles."""

from __future__ import annotations

from shiboken6 import isValid

from studio.runtime.live.movement import Moved
from studio.runtime.live.telemetry import Telemetry
from studio.ui.kit.addressed import address_of
from studio.ui.kit.number_controls import Ranged


class MovedMarks:
    """Shows on every slider that is seen where its number is moved to.

    Args:
        telemetry: tells what moves.
    """

    def __init__(self, telemetry: Telemetry) -> None:
        self._any = False
        telemetry.on(Moved, self._show)

    def _show(self, moved: Moved) -> None:
        if not moved.values and not self._any:
            return
        self._any = bool(moved.values)
        for control in list(Ranged.all):
            # Hidden ones are looked at when nothing moves any more: no report comes when they are seen again.
            if isValid(control) and (control.isVisible() or not self._any):
                control.show_moved(moved.values.get(address_of(control)))
