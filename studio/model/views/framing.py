"""How a picture lies in the output window: as large as fits, filling it, turned, mirrored. No Qt, no OpenGL."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from studio.model.declared.size import Size
from studio.model.networks.layout import Rect
from studio.model.views.display import Placement

Fit = Literal["fit", "fill", "stretch", "actual"]
Quarters = Literal[0, 1, 2, 3]


@dataclass(frozen=True)
class Framing:
    """Where a picture is shown on a screen.

    Attributes:
        fit: "fit" shows all of it, "fill" covers the screen and cuts what lies beyond, "stretch" covers it and keeps no
            proportions, "actual" has a pixel of the screen for each of the picture.
        quarters: turns of 90 degrees, clockwise.
        mirrored: left and right exchanged, as for a projection from behind.
        flipped: upside down, as for a projector that hangs; before it is turned, like `mirrored`.
    """

    fit: Fit = "fit"
    quarters: Quarters = 0
    mirrored: bool = False
    flipped: bool = False

    def turned(self) -> Framing:
        """A quarter further."""
        following: dict[Quarters, Quarters] = {0: 1, 1: 2, 2: 3, 3: 0}
        return Framing(self.fit, following[self.quarters], self.mirrored, self.flipped)

    def placement(self, content: Size, view: Size) -> Placement:
        """Where it lies.

        Args:
            content: of the picture, in texels.
            view: of what it is shown on, in pixels.
        """
        height, width = content if self.quarters % 2 == 0 else reversed(content)
        across, down = view.width / width, view.height / height
        if self.fit != "stretch":
            across = down = {"fit": min(across, down), "fill": max(across, down), "actual": 1.0}[self.fit]
        # Whole pixels, so that texels and pixels fall together where one is a multiple of the other.
        left, top = round((view.width - width * across) / 2), round((view.height - height * down) / 2)

        def at(x: float, y: float) -> tuple[float, float]:
            return self._content((x - left) / across, (y - top) / down, content)

        origin, right, below = at(0.0, 0.0), at(1.0, 0.0), at(0.0, 1.0)
        zoom = min(across, down)
        columns = [(a - b) * zoom for a, b in zip(right, origin, strict=True)]
        rows = [(a - b) * zoom for a, b in zip(below, origin, strict=True)]
        axes = (_whole(columns[0]), _whole(rows[0]), _whole(columns[1]), _whole(rows[1]))
        return Placement(Rect(0, 0, *view), origin, zoom, axes)

    def _content(self, x: float, y: float, content: Size) -> tuple[float, float]:
        """The picture's place under one of what is seen, before it is enlarged."""
        height, width = content
        x, y = {0: (x, y), 1: (y, height - x), 2: (width - x, height - y), 3: (width - y, x)}[self.quarters]
        return width - x if self.mirrored else x, height - y if self.flipped else y


def _whole(value: float) -> float:
    """Without the last bits of a quotient, where it is a whole number."""
    return float(round(value)) if abs(value - round(value)) < 1e-9 else value
