"""Bars and beats, as they go by."""

from __future__ import annotations

import time

from PySide6.QtCore import QTimer
from PySide6.QtGui import QShowEvent

from studio.model.documents.document import Document
from studio.model.movement.tempo import TEMPO
from studio.runtime.live.movement import Beats
from studio.runtime.live.telemetry import Telemetry
from studio.ui.kit import theme
from studio.ui.kit.steady import SteadyLabel

_EVERY_MS = 40
_LIT = 0.12
"""Seconds for which a beat is lit; the first of a bar is lit stronger."""


class BeatLight(SteadyLabel):
    """Says "bar . beat", and lights up on each beat.

    Args:
        document: its tempo.
        telemetry: knows the time by which beats are counted.
    """

    def __init__(self, document: Document, telemetry: Telemetry) -> None:
        super().__init__()
        self._document, self._telemetry = document, telemetry
        self._said = ("", "")
        self.setAccessibleName("Bar and beat")
        self.setMinimumWidth(self.fontMetrics().horizontalAdvance("0000.0") + theme.SPACE)
        self._timer = QTimer(self, interval=_EVERY_MS)
        self._timer.timeout.connect(self.show_now)
        self._timer.start()

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802 - Qt's name
        """See Qt: what it says it says from the first paint on."""
        super().showEvent(event)
        self.show_now()

    def show_now(self) -> None:
        """Show where the beat is now."""
        if self.isVisible():
            self.show_time(self._telemetry[Beats].now(time.monotonic()))

    def show_time(self, at: float) -> None:
        """Show where the beat is at a time in seconds."""
        tempo = self._document.section(TEMPO)
        bar, beat = tempo.place(at)
        since = (tempo.beat(at) % 1.0) * 60.0 / tempo.bpm
        colour = (theme.ACCENT if beat == 1 else theme.TEXT) if since < _LIT else theme.FAINT
        said = f"{bar}.{beat}", colour
        before, self._said = self._said, said
        if said[0] != before[0]:
            self.setText(said[0])
            self.setToolTip(f"Bar and beat at {tempo.bpm:.4g} beats a minute; the Movement panel sets the tempo")
        if said[1] != before[1]:
            self.setStyleSheet(f"color: {colour};")
