"""Films: anything FFmpeg decodes, at constant or variable rate, held upright or not."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from functools import partial
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING

from studio.errors import StudioError
from studio.io._dealt import several
from studio.io.sources._colours.other_profiles import further_of_file
from studio.io.sources._colours.png_colours import further_of_png
from studio.io.sources._files.header import read_header
from studio.io.sources._files.other_files import what_else
from studio.io.sources._files.png_parts import lengths_of_png
from studio.io.sources._films.clock import Clock, in_order, rehearsed
from studio.io.sources._films.convert import RgbConverter, colours_of_container
from studio.io.sources._films.crop import crop_of_film
from studio.io.sources._films.decode import decoded, deinterlaced, is_combed, is_held_by_packet
from studio.io.sources._films.edits import edit_list_of
from studio.io.sources._films.length import duration_of
from studio.io.sources._films.opening import (
    disorder_of,
    fine_rate_of,
    has_unsure_last,
    is_bare,
    is_cut,
    is_for_pictures,
    jumps,
    lengths_of_gif,
    meant_rate,
    nominal_rate,
    open_film,
    origin_of,
    packets_of,
    picture_stream,
    square_size,
)
from studio.io.sources._films.pictures import Timed, pictures
from studio.io.sources._films.raw import doubt_of, misnamed
from studio.io.sources._films.turns import STRAIGHT
from studio.io.sources._still import Still
from studio.io.sources.base import (
    HAIR,
    BaseSource,
    Frame,
    Reading,
    SourceInfo,
    check_size,
    rate_text,
    read_content,
)
from studio.model.declared.size import Size

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

_DEFAULT_RATE = Fraction(25)
# Seconds before the time wanted to which to seek; what lands too late tries the next. None: from the first frame.
_STEPS_BACK = (0.0, 2.0, 10.0, None)
# Frames that are looked at for combs.
_TRIED = 10


class VideoSource(BaseSource):
    """A film as upright RGB frames with square pixels.

    A rotation or mirroring that the file asks for is applied. Where its pixels are not square the picture is enlarged
    along the short side of a pixel, so that nothing is thrown away. Time 0 is where the film says that its pictures
    start, so that `audio_path` is in step; a clock that jumps within the film is put right.

    A damaged film gives the frames that can be decoded, and `warning` then says what was lost.

    Attributes:
        is_still: whether the file is a picture rather than a film: of a kind for pictures, with a single frame.
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
            check_size(Size(context.height or 1, context.width or 1), path)
            self._is_held_alike = is_held_by_packet(stream)
            # Decoders overwrite what the container says.
            self._said = colours_of_container(context)
            self._jumps = jumps(container)
            self._is_bare, self._is_cut = is_bare(container), is_cut(container)
            self._disorder = disorder_of(container, stream)
            self._is_last_unsure = has_unsure_last(container)
            number = container.streams.video.index(stream)
            edits = self._edits = edit_list_of(path, number, stream.id)
            if wrong := misnamed(path, stream, number):
                raise StudioError(wrong)
            # What is to be said of it however it is read.
            self._known = edits.remark if edits is not None else doubt_of(container, stream)
            beginning = (
                edits.beginning(self._note_damage)
                if edits is not None
                else list(islice(decoded(container, stream, self._note_damage), 2))
            )
            if not beginning and (other := what_else(path)):
                raise StudioError(f"{path} is {other}")
            if not beginning:
                raise StudioError(f"no frame of {path} can be decoded: it is damaged or cut off; export it again")
            first, self._first_turn = beginning[0]
            self._is_turned_once = self._first_turn != STRAIGHT and not beginning[-1][0].rotation
            # Matroska gives no times to what stands before its zero, so that those behind are counted on.
            self._is_uncounted = first.pts is None
            self._origin = origin_of(container, stream, first)
            self._stored = Size(first.height, first.width)
            check_size(self._stored, path)
            self.warning = None
            crop = self._crop = crop_of_film(path, number, stream.id, self._stored)
            aspect = (crop and crop.aspect) or stream.sample_aspect_ratio
            self._size = square_size(crop.size if crop else self._stored, aspect)
            self.is_still = len(beginning) == 1 and is_for_pictures(container, stream)
            average = nominal_rate(container, stream, first)
            duration = duration_of(container, stream, self._origin)
            self._further = further_of_file(path) if self.is_still or context.name == "gif" else None
            lengths = lengths_of_gif(path) if container.format.name == "gif" else []
            if context.name == "apng":
                data = read_content(path)
                header, lengths = read_header(data), lengths_of_png(data)
                # Of what its EXIF says PyAV gives the angle alone, of its rate FFmpeg makes the nearest usual one.
                self._first_turn = header.turn if header is not None else self._first_turn
                self._further = further_of_png(data)
            if lengths:
                whole = sum(lengths, Fraction(0))
                duration, average = float(whole), meant_rate(len(lengths) / whole)
            upright = Size(*reversed(self._size)) if self._first_turn[0] else self._size
            name, has_audio = context.codec.canonical_name, bool(container.streams.audio)
            self._promised = stream.frames
        fine = None
        if edits is not None:
            self._promised, average, duration = edits.count, edits.rate, float(edits.duration)
            fine = edits.fine_rate
        elif not self.is_still and not self._is_bare:
            fine = fine_rate_of(path, average)
        fps = fine or average or _DEFAULT_RATE
        frames: int | None = self._promised
        if duration is not None and (fine or not frames or abs(frames - duration * fps) > 2):
            # An edit list hides frames that the count still holds; of a variable rate there are more at the fine one.
            frames = round(duration * fps)
        self._period = float(1 / fps)
        self.info = SourceInfo(
            size=upright,
            fps=fps,
            frames=frames or None,
            duration=duration,
            has_audio=has_audio,
            description=f"{name} {upright.typed} {rate_text(fps)}{' (variable)' if fine else ''}",
        )
        self.audio_path = path if has_audio else None
        self._begins_anew: float | None = None
        self._has_jumped = False

    def __iter__(self) -> Iterator[Frame]:
        """Give the frames from the start: see `frames`."""
        return self.frames()

    def frames(self, start: float = 0.0) -> Iterator[Frame]:
        """Give the frames from the one shown at `start` seconds, decoded as they are asked for.

        Decoding begins at the key frame before it. Numbers of frames are then counted from the time and the rate, which
        is exact at a constant rate.

        Raises:
            StudioError: when the film has meanwhile gone away.
        """
        self.warning = self.remark = None
        if self._known:
            self._note(self._known)
        sought = start > 0 and not (self._jumps and self._first_jump() < start)
        for back in _STEPS_BACK if sought else (None,):
            with open_film(self._path) as container:
                stream = picture_stream(container, self._path)
                if back is not None and self._edits is None and not self._seek(container, stream, start - back):
                    continue
                timed = self._timed(container, stream, None if back is None else start - back)
                first = next(timed, None)
                if back is None or (first is not None and first[1] <= start + HAIR):
                    yield from self._from(start, chain((first,), timed) if first is not None else timed)
                    return

    def _first_jump(self) -> float:
        """The second at which the clock first jumps: seeking finds nothing beyond. Infinite where it never does."""
        if self._begins_anew is None:
            with open_film(self._path) as container:
                packets = packets_of(container, picture_stream(container, self._path), 1 << 40)
            self._begins_anew = rehearsed(packets, self._period, jumps=self._jumps).first_jump
        return self._begins_anew

    def _seek(self, container: InputContainer, stream: VideoStream, start: float) -> bool:
        import av

        base, origin = stream.time_base, stream.start_time
        # A GIF's pictures are painted over those before them. Behind a seek in an MPEG programme stream FFmpeg guesses
        # times until it finds one, some frames wrong. How pictures are held they may say far before.
        is_read_through = (
            self._is_turned_once or stream.codec_context.name in ("gif", "apng") or container.format.name == "mpeg"
        )
        if base is None or origin is None or is_read_through or self._is_uncounted:
            return False
        try:
            container.seek(origin + int(min(max(0.0, start), self.info.duration or start) / base), stream=stream)
        except (av.FFmpegError, OSError):
            return False
        return True

    def _from(self, start: float, timed: Iterator[Timed]) -> Iterator[Frame]:
        """Convert and number the frames from the one shown at `start`."""
        count = several(self._size) if self.reading.ahead else 1
        converter = partial(
            RgbConverter,
            self._size,
            stored=self._stored,
            crop=self._crop,
            colours=self._said,
            tone_map=self.reading.tone_map,
            turn=self._first_turn if self._is_held_alike else None,
            is_across=self._first_turn[0],
            further=self._further,
            is_alone=count == 1,
        )
        number: int | None = None
        ends = 0.0
        for picture, remark, time, duration in pictures(timed, start, [converter() for _ in range(count)]):
            if self._closed:
                return
            if number is None:
                number = round(time / self._period) if start > 0 else 0
            if picture is None:
                self.warning = f"{self._path} is damaged: some frames of it could not be converted"
                continue
            if remark:
                self._note(remark)
            yield Frame(picture, time, number, duration)
            ends = time + (duration or self._period)
            number += 1
        if start <= 0 and not self._closed:
            self._judge(number or 0, ends)

    def _note(self, what: str) -> None:
        """Take something up into the remark, once."""
        said = f"{self._path}: {what}"
        if self.remark is None or what not in self.remark:
            self.remark = said if self.remark is None else f"{self.remark}; {what}"

    def _note_damage(self) -> None:
        self.warning = f"{self._path} is damaged: some frames of it could not be decoded"

    def _timed(self, container: InputContainer, stream: VideoStream, sought: float | None) -> Iterator[Timed]:
        """Frames with time and duration in seconds; behind a second that was sought none, where it gives no times."""
        waiting, last = None, 0.0
        for time, (frame, duration) in in_order(self._placed(container, stream, sought), self._disorder):
            if waiting is not None:
                yield waiting
                last = waiting[1] + self._period
            waiting = frame, time, duration
        if waiting is not None:
            yield (waiting[0], max(waiting[1], last), waiting[2]) if self._is_last_unsure else waiting

    def _placed(
        self, container: InputContainer, stream: VideoStream, sought: float | None
    ) -> Iterator[tuple[float, tuple[VideoFrame, float | None]]]:
        clock, tried = Clock(jumps=self._jumps), 0
        if self._origin is not None:
            clock.start(self._origin)
        frames: Iterator[VideoFrame] = (frame for frame, _ in decoded(container, stream, self._note_damage))
        if self._edits is not None:
            frames = self._edits.frames((sought or 0.0) + (self._origin or 0.0), self._note_damage)
        for frame in deinterlaced(frames) if self.reading.deinterlace else frames:
            if self._closed:
                return
            base = frame.time_base or Fraction(0)
            stamp = float(frame.pts * base) if frame.pts is not None and base and not self._is_bare else None
            if sought is not None and stamp is None:
                return
            duration = float(frame.duration * base) if frame.duration else None
            if duration and self.info.duration and duration > self.info.duration + 1:
                duration = None  # see `duration_of`
                self._note("its last picture would stay for hours; it is shown as long as others")
            decoded_at = float(frame.dts * base) if frame.dts is not None and base else None
            time = clock.place(stamp, duration or self._period, decoded_at)
            if clock.jumped:
                self._has_jumped = True
                self._note("its clock jumps; the gap is closed")
            if not self.reading.deinterlace and frame.interlaced_frame and tried < _TRIED:
                tried += 1
                if is_combed(frame):
                    self._note("its pictures are interlaced and show combs; studio render --deinterlace takes them out")
            yield time, (frame, duration)

    def still(self, reading: Reading) -> Still:
        """The first frame, as a picture.

        Raises:
            StudioError: when it cannot be converted.
        """
        self.reading = reading
        frame = next(iter(self), None)
        if frame is None:
            raise StudioError(f"{self._path} cannot be converted to a picture; save it as PNG first")
        return Still(frame.picture, self.remark, self.warning)

    def close(self) -> None:
        """End a running iteration at its next frame."""
        self._closed = True

    def _judge(self, count: int, ends: float) -> None:
        """Say so where a film ends sooner than it says; a cut-off file often just ends."""
        if self._is_cut and self.warning is None:
            self.warning = f"{self._path} is cut off after {count} frames"
        duration = self.info.duration or 0.0
        # An edit list hides some of the frames that are counted, so that a count alone proves nothing.
        short = not self._promised or count < 0.98 * self._promised - 2
        margin = max(2 * self._period, 0.02 * duration) if self._promised else max(1.0, 0.02 * duration)
        # After a jump of the clock its length is no length of time.
        if short and not self._has_jumped and ends < duration - margin:
            self.warning = (
                f"{self._path} ends after {count} frames ({ends:.2f} of {duration:.2f} s): it is damaged or cut off"
            )
