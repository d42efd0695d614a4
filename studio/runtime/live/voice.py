"""Sound that follows a film as it is played: sought, slowed, looped, and held to its pictures."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import numpy as np

from studio.model.networks.shape import Array

OpenAt = Callable[[float], Iterator[Array]]

AHEAD = 0.6
"""Seconds of sound that lie ready."""

_FAR = 0.1
"""Seconds by which sound and picture may differ; past them it begins anew where the picture is."""

_PULL = 0.1
_MOST = 0.01
"""By how much of its pace sound is hurried or slowed at most, to come nearer: a sixth of a semitone."""


class Voice:
    """A buffer between who decodes and who plays; each method may be called in a thread of its own.

    Args:
        open_at: gives (samples, 2) float32 from a time in seconds on.
        rate: samples a second.
    """

    def __init__(self, open_at: OpenAt, rate: int) -> None:
        self._open_at, self._rate = open_at, rate
        self._lock = threading.Lock()
        self._pieces: Iterator[Array] | None = None
        self._ready: Array = np.zeros((0, 2), np.float32)
        self._head = 0.0  # seconds of the film at the first sample that lies ready
        self._part = 0.0  # of a sample, that was taken already
        self._pace = 1.0
        self._has_ended = False

    @property
    def place(self) -> float:
        """Where in the film the next sample is, in seconds."""
        return self._head + self._part / self._rate

    def follow(self, place: float) -> bool:
        """The picture is there, in seconds of the film; whether the sound had to begin anew."""
        away = place - self.place
        if self._pieces is not None and abs(away) <= _FAR:
            self._pace = 1.0 + min(max(away * _PULL, -_MOST), _MOST)
            return False
        with self._lock:
            self._pieces = self._open_at(place)
            self._ready = self._ready[:0]
            self._head, self._part, self._pace, self._has_ended = place, 0.0, 1.0, False
        return True

    def feed(self) -> None:
        """Decode until enough lies ready; called in a thread that may wait."""
        while not self._has_ended and self._pieces is not None and len(self._ready) < AHEAD * self._rate:
            pieces = self._pieces
            piece = next(pieces, None)
            with self._lock:
                if pieces is not self._pieces:
                    continue
                if piece is None:
                    self._has_ended = True
                else:
                    self._ready = np.concatenate([self._ready, piece])

    def take(self, count: int, speed: float = 1.0) -> Array:
        """(count, 2) float32 to be played now; silence where nothing lies ready. It never waits for the decoder."""
        with self._lock:
            step = speed * self._pace
            places = self._part + step * np.arange(count)
            used = int(np.floor(places[-1] + step)) if count else 0
            if used + 1 >= len(self._ready):
                return np.zeros((count, 2), np.float32)
            first = np.floor(places).astype(np.int64)
            share = (places - first).astype(np.float32)[:, None]
            found: Array = self._ready[first] * (1 - share) + self._ready[first + 1] * share
            self._part = float(places[-1] + step) - used
            self._ready = self._ready[used:]
            self._head += used / self._rate
            return found
