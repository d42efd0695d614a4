"""Draws cut into strips of a few milliseconds, so that a window's own draws on a software rasteriser come between."""

from __future__ import annotations

import time
from collections.abc import Hashable

import moderngl

from studio.engine.gl.device import Device

_SECONDS = 0.004
"""What a strip should take."""

_LEAST = 4
"""Pixels of the narrowest strip; software rasterisers shade blocks of 4×4."""


class Strips:
    """Draws triangles over whole targets: at once on a GPU, strip by strip in software.

    All contexts of a process share a software rasteriser, which works on one draw after the other. Dispatches of
    compute shaders have threads of their own there, and need no cutting.
    """

    def __init__(self, device: Device) -> None:
        self._device = device
        self._widths: dict[Hashable, int] = {}

    def clear(self) -> None:
        """Forget how wide strips were: the targets are about to change."""
        self._widths.clear()

    def draw(self, triangle: moderngl.VertexArray, target: moderngl.Framebuffer, key: Hashable) -> None:
        """Draw into a target.

        Args:
            triangle: what is drawn, with its uniforms and textures in place.
            target: what it is drawn into, a texture or several.
            key: whatever tells draws apart that take long from those that do not.
        """
        target.use()
        if not self._device.is_software:
            self._device.calls.draw(triangle)
            return
        width, height = target.size
        along, first, strip = max(width, height), 0, self._widths.get(key, _LEAST)
        while first < along:
            last = min(along, first + strip)
            target.scissor = (0, first, width, last - first) if along == height else (first, 0, last - first, height)
            start = time.perf_counter()
            self._device.calls.draw(triangle)
            self._device.finish()
            # A strip cut short by the target's edge says little of how long a whole one takes.
            if last - first == strip:
                fitting = int(strip * _SECONDS / (time.perf_counter() - start)) // _LEAST * _LEAST
                strip = max(_LEAST, min(fitting, 2 * strip))
            first = last
        target.scissor = None  # type: ignore[assignment]
        self._widths[key] = strip
