"""How deep the sheet is looked into: all kernels, cards of filters, or weights; zooming leads from one to the next.

Zooming in, kernels go from the sheet's rows and columns to cards as soon as a pattern can be made out in them; the
kernel under the mouse stays where it is. Zooming out leads back.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

import numpy as np
from PySide6.QtCore import QPointF

from studio.ui.filters.arrangement import Arrangement
from studio.ui.filters.cards import READABLE, Cards
from studio.ui.filters.rulers import LEFT, TOP
from studio.ui.filters.sheet_painter import APART, NUMBERS
from studio.ui.filters.sheet_scene import SheetScene
from studio.ui.viewport.camera import Camera

Depth = Literal["overview", "filters", "weights"]

TOGETHER = 7.0
"""Logical pixels of a kernel below which cards are a sheet again."""
_WEIGHT = 20.0
"""Logical pixels of a weight from which on the depth is that of weights."""
_LARGE = NUMBERS + 2
"""Logical pixels of a weight at which weights are shown at first, where a kernel has room then."""


class Depths:
    """Zooms a camera over a scene, has the scene lie as it is to be seen then, and says what lies where.

    Args:
        camera: what is zoomed.
        scene: what lies there.
        scale: pixels of the screen in a logical one.
    """

    def __init__(self, camera: Camera, scene: SheetScene, scale: Callable[[], float]) -> None:
        self._camera, self._scene, self._scale = camera, scene, scale

    @property
    def depth(self) -> Depth:
        """How deep the sheet is looked into now."""
        if self._camera.zoom / self._scale() >= _WEIGHT and not self._camera.fitted:
            return "weights"
        return "filters" if self._scene.on_cards else "overview"

    def here(self, at: QPointF) -> tuple[float, float]:
        """Row and column, in weights of the sheet as it is laid out, at a place of the widget."""
        scale = self._scale()
        x, y = self._camera.to_content((at.x() - LEFT) * scale, (at.y() - TOP) * scale)
        return y, x

    def place(self, at: QPointF) -> tuple[float, float]:
        """Row and column of the tensor's sheet, in weights, at a place of the widget."""
        here, arrangement = self.here(at), self._scene.arrangement
        if arrangement is None or arrangement.is_plain:
            return here
        # Beside the kernels it is beside the sheet.
        return arrangement.to_sheet(*here) or (-1.0, -1.0)

    def at(self, y: float, x: float) -> QPointF:
        """The inverse of `place`."""
        arrangement, scale = self._scene.arrangement, self._scale()
        if arrangement is not None and not arrangement.is_plain:
            y, x = arrangement.from_sheet(y, x)
        left, top = self._camera.to_view(x, y)
        return QPointF(left / scale + LEFT, top / scale + TOP)

    def map_at(self, at: QPointF) -> int | None:
        """The channel whose map lies at a place of the widget."""
        arrangement = self._scene.arrangement
        return arrangement.map_at(*self.here(at)) if isinstance(arrangement, Cards) else None

    def zoom(self, factor: float, x: float, y: float) -> None:
        """Zoom at a place of the view, in pixels of the screen."""
        arrangement = self._scene.arrangement
        if arrangement is None:
            return
        self._camera.zoom_at(factor, x, y)
        side = min(arrangement.grid[2:]) * self._camera.zoom / self._scale()
        if (factor > 1 and side >= APART) or (self._scene.on_cards and side >= TOGETHER):
            self._lie(x, y, on_cards=True)
        elif self._scene.on_cards:
            self._lie(x, y, on_cards=False)

    def show(self, depth: Depth, kernel: tuple[int, int] | None) -> None:
        """Go to a depth.

        Args:
            depth: which; the overview shows the whole sheet.
            kernel: row and column of the kernel that is to be seen; None for the first.
        """
        camera, scale = self._camera, self._scale()
        if depth == "overview" or self._scene.arrangement is None:
            camera.fitted = True
            self._scene.lie(on_cards=False)
            return
        self._scene.lie(on_cards=True)
        arrangement = self._scene.arrangement
        camera.see(arrangement.size, camera.view)
        _, _, kh, kw = arrangement.grid
        if depth == "filters":
            least = READABLE * scale / min(kh, kw)
            wide = min(camera.view.width / camera.content.width * 0.98, 2 * least)
            wanted = max(least, wide, camera.fitting * 0.98)
        else:
            room = min(camera.view.width / kw, camera.view.height / kh)
            wanted = max(min(_LARGE * scale, room), (_WEIGHT + 1) * scale)
        camera.zoom_at(wanted / camera.zoom, 0, 0)
        self._see(kernel)

    def reveal(self, channels: Sequence[int]) -> None:
        """Bring the card of the first of these channels into sight, where none of them is."""
        cards = self._scene.arrangement
        if not isinstance(cards, Cards) or not channels:
            return
        order = {int(channel): card for card, channel in enumerate(cards.channels)}
        found = [order[channel] for channel in channels if channel in order]
        if found and not any(self._in_sight(cards, card) for card in found):
            row, column = cards.corner(found[0])
            self._camera.look_at(
                (column + cards.pitch[1] / 2) * cards.grid[3], (row + cards.pitch[0] / 2) * cards.grid[2]
            )

    def fold_anew(self) -> None:
        """The view has another shape: cards make its lines anew, and the kernel in the middle stays there."""
        if self._scene.on_cards:
            self._lie(*self._camera.middle, on_cards=True, anew=True)

    # -- within -----------------------------------------------------------------------------------------------------

    def _lie(self, x: float, y: float, *, on_cards: bool, anew: bool = False) -> None:
        """Lay the kernels otherwise; the one at a place of the view stays there."""
        before, camera = self._scene.arrangement, self._camera
        if before is None or (self._scene.on_cards == on_cards and not anew):
            return
        right, down = camera.to_content(x, y)
        place = before.to_sheet(down, right) or nearest(before, down, right)
        self._scene.lie(on_cards=on_cards)
        after = self._scene.arrangement
        if after is None or after is before:
            return
        camera.see(after.size, camera.view)
        down, right = after.from_sheet(*place)
        across, middle = camera.middle
        camera.look_at(right - (x - across) / camera.zoom, down - (y - middle) / camera.zoom)

    def _see(self, kernel: tuple[int, int] | None) -> None:
        """Bring a kernel to the middle, or the first one to the corner; what is smaller than the view stays in it."""
        arrangement, camera = self._scene.arrangement, self._camera
        assert arrangement is not None, "cards lie there"
        _, _, kh, kw = arrangement.grid
        if kernel is None:
            # The first map is as good as the first kernel: at the depth of weights it would fill the view.
            start = arrangement.map_columns * kw if isinstance(arrangement, Cards) and self.depth == "weights" else 0
            x, y = (at / camera.zoom for at in camera.middle)
            x += start
        else:
            y, x = arrangement.from_sheet((kernel[0] + 0.5) * kh, (kernel[1] + 0.5) * kw)
        if camera.content.width * camera.zoom <= camera.view.width:
            x = camera.content.width / 2
        if camera.content.height * camera.zoom <= camera.view.height:
            y = camera.content.height / 2
        camera.look_at(x, y)

    def _in_sight(self, cards: Cards, card: int) -> bool:
        row, column = cards.corner(card)
        x, y = self._camera.to_view(column * cards.grid[3], row * cards.grid[2])
        return 0 <= x < self._camera.view.width - 8 and 0 <= y < self._camera.view.height - 8


def nearest(arrangement: Arrangement, y: float, x: float) -> tuple[float, float]:
    """The place on the tensor's own sheet of the middle of the kernel that lies nearest to a place."""
    _, _, kh, kw = arrangement.grid
    rows, columns = np.nonzero(~arrangement.blank)
    best = int(np.argmin(((rows + 0.5) * kh - y) ** 2 + ((columns + 0.5) * kw - x) ** 2))
    row, column = int(arrangement.rows[rows[best], columns[best]]), int(arrangement.columns[rows[best], columns[best]])
    return (row + 0.5) * kh, (column + 0.5) * kw
