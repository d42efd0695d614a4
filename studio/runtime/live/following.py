"""A film that is read to the time at which it is wanted, in a thread of its own, and begins again at its end."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from fractions import Fraction

from studio.errors import StudioError
from studio.io.sources import Source, at_constant_rate, open_source
from studio.model.networks.picture import DeepPicture
from studio.runtime.services.failures import told

_AHEAD = 4.0
"""Seconds that are decoded rather than gone to."""


class Following:
    """Opens a source at once, and reads it as far as it is asked to; whoever made it closes it.

    Args:
        spec: as the command line names it: a film, a picture, a folder, "demo", "camera".
    """

    def __init__(self, spec: str) -> None:
        self.spec = spec
        self._wanted = 0.0
        self._reached = -1.0  # the time that was wanted of the newest picture
        self._picture: DeepPicture | None = None
        self._problem = ""
        self._still = False
        self._count: int | None = None  # of its frames; None of what has no end
        self._closed = False
        self._turn = threading.Condition()
        threading.Thread(target=self._run, name="second", daemon=True).start()

    def at(self, time: float, patience: float = 0.0) -> DeepPicture | None:
        """(H, W, 3) RGB of this time in seconds, or the newest there is; None before the first.

        Args:
            time: from the source's start; past its end it has begun again.
            patience: for how many seconds at most to wait for the right one.

        Raises:
            StudioError: where the source cannot be opened or read.
        """
        with self._turn:
            self._wanted = time
            self._turn.notify_all()
            self._turn.wait_for(lambda: self._problem or self._still or self._reached == time, patience)
            if self._problem:
                raise StudioError(self._problem)
            return self._picture

    @property
    def is_still(self) -> bool:
        """Whether it is one picture, as far as is known."""
        return self._still

    def close(self) -> None:
        """Let the thread end, when it has read what it is reading."""
        with self._turn:
            self._closed = True
            self._turn.notify_all()

    def _run(self) -> None:
        try:
            while not self._closed:
                with open_source(self.spec) as source:
                    self._read(source)
        except BaseException as error:  # noqa: BLE001 - told to whoever asks next
            with self._turn:
                self._problem = told(error, f"Reading {self.spec}").text
                self._turn.notify_all()

    def _read(self, source: Source) -> None:
        """Read on until the source has to be opened anew: at its end, or for a place before."""
        info = source.info
        if info.fps is None:
            picture = next(iter(source)).picture
            with self._turn:
                self._picture, self._still = picture, True
                self._turn.notify_all()
                self._turn.wait_for(lambda: self._closed)
            return
        self._count = info.frames if self._count is None else self._count
        first = self._place(self._wanted, info.fps)
        place, frames = first - 1, _frames(source, info.fps, first)
        while not self._closed:
            wanted = self._wanted
            target = self._place(wanted, info.fps)
            ends = self._count is not None
            if ends and place >= first and not place <= target <= place + _AHEAD * info.fps:
                return
            if ends and self._reached == wanted:
                self._rest(wanted)
                continue
            while place < target and not self._closed:
                found = next(frames, None)
                if found is None:
                    self._end(place + 1)
                    return
                place, self._picture = place + 1, found
            with self._turn:
                self._reached = wanted
                self._turn.notify_all()

    def _rest(self, wanted: float) -> None:
        with self._turn:
            self._turn.wait_for(lambda: self._closed or self._wanted != wanted)

    def _end(self, count: int) -> None:
        """Its end came sooner than it said: it has so many frames."""
        if count < 1:
            raise StudioError(f'"{self.spec}" has no picture; choose another film or picture.')
        self._count = count

    def _place(self, time: float, rate: Fraction) -> int:
        """The number of the frame at a time; of what has an end, as if it went round."""
        place = max(0, round(time * rate))
        return place % self._count if self._count else place


def _frames(source: Source, rate: Fraction, first: int) -> Iterator[DeepPicture | None]:
    if source.info.frames is None:  # a camera: what comes
        return (frame.picture for frame in source)
    return (frame.picture for frame in at_constant_rate(source, rate, first))
