"""Recording to a film by PyAV: what H.264, ProRes, FFV1 and GIF share.

The film grows in NAME.part.SUFFIX beside the place where it will be (`_part.py`), in pieces that play by themselves
(fragments, clusters), so that a killed process leaves a film. Closing completes the index in place, syncs, and
renames: MP4 and MOV are then ordinary films with a duration, not fragmented ones, without having been copied.

::

    write(n)   ──┬── this thread: what is converted to the encoder, its packets to the file, sound up to there
                 └── beside it: picture n copied, its colours converted, and those of a few before (`_converted.py`)
"""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from functools import partial
from math import prod
from typing import TYPE_CHECKING, cast

from studio.cores import usable_cores
from studio.errors import StudioError
from studio.io._dealt import several
from studio.io.atomic import put_in_place, replacing, sync, sync_rename
from studio.io.sinks._audio import AudioTrack
from studio.io.sinks._converted import Converted
from studio.io.sinks._encoders import Encoders, InParts, OneEncoder, most_at_once
from studio.io.sinks._faststart import put_index_in_front
from studio.io.sinks._format import CONTAINERS, FilmFormat, check, conversion
from studio.io.sinks._part import GrowingPart
from studio.io.sinks.base import BaseSink, Recording, cannot_record
from studio.model.declared.size import Size
from studio.model.networks.picture import DeepPicture

if TYPE_CHECKING:
    from av.container import OutputContainer
    from av.packet import Packet
    from av.video.codeccontext import VideoCodecContext
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

# FFmpeg's own numbers for BT.709 and for 16-235 ("MPEG", "tv").
_BT709 = 1
_TV_RANGE = 1
# Pixels up to which several pictures are encoded at once: each takes ten bytes a pixel.
_LARGEST_AT_ONCE = 4096 * 2304
# Seconds by which sound may be ahead of the pictures in the file. FFmpeg keeps the order for ten, then writes what it
# has.
_LEAD = 5
# Parts of a rate finer than these do not fit what encoders and containers count in.
_FINEST = 100_000


