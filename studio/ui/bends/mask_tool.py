"""Painting a stage's mask over the picture: from press to release one gesture of the document."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtGui import QPainter

from studio.edits.stroke import Stroke
from studio.model.bends.stage import Painted, Stage
from studio.model.bends.stages import STAGES, changed, stage_of
from studio.model.declared.size import Size
from studio.model.documents.document import Document
from studio.model.filters.edit import Selection
from studio.model.filters.gesture import Gesture
from studio.model.networks.layout import crop, put
from studio.model.networks.shape import Array
from studio.model.views.brush import Brush
from studio.model.views.workspace import Workspace
from studio.ui.viewport import overlay
from studio.ui.viewport.scene import Part

LONGEST = 256
"""Pixels of a new mask's longer side: maps are seldom larger, and what lies between them is made even."""

_SMALLEST = 0.5


class MaskTool:
    """Paints the mask of the stage that the workspace is at, with the workspace's brush; Alt takes away.

    The first stroke on a stage that bends everywhere paints on an empty mask, or takes away from a full one.

    Args:
        document: holds the stage.
        workspace: says which, and has the brush.
    """

    def __init__(self, document: Document, workspace: Workspace) -> None:
        self._document, self._workspace = document, workspace
        self._size = Size(LONGEST, LONGEST)  # of the picture
        self._pixels = 1.0
        self._gesture: Gesture | None = None
        self._stroke: Stroke | None = None
        self._values: Array | None = None
        self._number = 0

    # -- what the viewport calls ------------------------------------------------------------------------------------

    def see(self, size: Size) -> None:
        """See `PictureTool.see`."""
        self._size = size

    def draw(self, painter: QPainter, parts: list[Part], ratio: float) -> None:
        """Show the mask over the pictures, where one has been painted; see `overlay.Over`."""
        stage = self._stage()
        if stage is not None and isinstance(stage.mask, Painted):
            overlay.cover(painter, parts, stage.mask.values, ratio)

    def lie(self, arrangement: None, pixels: float) -> None:
        """See `StageTool.lie`."""
        del arrangement
        self._pixels = pixels

    def press(self, y: float, x: float, pressure: float, modifiers: Qt.KeyboardModifier) -> None:
        """See `SheetTool.press`."""
        stage = self._stage()
        if stage is None:
            return
        takes = bool(modifiers & Qt.KeyboardModifier.AltModifier) or self._workspace.brush.mode == "erase"
        before = self._before(stage, takes)
        brush = self._brush(before, takes)
        self._number, self._values = stage.id, before
        # As one kernel, so that a brush that smooths looks over all of it.
        grid = before[None, None]
        self._stroke = Stroke(brush, grid, Selection.everything(grid.shape))
        self._gesture = self._document.begin(f"{'Unmask' if takes else 'Mask'} {stage.bend.label}")
        self.move(y, x, pressure, modifiers)

    def move(self, y: float, x: float, pressure: float, modifiers: Qt.KeyboardModifier) -> None:
        """See `SheetTool.move`."""
        del modifiers
        if self._stroke is None or self._values is None or self._gesture is None or not self._gesture.is_open:
            return
        height, width = self._values.shape
        patch = self._stroke.to(y * height / self._size.height, x * width / self._size.width, pressure)
        if patch is None or np.array_equal(patch.values, crop(self._values, patch.rect)):
            return
        self._values = self._values.copy()
        put(self._values, patch.rect, np.clip(patch.values, 0.0, 1.0))
        stages = changed(self._document.stages, self._number, mask=Painted(self._values))
        self._gesture.set_section(STAGES, stages)

    def release(self, y: float, x: float, pressure: float, modifiers: Qt.KeyboardModifier) -> None:
        """See `SheetTool.release`."""
        del y, x, pressure, modifiers
        gesture = self._forget()
        if gesture is not None:
            gesture.commit()

    def cancel(self) -> None:
        """See `SheetTool.cancel`."""
        gesture = self._forget()
        if gesture is not None:
            gesture.cancel()

    # -- masks ------------------------------------------------------------------------------------------------------

    def even(self, value: float) -> Painted:
        """A mask of the picture's shape that has one value everywhere."""
        height, width = self._size
        scale = min(1.0, LONGEST / max(height, width))
        return Painted(np.full((max(1, round(height * scale)), max(1, round(width * scale))), value, np.float32))

    def _before(self, stage: Stage, takes: bool) -> Array:
        mask = stage.mask
        if isinstance(mask, Painted):
            return np.clip(mask.values, 0.0, 1.0)
        return self.even(1.0 if mask is None and takes else 0.0).values

    def _brush(self, before: Array, takes: bool) -> Brush:
        """The workspace's, with its radius in the mask's pixels."""
        brush = self._workspace.brush
        radius = brush.radius / (1.0 if self._workspace.brush_unit == "weights" else self._pixels)
        radius = min(max(radius * before.shape[0] / self._size.height, _SMALLEST), 1024.0)
        mode = "erase" if takes else "smooth" if brush.mode == "smooth" else "set"
        return brush.model_copy(
            update={"radius": radius, "mode": mode, "value": 1.0, "repeat": "none", "mirror": "none"}
        )

    def _stage(self) -> Stage | None:
        number = self._workspace.masking
        return stage_of(self._document.stages, number) if number else None

    def _forget(self) -> Gesture | None:
        gesture, self._gesture = self._gesture, None
        self._stroke = self._values = None
        return gesture
