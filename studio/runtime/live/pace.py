"""How fast frames follow each other, and what one takes."""

from __future__ import annotations

from collections import deque

_WINDOW = 1.0


class Pace:
    """Measures frames by when they ended and what they took; of both, what the last second says.

    ``fps * seconds`` is at most 1, and is 1 where nothing but the frames holds them up.
    """

    def __init__(self) -> None:
        self._frames: deque[tuple[float, float]] = deque()
        self._last = 0.0
        self._sum = 0.0  # of what they took: there may be thousands, and it is asked for before each

    def __bool__(self) -> bool:
        return bool(self._frames)

    def clear(self) -> None:
        """Something else runs."""
        self._frames.clear()
        self._last = self._sum = 0.0

    def add(self, start: float, end: float) -> None:
        """A frame took from there to there, in seconds of any clock, with all that is done for it."""
        self._frames.append((end, end - start))
        self._last = end - start
        self._sum += self._last
        self._forget(end)

    def fps(self, now: float) -> float:
        """Frames a second: of slow ones a fraction."""
        self._forget(now)
        if not self._frames:
            return 0.0
        # The second begins where the first of these frames began, if that is longer ago.
        first_end, first_took = self._frames[0]
        return len(self._frames) / max(_WINDOW, self._frames[-1][0] - first_end + first_took)

    def seconds(self, now: float) -> float:
        """What one took on average; while none comes, what the last one took."""
        self._forget(now)
        return self._sum / len(self._frames) if self._frames else self._last

    def _forget(self, now: float) -> None:
        while self._frames and now - self._frames[0][0] > max(_WINDOW, 2 * self._last):
            self._sum -= self._frames.popleft()[1]
        if not self._frames:
            self._sum = 0.0
