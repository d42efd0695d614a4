"""How long a film is, where what it says of that is not what is meant."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from studio.io.sources._films.opening import counts_fields, is_bare, stamps_of

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.video.stream import VideoStream

# Seconds after zero at which many films begin, by what their sound needs.
_EARLY = 0.5
# Containers whose length may count from the zero of their clock.
_FROM_ZERO = ("matroska", "nut", "asf")
# Seconds for which no single picture stays, unless those before did.
_ENDLESS = 600.0


def duration_of(container: InputContainer, stream: VideoStream, origin: float | None) -> float | None:
    """How long a film says that it is, in seconds; None where it does not say.

    Args:
        container: the film, which is left anywhere.
        stream: of its pictures.
        origin: the stamp at which they begin.
    """
    if is_bare(container):
        return None
    if not container.duration and not stream.duration:
        return None
    own = stream.duration * stream.time_base if stream.duration and stream.time_base else None
    if own and counts_fields(stream):
        own += 1 / (2 * stream.codec_context.framerate)
    said, start = float(own or Fraction(container.duration or 0, 1_000_000)), (container.start_time or 0) / 1e6
    if said > _ENDLESS and (shorter := _without_last(container, stream, said, origin or 0.0)):
        return shorter
    if container.format.name == "asf" and origin is not None and (late := _last_stamps(container, stream)):
        # What it says has its encoder's delay in it. Pictures at one last time follow each other, as long as others.
        rate = stream.average_rate or stream.guessed_rate
        length = late[-1] - origin + (late.count(late[-1]) / float(rate) if rate else 0.0)
        return length if min(abs(length - said), abs(length + origin - said)) < _EARLY else said
    if start < _EARLY or not any(kind in container.format.name for kind in _FROM_ZERO):
        return said
    # Theirs may count from the film's start or from its clock's zero, which lies before it.
    late = _last_stamps(container, stream)
    return said if not late or late[-1] > said else said - start


def _without_last(container: InputContainer, stream: VideoStream, said: float, origin: float) -> float | None:
    """How long a film is whose last picture claims to stay for hours, and no sound does; None of any other."""
    # Matroska, NUT and FLV do not say how long each of their streams is.
    lengths = [
        sound.duration * sound.time_base if sound.duration and sound.time_base else None
        for sound in container.streams.audio
    ]
    if any(length is None or length > said / 2 for length in lengths):
        return None
    late = _last_stamps(container, stream)
    shown = late[-1] - origin if late else said
    rate = stream.guessed_rate or stream.average_rate
    return shown + (float(1 / rate) if rate else 0.0) if said - shown > max(_ENDLESS, 10 * shown) else None


def _last_stamps(container: InputContainer, stream: VideoStream) -> list[float]:
    """The last packets' stamps, in seconds, rising; none where they cannot be reached. Leaves the film there."""
    import av

    try:
        container.seek(container.duration or 0)
    except av.FFmpegError:
        return []
    return sorted(map(float, stamps_of(container, stream, 1 << 20)))
