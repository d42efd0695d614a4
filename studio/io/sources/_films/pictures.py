"""Pictures of a film's frames from a moment on, several at once where somebody wants them ahead."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from studio.io._dealt import dealt
from studio.io.sources._films.convert import RgbConverter
from studio.io.sources.base import HAIR, Turn
from studio.model.networks.picture import DeepPicture

if TYPE_CHECKING:
    from av.video.frame import VideoFrame

Timed = tuple["VideoFrame", float, float | None]
"""A frame, when it is shown, and for how many seconds, where the film says so."""


class Made(NamedTuple):
    """What was made of a frame.

    Attributes:
        picture: None where there is none to be made of it.
        remark: what is to be said of it.
        time: in seconds.
        duration: in seconds, where the film says it.
    """

    picture: DeepPicture | None
    remark: str
    time: float
    duration: float | None


def pictures(frames: Iterable[Timed], start: float, converters: Sequence[RgbConverter]) -> Iterator[Made]:
    """Upright RGB of frames from the one that is shown at `start`.

    Args:
        frames: in their order.
        start: in seconds.
        converters: alike; each has a thread, a single one none.
    """
    # How frames are held is said in their order.
    shown = _shown(frames, start, converters[0].turn_of)
    return dealt(shown, [partial(_made, each) for each in converters], "colours")


def _shown(
    frames: Iterable[Timed], start: float, turn_of: Callable[[VideoFrame], Turn]
) -> Iterator[tuple[Timed, Turn]]:
    passed: tuple[Timed, Turn] | None = None
    begun = start <= 0
    for frame in frames:
        now = frame, turn_of(frame[0])
        if not begun and frame[1] <= start + HAIR:
            passed = now
            continue
        begun = True
        if passed is not None:
            yield passed
            passed = None
        yield now
    if passed is not None:
        yield passed


def _made(convert: RgbConverter, shown: tuple[Timed, Turn]) -> Made:
    import av

    (frame, time, duration), turn = shown
    try:
        return Made(convert(frame, turn), convert.remark, time, duration)
    except (av.FFmpegError, ValueError):
        return Made(None, "", time, duration)
