"""H.264 in MP4, 4:2:0, BT.709: plays everywhere. Sound is copied where MP4 allows, else AAC."""

from __future__ import annotations

from studio.io.sinks._codec import FilmCodec
from studio.io.sinks._format import FilmFormat

CODEC = FilmCodec(
    name="h264",
    description="H.264 in MP4: plays everywhere, small, no visible loss",
    suffixes=(".mp4", ".m4v"),
    order=10,
    form=FilmFormat(
        name="h264",
        encoder="libx264",
        pixels="yuv420p",
        suffixes=(".mp4", ".m4v", ".mov", ".mkv"),
        # Nothing is visibly lost at 16; the preset keeps up with a network that needs the processor as well.
        options={"crf": "16", "preset": "veryfast"},
        dithers=True,
        even=True,
        video_range=True,
        keyframe_seconds=1,
        # Slices of one picture wait for each other, and make the file 3 % larger. What is done for one picture after
        # the other is a fourteenth of all: more threads gain nothing.
        at_once=16,
        # The preset's own.
        looks_ahead=10,
    ),
)
