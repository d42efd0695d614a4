"""A canvas that shows a part of what is looked at: zoomed and panned, each view by a camera of its own."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QPointF
from PySide6.QtWidgets import QWidget

from studio.model.declared.size import Size
from studio.model.views.display import DisplayTexture, Look
from studio.model.views.view import View
from studio.ui.viewport.camera import Camera
from studio.ui.viewport.canvas import Canvas
from studio.ui.viewport.content import FindScreen
from studio.ui.viewport.scene import Part, content_size, parts, wanted
from studio.ui.viewport.sights import Sights

ZOOM_STEP = 1.25


class Framed(Canvas):
    """Frames its content; hands are what derives from it.

    Args:
        find_screen: gives the screen once the render thread has one.
        look: how values become colours.
        view: what is shown first.
        parent: the widget that it lies in.
    """

    def __init__(self, find_screen: FindScreen, look: Look, view: View, parent: QWidget | None = None) -> None:
        super().__init__(find_screen, look, parent)
        self._cameras: dict[View, Camera] = {}
        self._sights: dict[View, Sights] = {}
        self._view = self._drawn = view
        self._parts: list[Part] = []
        self._divider = 0.5

    @property
    def camera(self) -> Camera:
        """Zoom and pan of the present view."""
        return self._cameras.setdefault(_framing(self._view), Camera())

    @property
    def sights(self) -> Sights:
        """What was seen of the present view before."""
        return self._sights.setdefault(_framing(self._view), Sights())

    def go_back(self) -> None:
        """Show what was seen before the last move."""
        camera = self.camera
        if (sight := self.sights.back(camera.sight)) is not None:
            camera.take(sight)
            self.refresh()

    def go_forth(self) -> None:
        """Show what was seen before one went back."""
        camera = self.camera
        if (sight := self.sights.forth(camera.sight)) is not None:
            camera.take(sight)
            self.refresh()

    def fit(self) -> None:
        """Show the whole content."""
        self._note()
        self.camera.fit()
        self.refresh()

    def one_to_one(self) -> None:
        """Show a pixel for each texel."""
        self._note()
        self.camera.one_to_one()
        self.refresh()

    def zoom_in(self) -> None:
        """Zoom in by a step, at the middle."""
        self._zoom(ZOOM_STEP)

    def zoom_out(self) -> None:
        """Zoom out by a step, at the middle."""
        self._zoom(1 / ZOOM_STEP)

    def zoom_to(self, zoom: float) -> None:
        """Show so many pixels of the screen for each texel, at the middle."""
        self._zoom(zoom / self.camera.zoom)

    def look_at(self, x: float, y: float) -> None:
        """Have this place of the content in the middle; from 0 to 1, from the left and from the top."""
        camera = self.camera
        self._note()
        camera.look_at(x * camera.content.width, y * camera.content.height)
        self.refresh()

    @property
    def divider(self) -> float:
        """Where input and output are parted, from 0, at the left, to 1."""
        return self._divider

    def split_at(self, divider: float) -> None:
        """Part input and output there."""
        self._divider = divider
        self.refresh()

    def compose(self, front: tuple[DisplayTexture, ...], size: Size) -> list[Part]:
        """See `Content.compose`."""
        # Another view takes a moment to come; until then the one before stays. What there is not, as a layer of another
        # network, gives way to the output in the render thread, and so here.
        known = (view for view in (self._view, self._drawn, View()) if wanted(view, front))
        self._drawn = next(known, self._view)
        seen = wanted(self._drawn, front)
        self._parts = []
        if seen:
            camera = self._cameras.setdefault(_framing(self._drawn), Camera())
            camera.see(content_size(self._drawn, seen), size)
            self._parts = parts(self._drawn, seen, camera, self._divider)
        return self._parts

    def _note(self) -> None:
        """Another part of the content is about to be looked at."""
        self.sights.note(self.camera.sight)

    def _pixel(self, at: QPointF) -> tuple[float, float]:
        """A place of the widget in the screen's own pixels."""
        ratio = self.devicePixelRatioF()
        return at.x() * ratio, at.y() * ratio

    def _place(self, at: QPointF) -> tuple[float, float]:
        """A place of the widget as y and x of the sheet, in weights, or of the picture, in its pixels."""
        x, y = self.camera.to_content(*self._pixel(at))
        return y, x

    def _pan(self, x: float, y: float) -> None:
        if self._parts:  # before the first picture there is nothing that a hand could mean
            self._note()
            self.camera.pan(x, y)
            self.refresh()

    def _zoom(self, factor: float, at: QPointF | None = None) -> None:
        if not self._parts:
            return
        self._note()
        x, y = self._pixel(at if at is not None else QPointF(self.width() / 2, self.height() / 2))
        self.camera.zoom_at(factor, x, y)
        self.refresh()


def _framing(view: View) -> View:
    """Whose camera a view has: a layer is framed alike before and after its bends, so that the two can be compared."""
    return replace(view, before=False)
