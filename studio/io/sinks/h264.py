"""H.264 in MP4: plays everywhere."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

from studio.io.sinks._film import FilmSink
from studio.io.sinks._format import FilmFormat
from studio.io.sinks.base import Range, Sink, Size

_FORM = FilmFormat(
    name="h264",
    encoder="libx264",
    pixels="yuv420p",
    suffixes=(".mp4", ".m4v", ".mov", ".mkv"),
    # Nothing is visibly lost at 16; the preset keeps up with a network that needs the processor as well.
    options={"crf": "16", "preset": "veryfast"},
    even=True,
    video_range=True,
    keyframe_seconds=1,
)


class H264:
    """H.264, 4:2:0, BT.709; sound is copied where MP4 allows, else AAC."""

    name = "h264"
    description = "H.264 in MP4: plays everywhere, small, no visible loss"
    suffixes: tuple[str, ...] = (".mp4", ".m4v")
    order = 10

    def match(self, path: Path) -> bool:
        """Whether the suffix is MP4's."""
        return path.suffix.lower() in self.suffixes

    def open(self, path: Path, size: Size, fps: Fraction, audio: Path | None, audio_range: Range) -> Sink:
        """Begin a recording.

        Raises:
            StudioError: when it cannot be begun there.
        """
        return FilmSink(path, _FORM, size, fps, audio, audio_range)


CODEC = H264()
