"""What reading a film takes besides the loop: opening it, its true rate, upright RGB pictures out of its frames."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray

from studio.errors import StudioError
from studio.io.sources._other_files import what_else
from studio.io.sources.base import MAX_SIDE, Turn

if TYPE_CHECKING:
    import av.filter
    from av.container import InputContainer
    from av.video.codeccontext import VideoCodecContext
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

# Quarter turns against the clock -> the turn for `orient`.
_QUARTERS: dict[int, Turn] = {
    0: (False, False, False),
    1: (True, False, True),
    2: (False, True, True),
    3: (True, True, False),
}


def open_film(path: Path) -> InputContainer:
    """Open `path` for demuxing; only local files are ever read, also when it is a play-list.

    Raises:
        StudioError: when it is empty, unreadable, or no film.
    """
    import av

    try:
        if path.stat().st_size == 0:
            raise StudioError(f"{path} is empty; give another film")
        # "file:" keeps a name such as "concat:x" or "img%03d" from being more than a name.
        return av.open(
            f"file:{path.absolute()}", metadata_errors="ignore", options={"protocol_whitelist": "file,crypto,data"}
        )
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


def picture_stream(container: InputContainer, path: Path) -> VideoStream:
    """The stream of moving pictures of a film; the cover of a song is none, nor are small pictures for browsing.

    Of several the one marked as the usual one is taken, of those one that moves, and then the largest.

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
        return context is not None, usual, stream.frames > 1, area, -stream.index

    stream = max(streams, key=rank)
    if not rank(stream)[0]:
        other = what_else(path) or "coded in a way that cannot be read here; convert it to H.264 first"
        raise StudioError(f"{path} is {other}")
    return stream


def decoder(stream: VideoStream) -> VideoCodecContext:
    """What decodes a stream: FFmpeg's own decoders leave out the transparency of VP8 and VP9, libvpx does not."""
    import av

    own = stream.codec_context
    has_alpha = any(key.lower() == "alpha_mode" and value == "1" for key, value in stream.metadata.items())
    better = {"vp8": "libvpx", "vp9": "libvpx-vp9"}.get(own.codec.canonical_name)
    if not has_alpha or better not in av.codecs_available:
        own.thread_type = "AUTO"
        return own
    return cast("VideoCodecContext", av.CodecContext.create(better, "r"))


def stamps_of(container: InputContainer, stream: VideoStream, most: int) -> list[Fraction]:
    """Times in seconds of the first packets of a stream, without decoding any."""
    import av

    base, found = stream.time_base or Fraction(0), []
    try:
        for packet in container.demux(stream):
            if packet.pts is not None:
                found.append(packet.pts * base)
            if len(found) == most:
                break
    except av.FFmpegError:
        pass
    return found


def nominal_rate(stream: VideoStream) -> Fraction | None:
    """The average rate of a stream in frames per second, exact where a container only stores it rounded.

    Matroska rounds time stamps to milliseconds, so an average over few frames is a little off the true rate: within
    1 in 5000 of an integer or an integer / 1.001, that is meant.
    """
    average, guessed = stream.average_rate or stream.guessed_rate or stream.base_rate, stream.guessed_rate
    variable = average and guessed and abs(average - guessed) > guessed / 100
    if (variable or stream.codec_context.name == "gif") and stream.frames and stream.duration and stream.time_base:
        # Of a variable rate FFmpeg's average is off where an edit list shortens the film, and of a GIF it takes the
        # first delay for all; they alternate, for want of finer units than 1/100 s.
        average = stream.frames / (stream.duration * stream.time_base)
    if not average or average <= 0:
        return None
    for exact in (Fraction(round(average)), Fraction(round(average * Fraction(1001, 1000)) * 1000, 1001)):
        if exact and abs(average - exact) / exact < Fraction(1, 5000):
            return exact
    return Fraction(average)


def orientation(frame: VideoFrame) -> Turn:
    """How to turn a decoded frame upright: (transpose, flip_x, flip_y) for `orient`.

    Read from the display matrix [a b u, c d v, x y w], fixed point: a picture's point (p, q) is shown at
    (a p + c q, b p + d q). Angles between the right ones go to the nearest.
    """
    try:
        matrix = _matrix(frame)
    except KeyError:
        return False, False, False
    except ValueError:
        # Beside something that PyAV knows no name for, as a camera's EXIF, it gives the angle alone.
        return _QUARTERS[round(frame.rotation / 90) % 4]
    a, b, c, d = (int(matrix[place]) for place in (0, 1, 3, 4))
    if abs(b) + abs(c) > abs(a) + abs(d):
        return True, c < 0, b < 0
    return False, a < 0, d < 0


def _matrix(frame: VideoFrame) -> NDArray[np.int32]:
    # Annotated as something narrower than the mapping by name that it is.
    return np.frombuffer(bytes(cast(Mapping[str, Any], frame.side_data)["DISPLAYMATRIX"]), "=i4")


def is_combed(frame: VideoFrame) -> bool:
    """Whether the rows of a frame are of two moments: each is likelier the one after next than the next."""
    rows = frame.to_ndarray(format="gray").astype(np.int16)
    if rows.shape[0] < 8:
        return False
    next_to, after = (float(np.abs(rows[k:] - rows[:-k]).mean()) for k in (1, 2))
    return next_to > 1.0 and next_to > 1.25 * after


def deinterlaced(frames: Iterable[VideoFrame]) -> Iterator[VideoFrame]:
    """The same number of frames, each made whole of the two fields in it (FFmpeg's bwdif)."""
    import av
    import av.filter

    graph: av.filter.Graph | None = None
    key: tuple[object, ...] = ()
    for frame in frames:
        now = (frame.width, frame.height, frame.format.name)
        if graph is None or now != key:
            if graph is not None:
                yield from _drained(graph)
            graph, key = av.filter.Graph(), now
            graph.link_nodes(
                graph.add_buffer(
                    width=frame.width,
                    height=frame.height,
                    format=frame.format,
                    time_base=frame.time_base or Fraction(1, 1000),
                ),
                graph.add("bwdif", "mode=send_frame:deint=all"),
                graph.add("buffersink"),
            ).configure()
        graph.push(frame)
        yield from _ready(graph)
    if graph is not None:
        yield from _drained(graph)


def _drained(graph: av.filter.Graph) -> Iterator[VideoFrame]:
    graph.push(None)
    yield from _ready(graph)


def _ready(graph: av.filter.Graph) -> Iterator[VideoFrame]:
    import av

    while True:
        try:
            yield cast("VideoFrame", graph.pull())
        except (av.BlockingIOError, av.EOFError):
            return


def square_size(width: int, height: int, aspect: Fraction | None) -> tuple[int, int]:
    """(width, height) with square pixels, for pixels of `aspect` width / height; the short side grows, none shrinks."""
    if not aspect or aspect <= 0:
        return width, height
    wide = (round(width * aspect), height) if aspect > 1 else (width, round(height / aspect))
    # A nonsensical aspect is a damaged header, not a wish.
    return wide if max(wide) <= MAX_SIDE else (width, height)
