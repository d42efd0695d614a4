"""Decoded frames of any pixel format, size and colours as upright RGB pictures of one size."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, cast

import numpy as np

from studio.io.sources._colours.matrices import OWN, rgb_by_matrix
from studio.io.sources._colours.screens import LINEAR, Colours, Further, ToneMap, to_ordinary
from studio.io.sources._colours.shades import in_bt709
from studio.io.sources._films.crop import Crop
from studio.io.sources._films.decode import is_reshaped
from studio.io.sources._films.turns import Turns
from studio.io.sources._films.unusual import readable
from studio.io.sources.base import Turn, orient
from studio.model.declared.size import Size
from studio.model.networks.picture import DeepPicture
from studio.model.networks.shape import Array

if TYPE_CHECKING:
    import av.filter
    from av.video.codeccontext import VideoCodecContext
    from av.video.frame import VideoFrame

# AVColorSpace -> the scale filter's word for the matrix.
_MATRICES = {
    1: "bt709",
    4: "fcc",
    5: "bt601",
    6: "bt601",
    7: "smpte240m",
    9: "bt2020",
}
_RANGES = {1: "tv", 2: "pc"}
_FULL = 2
# Exact and the same on every processor, where swscale's defaults differ between them by a grey level or two.
_SCALE_FLAGS = "bicubic+accurate_rnd+full_chroma_int+full_chroma_inp+bitexact"
# Numbers of these many bits are handed on as they are stored; others, of 16.
_PLANES = {8: "yuv444p", 10: "yuv444p10le", 12: "yuv444p12le", 14: "yuv444p14le"}
_WITH_OPACITY = {8: "yuva444p", 10: "yuva444p10le", 12: "yuva444p12le"}
# Rows of which colours are converted at once.
_ROWS = 64
# What says nothing of primaries or curve.
_UNSAID = (0, 2)
_TURNED = "parts of it are held otherwise than its beginning; they are shown upright between black bars"
_RESHAPED = (
    "it is Dolby Vision that only its own players show: its colours, which change frame by frame, are not worked out; "
    "make a BT.2020 or BT.709 copy of it, for instance with FFmpeg's libplacebo filter"
)


class RgbConverter:
    """Makes upright RGB pictures of one size from decoded frames of any pixel format.

    The frame's own matrix, range, primaries and curve are obeyed, and where it names one not, what the container says.
    Where neither names a matrix: BT.709 from 720 lines on, BT.601 below. Transparent pictures are laid over black.
    Frames of another shape than the first are shown whole, between black bars.
    """

    def __init__(
        self,
        size: Size,
        *,
        stored: Size | None = None,
        crop: Crop | None = None,
        colours: Colours | None = None,
        tone_map: ToneMap = "knee",
        turn: Turn | None = None,
        is_across: bool = False,
        further: Further | None = None,
        matrix: Array | None = None,
        is_alone: bool = True,
    ) -> None:
        """Prepare for pictures of one size.

        Args:
            size: of the pictures, before they are turned upright.
            stored: that of frames that fill them whole; None for all.
            crop: the part of those frames that does; None for all of it.
            colours: what the container says of them.
            tone_map: see `to_ordinary`.
            turn: how to turn them upright; None where each frame says it.
            is_across: whether rows and columns are exchanged by that.
            further: see `rgb_of`; what frames say of their colours is passed over then.
            matrix: (3, 3), from light as it is stored to that of BT.709's primaries; None where they have a number.
            is_alone: whether no other one works beside it: then threads share each picture.
        """
        self._turn = turn
        self._turns = Turns()
        # What is turned otherwise than that fills as much of the picture as it can.
        self._is_across = is_across if turn is None else turn[0]
        self._size = self._goal = size
        self._stored = stored
        self._crop = crop
        self._said = colours or Colours()
        self._tone_map = tone_map
        self._further = further
        self._matrix = matrix
        self._is_alone = is_alone
        self._key: tuple[object, ...] = ()
        self._graph: av.filter.Graph | None = None
        self._colours = Colours()
        self._is_reshaped = False

    @property
    def remark(self) -> str:
        """What was done to the last frame, or could not be; empty where there is nothing to say."""
        done = self._colours.remark(self._tone_map)
        turned = _TURNED if self._goal != self._size else ""
        return "; ".join(filter(None, (done, _RESHAPED if self._is_reshaped else "", turned)))

    def turn_of(self, frame: VideoFrame) -> Turn:
        """How to turn a frame upright, shown or not: those behind it may be held as it says. Of all, in their order."""
        return self._turns.of(frame) if self._turn is None else self._turn

    def __call__(self, frame: VideoFrame, turn: Turn | None = None) -> DeepPicture:
        """Give (H, W, 3) RGB, of 16 bits where the frame has more than 8.

        Args:
            frame: as it was decoded.
            turn: how to turn it upright, as `turn_of` has said; None to ask that.

        Raises:
            av.FFmpegError: when the frame cannot be converted.
        """
        turn = turn or self.turn_of(frame)
        frame = readable(frame)
        # A stream may change its size or its colours half-way.
        self._goal = self._size if turn[0] == self._is_across else Size(*reversed(self._size))
        key = (frame.height, frame.width, frame.format.name, frame.colorspace, frame.color_range, self._goal)
        said, is_new = self._said, self._graph is None or key != self._key
        if is_new:
            self._key, self._is_reshaped = key, is_reshaped(frame)
        if frame.color_range not in _RANGES:
            frame.color_range = said.range
        if frame.colorspace in _UNSAID and not frame.format.is_rgb:
            frame.colorspace = said.matrix
        if self._graph is None or is_new:
            self._graph = self._build(frame, _pixels(frame))
        self._colours = Colours(
            said.primaries if frame.color_primaries in _UNSAID else frame.color_primaries,
            said.transfer if frame.color_trc in _UNSAID else frame.color_trc,
        )
        if self._colours.transfer == LINEAR and all(component.bits <= 12 for component in frame.format.components):
            # Writers of QOI and DPX say it of any picture, and nobody keeps light in so few bits.
            self._colours = Colours(self._colours.primaries)
        if frame.format.name.startswith("xyz") or self._further is not None:
            # Of a cinema's pictures, which the scale filter makes RGB.
            self._colours = Colours()
        if _is_float(frame) and self._colours.transfer in _UNSAID:
            self._colours = Colours(self._colours.primaries, LINEAR)
        # The filter refuses what it has no name for, and need not know it.
        frame.color_primaries = frame.color_trc = _UNSAID[1]
        self._graph.push(frame)
        made = cast("VideoFrame", self._graph.pull())
        values = self._by_own(made, frame) if _has_own(frame) else made.to_ndarray()
        shown = np.repeat(values[:, :, None], 3, axis=2) if values.ndim == 2 else values
        if _is_float(frame):
            # OpenEXR's colours are multiplied by their opacity: over black they are what they are.
            shown = shown[:, :, :3] if self._matrix is None else shown[:, :, :3] @ self._matrix.T
        picture = rgb_of(shown, self._colours, self._tone_map, self._further)
        return orient(picture, *turn)

    def _by_own(self, made: VideoFrame, frame: VideoFrame) -> DeepPicture:
        """RGB, and opacity where there is some, of planes by a matrix that FFmpeg has not."""
        bits = made.format.components[0].bits
        kind = np.dtype(np.uint8 if bits == 8 else "<u2")
        size = made.height, made.width
        stored = [
            np.ndarray(size, kind, memoryview(plane), strides=(plane.line_size, kind.itemsize)) for plane in made.planes
        ]
        planes = np.stack(stored[:3], axis=-1)
        full = frame.format.name.startswith("yuvj") or frame.color_range == _FULL
        colours = self._colours
        rgb = rgb_by_matrix(
            planes, bits, frame.colorspace, full=full, transfer=colours.transfer, primaries=colours.primaries
        )
        if len(made.planes) < 4:
            return rgb
        # Opacity has all numbers, whatever the range of colours is.
        full_scale, top = (1 << bits) - 1, np.iinfo(rgb.dtype).max
        opacity = (stored[3].astype(np.uint32) * top + full_scale // 2) // full_scale
        return np.dstack([rgb, opacity.astype(rgb.dtype)])

    def _build(self, frame: VideoFrame, pixels: str) -> av.filter.Graph:
        import av
        import av.filter

        hd = frame.width >= 1280 or frame.height > 576
        matrix = _MATRICES.get(frame.colorspace, "auto" if frame.format.is_rgb else "bt709" if hd else "bt601")
        span = "pc" if frame.format.name.startswith("yuvj") else _RANGES.get(frame.color_range, "auto")
        # Planes as they are stored: no range is taken for another.
        span = "pc" if _has_own(frame) else span
        crop = self._crop if (frame.height, frame.width) == self._stored else None
        fitted = self._fitted(frame)
        scaled = fitted if crop is None else Size(frame.height, frame.width)
        graph = av.filter.Graph()
        graph.threads = 0 if self._is_alone else 1
        steps = [
            graph.add_buffer(
                width=frame.width,
                height=frame.height,
                format=frame.format,
                time_base=frame.time_base or Fraction(1, 1000),
            ),
            graph.add(
                "scale",
                f"w={scaled.width}:h={scaled.height}:flags={_SCALE_FLAGS}"
                f":in_color_matrix={matrix}:in_range={span}:out_range=pc",
            ),
            graph.add("format", pixels),
        ]
        if crop is not None:
            # Behind the change of format, where each pixel has a colour of its own.
            steps.append(graph.add("crop", f"{crop.size.width}:{crop.size.height}:{crop.left}:{crop.top}"))
        if crop is not None and fitted != crop.size:
            steps.append(graph.add("scale", f"w={fitted.width}:h={fitted.height}:flags={_SCALE_FLAGS}"))
        if fitted != self._goal:
            whole = f"w={self._goal.width}:h={self._goal.height}"
            steps.append(graph.add("pad", f"{whole}:x=-1:y=-1:color=black"))
        graph.link_nodes(*steps, graph.add("buffersink")).configure()
        return graph

    def _fitted(self, frame: VideoFrame) -> Size:
        size, goal, stored = self._size, self._goal, self._stored
        if goal == size and (stored is None or (frame.height, frame.width) == stored):
            return size
        # Its pixels are taken to be as wide as those of the first.
        shown = (stored or Size(frame.height, frame.width)) if self._crop is None else self._crop.size
        across = frame.width * Fraction(size.width * shown.height, size.height * shown.width)
        zoom = min(goal.width / across, Fraction(goal.height, frame.height))
        return Size(max(1, round(frame.height * zoom)), max(1, round(across * zoom)))


def colours_of_container(context: VideoCodecContext) -> Colours:
    """What a film's container says of its colours, as long as no frame is decoded: decoders overwrite it."""
    matrix = context.colorspace or _UNSAID[1]
    return Colours(int(context.color_primaries), int(context.color_trc), int(matrix), int(context.color_range))


