"""The rate of recordings: the source's own until another is chosen."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from PySide6.QtWidgets import QComboBox

from studio.io.sources.base import rate_text
from studio.runtime.live.playing import PlayerState
from studio.runtime.live.telemetry import Telemetry
from studio.ui.services.session import Session

_RATES = {"24": "24", "25": "25", "30000/1001": "29.97", "30": "30", "50": "50", "60": "60"}


class RateBox(QComboBox):
    """A choice of rates, the source's first.

    Args:
        session: remembers the choice.
        telemetry: tells of the source.
    """

    def __init__(self, session: Session, telemetry: Telemetry) -> None:
        super().__init__()
        self._session = session
        self._source: Fraction | None = None
        self.setAccessibleName("Frames per second")
        self.setToolTip("Frames per second of the film; its time stays the clock's")
        self.setMinimumWidth(60)
        self.addItem("", "")
        chosen = session.recording.rate
        for value in dict.fromkeys((*_RATES, chosen)):
            if value:
                self.addItem(f"{_RATES.get(value, value)} fps", value)
        self.setCurrentIndex(self.findData(chosen))
        telemetry.on(PlayerState, self._play)
        self._play(telemetry[PlayerState])
        self.show_own()

    @property
    def fps(self) -> Fraction:
        """Of a recording that begins now."""
        return self._session.recording.fps(self._source)

    def show_own(self) -> None:
        """Say what the source's rate is, which depends on the format."""
        own = replace(self._session.recording, rate="").fps(self._source)
        self.setItemText(0, f"The source's ({rate_text(own)})")

    def _play(self, state: PlayerState) -> None:
        source = state.info.fps if state.info is not None else None
        if source != self._source:
            self._source = source
            self.show_own()
