"""How each frame of a film is held."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from studio.io.sources.base import Turn
from studio.model.declared.size import Size

if TYPE_CHECKING:
    from av.video.frame import VideoFrame

# Quarter turns against the clock -> the turn for `orient`.
_QUARTERS: dict[int, Turn] = {
    0: (False, False, False),
    1: (True, False, True),
    2: (False, True, True),
    3: (True, True, False),
}
STRAIGHT = _QUARTERS[0]
"""Of a picture that is stored upright."""
# Seconds: where the clock goes on further than the first or back further than the second, another film begins.
_ON, _BACK = 10.0, 0.5


class Turns:
    """How each frame of a film is held.

    Coded pictures of H.264 and HEVC may say it with each key frame, or once for all that follow. Films that were joined
    may hold parts that say it and parts that say nothing: where each key frame said it, one that does not is upright,
    as is what begins behind a jump of the clock or with pictures of another size.

    PyAV ties a frame to its side data in a circle, so that its picture stays in memory until Python's collector comes
    by: side data is looked at only where the angle is another than that of the frame before, and of key frames.

    Args:
        by_angle: whether the angle alone is looked at. PyAV frees what FFmpeg names a PNG's profile by, which FFmpeg
            then frees once more: the process would end.
    """

    def __init__(self, *, by_angle: bool = False) -> None:
        self._by_angle = by_angle
        self._angle: int | None = None
        self._turn: Turn = STRAIGHT
        self._place: tuple[float | None, Size] | None = None
        self._keys = 0  # key frames that said it
        self._is_once = False

    def of(self, frame: VideoFrame) -> Turn:
        """How to turn a decoded frame upright: (transpose, flip_x, flip_y) for `orient`."""
        is_new, said = self._begins_anew(frame), frame.rotation == self._angle != 0
        is_key = bool(frame.key_frame)
        if frame.rotation != self._angle or (is_key and not said and self._turn != STRAIGHT):
            self._angle = frame.rotation
            found = _by_angle(frame) if self._by_angle else _orientation(frame)
            said = found is not None
            self._turn = found or self._turn
        if said:
            self._keys += is_key
        elif is_new or (is_key and self._keys > 1 and not self._is_once):
            self._turn, self._keys, self._is_once = STRAIGHT, 0, False
        elif is_key:
            self._is_once = True
        return self._turn

    def _begins_anew(self, frame: VideoFrame) -> bool:
        before, base = self._place, frame.time_base
        time = float(frame.pts * base) if frame.pts is not None and base else None
        self._place = time, Size(frame.height, frame.width)
        if before is None or before[1] != self._place[1]:
            return before is not None
        return time is not None and before[0] is not None and not -_BACK < time - before[0] < _ON


def _by_angle(frame: VideoFrame) -> Turn:
    return _QUARTERS[round(frame.rotation / 90) % 4]


def _orientation(frame: VideoFrame) -> Turn | None:
    """How to turn a decoded frame upright: (transpose, flip_x, flip_y) for `orient`; None where it says nothing.

    Read from the display matrix [a b u, c d v, x y w], fixed point: a picture's point (p, q) is shown at
    (a p + c q, b p + d q). Angles between the right ones go to the nearest.
    """
    try:
        data = _matrix(frame)
    except KeyError:
        return None
    except ValueError:
        # Beside something that PyAV knows no name for, as a camera's EXIF, it gives the angle alone.
        return _by_angle(frame)
    a, b, _, c, d = np.frombuffer(data, "=i4")[:5].tolist()
    if abs(b) + abs(c) > abs(a) + abs(d):
        return True, c < 0, b < 0
    return False, a < 0, d < 0


def _matrix(frame: VideoFrame) -> bytes:
    # Annotated as something narrower than the mapping by name that it is.
    return bytes(cast(Mapping[str, Any], frame.side_data)["DISPLAYMATRIX"])
