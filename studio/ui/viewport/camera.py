"""Zoom and pan of one view, in pixels of the screen; no Qt."""

from __future__ import annotations

import math
from dataclasses import dataclass

from studio.control.window import ZOOM
from studio.model.declared.size import Size
from studio.ui.viewport.sights import Sight

LARGEST_ZOOM = ZOOM.hi
_SMALLEST_SIDE = 16.0
"""Pixels that the longer side of the content keeps at least."""


@dataclass
class Camera:
    """Which part of the content lies where in the view.

    Attributes:
        content: that of what is looked at, in texels.
        view: that of the view, in pixels.
        zoom: pixels a texel.
        centre: the content's x and y in the middle of the view, in texels.
        fitted: whether it shows the whole content and keeps doing so.
        slack: how far beside the content the view's middle may lie, as a part of the view.
    """

    content: Size = Size(1, 1)
    view: Size = Size(1, 1)
    zoom: float = 1.0
    centre: tuple[float, float] = (0.5, 0.5)
    fitted: bool = True
    slack: float = 0.0

    @property
    def origin(self) -> tuple[float, float]:
        """The content's x and y at the view's upper left corner, a whole number of pixels from the content's own."""
        x, y = self.centre
        left, top = round(x * self.zoom - self.view.width / 2), round(y * self.zoom - self.view.height / 2)
        return left / self.zoom, top / self.zoom

    @property
    def middle(self) -> tuple[float, float]:
        """X and y of the view's middle, in pixels."""
        return self.view.width / 2, self.view.height / 2

    @property
    def fitting(self) -> float:
        """The zoom at which the whole content just fits."""
        return min(side / whole for side, whole in zip(self.view, self.content, strict=True))

    @property
    def sight(self) -> Sight:
        """What it sees, whatever sizes content and view have."""
        if self.fitted:
            return Sight()
        x, y = self.centre
        return Sight(self.zoom, x / self.content.width, y / self.content.height)

    def take(self, sight: Sight) -> None:
        """See that again."""
        if not sight.zoom:
            self.fit()
            return
        self.zoom, self.fitted = self._bounded(sight.zoom), False
        self.centre = sight.x * self.content.width, sight.y * self.content.height
        self._keep()

    def see(self, content: Size, view: Size) -> None:
        """Sizes as they are now; what was in the middle stays there."""
        if content != self.content:
            (x, y), before = self.centre, self.content
            self.centre = x * content.width / before.width, y * content.height / before.height
        self.content, self.view = content, view
        if self.fitted:
            self.fit()
        else:
            self._keep()

    def fit(self) -> None:
        """Show the whole content."""
        self.zoom = self._bounded(self.fitting)
        self.centre = self.content.width / 2, self.content.height / 2
        self.fitted = True

    def one_to_one(self, x: float | None = None, y: float | None = None) -> None:
        """A pixel for each texel; the place under (x, y), the view's middle where none is given, stays."""
        across, down = self.middle
        self.zoom_at(1.0 / self.zoom, across if x is None else x, down if y is None else y)
        if math.isclose(self.zoom, 1.0):
            # A quotient's last bit must not leave out a texel.
            self.zoom = 1.0

    def zoom_at(self, factor: float, x: float, y: float) -> None:
        """Zoom in by a factor, or out by one below 1; the place under (x, y) of the view stays."""
        (at_x, at_y), (across, down) = self.to_content(x, y), self.middle
        self.zoom = self._bounded(self.zoom * factor)
        self.centre = at_x - (x - across) / self.zoom, at_y - (y - down) / self.zoom
        self.fitted = False
        self._keep()

    def look_at(self, x: float, y: float) -> None:
        """Have this place of the content in the middle, in texels."""
        self.centre, self.fitted = (x, y), False
        self._keep()

    def pan(self, x: float, y: float) -> None:
        """Move the content by so many pixels."""
        self.centre = self.centre[0] - x / self.zoom, self.centre[1] - y / self.zoom
        self.fitted = False
        self._keep()

    def to_content(self, x: float, y: float) -> tuple[float, float]:
        """The content's place under a place of the view."""
        left, top = self.origin
        return left + x / self.zoom, top + y / self.zoom

    def to_view(self, x: float, y: float) -> tuple[float, float]:
        """The view's place of a place of the content."""
        left, top = self.origin
        return (x - left) * self.zoom, (y - top) * self.zoom

    def _bounded(self, zoom: float) -> float:
        smallest = min(self.fitting, 1.0, _SMALLEST_SIDE / max(self.content))
        return min(max(zoom, smallest), max(LARGEST_ZOOM, self.fitting))

    def _keep(self) -> None:
        """Keep some of the content in the middle of the view, or as near to it as the slack allows."""
        (x, y), beside = self.centre, self.slack / self.zoom
        right, bottom = beside * self.view.width, beside * self.view.height
        self.centre = (
            min(max(x, -right), self.content.width + right),
            min(max(y, -bottom), self.content.height + bottom),
        )
