"""How long a film is, where what it says of that is not what is meant."""

from __future__ import annotations

import re
from fractions import Fraction
from itertools import islice
from typing import TYPE_CHECKING

from studio.io.sources._films.opening import counts_fields, is_bare, stamps_of

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.video.stream import VideoStream

# Seconds after zero at which many films begin, by what their sound needs.
_EARLY = 0.5
# Containers whose length may count from the zero of their clock.
_FROM_ZERO = ("matroska", "nut", "asf", "flv")
# Those that say how long the whole film is, not each of its streams.
_OF_ALL = ("matroska", "nut", "asf", "flv", "mpeg")
# Microseconds before its end.
_BACK = (0, 1_000_000, 10_000_000, 100_000_000)
# Seconds by which something ends no sooner than the film, and packets behind the last key frame.
_AS_LONG, _MOST = 0.5, 300_000
# Seconds by which a length may be wrong: one that is made up, one that is right already, and any other.
_UNSURE, _BEHIND = {"mpeg": 2.0, "asf": 0.0}, 0.25
# What writers of Matroska call the length of a stream.
_TAG = re.compile(r"(\d+):(\d\d):(\d\d(?:\.\d+)?)")
# Seconds for which no single picture stays, unless those before did.
_ENDLESS = 600.0


def duration_of(container: InputContainer, stream: VideoStream, origin: float | None) -> float | None:
    """How long the pictures of a film last by what it says, in seconds; None where it does not say.

    Args:
        container: the film, which is left anywhere.
        stream: of its pictures.
        origin: the stamp at which they begin.
    """
    said = _said(container, stream, origin)
    is_of_all = any(kind in container.format.name for kind in _OF_ALL)
    return _without_others(container, stream, said, origin or 0.0) if said and is_of_all else said


def _without_others(container: InputContainer, stream: VideoStream, said: float, origin: float) -> float:
    """How long the pictures last where something else alone lasts until the end: longer sound, subtitles.

    Of a film that is cut off nothing does, nor does a tag say that its pictures end there.
    """
    ends = _ends(container, stream)
    shown = ends.pop(stream.index, None)
    if shown is None or shown <= origin:
        return said
    # FFmpeg makes it up for programme streams; others may count from a zero that lies before the pictures.
    if abs(shown - origin - said) < _UNSURE.get(container.format.name, _BEHIND):
        return shown - origin
    if shown - origin >= said:
        return said
    tagged = _tagged(stream.metadata)
    if tagged:
        # A subtitle may be said to last until the end of a film that is cut off behind its beginning.
        return shown - origin if abs(tagged - shown) < _AS_LONG else said
    goes_on = any(end - origin > max(shown - origin, said - _AS_LONG) for end in ends.values())
    return shown - origin if goes_on else said


def _ends(container: InputContainer, stream: VideoStream) -> dict[int, float]:
    """The stamps at which streams end, in seconds, by their numbers; none where they cannot be reached."""
    import av

    ends, left = dict[int, float](), _MOST
    rate = stream.average_rate or stream.guessed_rate
    usual = {stream.index: float(1 / rate)} if rate else {}
    try:
        for place in _places(container):
            container.seek(place)
            ends = {}
            for packet in islice(container.demux(), left):
                left -= 1
                if not packet.size or not packet.time_base:
                    continue
                index = packet.stream_index
                length = float((packet.duration or 0) * packet.time_base) or usual.get(index, 0.0)
                if packet.pts is not None:
                    end = float(packet.pts * packet.time_base) + length
                    ends[index] = max(end, ends.get(index, end))
                elif index in ends:
                    # Programme streams do not say it of each.
                    ends[index] += length
            if stream.index in ends or not left:
                break
    except av.FFmpegError:
        return {}
    return ends if left else {}


def _places(container: InputContainer) -> list[int]:
    """Where the last packets are looked for, in microseconds: in FLV there may be nothing at the very end."""
    whole = container.duration or 0
    return [*(whole - back for back in _BACK if back < whole), 0]


def _tagged(metadata: dict[str, str]) -> float:
    """Seconds that a stream's tag says it lasts; 0 where it has none."""
    found = _TAG.match(metadata.get("DURATION", ""))
    return float(found[1]) * 3600 + float(found[2]) * 60 + float(found[3]) if found else 0.0


def _said(container: InputContainer, stream: VideoStream, origin: float | None) -> float | None:
    """How long a film says that it is, or its pictures, in seconds; None where it does not say."""
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

    for place in _places(container):
        try:
            container.seek(place)
        except av.FFmpegError:
            return []
        if found := sorted(map(float, stamps_of(container, stream, 1 << 20))):
            return found
    return []
