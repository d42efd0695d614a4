"""What a display was given to look at, where its values lie when they are shown, and how they become colours."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, NamedTuple

from studio.model.declared.size import Size
from studio.model.networks.inputs import ChannelOrder
from studio.model.networks.layout import Rect
from studio.model.networks.shape import Array
from studio.model.views.view import Colours, Scaling

Drawing = Literal["picture", "channels", "sheet"]
Role = Literal["input", "output", "layer", "sheet"]

DRAWINGS: dict[Role, Drawing] = {"input": "picture", "output": "picture", "layer": "channels", "sheet": "sheet"}
"""How each is drawn where nobody says otherwise."""

# The ground beside and between what is shown, in linear parts of full.
GROUND = (0.07, 0.07, 0.08)
BLACK = (0.0, 0.0, 0.0)

# A gap between channels is this part of their shorter side, but at least a texel; smaller ones than this have none.
_GAP_SHARE = 32
_SMALLEST_WITH_GAP = 4


@dataclass(frozen=True, eq=False)
class DisplayTexture:
    """A texture that holds a copy of an activation or of a filter sheet, at rest until the front is given back.

    Attributes:
        name: of the layer or input, or the full name of the tensor.
        role: an input, the network's output, another layer, or a tensor's filter sheet.
        texture: OpenGL's name of it, valid in every context that shares with the engine's.
        size: in texels.
        lanes: 4, an atlas of RGBA32F; 1, a sheet of R32F.
        shape: channels, height, width; of a sheet 1, height, width.
        columns: tiles beside each other in the atlas (see `studio.model.networks.layout`).
        crop: what is shown of each channel; of a sheet all of it.
        kernels: of a sheet: rows, columns, kernel height, kernel width; of an atlas 0, 0, 0, 0.
        low: the value that a picture shows black, of red, green and blue.
        high: the value that it shows full.
        limits: texture of RG32F: smallest and largest finite value of each channel or kernel, one a texel, in the
            arrangement in which they are shown; the smallest is above the largest where none is finite.
        limits_size: how many channels or kernels lie below and beside each other.
        total: a texture of one such texel: of all values.
        serial: counts what was shown; a larger one is newer.
        order: of the three channels that a picture has in the texture.
        tinted: whether a picture of one channel has a colour added, in parts of full: the other three of each texel.
        has_ranges: whether the limits and the total hold anything; without, it can be drawn as a picture only.
        values: (C, H, W) float32, what was uploaded, where that is a picture; not to be changed. None where the device
            alone has it.
    """

    name: str
    role: Role
    texture: int
    size: Size
    lanes: int
    shape: tuple[int, int, int]
    columns: int
    crop: Size
    kernels: tuple[int, int, int, int]
    low: tuple[float, float, float]
    high: tuple[float, float, float]
    limits: int
    limits_size: Size
    total: int
    serial: int
    order: ChannelOrder = "rgb"
    tinted: bool = False
    has_ranges: bool = True
    values: Array | None = None


@dataclass(frozen=True)
class Placement:
    """Where content lies on its target, in the target's own pixels from its upper left corner.

    Attributes:
        rect: the part of the target that is drawn into.
        origin: the content's x and y, in texels, at that part's upper left corner.
        zoom: pixels a texel.
        axes: the content's x and then y that a pixel to the right and one down go along, in texels times the zoom: of
            what is turned or mirrored others than these.
    """

    rect: Rect
    origin: tuple[float, float] = (0.0, 0.0)
    zoom: float = 1.0
    axes: tuple[float, float, float, float] = (1.0, 0.0, 0.0, 1.0)


@dataclass(frozen=True)
class Look:
    """How values become colours.

    Attributes:
        colours: "signed", blue below zero and orange above, or "grey", from the smallest to the largest value.
        scaling: every tile by its own range, or all by one.
        nan: whether what is not a number is drawn as a magenta checker; else black.
        ground: colour beside and between channels, each part 0 to 1.
    """

    colours: Colours = "signed"
    scaling: Scaling = "tile"
    nan: bool = True
    ground: tuple[float, float, float] = GROUND


class Spot(NamedTuple):
    """One value of what is shown.

    Attributes:
        where: (channel, y, x); of a sheet (kernel row, kernel column, y, x).
        texel: x and y in the texture.
        lane: which of the texel's components.
    """

    where: tuple[int, ...]
    texel: tuple[int, int]
    lane: int


def tiling(channels: int, crop: Size) -> Size:
    """Rows and columns of the near-square grid in which the channels of a map are shown."""
    columns = min(math.ceil(math.sqrt(channels * crop.height / crop.width)), channels)
    return Size(-(-channels // columns), columns)


def gap(crop: Size) -> int:
    """Texels between two channels of this size."""
    return max(1, min(crop) // _GAP_SHARE) if min(crop) >= _SMALLEST_WITH_GAP else 0


def extent(shown: DisplayTexture, drawing: Drawing) -> Size:
    """That of the whole content, in texels."""
    if drawing != "channels":
        return shown.crop
    between, counts = gap(shown.crop), zip(shown.limits_size, shown.crop, strict=True)
    return Size(*(count * (side + between) - between for count, side in counts))


def spot(shown: DisplayTexture, drawing: Drawing, x: float, y: float) -> Spot | None:
    """The value that lies at a place of the content, in texels; None beside it and between channels."""
    whole = extent(shown, drawing)
    if not (0 <= x < whole.width and 0 <= y < whole.height):
        return None
    column, row = int(x), int(y)
    if drawing == "picture":
        return Spot((0, row, column), (column, row), 0)
    if drawing == "sheet":
        _, _, kh, kw = shown.kernels
        return Spot((row // kh, column // kw, row % kh, column % kw), (column, row), 0)
    between = gap(shown.crop)
    tile_x, at_x = divmod(column, shown.crop.width + between)
    tile_y, at_y = divmod(row, shown.crop.height + between)
    channel = tile_y * shown.limits_size.width + tile_x
    if channel >= shown.shape[0] or at_x >= shown.crop.width or at_y >= shown.crop.height:
        return None
    cell_y, cell_x = divmod(channel // 4, shown.columns)
    texel = cell_x * shown.shape[2] + at_x, cell_y * shown.shape[1] + at_y
    return Spot((channel, at_y, at_x), texel, channel % 4)
