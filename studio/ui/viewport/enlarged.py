"""Large pictures of few texels without drawing each pixel: drawn once a texel, or made in memory, and repeated."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import moderngl
import numpy as np
from numpy.typing import NDArray

from studio.engine.gl.driver.device import Device
from studio.engine.gl.engines.view import ViewPass
from studio.model.declared.size import Size
from studio.model.networks.layout import Rect
from studio.model.networks.picture import Picture
from studio.model.networks.shape import Array
from studio.model.views.display import DisplayTexture, Look, Placement
from studio.ui.viewport.scene import Part

_FROM = 1.5
"""Pixels a texel from which that is less work."""


class Enlarger:
    """Draws pictures as `ViewPass` does, on a software rasteriser, which takes ten times as long for every pixel.

    Args:
        device: of the thread that draws.
        drawing: the pass.
    """

    def __init__(self, device: Device, drawing: ViewPass) -> None:
        self._device = device
        self._pass = drawing
        self._targets: dict[Size, moderngl.Framebuffer] = {}

    def drawn(self, size: Size, parts: Sequence[Part], look: Look) -> Picture | None:
        """(H, W, 4) blue, green, red and nothing; None where the pass itself is to draw.

        That is where anything is no picture, turned, hardly enlarged, or to be marked as no number: marks are as large
        on the screen however large a texel is.

        Args:
            size: of the picture.
            parts: what is drawn, one over the other.
            look: colours.
        """
        if not parts or not all(map(_is_large, parts)):
            return None
        texels = [self._texels(part, look) for part in parts]
        if look.nan and any((each[..., 3] == 0).any() for each in texels):
            return None
        whole = np.empty(size, np.uint32)
        whole[:] = _words(texels[0])[-1, -1]
        for part, small in zip(parts, texels, strict=True):
            _paste(whole, _words(small), part.placement)
        return whole.view(np.uint8).reshape(*size, 4)

    def _texels(self, part: Part, look: Look) -> Picture:
        """One pixel a texel, and behind the last of each row and column one of the ground."""
        if part.shown.values is not None:
            return _made(part.shown, part.shown.values, look)
        size = Size(part.shown.crop.height + 1, part.shown.crop.width + 1)
        if size not in self._targets:
            self._targets = {size: self._device.context.framebuffer([self._device.context.texture(size.wh, 4)])}
        target = self._targets[size]
        self._pass.draw(target, part.shown, part.drawing, Placement(Rect(0, 0, *size)), look, marks=False)
        self._device.finish()
        texture = target.color_attachments[0]
        assert isinstance(texture, moderngl.Texture), "it was made of one"
        return self._device.calls.read_picture(texture)


def _made(shown: DisplayTexture, values: Array, look: Look) -> Picture:
    """What the pass makes of a picture that lies in memory as well, one pixel a texel, and the ground behind."""
    height, width = shown.crop
    made = np.empty((height + 1, width + 1, 4), np.uint8)
    made[:] = [*(round(255 * each) for each in reversed(look.ground)), 255]
    shows = values[:, :height, :width]
    if len(shows) == 1:
        shows = shows.repeat(3, 0)
    elif shown.order == "bgr":
        shows = shows[::-1]
    planes, nothing = [], np.zeros((height, width), np.float32)
    for plane, low, high in zip(shows, shown.low, shown.high, strict=True):
        levels = plane - np.float32(low)
        levels *= np.float32(255.0 / (high - low))
        # OpenCV rounds, and holds to 0 and 255, but takes for 0 what no integer holds: what is no number, too.
        np.minimum(levels, np.float32(255.0), out=levels)
        planes.append(cv2.add(levels, nothing, dtype=cv2.CV_8U))
    whole = np.full((height, width), 255, np.uint8)
    if look.nan:
        whole[np.isnan(shows).any(0)] = 0
    made[:height, :width] = cv2.merge((*reversed(planes), whole))
    return made


def _is_large(part: Part) -> bool:
    placement = part.placement
    return part.drawing == "picture" and placement.zoom >= _FROM and placement.axes == (1.0, 0.0, 0.0, 1.0)


def _words(picture: Picture) -> NDArray[np.uint32]:
    return picture.view(np.uint32)[..., 0]


def _paste(whole: NDArray[np.uint32], small: NDArray[np.uint32], placement: Placement) -> None:
    y, x, height, width = placement.rect
    left, top, right, bottom = max(x, 0), max(y, 0), min(x + width, whole.shape[1]), min(y + height, whole.shape[0])
    if left < right and top < bottom:
        columns = _texel_of(np.arange(left - x, right - x), placement.origin[0], placement.zoom, small.shape[1] - 1)
        rows = _texel_of(np.arange(top - y, bottom - y), placement.origin[1], placement.zoom, small.shape[0] - 1)
        # Along the rows first, of which there are few: whole rows are copied sooner than single pixels. No place lies
        # outside, and NumPy need not look for one in a copy.
        np.take(small.take(columns, 1, mode="clip"), rows, 0, out=whole[top:bottom, left:right], mode="clip")


def _texel_of(pixels: NDArray[np.intp], origin: float, zoom: float, count: int) -> NDArray[np.intp]:
    """Which texel each pixel shows, by the shader's own arithmetic; `count` is the ground."""
    step = np.float32(1.0 / zoom)
    found = np.floor(np.float32(origin) + (pixels.astype(np.float32) + np.float32(0.5)) * step).astype(np.intp)
    return np.where((found < 0) | (found >= count), count, found)
