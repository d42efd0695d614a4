"""The film's sound on the loudspeakers, in time with its pictures; without a device it is silent, and says so once."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from studio.errors import StudioError
from studio.io.sound import HEARD_RATE, heard
from studio.runtime.live.playing import Newest, PlayerState
from studio.runtime.live.voice import Voice
from studio.runtime.services.failures import as_told

_BLOCK = 1024
_EVERY = 0.02
_LATEST = 0.4
"""Seconds after which a picture that nothing follows is no longer played on from: the film stands."""


class Stream(Protocol):
    """What plays samples."""

    latency: float

    def start(self) -> None:
        """Begin to ask for samples."""

    def close(self) -> None:
        """Ask for none any more."""


OpenStream = Callable[[int, Callable[[Any, int], None]], Stream]


def open_device(rate: int, fill: Callable[[Any, int], None]) -> Stream:
    """The system's loudspeakers.

    Raises:
        StudioError: where there are none, or the system's sound library is missing.
    """
    try:
        import sounddevice

        def called(out: Any, frames: int, _time: object, _status: object) -> None:
            fill(out, frames)

        return sounddevice.OutputStream(  # type: ignore[no-any-return]
            samplerate=rate, channels=2, dtype="float32", blocksize=_BLOCK, latency="high", callback=called
        )
    # Without PortAudio the import itself fails; without a device, opening one does, with an exception of its own.
    except BaseException as error:
        raise StudioError(f"The film's sound is not heard: there is no sound device ({error}).") from error


class SoundOut:
    """Plays the sound of whatever film the player plays.

    Args:
        state: how the player stands.
        newest: its newest picture.
        open_stream: opens what plays.
        say: told, in any thread, why nothing is heard.
        clock: seconds.
    """

    def __init__(
        self,
        state: Callable[[], PlayerState],
        newest: Callable[[], Newest | None],
        say: Callable[[str], object],
        open_stream: OpenStream = open_device,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._state, self._newest, self._say = state, newest, say
        self._open_stream, self._clock = open_stream, clock
        self.muted = False
        self._stream: Stream | None = None
        self._voice: Voice | None = None
        self._file: Path | None = None
        self._shown: tuple[int, float, float] = (-1, 0.0, 0.0)  # number, place and time of the newest picture
        self._speed = 0.0
        self._is_broken = self._has_no_device = False
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="sound out", daemon=True)

    def start(self) -> None:
        """Play from now on; to be called once."""
        self._thread.start()

    def close(self, timeout: float = 2.0) -> None:
        """End it."""
        self._ended.set()
        if self._thread.ident is not None:
            self._thread.join(timeout)

    def _run(self) -> None:
        try:
            while not self._ended.wait(_EVERY):
                self.step()
        finally:
            if self._stream is not None:
                self._stream.close()

    def step(self) -> None:
        """Follow the player, and decode a little."""
        state, newest, now = self._state(), self._newest(), self._clock()
        if state.sound != self._file:
            self._file, self._is_broken = state.sound, self._has_no_device
            self._voice = None if state.sound is None else Voice(partial(heard, state.sound), HEARD_RATE)
        if newest is not None and newest.number != self._shown[0]:
            self._shown = newest.number, newest.position, now
        is_on = state.playing and not state.ended and newest is not None and newest.spec == state.spec
        stands = now - self._shown[2] > _LATEST
        voice = self._voice
        if voice is None or self.muted or self._is_broken or not is_on or stands:
            self._speed = 0.0
            return
        try:
            if self._stream is None:
                self._has_no_device = True
                stream = self._open_stream(HEARD_RATE, self.fill)
                stream.start()
                self._stream, self._has_no_device = stream, False
            # What is taken now is heard a latency later.
            ahead = now - self._shown[2] + self._stream.latency
            voice.follow(self._shown[1] + ahead * state.speed)
            voice.feed()
            self._speed = state.speed
        # Of a film's sound or of a device's driver; the next film is tried again, a device that is not there is not.
        except BaseException as error:  # noqa: BLE001
            self._is_broken = True
            self._speed = 0.0
            self._say(str(as_told(error, "Playing the film's sound")))

    def fill(self, out: Any, frames: int) -> None:
        """Called by the device for its next samples: it takes what lies ready."""
        voice, speed = self._voice, self._speed
        if voice is None or not speed:
            out[:] = np.float32(0)
        else:
            out[:] = voice.take(frames, speed)
