"""Switches of the window that fall on the beat, where that is chosen."""

from __future__ import annotations

import math

from PySide6.QtCore import QObject, Qt, QTimer

from studio.control.quantised import Switches, switches_of
from studio.model.documents.document import Document
from studio.model.movement.tempo import TEMPO
from studio.model.networks.changes import Change, Opened
from studio.ui.services.fades import Fades
from studio.ui.services.held import quantum_of


class Switching(QObject):
    """Gives a document's `Switches` the beat, and steps them when it falls.

    Args:
        document: whose they are.
        fades: know the clock by which beats are counted, and what was chosen.
    """

    def __init__(self, document: Document, fades: Fades) -> None:
        super().__init__()
        self._document = document
        self._switches: Switches = switches_of(document)
        self._switches.tempo = lambda: document.section(TEMPO)
        self._switches.clock = fades.now
        self._switches.quantum = lambda tempo: quantum_of(fades.choice.switches, tempo)
        self._timer = QTimer(self, singleShot=True, timerType=Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._step)
        self._switches.changed.connect(self._wind)
        document.changed.connect(self._follow)

    def _follow(self, change: Change) -> None:
        if isinstance(change, Opened) and self._switches.waiting:
            # It was asked of what was open before.
            self._switches.forget()

    def close(self) -> None:
        """Switch nothing any more."""
        self._document.changed.disconnect(self._follow)
        self._switches.close()

    def _step(self) -> None:
        self._switches.step()
        # It may ring a hair too soon.
        self._wind()

    def _wind(self) -> None:
        left = self._switches.left
        if left is None:
            self._timer.stop()
        else:
            self._timer.start(max(0, math.ceil(left * 1000)))
