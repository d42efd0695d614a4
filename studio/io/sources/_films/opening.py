"""What reading a film takes besides the loop: opening it, its true rate, upright RGB pictures out of its frames."""

from __future__ import annotations

import contextlib
from fractions import Fraction
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from studio.errors import StudioError
from studio.io.sources._files.other_files import what_else
from studio.io.sources._films.accidents import taken_for_film
from studio.io.sources._films.clock import DEPTH, Stamps, exact_rate, fine_rate, rehearsed
from studio.io.sources._films.gif import packets_from_start
from studio.io.sources.base import MAX_SIDE
from studio.model.declared.size import Size

if TYPE_CHECKING:
    from av.audio.stream import AudioStream
    from av.container import InputContainer
    from av.video.codeccontext import VideoCodecContext
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

# What FFmpeg takes for the rate of a stream that says none, or one that it does not believe.
_GUESS = 25
# No film has more frames per second; what is above is something else.
_FASTEST = 2000
# No rate needs finer parts than these; more do not fit what encoders and containers count in.
_FINEST = 100_000
_LOCAL, _PART_OF = "file,crypto,data", "subfile,,"
_UNSURE_LAST = ("asf", "gxf")
_DISCONTINUOUS = 512  # AVFMT_TS_DISCONT

LOOKED_AT = 1500
"""Packets whose times are looked at to tell a variable rate: a minute of most films, read in a few milliseconds."""


