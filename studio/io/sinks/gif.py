"""Animated GIF: for a message or a page."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

from studio.errors import StudioError
from studio.io.sinks._film import FilmSink
from studio.io.sinks._format import FilmFormat
from studio.io.sinks.base import Range, Sink, Size

_MAX_RATE = 50
_FORM = FilmFormat(
    name="gif",
    encoder="gif",
    pixels="pal8",
    suffixes=(".gif",),
    # GIF counts hundredths of a second: frames last unequally long, so that none drifts from its time.
    tick=Fraction(1, 100),
    palette=True,
    sound=False,
)


class Gif:
    """GIF that loops forever; every picture has its own 256 colours, dithered. No sound."""

    name = "gif"
    description = "animated GIF: loops, 256 colours a picture, up to 50 fps, no sound"
    suffixes: tuple[str, ...] = (".gif",)
    order = 40

    def match(self, path: Path) -> bool:
        """Whether the suffix is GIF's."""
        return path.suffix.lower() in self.suffixes

    def open(self, path: Path, size: Size, fps: Fraction, audio: Path | None, audio_range: Range) -> Sink:
        """Begin a recording.

        Raises:
            StudioError: when it cannot be begun there, or `fps` is above 50: players show shorter delays as long ones.
        """
        if fps > _MAX_RATE:
            raise StudioError(
                f"a GIF cannot show {float(fps):g} frames a second: record it at {_MAX_RATE} fps or fewer"
            )
        return FilmSink(path, _FORM, size, fps, audio, audio_range)


CODEC = Gif()
