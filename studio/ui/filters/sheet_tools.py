"""What the mouse, a pen and keys do on a filter sheet, in the editor and in the viewport alike."""

from __future__ import annotations

from PySide6.QtCore import Qt

from studio.model.documents.document import Document
from studio.model.filters.learning_sheets import LEARNING_SHEETS, USUAL, Kind
from studio.model.networks.layout import sheet_size
from studio.model.views.brush import Brush
from studio.model.views.workspace import Tool, Workspace
from studio.runtime.editing.previews import Editing
from studio.ui.filters.arrangement import Arrangement
from studio.ui.filters.paint_tool import PaintTool, brush_of
from studio.ui.filters.select_tool import SelectTool
from studio.ui.viewport.tool import SheetTool

_RADIUS_STEP = 1.25
_HARDNESS_STEP = 0.1


class SheetTools:
    """The tool that the workspace holds, for the sheet of the workspace's tensor; see `studio.ui.viewport.tool`.

    A press picks the value under it instead where Alt is held, which is also how a right button should be passed on.
    """

    def __init__(self, document: Document, workspace: Workspace, editing: Editing) -> None:
        self._document = document
        self._workspace = workspace
        self._paint, self._select = PaintTool(document, workspace, editing), SelectTool(document, workspace)
        self._tools: dict[Tool, SheetTool] = {"paint": self._paint, "select": self._select}
        self._held: SheetTool | None = None
        self._stands = False
        self._arrangement: Arrangement | None = None

    @property
    def is_held(self) -> bool:
        """Whether a press has not been released yet."""
        return self._held is not None

    @property
    def works(self) -> bool:
        """Whether a press would do something: the tool is one for sheets, and there is a sheet."""
        return self._workspace.tool in self._tools and self._workspace.tensor is not None

    def radius(self, pixels: float) -> float | None:
        """Radius of the brush in weights, to be drawn around the mouse; None where another tool is held.

        Args:
            pixels: logical ones of a weight.
        """
        return brush_of(self._workspace, pixels).radius if self._workspace.tool == "paint" else None

    def lie(self, arrangement: Arrangement | None, pixels: float) -> None:
        """How the sheet lies on which the next press comes: places are then those of the arrangement.

        Args:
            arrangement: of its kernels; None for the tensor's own sheet.
            pixels: logical ones of a weight.
        """
        if not self.is_held:
            self._arrangement = self._paint.arrangement = self._select.arrangement = arrangement
            self._paint.pixels = pixels

    def press(self, y: float, x: float, pressure: float, modifiers: Qt.KeyboardModifier) -> None:
        """See `SheetTool.press`."""
        self.cancel()
        if not self.works:
            return
        if modifiers & Qt.KeyboardModifier.AltModifier and self._workspace.tool == "paint":
            self.pick(*(self._arrangement.to_sheet(y, x) or (-1.0, -1.0) if self._arrangement else (y, x)))
            return
        self._held = self._tools[self._workspace.tool]
        if self._workspace.tool == "paint" and self._workspace.stands and not self._workspace.held:
            self._workspace.held = self._stands = True
        self._held.press(y, x, pressure, modifiers)

    def move(self, y: float, x: float, pressure: float, modifiers: Qt.KeyboardModifier) -> None:
        """See `SheetTool.move`."""
        if self._held is not None:
            self._held.move(y, x, pressure, modifiers)

    def release(self, y: float, x: float, pressure: float, modifiers: Qt.KeyboardModifier) -> None:
        """See `SheetTool.release`."""
        held, self._held = self._held, None
        if held is not None:
            held.release(y, x, pressure, modifiers)
        self._go_on()

    def cancel(self) -> None:
        """See `SheetTool.cancel`."""
        held, self._held = self._held, None
        if held is not None:
            held.cancel()
        self._go_on()

    def pick(self, y: float, x: float) -> None:
        """Give the brush the value at a place of the sheet: of the weight, or of what it paints instead."""
        value, paints = self.value_at(y, x), self._workspace.paints
        if value is None:
            return
        if paints == "weights":
            self._set(value=min(max(value, -100.0), 100.0))
        elif paints == "rates":
            self._workspace.rate = self.painted_at(paints, y, x)
        else:
            self._workspace.pull = self.painted_at(paints, y, x)

    def painted_at(self, kind: Kind, y: float, x: float) -> float:
        """How the weight at a place of the sheet learns: its rate, or how strongly it is pulled."""
        name = self._workspace.tensor
        found = self._document.section(LEARNING_SHEETS).sheets(kind).get(name or "")
        return USUAL[kind] if found is None else float(found.values[int(y), int(x)])

    def value_at(self, y: float, x: float) -> float | None:
        """The weight at a place of the sheet; None where there is none."""
        if self._workspace.tensor is None:
            return None
        tensor = self._document.tensor(self._workspace.tensor)
        height, width = sheet_size(tensor.shape)
        if not (0 <= y < height and 0 <= x < width):
            return None
        kh, kw = tensor.shape[2:] if tensor.ndim == 4 else (1, 1)
        row, column = int(y), int(x)
        place = (row // kh, column // kw, row % kh, column % kw)
        return float(tensor.reshape(height // kh, width // kw, kh, kw)[place])

    def set_mode(self, mode: str) -> None:
        """Take the brush, and let it do this to weights; one of `Brush.mode`."""
        self._workspace.paints = "weights"
        self._set(mode=mode)
        self._workspace.tool = "paint"

    def turn_sign(self) -> None:
        """Of the brush's value; where it paints rates, pin instead of release, and the other way round."""
        if self._workspace.paints == "weights":
            self._set(value=-self._workspace.brush.value)
        elif self._workspace.paints == "rates":
            self._workspace.rate = 0.0 if self._workspace.rate == 1.0 else 1.0

    def resize(self, way: int) -> None:
        """Make the brush a step larger, or smaller where ``way`` is -1."""
        brush = self._workspace.brush
        # At least to the next half, so that small brushes can leave the smallest size.
        radius = round(brush.radius * _RADIUS_STEP**way * 2) / 2
        if radius == brush.radius:
            radius += way / 2
        self._set(radius=min(max(radius, 0.5), 1024.0))

    def harden(self, way: int) -> None:
        """Make the brush a step harder, or softer where ``way`` is -1."""
        hardness = self._workspace.brush.hardness + way * _HARDNESS_STEP
        self._set(hardness=min(max(round(hardness, 3), 0.0), 1.0))

    def _go_on(self) -> None:
        """Let the picture move again that a stroke has held."""
        if self._stands:
            self._workspace.held = self._stands = False

    def _set(self, **settings: object) -> None:
        self._workspace.brush = Brush.model_validate(self._workspace.brush.model_dump() | settings)