def open_film(path: Path, *, edited: bool = True) -> InputContainer:
    """Open `path` for demuxing; only local files are ever read, also when it is a play-list.

    Args:
        path: a file.
        edited: whether FFmpeg follows an edit list that it has.

    Raises:
        StudioError: when it is empty, unreadable, or no film.
    """
    import av

    try:
        if path.stat().st_size == 0:
            raise StudioError(f"{path} is empty; give another film")
        # "file:" keeps a name such as "concat:x" or "img%03d" from being more than a name.
        name, whole = f"file:{path.absolute()}", {} if edited else {"ignore_editlist": "1"}
        try:
            opened = av.open(name, metadata_errors="ignore", options={"protocol_whitelist": _LOCAL, **whole})
            if other := taken_for_film(opened.format.name, path):
                opened.close()
                raise StudioError(f"{path} is {other}")
            return opened
        except av.FFmpegError:
            end = _end_of_whole_parts(path)
            if end is None:
                raise
            name = f"{_PART_OF}start,0,end,{end},,:{name}"
            return av.open(name, metadata_errors="ignore", options={"protocol_whitelist": f"{_LOCAL},subfile"})
    except PermissionError as error:
        raise StudioError(f"{path} may not be read: change its rights or give another film") from error
    except (av.FFmpegError, OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        other = what_else(path)
        raise StudioError(
            f"{path} is {other}"
            if other
            else f"{path} cannot be read as a film or a picture ({reason}): it is damaged, cut off, or something else"
        ) from error


def is_cut(container: InputContainer) -> bool:
    """Whether a film was opened without its very end, which is cut off."""
    return container.name.startswith(_PART_OF)


def _end_of_whole_parts(path: Path) -> int | None:
    """Where the last of an MP4's parts that is cut off begins, if that tells of a fragment: FFmpeg then opens nothing.

    Given only where a whole fragment stands before it.
    """
    with path.open("rb") as file:
        length, place, kinds = file.seek(0, 2), 0, list[bytes]()
        while place + 8 <= length:
            file.seek(place)
            head = file.read(16)
            size = int.from_bytes(head[8:16] if head[:4] == b"\0\0\0\1" else head[:4], "big")
            kinds.append(head[4:8])
            if size < 8 or place + size > length:
                break
            place += size
    is_film = kinds[:1] == [b"ftyp"] and kinds[-1] == b"moof" and b"moof" in kinds[:-1]
    return place if is_film and place < length else None


def picture_stream(container: InputContainer, path: Path) -> VideoStream:
    """The stream of moving pictures of a film; the cover of a song is none, nor are small pictures for browsing.

    Of several one that moves is taken, of those the one marked as the usual one, and then the largest.

    Raises:
        StudioError: when there is none, or no decoder for it.
    """
    from av.stream import Disposition

    aside = Disposition.attached_pic | Disposition.timed_thumbnails | Disposition.dependent
    streams = [stream for stream in container.streams.video if not stream.disposition & aside]
    if not streams:
        what = "holds only sound" if container.streams.audio else "holds no pictures"
        raise StudioError(f"{path} {what}; give a film, a picture or a folder of pictures")

    def rank(stream: VideoStream) -> tuple[bool, bool, bool, int, int]:
        # PyAV leaves it None when no decoder is known, whatever its annotations say.
        context: VideoCodecContext | None = stream.codec_context
        area = context.width * context.height if context is not None else 0
        usual = bool(stream.disposition & Disposition.default)
        return context is not None, stream.frames != 1, usual, area, -stream.index

    stream = max(streams, key=rank)
    if not rank(stream)[0]:
        other = what_else(path) or "coded in a way that cannot be read here; convert it to H.264 first"
        raise StudioError(f"{path} is {other}")
    return stream


def packets_of(container: InputContainer, stream: VideoStream, most: int) -> list[Stamps]:
    """Stamps of the first packets of a stream but those that an edit list hides, without decoding any."""
    import av

    base, found = stream.time_base or Fraction(0), list[Stamps]()
    try:
        for packet in islice(packets_from_start(container, stream), most):
            if packet.size and not packet.is_discard:
                pts, dts = packet.pts, packet.dts
                found.append((None if pts is None else pts * base, None if dts is None else dts * base))
    except av.FFmpegError:
        pass
    return found


def stamps_of(container: InputContainer, stream: VideoStream, most: int) -> list[Fraction]:
    """When the pictures of the first packets of a stream are shown, in seconds, as far as it says so."""
    return [pts for pts, _ in packets_of(container, stream, most) if pts is not None]


def is_bare(container: InputContainer) -> bool:
    """Whether a film is a stream of pictures without a container, so that it has no times: FFmpeg's are made up."""
    return bool(int(container.format.flags) & 128)  # AVFMT_NOTIMESTAMPS


def nominal_rate(container: InputContainer, stream: VideoStream, first: VideoFrame) -> Fraction | None:
    """The average rate of a stream in frames per second, exact where a container only stores it rounded.

    Matroska rounds time stamps to milliseconds, so an average over few frames is a little off the true rate: within
    1 in 5000 of an integer or an integer / 1.001, that is meant.
    """
    if not stream.average_rate and jumps(container) and first.duration and first.time_base:
        # Of one or two pictures in a stream that is sent it guesses that of fields, or the ticks of the clock.
        return meant_rate(1 / (first.duration * first.time_base))
    average, guessed = stream.average_rate or stream.guessed_rate or stream.base_rate, stream.guessed_rate
    if average and guessed and average > _FASTEST > guessed:
        average = guessed  # of bare DV FFmpeg gives the ticks of its clock
    if container.format.name == "gxf" and average:
        average /= 2  # it counts fields
    if is_bare(container):
        # What the pictures say of their own rate; FFmpeg's average is 25 for all. One of the two may be that of
        # fields, or of a clock's ticks.
        said = stream.codec_context.framerate
        guessed = None if guessed == _GUESS and said and said not in (_GUESS, 2 * _GUESS) else guessed
        average = min((rate for rate in (said, guessed) if rate), default=None)
    variable = average and guessed and abs(average - guessed) > guessed / 100
    if variable and stream.frames and stream.duration and stream.time_base:
        # Of a variable rate FFmpeg's average is off where an edit list shortens the film.
        average = stream.frames / (stream.duration * stream.time_base)
    return meant_rate(average) if average and average > 0 else None


def counts_fields(stream: VideoStream) -> bool:
    """Whether FFmpeg takes fields for pictures, as of one or two in a stream that is sent."""
    guessed, said = stream.guessed_rate, stream.codec_context.framerate
    return not stream.average_rate and bool(said) and guessed == 2 * said


def lengths_of_gif(path: Path) -> list[Fraction]:
    """Seconds for which each picture of a GIF is shown. FFmpeg takes the first for all; they alternate, for want of
    finer units than 1/100 s.

    Raises:
        StudioError: when it cannot be read.
    """
    import av

    lengths = list[Fraction]()
    with open_film(path) as film, contextlib.suppress(av.FFmpegError):
        stream = picture_stream(film, path)
        for packet in packets_from_start(film, stream):
            if packet.size:
                lengths.append((packet.duration or 0) * (stream.time_base or Fraction(0)))
    return lengths


def meant_rate(average: Fraction) -> Fraction:
    """The exact rate that an average is meant to be."""
    # Where a film says it as a float, it comes as billions of billionths.
    return exact_rate(average, Fraction(1, 5000)) or Fraction(average).limit_denominator(_FINEST)


def square_size(size: Size, aspect: Fraction | None) -> Size:
    """With square pixels, for pixels of `aspect` width / height; the short side grows, none shrinks."""
    if not aspect or aspect <= 0:
        return size
    height, width = size
    square = Size(height, round(width * aspect)) if aspect > 1 else Size(round(height / aspect), width)
    # A nonsensical aspect is a damaged header, not a wish.
    return square if max(square) <= MAX_SIDE else size


def origin_of(container: InputContainer, stream: VideoStream, first: VideoFrame) -> float | None:
    """The stamp, in seconds, at which the pictures of a film begin; None where it has none."""
    if container.format.name not in ("avi", "gxf") and stream.start_time is not None and stream.time_base is not None:
        return float(stream.start_time * stream.time_base)
    # Their clock is that of decoding, ahead of the pictures by as many as a decoder puts in order.
    return float(first.pts * first.time_base) if first.pts is not None and first.time_base else None


def jumps(container: InputContainer) -> bool:
    """Whether a film is of a kind whose clock may jump within it, as that of a transport stream."""
    return bool(int(container.format.flags) & _DISCONTINUOUS)


def picture_starts(path: Path) -> list[Fraction]:
    """The stamps that are second 0 of a film's pictures: at first, and from each jump of its clock on.

    Of sound alone it is that at which it begins. A clock that may jump is read to the end of the film.

    Raises:
        StudioError: when it cannot be read.
    """
    return _picture_starts(path, 1 << 40)


def picture_start(path: Path) -> Fraction:
    """The first of `picture_starts`, which takes no longer where a film is long."""
    return _picture_starts(path, 4 * DEPTH)[0]


def _picture_starts(path: Path, most: int) -> list[Fraction]:
    with open_film(path) as film:
        try:
            stream = picture_stream(film, path)
        except StudioError:
            return [max(Fraction(0), Fraction(film.start_time or 0, 1_000_000))]
        first = (stream.start_time or 0) * (stream.time_base or Fraction(0))
        if film.format.name == "avi":
            return [first]
        length = float(1 / (stream.average_rate or stream.guessed_rate or 25))
        # A clock that does not jump is known by how it begins.
        packets = packets_of(film, stream, most if jumps(film) else 4 * DEPTH)
        clock = rehearsed(packets, length, jumps=jumps(film), origin=float(first))
        return [Fraction(-shift).limit_denominator(10**6) for shift in clock.shifts]


def sound_stream(container: InputContainer) -> AudioStream | None:
    """The sound of a film, of several the one marked as the usual one, else the first; None where it has none."""
    from av.stream import Disposition

    found = container.streams.audio
    return max(found, key=lambda stream: bool(stream.disposition & Disposition.default), default=None)


def disorder_of(container: InputContainer, stream: VideoStream) -> int:
    """Among how many pictures times may be exchanged: those of AVI, ASF and MXF may be the times of decoding."""
    may_be = container.format.name == "avi" or (
        container.format.name in ("asf", "mxf") and bool(stream.codec_context.has_b_frames)
    )
    return DEPTH if may_be else 2


def has_unsure_last(container: InputContainer) -> bool:
    """Whether FFmpeg may give the last picture the time of the one before, or of a field behind that."""
    return container.format.name in _UNSURE_LAST


def fine_rate_of(path: Path, average: Fraction | None) -> Fraction | None:
    """The rate at which no frame of a film of variable rate is lost; None of a constant one.

    Raises:
        StudioError: when it cannot be read.
    """
    with open_film(path) as container:
        stream = picture_stream(container, path)
        packets, tick = packets_of(container, stream, LOOKED_AT), stream.time_base or Fraction(1, 1000)
        may_jump, is_last_unsure = jumps(container), has_unsure_last(container)
    if rehearsed(packets, float(1 / (average or 25)), jumps=may_jump).jumped:
        return None
    stamps = sorted(pts for pts, _ in packets if pts is not None)
    return fine_rate(stamps[:-1] if is_last_unsure and len(packets) < LOOKED_AT else stamps, tick, average)


def is_for_pictures(container: InputContainer, stream: VideoStream) -> bool:
    """Whether a file of one frame is a picture: by its container, and where that holds films, too, by its codec."""
    name = container.format.name
    return (
        name.endswith("_pipe") or name in ("image2", "ico", "gif", "apng") or not (stream.duration or stream.frames > 1)
    )
