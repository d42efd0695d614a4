"""What a codec's module says of itself, and what follows from it: the checks, the conversion."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING

from studio.errors import StudioError
from studio.io.sinks._place import check_place
from studio.io.sinks.base import Recording
from studio.model.declared.size import Size

if TYPE_CHECKING:
    import av.filter

_MAX_SIDE = 16384
DEEP = "rgb48le"
"""FFmpeg's name of RGB with 16 bits a value."""

# A fifth of a second in a piece: what a killed process loses besides the pictures inside the encoder.
_FRAGMENTED = {"movflags": "hybrid_fragmented", "frag_duration": "200000", "flush_packets": "1"}
# Matroska's random numbers would make another file of the same pictures each time.
_CLUSTERED = {"cluster_time_limit": "200", "flush_packets": "1", "fflags": "+bitexact"}
# Suffix -> FFmpeg's name of the container and its options.
CONTAINERS: dict[str, tuple[str, dict[str, str]]] = {
    ".mp4": ("mp4", _FRAGMENTED),
    ".m4v": ("mp4", _FRAGMENTED),
    ".mov": ("mov", _FRAGMENTED),
    ".mkv": ("matroska", _CLUSTERED),
    ".gif": ("gif", {"loop": "0", "flush_packets": "1"}),
}


@dataclass(frozen=True)
class FilmFormat:
    """How one codec is recorded.

    Attributes:
        name: the codec, for messages.
        encoder: FFmpeg's name of it.
        pixels: its pixel format.
        deeper: its pixel formats of more than 8 bits, by their bits.
        suffixes: of the containers that hold it.
        options: the encoder's.
        filters: (name, arguments) of what makes `pixels` out of RGB, a graph in one line unless `palette`.
        dithers: whether what lies between two levels of 8 bits becomes a fine pattern of both, so that no bands are
            seen; what is lossless takes the nearer one.
        even: whether sides must be even; a last column or row is then doubled.
        video_range: whether it stores BT.709 in 16-235, to be said in the file.
        keyframe_seconds: seconds between key frames; None where every frame is one.
        tick: time base in seconds; None for exactly one frame.
        palette: whether each picture is brought to its own palette of 256 colours.
        sound: whether the sound is kept.
        at_once: pictures that are encoded at once, at most, each in a thread of its own; 0 where threads share each.
        looks_ahead: pictures that the encoder looks at before it encodes one; 0 where that is not known, and one
            encoder makes the whole film.
    """

    name: str
    encoder: str
    pixels: str
    suffixes: tuple[str, ...]
    options: Mapping[str, str] = field(default_factory=dict)
    deeper: Mapping[int, str] = field(default_factory=dict)
    dithers: bool = False
    even: bool = False
    video_range: bool = False
    keyframe_seconds: int | None = None
    tick: Fraction | None = None
    palette: bool = False
    sound: bool = True
    at_once: int = 0
    looks_ahead: int = 0


def check(recording: Recording, form: FilmFormat) -> None:
    """Refuse what cannot be recorded.

    Raises:
        StudioError: when the suffix, the size or the rate does not fit, or the place is none, or taken.
    """
    path, size, fps = recording.path, recording.size, recording.fps
    suffix = path.suffix.lower()
    if suffix not in form.suffixes:
        raise StudioError(
            f"{form.name} cannot be recorded to {path}: end its name in {' or '.join(form.suffixes)}, "
            "or choose another codec"
        )
    check_place(recording)
    # Far below one in a hundred seconds FFmpeg's time bases overflow, and take the process with them.
    if not Fraction(1, 100) <= fps <= 1000:
        raise StudioError(f"a frame rate of {fps} cannot be recorded: give 0.01 to 1000")
    if not all(0 < side <= _MAX_SIDE for side in size):
        raise StudioError(f"pictures of {size.typed} cannot be recorded: sides go from 1 to {_MAX_SIDE} pixels")


def conversion(
    form: FilmFormat, size: Size, tick: Fraction, pixels: str, *, deep: bool, is_alone: bool = True
) -> av.filter.Graph:
    """The filters that make `pixels` out of RGB, at a time base of `tick` seconds.

    Args:
        form: how the codec is recorded.
        size: of the pictures.
        tick: the time base.
        pixels: the pixel format wanted.
        deep: whether they come as rgb48, else as rgb24.
        is_alone: whether no others work beside it: then threads share each picture.
    """
    import av.filter
    from av import VideoFormat

    graph = av.filter.Graph()
    graph.threads = 0 if is_alone else 1
    source = graph.add_buffer(
        width=size.width, height=size.height, format=VideoFormat(DEEP if deep else "rgb24"), time_base=tick
    )
    sink = graph.add("buffersink")
    if form.palette:
        # A palette for each picture: one for all could only be known at the end.
        split, generate = graph.add("split"), graph.add("palettegen", "stats_mode=single:reserve_transparent=0")
        use = graph.add("paletteuse", "new=1:dither=sierra2_4a")
        # Counting the colours of every pixel takes most of the time and changes the palette little.
        sample = graph.add("scale", "w='min(iw,160)':h='min(ih,160)':flags=neighbor")
        source.link_to(split)
        split.link_to(sample, 0, 0)
        sample.link_to(generate)
        split.link_to(use, 1, 0)
        generate.link_to(use, 0, 1)
        use.link_to(sink)
    else:
        span = "tv" if form.video_range else "pc"
        matrix = ":out_color_matrix=bt709" if form.video_range else ""
        flags = "bicubic+accurate_rnd+full_chroma_int+full_chroma_inp+bitexact"
        scale = graph.add("scale", f"flags={flags}:in_range=pc:out_range={span}{matrix}")
        source.link_to(scale)
        kind = graph.add("format", pixels)
        scale.link_to(kind)
        if form.video_range:
            # ProRes takes what it says of its colours from the pictures, not from the settings.
            tags = graph.add("setparams", "range=tv:color_primaries=bt709:color_trc=bt709:colorspace=bt709")
            kind.link_to(tags)
            tags.link_to(sink)
        else:
            kind.link_to(sink)
    graph.configure()
    return graph
