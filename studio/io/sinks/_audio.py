"""The sound of a film, taken over into a recording in step with its pictures."""

from __future__ import annotations

import contextlib
import errno
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from studio.errors import StudioError
from studio.io.sinks._feeders import Copy, Encode, Timeline
from studio.io.sinks.base import Range
from studio.io.sources._films.opening import open_film, picture_starts, sound_stream

if TYPE_CHECKING:
    from av.container import InputContainer, OutputContainer

# Container -> codecs whose packets are copied as they are; others are encoded anew, by the encoder named.
_COPIED = {
    "mp4": ("aac", "mp3", "ac3", "eac3", "alac"),
    "mov": ("aac", "mp3", "ac3", "eac3", "alac"),
    "matroska": ("aac", "mp3", "ac3", "eac3", "opus", "vorbis", "flac", "dts", "pcm_s16le", "pcm_s24le", "pcm_f32le"),
}
_ENCODERS = {"mp4": "aac", "mov": "aac", "matroska": "flac"}
# Samples as they are, but counted from the recording's start: of a sample QuickTime knows its number and no time, so
# that sound that begins late, or has a hole, must be filled with silence.
_UNCOMPRESSED = {"mov": ("pcm_s16le", "pcm_s24le", "pcm_s16be", "pcm_s24be", "pcm_s32le", "pcm_f32le")}
_DISK = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EROFS)


class AudioTrack:
    """Feeds one audio stream to a container as far as the pictures have come, so that neither waits for the other.

    What cannot be read is left out and said in `warning`: sound never stops a recording.
    """

    def __init__(self, output: OutputContainer, path: Path, span: Range) -> None:
        """Find the sound of `path` and add a stream for it to `output`.

        Args:
            output: the recording, before its first packet.
            path: the film, or a sound file.
            span: (start, end) in seconds from where its pictures start; start becomes 0.

        Raises:
            StudioError: when `path` is no file, or `span` is empty.
        """
        import av

        start, end = span
        if not path.is_file():
            raise StudioError(f"the sound cannot be taken from {path}: there is no such file")
        if start < 0 or (end is not None and end <= start):
            raise StudioError(f"the sound from {start} s to {end} s of {path} is empty; give a start before the end")
        self.warning: str | None = None
        self._path = path
        self._output = output
        self._length = None if end is None else Fraction(end) - Fraction(start)
        self._input: InputContainer | None = None
        self._feeder: Copy | Encode | None = None
        try:
            self._input = open_film(path)
            self._begin(self._input, start)
        except (StudioError, av.FFmpegError, OSError, ValueError) as error:
            self._warn(f"cannot be read ({error})")

    def _begin(self, source: InputContainer, start: float) -> None:
        stream = sound_stream(source)
        if stream is None:
            self._warn("has no sound")
            return
        context: Any = stream.codec_context  # None when there is no decoder
        if context is None:
            self._warn("has sound in a codec that cannot be read")
            return
        starts = [Fraction(start) + second for second in picture_starts(self._path)]
        origin = starts[0]
        if start > 1 and len(starts) == 1:
            with contextlib.suppress(ValueError, OSError):
                # A little early: decoders need a run-up.
                source.seek(int((origin - Fraction(1, 2)) / (stream.time_base or 1)), stream=stream)
        container = self._output.format.name
        # AAC from a transport stream lacks the header that these containers need.
        copies = context.codec.canonical_name in _COPIED[container] and (
            context.codec.canonical_name != "aac" or context.extradata
        )
        if copies:
            self._feeder = Copy(self._output, stream, Timeline(starts))
        else:
            own = context.codec.canonical_name
            encoder = own if own in _UNCOMPRESSED.get(container, ()) else _ENCODERS[container]
            self._feeder = Encode(self._output, stream, Timeline(starts), encoder)

    def feed(self, until: Fraction) -> None:
        """Pass on the sound before `until`, seconds from the start of the recording.

        Raises:
            OSError: when the disk is full or fails.
        """
        import av

        if self._feeder is None:
            return
        try:
            self._feeder.feed(until if self._length is None else min(until, self._length))
        except (av.FFmpegError, ValueError) as error:
            if getattr(error, "errno", None) in _DISK and isinstance(error, OSError):
                raise
            self._warn(f"has damaged sound, which ends early in the recording ({error})")
            self._feeder = None
        else:
            if self._feeder.damages:
                self._warn("has damaged sound, which is missing in places")

    def finish(self, length: Fraction) -> None:
        """Pass on what remains before `length` seconds, and empty the encoder.

        Raises:
            OSError: when the disk is full or fails.
        """
        self.feed(length)
        if isinstance(self._feeder, Encode):
            self._feeder.flush()

    def close(self) -> None:
        """Close the film."""
        self._feeder = None
        if self._input is not None:
            self._input.close()
            self._input = None

    def _warn(self, what: str) -> None:
        self.warning = f"{self._path} {what}"
