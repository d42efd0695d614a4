"""The numbers of the source: how fast it plays, and where it is."""

from __future__ import annotations

from collections.abc import Iterator

from studio.control.window import POSITION, SPEED
from studio.model.address import Dial
from studio.runtime.live.playing import PlayerState
from studio.runtime.live.session import LiveSession
from studio.runtime.live.telemetry import Telemetry


def dials(live: LiveSession, telemetry: Telemetry) -> Iterator[Dial]:
    """Both; a source without a length stays at its beginning."""

    def position() -> float:
        state = telemetry[PlayerState]
        return POSITION.clipped(state.position / state.duration) if state.duration else 0.0

    def seek(part: float) -> None:
        duration = telemetry[PlayerState].duration
        if duration:
            live.seek(part * duration)

    yield Dial(SPEED, lambda: telemetry[PlayerState].speed, live.set_speed)
    yield Dial(POSITION, position, seek, runs=True)
