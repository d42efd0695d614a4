"""FFV1 in Matroska: every picture comes back bit by bit."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

from studio.io.sinks._film import FilmSink
from studio.io.sinks._format import FilmFormat
from studio.io.sinks.base import Range, Sink, Size

_FORM = FilmFormat(
    name="ffv1",
    encoder="ffv1",
    # RGB without a detour through YUV; 24 bits in 32.
    pixels="bgr0",
    suffixes=(".mkv",),
    # Version 3 with check sums: damage is noticed, and slices are coded on all cores.
    options={"level": "3", "slicecrc": "1", "slices": "4"},
    keyframe_seconds=None,
)


class Ffv1:
    """FFV1, RGB, lossless; sound is copied where Matroska allows, else FLAC."""

    name = "ffv1"
    description = "FFV1 in MKV: lossless, bit by bit, large"
    suffixes: tuple[str, ...] = (".mkv",)
    order = 30

    def match(self, path: Path) -> bool:
        """Whether the suffix is Matroska's."""
        return path.suffix.lower() in self.suffixes

    def open(self, path: Path, size: Size, fps: Fraction, audio: Path | None, audio_range: Range) -> Sink:
        """Begin a recording.

        Raises:
            StudioError: when it cannot be begun there.
        """
        return FilmSink(path, _FORM, size, fps, audio, audio_range)


CODEC = Ffv1()
