"""Frames out of a decoder: what is damaged is passed over; how each is held; fields made whole."""

from __future__ import annotations

import contextlib
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from fractions import Fraction
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from studio.io.sources._colours.matrices import IPT_C2
from studio.io.sources._files.header import read_header
from studio.io.sources._films.gif import GifDecoder, packets_from_start
from studio.io.sources._films.hevc_turns import unsaid
from studio.io.sources._films.turns import STRAIGHT, Turns
from studio.io.sources.base import Turn

if TYPE_CHECKING:
    import av.filter
    from av.container import InputContainer
    from av.packet import Packet
    from av.video.codeccontext import VideoCodecContext
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

_PNG = ("png", "apng")
# H.273's number for a matrix that is not named.
_UNNAMED = 2
# Key frames to go back by where the last frames of a film are decoded once more.
_KEYS = 3


def is_held_by_packet(stream: VideoStream) -> bool:
    """Whether a packet, not the frame made of it, says how it is held: a camera's JPEG, of which PyAV says nothing, or
    a PNG.
    """
    return stream.codec_context.name in ("mjpeg", *_PNG)


def decoded(
    container: InputContainer, stream: VideoStream, damaged: Callable[[], None]
) -> Iterator[tuple[VideoFrame, Turn]]:
    """Frames as they come out of the decoder, with the turn that each asks for.

    Args:
        container: the film.
        stream: of its pictures.
        damaged: called for each packet that cannot be decoded.
    """
    by_packet, ending = is_held_by_packet(stream), _Ending()
    turns, turn = Turns(by_angle=stream.codec_context.name in _PNG), STRAIGHT
    for packet, frames in _rounds(container, stream, damaged, ending):
        if by_packet and packet is not None:
            header = read_header(bytes(packet))
            turn = header.turn if header is not None else turn
        for frame in frames:
            ending.give(frame)
            yield frame, turns.of(frame) if turn == STRAIGHT else turn
    if ending.lacks_some:
        for frame in ending.decoded_again(container, stream, damaged):
            yield frame, turns.of(frame) if turn == STRAIGHT else turn


def _rounds(
    container: InputContainer, stream: VideoStream, damaged: Callable[[], None], ending: _Ending
) -> Iterator[tuple[Packet[VideoStream] | None, list[VideoFrame]]]:
    """Packets, None at the end, and the frames that a decoder gives for each."""
    import av

    context, packets = decoder_of(stream), unsaid(packets_from_start(container, stream), stream)
    decode = GifDecoder(context, damaged).decode if context.name == "gif" else context.decode
    packet: Packet[VideoStream] | None = None
    while True:
        frames: list[VideoFrame] = []
        try:
            packet = next(packets, None)
            # An empty packet is an error to a decoder; some films have them in their midst, PyAV one at the end.
            if packet is not None and not packet.size:
                continue
            if packet is not None:
                ending.take(packet)
            frames = decode(packet)
        # What PyAV does not understand of a file it says by exceptions of Python's own.
        except (av.FFmpegError, ValueError, OverflowError, MemoryError) as error:
            # The end of a flush is an error too, in FFmpeg's eyes.
            if not isinstance(error, av.EOFError):
                damaged()
        _timed(frames, stream)
        yield packet, frames
        if packet is None:
            return


