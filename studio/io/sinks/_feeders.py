"""The two ways in which sound gets into a recording: packet by packet, or decoded and encoded anew."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from av.audio.frame import AudioFrame
    from av.audio.stream import AudioStream
    from av.container import OutputContainer
    from av.packet import Packet

_BIT_RATE = 192_000
# Gaps and overlaps below this, in seconds, are rounding of time stamps: Matroska's are whole milliseconds.
_TOLERANCE = Fraction(1, 200)
_DAMAGES = 100


class Copy:
    """Packets as they are, with times moved; cut at whole packets, each at its true time."""

    def __init__(self, output: OutputContainer, stream: AudioStream, origin: Fraction) -> None:
        """Add a stream like `stream` to `output`; its time `origin`, in seconds, becomes 0."""
        assert stream.time_base is not None
        self.damages = 0
        self._output = output
        self._target = output.add_stream_from_template(stream)
        self._base = stream.time_base
        self._shift = round(origin / self._base)
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
            packet = self._held or next(self._packets, None)
            self._held = None
            if packet is None:
                self._ended = True
            elif packet.pts is not None and packet.size:
                at = packet.pts - self._shift
                if at >= limit:
                    self._held = packet
                    return
                # Before the start, or out of order in a damaged film.
                if at > self._last:
                    self._last = at
                    packet.pts = packet.dts = at
                    packet.stream = self._target
                    self._output.mux(packet)


class Encode:
    """Decoded, cut to the sample, gaps filled with silence, encoded anew."""

    def __init__(self, output: OutputContainer, stream: AudioStream, origin: Fraction, encoder: str) -> None:
        """Add a stream in the codec `encoder` to `output`; the time `origin` of `stream`, in seconds, becomes 0."""
        import av

        self.damages = 0
        self._output = output
        self._stream = stream
        self._origin = origin
        self._rate = stream.codec_context.sample_rate or 48000
        if encoder == "aac" and self._rate not in (48000, 44100, 32000, 24000, 22050, 16000):
            self._rate = 48000
        layout = "mono" if stream.codec_context.channels == 1 else "stereo"
        self._layout = layout
        self._format = "fltp" if encoder == "aac" else "s16"
        self._target: AudioStream = output.add_stream(encoder, rate=self._rate)  # type: ignore[assignment]
        self._target.codec_context.layout = layout
        self._target.codec_context.format = self._format
        self._target.codec_context.time_base = Fraction(1, self._rate)
        if encoder == "aac":
            self._target.bit_rate = _BIT_RATE
        self._resampler = av.AudioResampler("fltp", layout, self._rate)
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

        if self._format == "s16":
            integers = np.round(np.clip(samples, -1, 1) * 32767).astype(np.int16)
            frame = AudioFrame.from_ndarray(integers.T.reshape(1, -1), format="s16", layout=self._layout)
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
                self.damages += 1
                if self.damages > _DAMAGES:
                    return
                continue
            for frame in frames:
                at = expected
                if frame.pts is not None and frame.time_base:
                    at = round((frame.pts * frame.time_base - self._origin) * self._rate)
                for part in self._resampler.resample(frame):
                    yield at, cast("npt.NDArray[np.float32]", part.to_ndarray())
                    at += part.samples
                expected = at
