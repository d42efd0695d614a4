"""Films: anything FFmpeg decodes, at constant or variable rate, held upright or not."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from studio.errors import StudioError
from studio.io.sources._film import RgbConverter, nominal_rate, open_film, orientation, picture_stream, square_size
from studio.io.sources.base import HAIR, BaseSource, Frame, Source, SourceInfo, check_size, file_at, rate_text
from studio.model.picture import Picture

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.packet import Packet
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

    _Timed = tuple[VideoFrame, float, float | None]

_DEFAULT_RATE = Fraction(25)
# Seconds before the time wanted to which to seek; what lands too late tries the next. None: from the first frame.
_STEPS_BACK = (0.0, 2.0, 10.0, None)


class VideoSource(BaseSource):
    """A film as upright RGB frames with square pixels.

    A rotation or mirroring that the file asks for is applied. Where its pixels are not square the picture is enlarged
    along the short side of a pixel, so that nothing is thrown away. Interlaced films are not de-interlaced. Time 0 is
    where the film says that its pictures start, so that `audio_path` is in step.

    A damaged film gives the frames that can be decoded, and `warning` then says what was lost.
    """

    def __init__(self, path: Path) -> None:
        """Open the film and decode one frame of it.

        Raises:
            StudioError: when it cannot be read, holds no pictures, or none that decodes.
        """
        self._path = path
        self._closed = False
        with open_film(path) as container:
            stream = picture_stream(container, path)
            context = stream.codec_context
            check_size(context.width or 1, context.height or 1, path)
            first = next(self._decoded(container, stream), None)
            if first is None:
                raise StudioError(f"no frame of {path} can be decoded: it is damaged or cut off; export it again")
            check_size(first.width, first.height, path)
            self.warning = None
            self._size = square_size(first.width, first.height, stream.sample_aspect_ratio)
            width, height = self._size[::-1] if orientation(first)[0] else self._size
            fps = nominal_rate(stream) or _DEFAULT_RATE
            duration = _duration(container, stream)
            has_audio = bool(container.streams.audio)
            self._promised = stream.frames
            self._period = float(1 / fps)
            self.info = SourceInfo(
                width=width,
                height=height,
                fps=fps,
                frames=stream.frames or (round(duration * fps) if duration is not None else None),
                duration=duration,
                has_audio=has_audio,
                description=f"{context.codec.canonical_name} {width}x{height} {rate_text(fps)}",
            )
        self.audio_path = path if has_audio else None

    def __iter__(self) -> Iterator[Frame]:
        """Give the frames from the start: see `frames`."""
        return self.frames()

    def frames(self, start: float = 0.0) -> Iterator[Frame]:
        """Give the frames from the one shown at `start` seconds, decoded as they are asked for.

        Decoding begins at the key frame before it. Numbers of frames are then counted from the time and the average
        rate, which is exact at a constant rate.

        Raises:
            StudioError: when the film has meanwhile gone away.
        """
        self.warning = None
        for back in _STEPS_BACK if start > 0 else (None,):
            with open_film(self._path) as container:
                stream = picture_stream(container, self._path)
                if back is not None and not self._seek(container, stream, start - back):
                    continue
                timed = self._timed(container, stream, back is not None)
                first = next(timed, None)
                if back is None or (first is not None and first[1] <= start + HAIR):
                    yield from self._from(start, chain((first,), timed) if first is not None else timed)
                    return

    def _seek(self, container: InputContainer, stream: VideoStream, start: float) -> bool:
        import av

        base, origin = stream.time_base, stream.start_time
        # A GIF's pictures are painted over those before them.
        if base is None or origin is None or stream.codec_context.name in ("gif", "apng"):
            return False
        try:
            container.seek(origin + int(min(max(0.0, start), self.info.duration or start) / base), stream=stream)
        except (av.FFmpegError, OSError):
            return False
        return True

    def _from(self, start: float, timed: Iterator[_Timed]) -> Iterator[Frame]:
        """Convert and number the frames from the one shown at `start`."""
        convert = RgbConverter(*self._size)
        passed: _Timed | None = None
        count = 0
        ends = 0.0
        begun = start <= 0
        for now in timed:
            if self._closed:
                return
            if not begun and now[1] <= start + HAIR:
                passed = now
                continue
            for decoded, time, duration in (passed, now) if passed is not None else (now,):
                if not begun:
                    begun, count = True, round(time / self._period)
                picture = self._converted(convert, decoded)
                if picture is None:
                    continue
                yield Frame(picture, time, count, duration)
                ends = time + (duration or self._period)
                count += 1
            passed = None
        last = self._converted(convert, passed[0]) if passed is not None else None
        if passed is not None and last is not None:
            yield Frame(last, passed[1], round(passed[1] / self._period), passed[2])
        if start <= 0:
            self._judge(count, ends)

    def _converted(self, convert: RgbConverter, decoded: VideoFrame) -> Picture | None:
        import av

        try:
            picture = convert(decoded)
        except av.FFmpegError:
            self.warning = f"{self._path} is damaged: some frames of it could not be converted"
            return None
        # A frame that alone claims to be turned is a damaged one.
        return picture if picture.shape[:2] == (self.info.height, self.info.width) else None

    def _timed(self, container: InputContainer, stream: VideoStream, sought: bool) -> Iterator[_Timed]:
        """Frames with time and duration in seconds; after a seek none, where the film gives no times."""
        ends = 0.0
        start: float | None = None
        if stream.start_time is not None and stream.time_base is not None:
            start = float(stream.start_time * stream.time_base)
        for decoded in self._decoded(container, stream):
            base = decoded.time_base or Fraction(0)
            if sought and (decoded.pts is None or not base):
                return
            time = ends
            if decoded.pts is not None and base:
                stamp = float(decoded.pts * base)
                start = stamp if start is None else start
                time = stamp - start
            duration = float(decoded.duration * base) if decoded.duration else None
            ends = time + (duration or self._period)
            yield decoded, time, duration

    def close(self) -> None:
        """End a running iteration at its next frame."""
        self._closed = True

    def _decoded(self, container: InputContainer, stream: VideoStream) -> Iterator[VideoFrame]:
        import av

        stream.thread_type = "AUTO"
        packets = container.demux(stream)
        packet: Packet[VideoStream] | None = None
        while True:
            try:
                packet = next(packets, None)
                frames = stream.decode(packet)
            except av.FFmpegError as error:
                # The end of a flush is an error too, in FFmpeg's eyes.
                if isinstance(error, av.EOFError):
                    return
                self.warning = f"{self._path} is damaged: some frames of it could not be decoded"
                if packet is None:
                    return
                continue
            yield from frames
            if packet is None:
                return

    def _judge(self, count: int, ends: float) -> None:
        # A cut-off file often just ends. Edit lists hide a few frames, which is no damage: hence the margin.
        short = self._promised and count < 0.98 * self._promised - 2
        duration = self.info.duration or 0.0
        if short or (not self._promised and ends < duration - max(1.0, 0.02 * duration)):
            self.warning = (
                f"{self._path} ends after {count} frames ({ends:.2f} of {duration:.2f} s): it is damaged or cut off"
            )


def _duration(container: InputContainer, stream: VideoStream) -> float | None:
    if stream.duration and stream.time_base:
        return float(stream.duration * stream.time_base)
    return container.duration / 1e6 if container.duration else None


class VideoKind:
    """A path to a file: whatever is no picture must be a film."""

    name = "film"
    order = 90

    def match(self, spec: str) -> bool:
        """Whether `spec` is a file."""
        return file_at(spec) is not None

    def open(self, spec: str, fps: Fraction | None) -> Source:  # noqa: ARG002 - a film has its own rate
        """Open the film.

        Raises:
            StudioError: when it cannot be read, holds no pictures, or none that decodes.
        """
        return VideoSource(Path(spec))


KIND = VideoKind()
