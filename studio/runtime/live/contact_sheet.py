"""All layers of a running network on one sheet, as a contact sheet of a roll of film."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from studio.engine.base import Engine
from studio.engine.display import PictureMaker
from studio.io.atomic import require_parent, write_free
from studio.io.resize import resized
from studio.model.declared.size import Size
from studio.model.networks.inputs import Input
from studio.model.networks.picture import Picture, signed_view, to_picture
from studio.model.networks.shape import Array, Shape
from studio.runtime.services.aside import aside

LONGEST = 288
"""Pixels of the longer side of each thumbnail, at most."""

_GAP = 14
_LABEL = 44
_GROUND, _TEXT, _FAINT = (22, 23, 26), (230, 231, 234), (154, 159, 168)
_LINES = ((17, 0.5, _TEXT), (36, 0.42, _FAINT))  # baseline under the thumbnail, scale of the font, colour


@dataclass(frozen=True, eq=False)
class Thumbnail:
    """One layer of the sheet.

    Attributes:
        name: the layer's or input's.
        shape: of its activation.
        picture: (h, w, 3) uint8 RGB.
    """

    name: str
    shape: Shape
    picture: Picture


def write_sheet(
    engine: Engine, display: PictureMaker, path: Path, crops: Mapping[str, Size] | None = None
) -> Future[Path]:
    """Write a PNG with the activation of every input and layer, as it is now, each labelled with name and shape.

    Only small pictures leave the device in the calling thread; they are put together and written in another.

    Args:
        engine: after a run.
        display: gives the picture of the output.
        path: the file; where something stands there, a number is put behind its name.
        crops: what to show of inputs and layers that have a border of padding.

    Returns:
        What becomes the path when it is written; its `exception()` is a `StudioError` where that cannot be.

    Raises:
        StudioError: where the folder is missing, or the engine has not run.
    """
    require_parent(path)
    thumbnails = grab(engine, display, crops or {})

    def work() -> Path:
        return write_free(path, _png(compose(thumbnails)))

    return aside(work, "write sheet")


def grab(engine: Engine, display: PictureMaker, crops: Mapping[str, Size]) -> list[Thumbnail]:
    """Small pictures of every input and layer, in running order.

    Inputs and the output are pictures; a layer shows all its channels as tiles, each at a scale of its own.
    """
    thumbnails = []
    for given in engine.graph.inputs:
        thumbnails.append(
            Thumbnail(given.name, engine.shape(given.name), _input_picture(engine, given, crops.get(given.name)))
        )
    for node in engine.graph.nodes:
        shape, crop = engine.shape(node.name), crops.get(node.name)
        is_picture = node.name == engine.graph.output and shape.channels in (1, 3)
        shown = display.picture(engine, node.name, crop) if is_picture else _channels(engine, node.name, shape, crop)
        thumbnails.append(Thumbnail(node.name, shape, shown))
    return thumbnails


def compose(thumbnails: Sequence[Thumbnail]) -> Picture:
    """The thumbnails in a near-square grid, each with its label beneath; (H, W, 3) uint8 RGB."""
    import cv2  # 0.1 s that the window's start need not wait

    shown = [_fitted(each.picture) for each in thumbnails]
    columns = min(len(thumbnails), math.ceil(math.sqrt(len(thumbnails))))
    rows = [range(k, min(k + columns, len(thumbnails))) for k in range(0, len(thumbnails), columns)]
    heights = [max(shown[k].shape[0] for k in row) for row in rows]
    height = sum(heights) + len(rows) * (_LABEL + _GAP) + _GAP
    sheet = np.full((height, columns * (LONGEST + _GAP) + _GAP, 3), _GROUND, np.uint8)
    bottom = 0
    for row, row_height in zip(rows, heights, strict=True):
        bottom += _GAP + row_height
        for k in row:
            left = _GAP + (k - row.start) * (LONGEST + _GAP)
            h, w = shown[k].shape[:2]
            sheet[bottom - h : bottom, left : left + w] = shown[k]
            label = (thumbnails[k].name, "x".join(str(side) for side in thumbnails[k].shape))
            for text, (line, scale, colour) in zip(label, _LINES, strict=True):
                place, font = (left, bottom + line), cv2.FONT_HERSHEY_SIMPLEX
                cv2.putText(sheet, _short(text, scale, cv2), place, font, scale, colour, 1, cv2.LINE_AA)
        bottom += _LABEL
    return sheet


def _input_picture(engine: Engine, given: Input, crop: Size | None) -> Picture:
    shape = engine.shape(given.name)
    values = _sample(engine, given.name, shape, crop, Size(1, 1))
    if given.std:
        values = values * np.asarray(given.std, np.float32)[:, None, None]
    if given.mean:
        values = values + np.asarray(given.mean, np.float32)[:, None, None]
    return to_picture(values, given.range, given.order)


def _channels(engine: Engine, name: str, shape: Shape, crop: Size | None) -> Picture:
    height, width = crop or shape.size
    columns = math.ceil(math.sqrt(shape.channels * height / width))
    values = _sample(engine, name, shape, crop, Size(-(-shape.channels // columns), columns))
    return signed_view(values, np.nan_to_num(np.abs(values), nan=0.0, posinf=0.0).max(axis=(1, 2)))


def _sample(engine: Engine, name: str, shape: Shape, crop: Size | None, grid: Size) -> Array:
    """As many values of each channel as a thumbnail has pixels for in a grid of so many rows and columns."""
    whole = crop or shape.size
    scale = min(1.0, LONGEST / max(grid.width * whole.width, grid.height * whole.height))
    size = Size(max(1, int(whole.height * scale)), max(1, int(whole.width * scale)))
    return engine.sample(name, shape.channels, size, whole)


def _fitted(picture: Picture) -> Picture:
    """As large as a thumbnail may be; small maps keep hard-edged values, each enlarged by a whole number."""
    height, width = picture.shape[:2]
    longer = max(height, width)
    if longer > LONGEST:
        return resized(picture, Size(max(1, height * LONGEST // longer), max(1, width * LONGEST // longer)))
    times = LONGEST // longer
    return np.repeat(np.repeat(picture, times, axis=0), times, axis=1)


def _short(text: str, scale: float, cv2: Any) -> str:
    """The text, its middle left out where it is wider than a thumbnail."""

    def is_wide(candidate: str) -> bool:
        return bool(cv2.getTextSize(candidate, cv2.FONT_HERSHEY_SIMPLEX, scale, 1)[0][0] > LONGEST)

    if not is_wide(text):
        return text
    kept = len(text)
    while is_wide(f"{text[: kept // 2]}...{text[-(kept // 2) :]}"):
        kept -= 1
    return f"{text[: kept // 2]}...{text[-(kept // 2) :]}"


def _png(picture: Picture) -> bytes:
    import cv2

    written, data = cv2.imencode(".png", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))
    assert written, "the PNG encoder takes every 8-bit picture"
    return data.tobytes()
