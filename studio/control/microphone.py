"""The sound of a microphone, measured as a film's: levels of bands, onsets and beats.

The library's callback only fills a ring: it waits for Python's lock, and whatever it did besides would be heard as
gaps. Whoever asks what is heard empties the ring and measures, in the thread that asks.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from studio.control.following_beats import FollowingBeats
from studio.control.sound import PREFIX, STEP, Measured, SoundMeter
from studio.errors import StudioError
from studio.io.sound import Resampler
from studio.model.movement.modulator import NOTHING, Measurements
from studio.model.movement.tempo import Tempo
from studio.model.networks.shape import Array

_SECONDS = 2.0
"""So much is kept of what nobody has asked for; the rest is forgotten, the oldest first."""

_NAMES = ("level", "low", "low_mid", "high_mid", "high")


class Ring:
    """The newest samples, written by one thread and read by another; neither waits for the other.

    Args:
        size: samples that it holds.
    """

    def __init__(self, size: int) -> None:
        self._samples = np.zeros(size, np.float32)
        self._written = self._read = 0

    def write(self, samples: Array) -> None:
        """Add (n,) float32; what is older than the ring is long gives way."""
        size = len(self._samples)
        samples = samples[-size:]
        start = self._written % size
        first = min(len(samples), size - start)
        self._samples[start : start + first] = samples[:first]
        self._samples[: len(samples) - first] = samples[first:]
        # Last, so that who reads sees samples that are there.
        self._written += len(samples)

    def read(self) -> Array:
        """All that came since the last time, (n,) float32; a copy."""
        size, written = len(self._samples), self._written
        count = min(written - self._read, size)
        places = np.arange(written - count, written) % size
        self._read = written
        return self._samples[places]


class Microphone:
    """Listens from now on; belongs to the thread that opened it, but for `listen`.

    Raises:
        StudioError: where the library, the system's sound or a microphone is missing.
    """

    def __init__(self) -> None:
        library = _library()
        try:
            stream = library.InputStream(channels=1, dtype="float32", latency="low", callback=self._hear)
            self._rate = float(stream.samplerate)
        except (library.PortAudioError, ValueError) as error:
            raise StudioError(f"No microphone can be heard ({' '.join(str(error).split())}); connect one.") from error
        self._stream: Any = stream
        self._errors: Any = library.PortAudioError
        self._ring = Ring(round(_SECONDS * self._rate))
        self._resampler = Resampler(round(self._rate))
        self._meter = SoundMeter()
        self._last: Measured | None = None
        self._onset: float | None = None
        self._beat: float | None = None
        self._beats = FollowingBeats()
        self._time = 0.0
        self._offset = 0.0  # from the time of what was heard to that of frames
        try:
            stream.start()
        except library.PortAudioError as error:
            stream.close()
            raise StudioError(f"No microphone can be heard ({' '.join(str(error).split())}); connect one.") from error

    @property
    def is_heard(self) -> bool:
        """Whether it still runs: a device that was pulled does not."""
        return bool(self._stream.active)

    def listen(self, time: float) -> Measurements:
        """What is heard until now; called in the render thread with the time of the frame in seconds."""
        if time < self._time:
            # Another network runs, whose time begins anew.
            gone = time - self._time
            self._onset, self._beat = (None if at is None else at + gone for at in (self._onset, self._beat))
        self._time = time
        measured = list(self._meter.push(self._resampler.push(self._ring.read())))
        for number, each in enumerate(measured):
            if each.onset:
                # As long ago as what came after it takes.
                self._onset = time - (len(measured) - number) * STEP
            self._last = each
            self._beats.push(each.flux)
        if self._last is None:
            return NOTHING
        self._offset = time - self._beats.now
        self._follow()
        values = {f"{PREFIX}{name}": level for name, level in zip(_NAMES, self._last.levels, strict=True)}
        began = {f"{PREFIX}onset": self._onset, f"{PREFIX}beat": self._beat}
        return Measurements(values, {name: at for name, at in began.items() if at is not None})

    def _follow(self) -> None:
        """Let a beat fall where one is due."""
        beat, period = self._beats.last(), self._beats.period
        if beat is not None and period is not None:
            at = beat + self._offset
            # The same one, found again a hair later, is no other.
            if self._beat is None or at - self._beat > period / 2:
                self._beat = at

    @property
    def tempo(self) -> Tempo | None:
        """The tempo of what is heard, by the time of frames; None where no beat is."""
        return self._beats.tempo(self._offset)

    def close(self) -> None:
        """Listen no more."""
        self._beats.close()
        try:
            self._stream.close()
        except self._errors:
            # The device is gone already.
            return

    def _hear(self, data: Array, _frames: int, _time: object, _status: object) -> None:
        self._ring.write(data[:, 0])


def _library() -> Any:
    try:
        import sounddevice
    except ImportError as error:
        raise StudioError(
            "The package sounddevice is missing; install the studio anew to hear a microphone."
        ) from error
    except OSError as error:
        raise StudioError(f"This system has no PortAudio ({error}); install libportaudio2 to hear one.") from error
    return sounddevice
