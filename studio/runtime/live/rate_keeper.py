"""Keeps a rate of frames by choosing the size at which the network works."""

from __future__ import annotations

SIZES = (64, 96, 128, 160, 192, 224, 256, 320, 384, 448, 512, 640, 768, 896, 1024)
"""Those that it chooses among: the longer side."""

_SETTLES = 1.5
"""Seconds after a change in which frames of the size before are still counted."""

_PATIENCE = 3.0
"""Seconds that there must be room for a larger size before it is taken."""

_SLOW = 1.08
_ROOM = 0.8


class RateKeeper:
    """Says which size comes next; a frame is taken to take as long as its pixels are many.

    Args:
        fps: frames a second that are to be kept.
    """

    def __init__(self, fps: float) -> None:
        self.fps = fps
        self._changed = float("-inf")
        self._room_since: float | None = None

    def next(self, size: int, seconds: float, now: float) -> int:
        """The size to work at.

        Args:
            size: at which it works now: the longer side.
            seconds: what a frame takes now; 0 where none has been run.
            now: seconds, rising.
        """
        wanted = 1.0 / self.fps
        if not seconds or now - self._changed < _SETTLES:
            return size
        if seconds > _SLOW * wanted:
            self._room_since = None
            fits = [each for each in SIZES if each < size and seconds * (each / size) ** 2 <= 0.95 * wanted]
            return self._take(max(fits, default=SIZES[0]), size, now)
        larger = next((each for each in SIZES if each > size), size)
        if larger == size or seconds * (larger / size) ** 2 > _ROOM * wanted:
            self._room_since = None
            return size
        self._room_since = now if self._room_since is None else self._room_since
        if now - self._room_since < _PATIENCE:
            return size
        self._room_since = None
        return self._take(larger, size, now)

    def _take(self, found: int, before: int, now: float) -> int:
        if found != before:
            self._changed = now
        return found