def _is_float(frame: VideoFrame) -> bool:
    return "f32" in frame.format.name or "f16" in frame.format.name


def _has_own(frame: VideoFrame) -> bool:
    """Whether its matrix is one that FFmpeg has not."""
    return frame.colorspace in OWN and not frame.format.is_rgb and len(frame.format.components) >= 3


def _pixels(frame: VideoFrame) -> str:
    """The format, with as many bits as the frame's, that its values come out in."""
    alpha = any(component.is_alpha for component in frame.format.components)
    if _has_own(frame):
        bits = frame.format.components[0].bits
        return _WITH_OPACITY.get(bits, "yuva444p16le") if alpha else _PLANES.get(bits, "yuv444p16le")
    if _is_float(frame) and len(frame.format.components) == 1:
        # Made colour by the filter, greys would be clipped, and stretched as those of video.
        return "grayf32le"
    if _is_float(frame):
        # Without the opacity the filter would round them.
        return "gbrapf32le" if alpha else "gbrpf32le"
    if any(component.bits > 8 for component in frame.format.components):
        return "rgba64le" if alpha else "rgb48le"
    return "rgba" if alpha else "rgb24"


def rgb_of(values: np.ndarray, colours: Colours, tone_map: ToneMap, further: Further | None = None) -> DeepPicture:
    """Colours as stored, to those that networks know, laid over black where they are transparent.

    Args:
        values: (H, W, 3 | 4) uint8, uint16, or float32 of which 1 is white; the fourth is opacity.
        colours: what they are.
        tone_map: see `to_ordinary`.
        further: what else is done to ordinary colours before they are laid over black: a profile is followed, say.

    Returns:
        (H, W, 3) uint8, or uint16 of what has more than 8 bits.
    """
    opacity = values[:, :, 3:] if values.shape[2] == 4 else None
    rgb = values[:, :, :3]
    full = 1.0 if values.dtype.kind == "f" else float(np.iinfo(values.dtype).max)
    kind = np.dtype(np.uint16 if values.dtype.kind == "f" else values.dtype)
    if colours.is_shade_off and values.dtype.kind != "f":
        rgb = in_bt709(rgb, colours.primaries, colours.transfer)
    elif not colours.is_ordinary or values.dtype.kind == "f":
        top, stored = float(np.iinfo(kind).max), rgb
        rgb = np.empty(stored.shape, kind)
        # Few rows at a time stay in the processor's caches.
        for first in range(0, len(stored), _ROWS):
            rows = stored[first : first + _ROWS].astype(np.float32)
            # What is no number says so in arithmetic, if it is of the signalling kind.
            with np.errstate(invalid="ignore"):
                light = np.nan_to_num(to_ordinary(rows / np.float32(full), colours, tone_map), copy=False)
            rgb[first : first + _ROWS] = np.rint(np.clip(light, 0.0, 1.0, out=light) * np.float32(top))
    if further is not None and colours.is_ordinary:
        rgb = further(rgb)
    if opacity is not None:
        if values.dtype.kind == "f":
            rgb = np.rint(rgb * np.clip(np.nan_to_num(opacity), 0.0, 1.0)).astype(kind)
        else:
            top = int(full)
            rgb = ((rgb.astype(np.uint32 if top < 1 << 15 else np.uint64) * opacity + top // 2) // top).astype(kind)
    return np.ascontiguousarray(rgb)
