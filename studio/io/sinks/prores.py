"""ProRes 422 HQ in QuickTime, 10 bits, BT.709, every frame by itself: for editing. Sound is copied, else AAC."""

from __future__ import annotations

from studio.io.sinks._codec import FilmCodec
from studio.io.sinks._format import FilmFormat

CODEC = FilmCodec(
    name="prores",
    description="ProRes 422 HQ in MOV: for editing, large",
    suffixes=(".mov",),
    order=20,
    form=FilmFormat(
        name="prores",
        encoder="prores_ks",
        pixels="yuv422p10le",
        deeper={10: "yuv422p10le"},
        suffixes=(".mov", ".mkv"),
        # Apple's editors look at the vendor.
        options={"profile": "hq", "vendor": "apl0"},
        even=True,
        video_range=True,
    ),
)
