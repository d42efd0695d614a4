"""The two ways in which sound gets into a recording: packet by packet, or decoded and encoded anew."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import numpy.typing as npt

from studio.io._resampled import Resampled
from studio.io.sources._films.clock import BACK, FORWARD

if TYPE_CHECKING:
    from av.audio.frame import AudioFrame
    from av.audio.stream import AudioStream
    from av.container import OutputContainer
    from av.packet import Packet

_BIT_RATE = 192_000
# Gaps and overlaps below this, in seconds, are rounding of time stamps: Matroska's are whole milliseconds.
_TOLERANCE = Fraction(1, 200)
_DAMAGES = 100
# What an encoder takes; 24 bits stand in the upper ones of 32.
_FORMATS = {"aac": "fltp", "pcm_s24le": "s32", "pcm_s24be": "s32", "pcm_s32le": "s32", "pcm_f32le": "flt"}
_WHOLE = {"s16": (np.int16, 2**15), "s32": (np.int32, 2**31)}


class Timeline:
    """Where a piece of sound stands in the recording, by its stamp on the film's clock.

    Args:
        starts: the stamps, in seconds, that are second 0 of the recording: at first, and after each jump of the clock.
    """

    def __init__(self, starts: Sequence[Fraction]) -> None:
        self._starts = starts
        self._jumps = 0
        self._last: Fraction | None = None

    def place(self, stamp: Fraction) -> Fraction:
        """Seconds from the start of the recording."""
        if self._last is not None and not -BACK <= stamp - self._last <= FORWARD:
            self._jumps = min(self._jumps + 1, len(self._starts) - 1)
        self._last = stamp
        return stamp - self._starts[self._jumps]

    def is_before(self, stamp: Fraction) -> bool:
        """Whether what has this stamp stands before the recording, where nothing of it was placed yet."""
        return self._last is None and stamp < self._starts[0]


class Copy:
    """Packets as they are, with times moved; cut at whole packets, each at its true time."""

    def __init__(self, output: OutputContainer, stream: AudioStream, timeline: Timeline) -> None:
        """Add a stream like `stream` to `output`, its times moved as `timeline` says."""
        assert stream.time_base is not None
        self.damages = 0
        self._output = output
        self._target = output.add_stream_from_template(stream)
        self._base = stream.time_base
        self._timeline = timeline
        self._packets = stream.container.demux(stream)  # type: ignore[attr-defined]  # it is an input's
        self._held: Any = None
        self._last = -1
        self._ended = False

    def feed(self, until: Fraction) -> None:
        """Pass on what lies before `until`, seconds from the start of the recording.

        Raises:
            av.FFmpegError: when a packet cannot be read or written.
        """
        limit = until / self._base
        while not self._ended:
            packet, held = self._held or (next(self._packets, None), None)
            self._held = None
            if packet is None:
                self._ended = True
            elif packet.pts is not None and packet.size:
                at = held or round(self._timeline.place(packet.pts * self._base) / self._base)
                if at >= limit:
                    self._held = packet, at
                    return
                # Before the start, or out of order in a damaged film.
                if at > self._last:
                    self._last = at
                    packet.pts = packet.dts = at
                    packet.stream = self._target
                    self._output.mux(packet)


class Encode:
    """Decoded, cut to the sample, gaps filled with silence, encoded anew."""

    def __init__(self, output: OutputContainer, stream: AudioStream, timeline: Timeline, encoder: str) -> None:
        """Add a stream in the codec `encoder` to `output`, its times moved as `timeline` says."""
        self.damages = 0
        self._output = output
        self._stream = stream
        self._timeline = timeline
        self._rate = stream.codec_context.sample_rate or 48000
        if encoder == "aac" and self._rate not in (48000, 44100, 32000, 24000, 22050, 16000):
            self._rate = 48000
        channels = stream.codec_context.channels
        # What is not compressed keeps all its channels.
        keeps = encoder.startswith("pcm") and channels > 2
        layout = stream.codec_context.layout.name if keeps else "mono" if channels == 1 else "stereo"
        self._layout = layout
        self._format = _FORMATS.get(encoder, "s16")
        self._target: AudioStream = output.add_stream(encoder, rate=self._rate)  # type: ignore[assignment]
        self._target.codec_context.layout = layout
        self._target.codec_context.format = self._format
        self._target.codec_context.time_base = Fraction(1, self._rate)
        if encoder == "aac":
            self._target.bit_rate = _BIT_RATE
        self._resampled = Resampled("fltp", layout, self._rate)
        self._chunks = self._decoded()
        self._chunk: tuple[int, npt.NDArray[np.float32]] | None = None
        self._next = 0

    def feed(self, until: Fraction) -> None:
        """Pass on what lies before `until`, seconds from the start of the recording.

        Raises:
            av.FFmpegError: when a packet cannot be read or written.
        """
        limit = int(until * self._rate)
        while self._next < limit:
            if self._chunk is None:
                self._chunk = next(self._chunks, None)
                if self._chunk is None:
                    return
            at, samples = self._chunk
            # Sample 0 is met exactly: an error there would stay.
            tolerance = _TOLERANCE * self._rate if self._next else 0
            if at > self._next + tolerance:
                count = min(at, limit, self._next + self._rate) - self._next
                self._encode(np.zeros((samples.shape[0], count), np.float32))
                continue
            late = self._next - at
            if late > tolerance:
                samples = samples[:, late:]
            room = limit - self._next
            self._chunk = (self._next + room, samples[:, room:]) if samples.shape[1] > room else None
            if samples.shape[1]:
                self._encode(samples[:, :room])

    def flush(self) -> None:
        """Empty the encoder."""
        self._mux(self._target.encode(None))

    def _mux(self, packets: list[Packet[AudioStream]]) -> None:
        # Before 0 lies what an encoder needs to get going. A fragmented MP4 cannot say that it is to be skipped.
        self._output.mux([packet for packet in packets if packet.pts is None or packet.pts >= 0])

    def _encode(self, samples: npt.NDArray[np.float32]) -> None:
        from av import AudioFrame

        if self._format in _WHOLE:
            kind, full = _WHOLE[self._format]
            # In double precision, where the largest whole number of 32 bits is one.
            integers = np.clip(np.rint(samples.astype(np.float64) * full), -full, full - 1).astype(kind)
            frame = AudioFrame.from_ndarray(integers.T.reshape(1, -1), format=self._format, layout=self._layout)
        elif self._format == "flt":
            packed = np.ascontiguousarray(samples.T.reshape(1, -1))
            frame = AudioFrame.from_ndarray(packed, format="flt", layout=self._layout)
        else:
            frame = AudioFrame.from_ndarray(np.ascontiguousarray(samples), format="fltp", layout=self._layout)
        frame.sample_rate = self._rate
        frame.time_base = Fraction(1, self._rate)
        frame.pts = self._next
        self._next += samples.shape[1]
        self._mux(self._target.encode(frame))

    def _decoded(self) -> Iterator[tuple[int, npt.NDArray[np.float32]]]:
        """(place in samples from the start of the recording, (channels, samples) float32)."""
        import av

        packets = self._stream.container.demux(self._stream)  # type: ignore[attr-defined]  # it is an input's
        expected = 0
        for packet in packets:
            try:
                frames: list[AudioFrame] = packet.decode()
            except av.FFmpegError:
                # Where a film is sought, a packet may have lost its beginning.
                if packet.pts is not None and self._timeline.is_before(packet.pts * packet.time_base):
                    continue
                self.damages += 1
                if self.damages > _DAMAGES:
                    return
                continue
            for frame in frames:
                at = expected
                if frame.pts is not None and frame.time_base:
                    at = round(self._timeline.place(frame.pts * frame.time_base) * self._rate)
                for part in self._resampled.take(frame):
                    yield at, cast("npt.NDArray[np.float32]", part.to_ndarray())
                    at += part.samples
                expected = at
