"""Animated GIF that loops forever, every picture with its own 256 colours, dithered. No sound."""

from __future__ import annotations

from fractions import Fraction

from studio.io.sinks._codec import FilmCodec
from studio.io.sinks._format import FilmFormat

CODEC = FilmCodec(
    name="gif",
    description="animated GIF: loops, 256 colours a picture, up to 50 fps, no sound",
    suffixes=(".gif",),
    order=40,
    form=FilmFormat(
        name="gif",
        encoder="gif",
        pixels="pal8",
        suffixes=(".gif",),
        # GIF counts hundredths of a second: frames last unequally long, so that none drifts from its time.
        tick=Fraction(1, 100),
        palette=True,
        sound=False,
    ),
    # Players show shorter delays as long ones.
    fastest=50,
)
