"""Frames out of a decoder: what is damaged is passed over; how each is held; fields made whole."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from fractions import Fraction
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray

from studio.io.sources._header import read_header
from studio.io.sources.base import Turn

if TYPE_CHECKING:
    import av.filter
    from av.container import InputContainer
    from av.packet import Packet
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


def is_held_by_packet(stream: VideoStream) -> bool:
    """Whether a packet, not the frame made of it, says how it is held: a camera's JPEG, of which PyAV says nothing."""
    return stream.codec_context.name == "mjpeg"


def decoded(
    container: InputContainer, stream: VideoStream, damaged: Callable[[], None]
) -> Iterator[tuple[VideoFrame, Turn]]:
    """Frames as they come out of the decoder, with the turn that each asks for.

    Args:
        container: the film.
        stream: of its pictures.
        damaged: called for each packet that cannot be decoded.
    """
    import av

    context, by_packet, turns = _decoder(stream), is_held_by_packet(stream), Turns()
    packets = container.demux(stream)
    packet: Packet[VideoStream] | None = None
    turn: Turn = (False, False, False)
    while True:
        try:
            packet = next(packets, None)
            frames = context.decode(packet)
        # What PyAV does not understand of a file it says by exceptions of Python's own.
        except (av.FFmpegError, ValueError, OverflowError, MemoryError) as error:
            # The end of a flush is an error too, in FFmpeg's eyes.
            if isinstance(error, av.EOFError):
                return
            damaged()
            if packet is None:
                return
            continue
        if by_packet and packet is not None and packet.size:
            header = read_header(bytes(packet))
            turn = header.turn if header is not None else turn
        for frame in frames:
            yield frame, turn if by_packet else turns.of(frame)
        if packet is None:
            return


def _decoder(stream: VideoStream) -> VideoCodecContext:
    """What decodes a stream: FFmpeg's own decoders leave out the transparency of VP8 and VP9, libvpx does not."""
    import av

    own = stream.codec_context
    has_alpha = any(key.lower() == "alpha_mode" and value == "1" for key, value in stream.metadata.items())
    better = {"vp8": "libvpx", "vp9": "libvpx-vp9"}.get(own.codec.canonical_name)
    if not has_alpha or better not in av.codecs_available:
        own.thread_type = "AUTO"
        return own
    return cast("VideoCodecContext", av.CodecContext.create(better, "r"))


class Turns:
    """How each frame of a film is held.

    PyAV ties a frame to its side data in a circle, so that its picture stays in memory until Python's collector comes
    by: side data is looked at only where the angle is another than that of the frame before.
    """

    def __init__(self) -> None:
        self._angle: int | None = None
        self._turn: Turn = (False, False, False)

    def of(self, frame: VideoFrame) -> Turn:
        """How to turn a decoded frame upright: (transpose, flip_x, flip_y) for `orient`."""
        if frame.rotation != self._angle:
            self._angle, self._turn = frame.rotation, _orientation(frame)
        return self._turn


def _orientation(frame: VideoFrame) -> Turn:
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
