"""What reading a film takes besides the loop: opening it, its true rate, upright RGB pictures out of its frames."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from studio.errors import StudioError
from studio.io.sources.base import MAX_SIDE, orient
from studio.model.picture import Picture

if TYPE_CHECKING:
    import av.filter
    from av.container import InputContainer
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

# AVColorSpace -> the scale filter's word for the matrix.
_MATRICES = {1: "bt709", 4: "fcc", 5: "bt601", 6: "bt601", 7: "smpte240m", 9: "bt2020", 10: "bt2020"}
_RANGES = {1: "tv", 2: "pc"}
# Exact and the same on every processor, where swscale's defaults differ between them by a grey level or two.
_SCALE_FLAGS = "bicubic+accurate_rnd+full_chroma_int+full_chroma_inp+bitexact"


def open_film(path: Path) -> InputContainer:
    """Open `path` for demuxing; only local files are ever read, also when it is a play-list.

    Raises:
        StudioError: when it is empty, unreadable, or no film.
    """
    import av

    try:
        if path.stat().st_size == 0:
            raise StudioError(f"{path} is empty; give another film")
        # "file:" keeps a name such as "concat:x" or "img%03d" from being more than a name.
        return av.open(
            f"file:{path.absolute()}", metadata_errors="ignore", options={"protocol_whitelist": "file,crypto,data"}
        )
    except PermissionError as error:
        raise StudioError(f"{path} may not be read: change its rights or give another film") from error
    except (av.FFmpegError, OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise StudioError(
            f"{path} cannot be read as a film or a picture ({reason}): it is damaged, cut off, or something else"
        ) from error


def picture_stream(container: InputContainer, path: Path) -> VideoStream:
    """The stream of moving pictures of a film; the cover of a song is none.

    Raises:
        StudioError: when there is none, or no decoder for it.
    """
    from av.stream import Disposition

    streams = [stream for stream in container.streams.video if not stream.disposition & Disposition.attached_pic]
    if not streams:
        what = "holds only sound" if container.streams.audio else "holds no pictures"
        raise StudioError(f"{path} {what}; give a film, a picture or a folder of pictures")
    stream = streams[0]
    # PyAV leaves it None when no decoder is known, whatever its annotations say.
    context: object = stream.codec_context
    if context is None:
        raise StudioError(f"{path} is coded in a way that cannot be read here; convert it to H.264 first")
    return stream


def nominal_rate(stream: VideoStream) -> Fraction | None:
    """The average rate of a stream in frames per second, exact where a container only stores it rounded.

    Matroska rounds time stamps to milliseconds, so an average over few frames is a little off the true rate: within
    1 in 5000 of an integer or an integer / 1.001, that is meant.
    """
    average, guessed = stream.average_rate or stream.guessed_rate or stream.base_rate, stream.guessed_rate
    variable = average and guessed and abs(average - guessed) > guessed / 100
    if (variable or stream.codec_context.name == "gif") and stream.frames and stream.duration and stream.time_base:
        # Of a variable rate FFmpeg's average is off where an edit list shortens the film, and of a GIF it takes the
        # first delay for all; they alternate, for want of finer units than 1/100 s.
        average = stream.frames / (stream.duration * stream.time_base)
    if not average or average <= 0:
        return None
    for exact in (Fraction(round(average)), Fraction(round(average * Fraction(1001, 1000)) * 1000, 1001)):
        if exact and abs(average - exact) / exact < Fraction(1, 5000):
            return exact
    return Fraction(average)


def orientation(frame: VideoFrame) -> tuple[bool, bool, bool]:
    """How to turn a decoded frame upright: (transpose, flip_x, flip_y) for `orient`.

    Read from the display matrix [a b u, c d v, x y w], fixed point: a picture's point (p, q) is shown at
    (a p + c q, b p + d q). Angles between the right ones go to the nearest.
    """
    try:
        # Annotated as something narrower than the mapping by name that it is.
        matrix = np.frombuffer(bytes(cast(Mapping[str, Any], frame.side_data)["DISPLAYMATRIX"]), "=i4")
    except KeyError:
        return False, False, False
    a, b, c, d = (int(matrix[place]) for place in (0, 1, 3, 4))
    if abs(b) + abs(c) > abs(a) + abs(d):
        return True, c < 0, b < 0
    return False, a < 0, d < 0


def square_size(width: int, height: int, aspect: Fraction | None) -> tuple[int, int]:
    """(width, height) with square pixels, for pixels of `aspect` width / height; the short side grows, none shrinks."""
    if not aspect or aspect <= 0:
        return width, height
    wide = (round(width * aspect), height) if aspect > 1 else (width, round(height / aspect))
    # A nonsensical aspect is a damaged header, not a wish.
    return wide if max(wide) <= MAX_SIDE else (width, height)


class RgbConverter:
    """Makes upright RGB pictures of one size from decoded frames of any pixel format.

    The frame's own matrix and range are obeyed. Where it names none: BT.709 from 720 lines on, BT.601 below. Brightness
    of high dynamic range is not tone-mapped. Transparent pictures are laid over black.
    """

    def __init__(self, width: int, height: int) -> None:
        """Prepare for pictures of `width` x `height`, before they are turned upright."""
        self._size = (width, height)
        self._key: tuple[object, ...] = ()
        self._graph: av.filter.Graph | None = None

    def __call__(self, frame: VideoFrame) -> Picture:
        """Give (H, W, 3) uint8 RGB.

        Raises:
            av.FFmpegError: when the frame cannot be converted.
        """
        alpha = any(component.is_alpha for component in frame.format.components)
        # A stream may change its size or its colours half-way.
        key = (frame.width, frame.height, frame.format.name, frame.colorspace, frame.color_range)
        if self._graph is None or key != self._key:
            self._graph = self._build(frame, "rgba" if alpha else "rgb24")
            self._key = key
        self._graph.push(frame)
        picture = self._graph.pull().to_ndarray()
        if alpha:
            opacity = picture[:, :, 3:].astype(np.uint16)
            picture = (picture[:, :, :3] * opacity + 127) // 255
        return orient(np.ascontiguousarray(picture, dtype=np.uint8), *orientation(frame))

    def _build(self, frame: VideoFrame, pixels: str) -> av.filter.Graph:
        import av
        import av.filter

        hd = frame.width >= 1280 or frame.height > 576
        matrix = _MATRICES.get(frame.colorspace, "auto" if frame.format.is_rgb else "bt709" if hd else "bt601")
        span = "pc" if frame.format.name.startswith("yuvj") else _RANGES.get(frame.color_range, "auto")
        width, height = self._size
        graph = av.filter.Graph()
        graph.link_nodes(
            graph.add_buffer(
                width=frame.width,
                height=frame.height,
                format=frame.format,
                time_base=frame.time_base or Fraction(1, 1000),
            ),
            graph.add(
                "scale",
                f"w={width}:h={height}:flags={_SCALE_FLAGS}:in_color_matrix={matrix}:in_range={span}:out_range=pc",
            ),
            graph.add("format", pixels),
            graph.add("buffersink"),
        ).configure()
        return graph
