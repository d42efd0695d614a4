"""The smallest and largest value of every channel or kernel, found on the GPU for views that scale by them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import moderngl

from studio.engine.gl.driver.device import Device
from studio.engine.gl.driver.programs import set_uniforms
from studio.engine.gl.driver.shaders import Source
from studio.engine.gl.driver.text import Constants
from studio.model.declared.size import Size
from studio.model.views.display import tiling


class Ranges:
    """Textures of ranges for one texture of values: of each tile or kernel, and of all.

    Args:
        device: whose thread calls.
        shape: channels, height and width of the map; of a sheet 1, its height and width.
        crop: what counts of each channel.
        kernels: of a sheet: rows, columns, kernel height, kernel width; of an atlas 0, 0, 0, 0.
        columns: tiles beside each other in the atlas.
    """

    def __init__(
        self,
        device: Device,
        shape: tuple[int, int, int],
        crop: Size,
        kernels: tuple[int, int, int, int],
        columns: int,
    ) -> None:
        self._device = device
        self._sizes = {"u_shape": (*shape, columns), "u_crop": crop.wh, "u_kernel": (kernels[3], kernels[2])}
        self._is_sheet = bool(kernels[0])
        self.size = Size(*kernels[:2]) if self._is_sheet else tiling(shape[0], crop)
        self._tiles = self._target(self.size, 2)
        self._columns = self._target(Size(self.size.height, 1), 4)
        self._all = self._target(Size(1, 1), 4)
        self._rows = None if self._is_sheet else self._target(Size(crop.height, -(-shape[0] // 4)), 4, 2)

    @property
    def limits(self) -> moderngl.Texture:
        """RG32F: smallest and largest finite value of each tile or kernel, in the arrangement that is shown."""
        return _colour(self._tiles)

    @property
    def total(self) -> moderngl.Texture:
        """One texel of RGBA32F: smallest and largest finite value of all, and of the scale that all have in common.

        That reaches at most four times as far from 0 as tiles or kernels do in the middle (a mean of roots): one far
        beyond the others would leave them black.
        """
        return _colour(self._all)

    def find(self, values: moderngl.Texture) -> None:
        """Reduce the values as they are now."""
        if self._rows is None:
            self._draw("range_kernels", self._tiles, {"u_values": values})
        else:
            self._draw("range_rows", self._rows, {"u_values": values})
            self._draw("range_channels", self._tiles, {"u_low": _colour(self._rows), "u_high": _colour(self._rows, 1)})
        self._draw("range_join", self._columns, {"u_ranges": self.limits}, (("AXIS", 0),))
        self._draw("range_join", self._all, {"u_ranges": _colour(self._columns)}, (("AXIS", 1),))

    def _target(self, size: Size, lanes: int, count: int = 1) -> moderngl.Framebuffer:
        context = self._device.context
        return context.framebuffer([context.texture(size.wh, lanes, dtype="f4") for _ in range(count)])

    def _draw(
        self,
        name: str,
        target: moderngl.Framebuffer,
        textures: Mapping[str, moderngl.Texture],
        constants: Constants = (),
    ) -> None:
        triangle = self._device.fragment(Source("fragment", (f"view/{name}.glsl",), constants))
        for unit, texture in enumerate(textures.values()):
            texture.use(unit)
        units: Sequence[tuple[str, object]] = [(uniform, unit) for unit, uniform in enumerate(textures)]
        set_uniforms(triangle.program, dict(units) | self._sizes | {"u_tiling": (self.size.width, 0)})
        target.use()
        self._device.calls.draw(triangle)


def _colour(target: moderngl.Framebuffer, index: int = 0) -> moderngl.Texture:
    found = target.color_attachments[index]
    assert isinstance(found, moderngl.Texture), "every target here is a texture"
    return found
