"""Blocks of a convolution's output, one to an invocation on a software rasteriser, and where fragments keep them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import NamedTuple

import moderngl

from studio.engine.gl.driver.device import Device
from studio.engine.gl.kernels.weights import LayerWeights
from studio.model.declared.size import Size
from studio.model.networks.layout import Atlas, tile_count
from studio.model.networks.passes import Banked
from studio.model.networks.shape import Shape

# Sums of four channels in a block. More would not stay in registers, and no GL 3.3 driver need write more targets.
_SUMS = 8

# Texels that a row of blocks should have: two of the tiles that a software rasteriser shares among its threads.
_WIDE = 128


class Block(NamedTuple):
    """Pixels of one phase, side by side, times tiles: `shaders/lib/block.glsl`."""

    pixels: int
    tiles: int

    @property
    def constants(self) -> tuple[tuple[str, int], ...]:
        """What its shaders have ``#define``-d."""
        return ("PIXELS", self.pixels), ("OUT_TILES", self.tiles)

    def across(self, width: int, phases: int) -> int:
        """Blocks in a row of a map so wide, whose columns are of so many phases."""
        return -(-width // (self.pixels * phases)) * phases

    def groups(self, channels: int) -> int:
        """Blocks behind each other, for so many channels."""
        return -(-tile_count(channels) // self.tiles)


def block_for(shape: Shape, weights: LayerWeights, least: int = 1) -> Block:
    """The block for a map of this shape: as wide as leaves so many of them, and with as many tiles as then fit."""
    phases = len(weights.taps[1].phases)
    # Output tiles of different groups read different inputs, so a block must not span two.
    tiles = 1 if weights.grouped else tile_count(shape.channels)
    block = Block(_SUMS // min(tiles, 2), min(tiles, 2))
    while block.pixels > 1 and (
        block.across(shape.width, phases) * shape.height < least or block.pixels * phases >= 2 * shape.width
    ):
        pixels = block.pixels // 2
        block = Block(pixels, min(tiles, _SUMS // pixels))
    return block


class Sums:
    """Textures that fragment shaders draw several texels of a map into at once, one layer after the other.

    Args:
        device: where they are kept.
        layers: what each layer makes so.
    """

    def __init__(self, device: Device, layers: Mapping[str, Banked]) -> None:
        self.atlases = {name: _laid(each.shape) for name, each in layers.items()}
        size = Size(*(max(sides) for sides in zip(*(atlas.size for atlas in self.atlases.values()), strict=True)))
        self._device, self._layers = device, layers
        self._textures = [device.texture(size) for _ in range(max(each.targets for each in layers.values()))]
        self._targets: dict[str, moderngl.Framebuffer] = {}

    def textures(self, layer: str) -> list[moderngl.Texture]:
        """Those that this layer draws into."""
        return self._textures[: self._layers[layer].targets]

    def target(self, layer: str) -> moderngl.Framebuffer:
        """All of them together."""
        if layer not in self._targets:
            self._targets[layer] = self._device.context.framebuffer(self.textures(layer))
            self._targets[layer].viewport = (0, 0, *self.atlases[layer].size.wh)
        return self._targets[layer]


def _laid(shape: Shape) -> Atlas:
    """Tiles side by side until rows are wide enough."""
    tiles = tile_count(shape.channels)
    columns = min(max(1, _WIDE // shape.width), tiles)
    return Atlas(shape, columns, -(-tiles // columns))


class Banks:
    """Textures that fragment shaders draw blocks into: the same sum of every block into the same one.

    Layers use them one after the other. Of each, blocks lie as in an atlas, a group of tiles for a tile::

        columns = 2, blocks of 4 pixels × 2 tiles, bank 5: the second pixels' sums of the second tiles
        +-----------+-----------+
        | tiles 0 1 | tiles 2 3 |     each part is height × blocks across
        +-----------+-----------+
        | tiles 4 5 |     -     |
        +-----------+-----------+

    Args:
        device: where they are kept.
        layers: shape and weights of every convolution.
    """

    def __init__(self, device: Device, layers: Mapping[str, tuple[Shape, LayerWeights]]) -> None:
        self.blocks = {name: block_for(*layer) for name, layer in layers.items()}
        parts: dict[str, Shape] = {}
        for name, (shape, weights) in layers.items():
            block = self.blocks[name]
            across = block.across(shape.width, len(weights.taps[1].phases))
            parts[name] = Shape(block.groups(shape.channels) * 4, shape.height, across)
        area = max(shape.channels // 4 * shape.height * shape.width for shape in parts.values())
        wide = max(_WIDE, math.isqrt(area), *(shape.width for shape in parts.values()))
        self.atlases: dict[str, Atlas] = {}
        for name, shape in parts.items():
            columns = min(wide // shape.width, shape.channels // 4)
            self.atlases[name] = Atlas(shape, columns, -(-(shape.channels // 4) // columns))
        size = Size(*(max(sides) for sides in zip(*(atlas.size for atlas in self.atlases.values()), strict=True)))
        self._device = device
        self._textures = [device.texture(size) for _ in range(_SUMS)]
        self._targets: dict[str, moderngl.Framebuffer] = {}

    def textures(self, layer: str) -> list[moderngl.Texture]:
        """Those that this layer's blocks have sums for: pixels first, then tiles."""
        block = self.blocks[layer]
        return self._textures[: block.pixels * block.tiles]

    def target(self, layer: str) -> moderngl.Framebuffer:
        """What this layer's blocks are drawn into."""
        if layer not in self._targets:
            self._targets[layer] = self._device.context.framebuffer(self.textures(layer))
            self._targets[layer].viewport = (0, 0, *self.atlases[layer].size.wh)
        return self._targets[layer]
