"""Formats of pixels that FFmpeg's scaler reads wrongly or not at all, as such that it reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from av.video.frame import VideoFrame

# Of 16 bits a pixel it takes the bytes in the other order than the format says.
_SWAPPED = {f"{order}{bits}be": f"{order}{bits}le" for order in ("rgb", "bgr") for bits in (555, 565)}
_FULL = 2


def readable(frame: VideoFrame) -> VideoFrame:
    """The same picture in another format where the scaler has trouble with its own, else the frame itself.

    It rounds halves, and ends the process at grey floats with opacity. Numbers of a palette that a film has not are
    greys.
    """
    name = frame.format.name
    if name in _SWAPPED:
        return _swapped(frame)
    if name == "pal8" and not any(bytes(frame.planes[1])):
        greys = _like(frame, _rows(frame, np.dtype(np.uint8)), "gray")
        greys.color_range = _FULL
        return greys
    if name.startswith(("yaf", "gbrpf16", "gbrapf16", "grayf16")):
        return _floats(frame)
    return frame


def _floats(frame: VideoFrame) -> VideoFrame:
    kind = np.dtype(f"{'>' if frame.format.is_big_endian else '<'}f{frame.format.components[0].bits // 8}")
    planes = [np.frombuffer(bytes(plane), kind).reshape(frame.height, -1) for plane in frame.planes]
    if len(planes) == 1:
        step = 2 if frame.format.name.startswith("yaf") else 1
        greys = np.ascontiguousarray(planes[0][:, : step * frame.width : step], np.float32)
        return _like(frame, greys, "grayf32le")
    # Green stands first, then blue and red.
    ordered = [planes[place][:, : frame.width] for place in (2, 0, 1, 3)[: len(planes)]]
    floats = np.stack(ordered, axis=-1).astype(np.float32)
    return _like(frame, floats, "gbrpf32le" if len(planes) == 3 else "gbrapf32le")


def _swapped(frame: VideoFrame) -> VideoFrame:
    from av.video.frame import VideoFrame as Made

    made = Made(frame.width, frame.height, _SWAPPED[frame.format.name])
    rows = np.zeros((frame.height, made.planes[0].line_size // 2), "<u2")
    rows[:, : frame.width] = _rows(frame, np.dtype(">u2"))
    made.planes[0].update(rows.tobytes())
    return _named(made, frame)


def _rows(frame: VideoFrame, kind: np.dtype) -> np.ndarray:
    """(H, W) of the numbers of a frame's first plane, without what fills its rows."""
    plane = frame.planes[0]
    return np.ndarray((frame.height, frame.width), kind, memoryview(plane), strides=(plane.line_size, kind.itemsize))


def _like(frame: VideoFrame, values: np.ndarray, name: str) -> VideoFrame:
    from av.video.frame import VideoFrame as Made

    return _named(Made.from_ndarray(np.ascontiguousarray(values), format=name), frame)


def _named(made: VideoFrame, frame: VideoFrame) -> VideoFrame:
    """With what the other says of its colours."""
    made.color_primaries, made.color_trc, made.color_range = frame.color_primaries, frame.color_trc, frame.color_range
    if frame.time_base:
        made.time_base = frame.time_base
    return made
