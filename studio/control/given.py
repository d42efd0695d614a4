"""What moves things where there is no window: the sound of a film, and signals that a program gives."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING

from studio.errors import StudioError
from studio.model.movement.modulator import NOTHING, Measurements

if TYPE_CHECKING:
    from studio.control.sound import SoundTrack


class GivenSignals:
    """``signals["osc/fader"] = 0.7``, as a controller would send it; ``signals.film("film.mp4")`` is heard by its time.

    Names are those of the sources of movement: ``osc/NAME``, ``midi/1/cc/7``, ``mouse/x``. A signal of a note or of OSC
    that rises from 0 sets off what waits for it, at the time of the next picture.
    """

    def __init__(self) -> None:
        self._sound: SoundTrack | None = None
        self._values: dict[str, float] = {}
        self._rose: set[str] = set()
        self._fell: set[str] = set()
        self._began: dict[str, float] = {}
        self._ended: dict[str, float] = {}

    def __setitem__(self, name: str, value: float) -> None:
        """Give a signal a value; StudioError where it is no finite number."""
        if not math.isfinite(value):
            raise StudioError(f"The signal {name} takes a finite number, not {value}.")
        before, self._values[name] = self._values.get(name, 0.0), float(value)
        if before <= 0.0 < value:
            self._rose.add(name)
        elif value <= 0.0 < before:
            self._fell.add(name)

    def __getitem__(self, name: str) -> float:
        """What a signal was given last; 0 before that."""
        return self._values.get(name, 0.0)

    def film(self, source: str | Path | None) -> None:
        """Let what moves by sound hear a film, or none; StudioError where it has no sound, or cannot be read."""
        from studio.control.sound import SoundTrack
        from studio.io.sources import open_source

        if source is None:
            self._sound = None
            return
        with open_source(str(source)) as opened:
            if opened.audio_path is None:
                raise StudioError(f'"{source}" has no sound.')
            self._sound = SoundTrack.of(opened.audio_path)

    def at(self, time: float) -> Measurements:
        """All that was heard and given until a time in seconds."""
        heard = NOTHING if self._sound is None else self._sound.at(time)
        self._began |= dict.fromkeys(self._rose, time)
        self._ended |= dict.fromkeys(self._fell, time)
        self._rose.clear()
        self._fell.clear()
        return Measurements(
            {**heard.values, **self._values}, {**heard.began, **self._began}, {**heard.ended, **self._ended}
        )
