"""Draws cut into strips of a few milliseconds, so that a window's own draws on a software rasteriser come between."""

from __future__ import annotations

import time
from collections.abc import Hashable
from dataclasses import dataclass

import moderngl

from studio.engine.gl.driver.device import Device
from studio.model.declared.size import Size

_SECONDS = 0.004
"""What a strip should take."""

_LEAST = 4
"""Pixels of the narrowest strip; software rasterisers shade blocks of 4×4."""

_SHORTEST = 128
"""Pixels of the shortest part of a strip: two of the tiles that a software rasteriser shares among its threads."""


@dataclass(frozen=True)
class _Cut:
    """So many pixels to a strip, and so many parts, one after the other, to each."""

    strip: int = _LEAST
    parts: int = 1

    def after(self, seconds: float, length: int) -> _Cut:
        """A better cut, when a part of a strip of this length has taken so long."""
        if self.strip == _LEAST and seconds > 2 * _SECONDS and length >= 2 * self.parts * _SHORTEST:
            return _Cut(self.strip, 2 * self.parts)
        if self.parts > 1:
            return _Cut(self.strip, self.parts // 2) if seconds < _SECONDS / 2 else self
        fitting = int(self.strip * _SECONDS / seconds) // _LEAST * _LEAST
        return _Cut(max(_LEAST, min(fitting, 2 * self.strip)))


class Strips:
    """Draws triangles over whole targets: at once on a GPU, strip by strip in software.

    All contexts of a process share a software rasteriser, which works on one draw after the other. Dispatches of
    compute shaders have threads of their own there, and need no cutting.
    """

    def __init__(self, device: Device) -> None:
        self._device = device
        self._cuts: dict[Hashable, _Cut] = {}

    def clear(self) -> None:
        """Forget how draws were cut: the targets are about to change."""
        self._cuts.clear()

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
        size = Size.from_wh((target.viewport[2], target.viewport[3]))
        # Across the longer side, as long as strips then cover two tiles, so that two threads work on each.
        along, length = max(size), min(size)
        if length < _SHORTEST:
            along, length = length, along
        first, cut = 0, self._cuts.get(key, _Cut(parts=max(1, length // (2 * _SHORTEST))))
        while first < along:
            last = min(along, first + cut.strip)
            start = time.perf_counter()
            for part in range(cut.parts):
                begin, end = length * part // cut.parts, length * (part + 1) // cut.parts
                rows, columns = ((first, last), (begin, end)) if along == size.height else ((begin, end), (first, last))
                target.scissor = (columns[0], rows[0], columns[1] - columns[0], rows[1] - rows[0])
                self._device.calls.draw(triangle)
                self._device.finish()
            # A strip cut short by the target's edge says little of how long a whole one takes.
            if last - first == cut.strip:
                cut = cut.after((time.perf_counter() - start) / cut.parts, length)
            first = last
        target.scissor = None  # type: ignore[assignment]
        self._cuts[key] = cut