class FilmSink(BaseSink):
    """A film being recorded at a constant rate; memory does not grow with its length."""

    def __init__(self, recording: Recording, form: FilmFormat) -> None:
        """Create the part file and begin.

        Raises:
            StudioError: when the suffix, the size or the rate does not fit, nothing can be written there, or the film
                whose sound is wanted does not exist. Sound that cannot be read only sets `warning`.
        """
        import av

        check(recording, form)
        path, audio = recording.path, recording.audio
        container, options = CONTAINERS[path.suffix.lower()]
        self._file = GrowingPart(path)
        super().__init__(recording, self._file.path)
        self._form = form
        # The difference is a frame in weeks.
        self._fps = recording.fps.limit_denominator(_FINEST)
        self._tick = form.tick or 1 / self._fps
        size = recording.size
        # A format that has more than 8 bits anyway takes all that there is.
        usual = next((bits for bits, pixels in form.deeper.items() if pixels == form.pixels), 8)
        bits = recording.bits or usual
        self.deep = bits > 8
        self._dithers = form.dithers
        self._pixels = form.deeper.get(bits, form.pixels)
        self._padding = (size.height % 2, size.width % 2) if form.even else (0, 0)
        self._audio: AudioTrack | None = None
        self._converted: Converted | None = None
        self._encoders: Encoders | None = None
        self._given, self._in_file = 0, Fraction(0)
        with self._opening():
            self._container: OutputContainer | None = av.open(
                f"file:{self.part.absolute()}", "w", format=container, options=dict(options)
            )
            padded = Size(size.height + self._padding[0], size.width + self._padding[1])
            self._stream = self._add_stream(self._container, padded)
            # A palette's filters hold a picture back.
            count = several(padded) if recording.ahead and not form.palette else 1
            graphs = partial(conversion, form, padded, self._tick, self._pixels, deep=self.deep, is_alone=count == 1)
            self._converted = Converted(graphs, count, self._padding, self._tick)
            if audio is not None and form.sound:
                self._audio = AudioTrack(self._container, audio, recording.audio_range)
            elif audio is not None:
                self._warning = f"{path}: {form.name} holds no sound; it was left out"
            # The encoder is tried now; the header waits for the first packet: FFmpeg's GIF dies of a film without one.
            self._stream.codec_context.open(strict=False)
            self._encoders = self._add_encoders(padded)

    @property
    def warning(self) -> str | None:
        """What went wrong though the recording goes on, else None."""
        return self._warning or (self._audio.warning if self._audio else None)

    def _add_stream(self, container: OutputContainer, size: Size) -> VideoStream:
        stream: VideoStream = container.add_stream(  # type: ignore[assignment]  # a video encoder makes a video stream
            self._form.encoder, rate=self._fps, options=dict(self._form.options)
        )
        stream.time_base = self._tick
        self._set_up(stream.codec_context, size)
        return stream

    def _set_up(self, context: VideoCodecContext, size: Size) -> None:
        form = self._form
        context.height, context.width, context.pix_fmt = *size, self._pixels
        context.time_base = self._tick
        context.thread_count = 0
        if form.at_once and prod(size) <= _LARGEST_AT_ONCE:
            context.thread_type, context.thread_count = "FRAME", _threads(form.at_once, size.height)
        # Without B frames each picture stands where its number says, in players that ignore edit lists as well.
        context.max_b_frames = 0
        if form.keyframe_seconds:
            context.gop_size = max(1, round(self._fps * form.keyframe_seconds))
        if form.video_range:
            context.colorspace = context.color_primaries = context.color_trc = _BT709
            context.color_range = _TV_RANGE

    def _add_encoders(self, size: Size) -> Encoders:
        """That of the stream; with others beside it where there are processors for them."""
        form, context = self._form, self._stream.codec_context
        most = most_at_once(form.at_once, prod(size) * 3 // 2) if form.at_once and form.looks_ahead else 1
        # Every part begins with a key frame, and ends with another picture.
        if most == 1 or not self._recording.ahead or context.gop_size < 2:
            return OneEncoder(self._stream)

        def another() -> VideoCodecContext:
            import av

            made = cast("VideoCodecContext", av.CodecContext.create(form.encoder, "w"))
            made.options, made.flags, made.framerate = dict(form.options), context.flags, self._fps
            self._set_up(made, size)
            return made

        return InParts(self._stream, another, most, context.gop_size, form.looks_ahead)

    def _put(self, picture: DeepPicture) -> None:
        if not self.part.exists():
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(self.part))
        assert self._converted is not None, "it is open"
        self._given = self.frames + 1
        self._converted.give(picture, round(self.frames / (self._fps * self._tick)))
        try:
            with _encoder_errors():
                self._encode(self._converted.ready())
                self._follow()
        finally:
            self._converted.wait()  # the picture is somebody else's
        if self._file.has_grown() and self._count():
            self._show()

    def _encode(self, frames: Iterable[VideoFrame]) -> None:
        assert self._encoders is not None, "it is open"
        for frame in frames:
            self._mux(self._encoders.encode(frame))

    def _mux(self, packets: list[Packet[VideoStream]]) -> None:
        assert self._container is not None
        for packet in packets:
            assert packet.pts is not None
            packet.duration = max(1, self._until(packet.pts) - packet.pts)
            self._in_file = (packet.pts + packet.duration) * self._tick
            self._container.mux(packet)
            self._follow()

    def _follow(self) -> None:
        """Let the sound come as far as the pictures; encoders may hold many of these back."""
        if self._audio:
            self._audio.feed(min(self._given / self._fps, self._in_file + _LEAD))

    def _until(self, pts: int) -> int:
        # When a tick is no frame, frames last unequally many of them.
        return round((round(pts * self._tick * self._fps) + 1) / (self._fps * self._tick))

    def _complete(self) -> None:
        assert self._container is not None
        assert self._converted is not None
        assert self._encoders is not None
        with self.part.open("rb") as file:
            head = file.read(4096)
        self._given = self.frames
        try:
            with _encoder_errors():
                self._encode(self._converted.rest())
                self._mux(self._encoders.rest())
                if self._audio:
                    self._audio.finish(Fraction(self.frames) / self._fps)
                self._container.close()
            sync(self.part)
        except OSError:
            # Completing makes one large piece of the fragments; without the index that would follow, nothing plays.
            self._restore(head)
            raise
        self._container = None
        self._release()
        self._show()
        if self.path.suffix.lower() in (".mp4", ".m4v"):
            self._index_first()

    def _index_first(self) -> None:
        """For web pages. Where that cannot be, the film is as good as it was; it is whole already."""
        with contextlib.suppress(StudioError, OSError), replacing(self.part) as beside:
            if not put_index_in_front(self.part, beside):
                raise StudioError("It stands there already, or the film is too large to be copied.")

    def _show(self) -> None:
        self._file.show()
        self.part = self._file.path

    def _place(self, overwrite: bool) -> None:
        put_in_place(self.part, self.path, overwrite)
        sync_rename(self.path.parent)

    def _count(self) -> int:
        import av

        try:
            with av.open(f"file:{self.part.absolute()}") as container:
                stream = container.streams.video[0]
                # What has no time was cut through.
                return sum(not packet.is_corrupt and packet.pts is not None for packet in container.demux(stream))
        except (av.FFmpegError, OSError, IndexError, ValueError):
            return 0

    def _restore(self, head: bytes) -> None:
        self._release()
        with contextlib.suppress(OSError), self.part.open("r+b") as file:
            file.write(head)

    def _discard(self) -> None:
        self._release()
        self._file.remove()

    def _failed(self) -> None:
        if self._container is not None:
            with contextlib.suppress(OSError), self.part.open("rb") as file:
                head = file.read(4096)
                self._restore(head)
        # Where the part is gone, there was nothing to restore.
        self._release()
        if self._file.is_hidden:
            with contextlib.suppress(OSError):
                self._show() if self._count() else self._file.remove()

    def _release(self) -> None:
        import av

        if self._converted is not None:
            self._converted.close()
        if self._encoders is not None:
            self._encoders.close()
        container, self._container = self._container, None
        if container is not None:
            with contextlib.suppress(av.FFmpegError, OSError):
                container.close()
        if self._audio:
            self._audio.close()

    @contextmanager
    def _opening(self) -> Iterator[None]:
        import av

        self._container = None
        try:
            yield
        except (av.FFmpegError, StudioError, OSError, ValueError) as error:
            self._discard()
            if isinstance(error, StudioError):
                raise
            if isinstance(error, OSError):
                raise cannot_record(self.path, error) from error
            raise StudioError(
                f"cannot record {self.path}: the {self._form.encoder} encoder refuses {self._recording.size.typed} at "
                f"{self._fps} fps ({error}); choose another codec or size"
            ) from error


def _threads(most: int, height: int) -> int:
    """As many as the encoder takes by itself (0), but so many at most, which it takes for lower pictures only."""
    by_itself = usable_cores() * 3 // 2
    return 0 if by_itself <= most else min(most, max(1, height // 32))


@contextmanager
def _encoder_errors() -> Iterator[None]:
    import av

    try:
        yield
    except av.FFmpegError as error:
        # Those of the disk are OSErrors besides.
        if isinstance(error, OSError):
            raise
        raise OSError(0, f"the encoder failed ({error})") from error
