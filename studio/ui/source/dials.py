"""The numbers of the source: how fast it plays, where it is, and which cue it has come to."""

from __future__ import annotations

from collections.abc import Iterator

from studio.control.window import CUE, POSITION, SPEED
from studio.model.movement.address import Dial
from studio.runtime.live.playing import PlayerState
from studio.runtime.live.session import LiveSession
from studio.runtime.live.telemetry import Telemetry
from studio.ui.services.cues import FilmCues


def dials(live: LiveSession, telemetry: Telemetry, cues: FilmCues) -> Iterator[Dial]:
    """All three; a source without a length stays at its beginning."""

    def position() -> float:
        state = telemetry[PlayerState]
        return POSITION.clipped(state.position / state.duration) if state.duration else 0.0

    def seek(part: float) -> None:
        duration = telemetry[PlayerState].duration
        if duration:
            live.seek(part * duration)

    yield Dial(SPEED, lambda: telemetry[PlayerState].speed, live.set_speed)
    yield Dial(POSITION, position, seek, runs=True)

    def lead(number: float) -> None:
        # A route passes by numbers that there may not be.
        if number <= len(cues.cues):
            cues.go(round(number))

    yield Dial(CUE, lambda: float(cues.number), lambda number: cues.go(round(number)), runs=True, lead=lead)
