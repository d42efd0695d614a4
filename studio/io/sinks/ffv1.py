"""FFV1 in Matroska: every picture comes back bit by bit. Sound is copied where Matroska allows, else FLAC."""

from __future__ import annotations

from studio.io.sinks._codec import FilmCodec
from studio.io.sinks._format import FilmFormat

CODEC = FilmCodec(
    name="ffv1",
    description="FFV1 in MKV: lossless, bit by bit, 8 to 16 bits, large",
    suffixes=(".mkv",),
    order=30,
    form=FilmFormat(
        name="ffv1",
        encoder="ffv1",
        # RGB without a detour through YUV; 24 bits in 32.
        pixels="bgr0",
        deeper={10: "gbrp10le", 12: "gbrp12le", 16: "gbrp16le"},
        suffixes=(".mkv",),
        # Version 3 with check sums: damage is noticed, and slices are coded on all cores.
        options={"level": "3", "slicecrc": "1", "slices": "4"},
        keyframe_seconds=None,
    ),
)
