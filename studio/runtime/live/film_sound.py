"""The sound of the film that plays, for what moves by sound."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import NamedTuple

from studio.control.sound import PREFIX, SoundTrack
from studio.errors import StudioError
from studio.io.sound import samples
from studio.model.documents.document import Document
from studio.model.movement.modulator import NOTHING, Measurements
from studio.model.movement.route import ROUTES
from studio.model.movement.tempo import TEMPO, Tempo
from studio.model.networks.changes import Change, NetworkChanged
from studio.model.networks.section import SectionChanged
from studio.model.networks.shape import Array
from studio.runtime.live.movement import Beats
from studio.runtime.live.player import Player
from studio.runtime.live.playing import PlayerState
from studio.runtime.live.report import Message
from studio.runtime.live.telemetry import Telemetry
from studio.runtime.services.worker import Worker


class _Track(NamedTuple):
    spec: str
    sound: Path
    track: SoundTrack


class FilmSound:
    """Reads the sound of the film that plays, once something of the document moves by sound.

    It belongs to the window's thread, but for `listen`.

    Args:
        document: whose routes say whether anything is to be heard.
        telemetry: tells what plays.
        player: plays it.
        worker: reads; it does nothing else, since a long film takes a while.
        say: shows a sentence to the person.
    """

    def __init__(
        self,
        document: Document,
        telemetry: Telemetry,
        player: Player,
        worker: Worker,
        say: Callable[[Message], object],
    ) -> None:
        self._document, self._telemetry, self._player = document, telemetry, player
        self._worker, self._say = worker, say
        self._wanted: tuple[str, Path | None] = "", None
        self._plays: tuple[str, Path | None] = "", None
        self._track: _Track | None = None
        self._then: Callable[[Tempo], object] | None = None
        document.changed.connect(self._follow)
        telemetry.on(PlayerState, self._watch)

    def listen(self, at: float) -> Measurements:
        """What is heard at the place where the film is; called in the render thread with the time of the frame.

        Onsets and beats fall at the times of frames at which they were heard, also where the film is played slower or
        was gone through.
        """
        track, newest = self._track, self._player.newest()
        if track is None or newest is None or newest.spec != track.spec:
            return NOTHING
        place, speed = newest.position, self._player.state().speed
        measured = track.track.at(place)
        return Measurements(
            measured.values, {name: at - (place - began) / speed for name, began in measured.began.items()}
        )

    def find_tempo(self, then: Callable[[Tempo], object]) -> None:
        """Find the tempo of the film that plays, soon; `then` takes it, by the clock that frames go by.

        Where there is none, or no sound, that is said.
        """
        self._then = then
        if self._track is not None and self._track.spec == self._plays[0]:
            self._answer(self._track)
        else:
            self._want()

    def _answer(self, track: _Track) -> None:
        """Give the tempo to who has asked for it."""
        then, self._then = self._then, None
        newest = self._player.newest()
        if then is None or newest is None:
            return
        found = track.track.tempo
        if found is None:
            self._say(Message("No beat is heard in the source's sound.", "warning"))
            return
        speed, now = self._player.state().speed, self._telemetry[Beats].now(time.monotonic())
        # When the film's own beats fall, as it plays now.
        tempo = self._document.section(TEMPO)
        beat = found.time(math.ceil(found.beat(newest.position)))
        then(tempo.struck(found.bpm * speed, now + (beat - newest.position) / speed))

    def close(self, timeout: float) -> None:
        """Read no more; waits so many seconds at most."""
        self._telemetry.off(PlayerState, self._watch)
        self._document.changed.disconnect(self._follow)
        self._wanted = "", None
        self._worker.close(timeout)

    def _watch(self, state: PlayerState) -> None:
        # It comes with every picture.
        if state.spec and (state.spec, state.sound) != self._plays:
            self._plays = state.spec, state.sound
            self._want()

    def _follow(self, change: Change) -> None:
        if isinstance(change, NetworkChanged) or (isinstance(change, SectionChanged) and change.section == ROUTES.name):
            self._want()

    def _want(self) -> None:
        routes = self._document.section(ROUTES)
        moves = any(name.startswith(PREFIX) for route in routes for name in route.source.signals())
        if not moves and self._then is None:
            return
        if self._plays == self._wanted and (self._plays[1] is not None or self._then is None):
            return
        self._wanted = wanted = self._plays
        spec, sound = wanted
        self._track = None
        if sound is None:
            if self._then is not None:
                self._then = None
                self._say(Message("The source has no sound to take a tempo from.", "warning"))
            elif spec:
                self._say(Message("The source has no sound, so what moves by sound rests."))
            return
        self._worker.do(
            partial(self._read, spec, sound),
            partial(self._take, wanted),
            partial(self._fail, wanted),
            "Reading the film's sound",
        )

    def _read(self, spec: str, sound: Path) -> _Track:
        return _Track(spec, sound, SoundTrack(self._while_wanted(spec, sound)))

    def _while_wanted(self, spec: str, sound: Path) -> Iterator[Array]:
        for piece in samples(sound):
            if self._wanted != (spec, sound):
                raise StudioError("Another source plays.")
            yield piece

    def _take(self, wanted: tuple[str, Path | None], track: _Track) -> None:
        if wanted == self._wanted:
            self._track = track
            self._answer(track)

    def _fail(self, wanted: tuple[str, Path | None], error: StudioError) -> None:
        if wanted == self._wanted:
            # Who asks again has it read again.
            self._wanted, self._then = ("", None), None
            self._say(Message(str(error), "warning"))
