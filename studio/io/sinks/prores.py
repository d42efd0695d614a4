"""ProRes in QuickTime: for editing."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

from studio.io.sinks._film import FilmSink
from studio.io.sinks._format import FilmFormat
from studio.io.sinks.base import Range, Sink, Size

_FORM = FilmFormat(
    name="prores",
    encoder="prores_ks",
    pixels="yuv422p10le",
    suffixes=(".mov", ".mkv"),
    # Apple's editors look at the vendor.
    options={"profile": "hq", "vendor": "apl0"},
    even=True,
    video_range=True,
)


class ProRes:
    """ProRes 422 HQ, 10 bits, BT.709, every frame by itself; sound is copied where MOV allows, else AAC."""

    name = "prores"
    description = "ProRes 422 HQ in MOV: for editing, large"
    suffixes: tuple[str, ...] = (".mov",)
    order = 20

    def match(self, path: Path) -> bool:
        """Whether the suffix is QuickTime's."""
        return path.suffix.lower() in self.suffixes

    def open(self, path: Path, size: Size, fps: Fraction, audio: Path | None, audio_range: Range) -> Sink:
        """Begin a recording.

        Raises:
            StudioError: when it cannot be begun there.
        """
        return FilmSink(path, _FORM, size, fps, audio, audio_range)


CODEC = ProRes()
