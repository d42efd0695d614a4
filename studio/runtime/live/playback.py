"""Which frame of a source is on at which moment. No thread, no waiting: only decoding, and a clock that is given."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from studio.io.sources import Frame, Source
from studio.io.sources.base import HAIR, GoesOn

# Late by this many seconds, decoding goes on from where the time is now, rather than through all that was missed.
_JUMP = 0.5
# However late, a picture is shown this often, in seconds.
_AT_LEAST = 0.1
_DEFAULT_PERIOD = 0.04


class Playback:
    """One source being played. At speed s the time in the source goes s times as fast as the clock.

    A frame that is over by the time it is decoded is dropped. A source that decodes too slowly even so is entered
    anew where the time is; where that is no faster, its time waits for it.

    Attributes:
        frame: the one that is shown, None before the first.
        ended: whether the last frame is shown and nothing follows.
        due: the clock's time at which to call `advance` again; None when nothing more comes by itself.
        dropped: frames that were decoded and not shown.
        laps: how often the source has begun again before the frame that is shown, since it was last sought.
        cuts: counts the places at which what is shown does not follow what was shown before: seeks and loops.
    """

    def __init__(self, source: Source, clock: Callable[[], float]) -> None:
        self.frame: Frame | None = None
        self.ended = False
        self.due: float | None = clock()
        self.dropped = 0
        self.laps = self.cuts = 0
        self._next_laps = self._next_cuts = 0
        self._source = source
        self._clock = clock
        self._frames: Iterator[Frame] = iter(source)
        self._next: Frame | None = None
        self._last: Frame | None = None  # that was decoded
        self._passed = 0  # frames since the start of the source
        self._speed = 1.0
        self._running = True
        self._anchor = (0.0, clock())  # the time in the source, at a time of the clock
        self._shown_at = clock()
        self._jumps = True
        self._jump_cost = 0.0
        info = source.info
        self._period = float(1 / info.fps) if info.fps else _DEFAULT_PERIOD

    def run(self, running: bool) -> None:
        """Let time go on, or stop it."""
        if running != self._running:
            self._set(self._time())
            self._running = running

    def set_speed(self, speed: float) -> None:
        """From now on, `speed` seconds of the source pass in one of the clock."""
        if speed != self._speed:
            self._set(self._time())
            self._speed = speed
            self._jump_cost = 0.0

    def seek(self, seconds: float) -> Frame | None:
        """Go to the frame shown at `seconds`, and give it; None where there is none, or no time to go to.

        Raises:
            StudioError: as iterating the source does.
        """
        if self._source.status or self._source.info.fps is None:
            return None
        self._enter(max(0.0, seconds))
        self._next_laps, self._next_cuts = 0, self._next_cuts + 1
        self._next = self._decoded()
        return self._show() if self._next is not None else None

    def step(self, by: int, loop: bool) -> Frame | None:
        """One frame on (`by` above 0) or back, and give it; None at either end of what does not loop.

        Raises:
            StudioError: as iterating the source does.
        """
        if by > 0 or self.frame is None:
            return self._show() if not self._source.status and self._fetch(loop) else None
        before = self.frame.time - min(1e-4, self._period / 2)
        return self.seek(before) if before >= 0 else None

    def advance(self, loop: bool) -> Frame | None:
        """The frame that is to be shown from now on, None when that is the one shown already. Sets `due`.

        Raises:
            StudioError: as iterating the source does.
        """
        if self._source.status:
            return self._newest()
        while self._fetch(loop):
            assert self._next is not None
            if self.frame is None:
                return self._show()
            late = self._time() - self._next.time
            if late < -HAIR:
                self.due = self._anchor[1] + (self._next.time - self._anchor[0]) / self._speed
                return None
            now = self._clock()
            if late / self._speed > _JUMP:
                self._catch_up(now)
            elif late < (self._next.duration or self._period) or now - self._shown_at >= _AT_LEAST:
                return self._show(on_time=True)
            else:
                self._next = None
                self.dropped += 1
        return None

    def close(self) -> None:
        """Let the files go that decoding holds open."""
        self._frames = iter(())
        self._next = None

    def _newest(self) -> Frame | None:
        frame = next(self._frames, None)
        self.due = None if frame is None else self._clock()
        fresh = frame is not None and (self.frame is None or frame.picture is not self.frame.picture)
        self.frame = frame or self.frame
        return frame if fresh else None

    def _fetch(self, loop: bool) -> bool:
        """Have the next frame decoded; False at the end."""
        if self._next is None:
            self._next = self._decoded()
        if self._next is None and loop and self._last is not None and isinstance(self._source, GoesOn):
            self._frames = self._source.onwards(self._last.time + (self._last.duration or self._period))
            self._next = self._decoded()
        if self._next is None and loop and self._passed > 1 and self._last is not None:
            length = self._last.time + (self._last.duration or self._period)
            if self._last.time < (self._source.info.duration or 0.0):
                # Decoders guess the last frame's length; of a variable rate they guess badly.
                length = min(length, self._source.info.duration or length)
            time = self._time()
            self._enter(0.0)
            self._next_laps, self._next_cuts = self._next_laps + 1, self._next_cuts + 1
            self._set(time - length)
            self._next = self._decoded()
        self.ended = self._next is None
        if self.ended:
            self.due = None
        return not self.ended

    def _decoded(self) -> Frame | None:
        frame = next(self._frames, None)
        if frame is not None:
            self._last = frame
            self._passed += 1
        return frame

    def _enter(self, seconds: float) -> None:
        self._frames = self._source.frames(seconds)
        # What was entered past its start has more than one frame.
        self._passed = 0 if seconds <= 0 else 1
        self._next = None
        self.ended = False

    def _catch_up(self, now: float) -> None:
        assert self._next is not None
        target = self._time() + self._jump_cost * self._speed
        if self._jumps and self.frame is not None and target < (self._source.info.duration or 0.0):
            self._enter(target)
            self._next = self._decoded() or self._last
            self._jump_cost = self._clock() - now
            assert self._next is not None
            self._jumps = (self._time() - self._next.time) / self._speed <= _JUMP
            if self._jumps:
                return
        self._set(self._next.time)

    def _show(self, on_time: bool = False) -> Frame:
        assert self._next is not None
        self.frame, self._next = self._next, None
        self.laps, self.cuts = self._next_laps, self._next_cuts
        self.ended = False
        self._shown_at = self.due = self._clock()
        if not on_time:
            self._set(self.frame.time)
        return self.frame

    def _time(self) -> float:
        """Where the source is now, in its seconds."""
        media, began = self._anchor
        return media + (self._clock() - began) * self._speed if self._running else media

    def _set(self, seconds: float) -> None:
        self._anchor = (seconds, self._clock())