class _Ending:
    """The last frames of a film of which the very end is damaged.

    A decoder of several threads then drops whatever it holds, and PyAV drops what came before the error in one go. So
    they are decoded once more, one after the other, and a broken one takes no other with it.
    """

    def __init__(self) -> None:
        self._keys: deque[int] = deque(maxlen=_KEYS)
        self._awaited: set[int] = set()  # stamps of frames that are to come, later than all that were given
        self._last: int | None = None

    def take(self, packet: Packet[VideoStream]) -> None:
        """A packet goes to the decoder."""
        stamp = packet.pts
        if stamp is None:
            return
        if packet.is_keyframe:
            self._keys.append(stamp if packet.dts is None else min(stamp, packet.dts))
        # What an edit list hides is decoded and not given, nor need it be what stands before the first key frame.
        if self._keys and not packet.is_discard and (self._last is None or stamp > self._last):
            self._awaited.add(stamp)

    def give(self, frame: VideoFrame) -> None:
        """A frame has come."""
        if frame.pts is not None and (self._last is None or frame.pts > self._last):
            last = self._last = frame.pts
            self._awaited = {stamp for stamp in self._awaited if stamp > last}

    @property
    def lacks_some(self) -> bool:
        """Whether frames behind the last that was given should have come."""
        return bool(self._awaited)

    def decoded_again(
        self, container: InputContainer, stream: VideoStream, damaged: Callable[[], None]
    ) -> Iterator[VideoFrame]:
        """What of them can be decoded."""
        import av

        number = container.streams.video.index(stream)
        with av.open(container.name, metadata_errors="ignore", options=container.options) as again:
            own = again.streams.video[number]
            context = decoder_of(own)
            context.thread_count = 1
            # From a key frame some way before: frames behind one may be made of what stands in front of it.
            if self._last is not None and self._keys:
                with contextlib.suppress(av.FFmpegError, OSError):
                    again.seek(min(self._keys), stream=own)
            for frame in frames_of(again.demux(own), own, context, damaged):
                if self._last is None or (frame.pts is not None and frame.pts > self._last):
                    yield frame


def _timed(frames: Iterable[VideoFrame], stream: VideoStream) -> None:
    """Give frames their unit of time, which PyAV takes from the packet: the last ones come without any."""
    for frame in frames:
        if not frame.time_base and stream.time_base:
            frame.time_base = stream.time_base


def frames_of(
    packets: Iterator[Packet[VideoStream]],
    stream: VideoStream,
    context: VideoCodecContext,
    damaged: Callable[[], None],
) -> Iterator[VideoFrame]:
    """All frames of packets; what is damaged is passed over, and told.

    Args:
        packets: of a film, from one that can be decoded by itself.
        stream: of its pictures.
        context: what decodes them.
        damaged: called for each packet that cannot be decoded.
    """
    import av

    packet: Packet[VideoStream] | None = None
    while True:
        frames: list[VideoFrame] = []
        try:
            packet = next(packets, None)
            frames = context.decode(packet) if packet is None or packet.size else []
        except (av.FFmpegError, ValueError, OverflowError, MemoryError) as error:
            if not isinstance(error, av.EOFError):
                damaged()
        _timed(frames, stream)
        yield from frames
        if packet is None:
            return


def decoder_of(stream: VideoStream) -> VideoCodecContext:
    """What decodes a stream: FFmpeg's own decoders leave out the transparency of VP8 and VP9, libvpx does not."""
    import av
    from av.codec.context import Flags

    own = stream.codec_context
    # Else a crop at the left ends where the processor likes rows to begin.
    own.flags |= Flags.unaligned
    has_alpha = any(key.lower() == "alpha_mode" and value == "1" for key, value in stream.metadata.items())
    better = {"vp8": "libvpx", "vp9": "libvpx-vp9"}.get(own.codec.canonical_name)
    if not has_alpha or better not in av.codecs_available:
        own.thread_type = "AUTO"
        return own
    return cast("VideoCodecContext", av.CodecContext.create(better, "r"))


def is_reshaped(frame: VideoFrame) -> bool:
    """Whether a frame's colours are Dolby Vision's own (profile 5, IPT-C2), by a curve that comes with each frame.

    Films of the other profiles carry such curves too, and are right without them: their colours are named.
    """
    # A PNG's side data is not to be looked at: see `Turns`.
    if frame.colorspace not in (_UNNAMED, IPT_C2) or not frame.format.is_planar:
        return False
    try:
        side_data = cast(Mapping[str, Any], frame.side_data)
        return any(name in side_data for name in ("DOVI_METADATA", "DOVI_RPU_BUFFER"))
    except ValueError:
        # PyAV has no name for something beside it.
        return False


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
        now = (frame.height, frame.width, frame.format.name)
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
