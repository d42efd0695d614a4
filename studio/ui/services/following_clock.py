"""The tempo goes by the MIDI clock of another machine, where that is wanted."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from studio.model.documents.document import Document
from studio.model.movement.tempo import TEMPO
from studio.runtime.live.movement import Beats
from studio.runtime.live.report import Message
from studio.runtime.live.telemetry import Telemetry

if TYPE_CHECKING:
    from studio.control.midi_clock import ClockHeard


class FollowingClock:
    """Sets a document's tempo as a clock goes; what it sets is nothing to be undone, as nobody did it.

    Args:
        document: whose tempo it is.
        telemetry: knows the time by which beats are counted.
        heard: what the clock tells, by `time.monotonic`; None where none is heard.
        wanted: whether the tempo is to go by it.
        say: shows a sentence to the person.
    """

    def __init__(
        self,
        document: Document,
        telemetry: Telemetry,
        heard: Callable[[], ClockHeard | None],
        wanted: Callable[[], bool],
        say: Callable[[Message], object],
    ) -> None:
        self._document, self._telemetry = document, telemetry
        self._heard, self._wanted, self._say = heard, wanted, say
        self._told: bool | None = None

    def step(self) -> None:
        """Look at the clock; to be called several times a second."""
        heard = self._heard()
        if heard is None:
            return
        self._tell(heard.bpm)
        if not self._wanted():
            return
        from studio.control.midi_clock import followed

        now = time.monotonic()
        at = self._telemetry[Beats].now(now)
        before = self._document.section(TEMPO)
        after = followed(before, heard, at - now, at)
        if after != before:
            self._document.set_now({TEMPO: after})

    def _tell(self, bpm: float) -> None:
        """Say once that there is a clock, and what becomes of it."""
        if self._told == self._wanted():
            return
        self._told = self._wanted()
        follows = f"The tempo goes by the MIDI clock, which has {bpm:.1f} beats a minute."
        heard = "A MIDI clock is heard; “Follow MIDI clock” in Controllers lets it give the tempo."
        self._say(Message(follows if self._told else heard))
