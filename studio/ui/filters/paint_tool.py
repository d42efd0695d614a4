"""Painting on a filter sheet: from press to release one gesture of the document, and what `Paint` would make."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import Qt

from studio.edits.stroke import Stroke
from studio.errors import StudioError
from studio.model.documents.document import Document
from studio.model.filters.edit import Patch, Selection
from studio.model.networks.layout import around
from studio.model.networks.shape import Array
from studio.model.views.brush import Brush
from studio.model.views.workspace import Workspace
from studio.runtime.editing.previews import Editing
from studio.ui.filters.arrangement import Arrangement, Laid
from studio.ui.filters.painted import Painted, PaintedSheet, PaintedWeights

_REACHES = 0.75
_LABELS = {
    "add": "Paint",
    "set": "Paint a value",
    "multiply": "Multiply by hand",
    "erase": "Erase",
    "smooth": "Smooth",
    "noise": "Paint noise",
}


def brush_of(workspace: Workspace, pixels: float) -> Brush:
    """The brush as it works now, its radius in weights, where a weight has so many logical pixels."""
    brush = workspace.brush
    if workspace.paints != "weights":
        value = workspace.rate if workspace.paints == "rates" else workspace.pull
        brush = brush.model_copy(update={"mode": "set", "value": value})
    if workspace.brush_unit == "weights":
        return brush
    # On a corner between four large weights it still reaches them.
    return brush.model_copy(update={"radius": min(max(brush.radius / pixels, _REACHES), 1024.0)})


@dataclass(frozen=True, eq=False)
class _Line:
    """A stroke under way; ``start`` where it is a straight line, which is drawn anew with each move."""

    tensor: str
    onto: Painted
    brush: Brush
    selection: Selection
    stroke: Stroke
    start: tuple[float, float, float] | None
    before: Array | Laid
    arrangement: Arrangement | None

    def put(self, patch: Patch) -> None:
        """Add a part of the stroke."""
        self.onto.put(self._parts(patch))

    def renew(self, patch: Patch) -> None:
        """Put it in the place of all that was put so far."""
        self.onto.renew(self._parts(patch))

    def _parts(self, patch: Patch) -> list[Patch]:
        return [patch] if self.arrangement is None else list(self.arrangement.patches_of(patch))


class PaintTool:
    """Paints with the workspace's brush, within the selection where that is protected; Shift draws straight lines.

    Attributes:
        arrangement: how the sheet lies on which the mouse is; None for the tensor's own. What lies side by side is
            painted at once, though it be far apart in the tensor.
        pixels: logical pixels of a weight there.
    """

    def __init__(self, document: Document, workspace: Workspace, editing: Editing) -> None:
        self._document = document
        self._workspace = workspace
        self._editing = editing
        self._line: _Line | None = None
        self._at = (0.0, 0.0, 1.0)
        self._ended: tuple[str, Arrangement | None, tuple[float, float, float]] | None = None
        self.arrangement: Arrangement | None = None
        self.pixels = 1.0

    def press(self, y: float, x: float, pressure: float, modifiers: Qt.KeyboardModifier) -> None:
        """See `SheetTool.press`."""
        name, selection = self._workspace.tensor, self._workspace.selection
        if name is None or selection is None:
            return
        if not self._workspace.protected:
            selection = Selection.everything(self._document.tensor(name).shape)
        self._editing.pause()
        brush = brush_of(self._workspace, self.pixels)
        arrangement = self.arrangement
        # What is repeated over rows and columns is repeated over those of the tensor.
        laid = None if arrangement is None or arrangement.is_plain or brush.repeat != "none" else arrangement
        onto = self._onto(name)
        try:
            before: Array | Laid = onto.before
            if laid is not None:
                selection.check(onto.before.shape)
                before = Laid(laid, onto.before.reshape(laid.grid))
                selection = Selection(laid.lay_mask(selection.mask))
            stroke = Stroke(brush, before, selection)
        except StudioError as error:
            self._end(onto.gesture.cancel)
            self._editing.report(str(error))
            return
        straight = bool(modifiers & Qt.KeyboardModifier.ShiftModifier)
        here = self._place(laid, y, x)
        start = (*here, pressure) if straight and here is not None else None
        self._line = _Line(name, onto, brush, selection, stroke, start, before, laid)
        self.move(y, x, pressure, modifiers)

    def move(self, y: float, x: float, pressure: float, modifiers: Qt.KeyboardModifier) -> None:
        """See `SheetTool.move`."""
        del modifiers
        line = self._line
        if line is None or not line.onto.gesture.is_open:
            return
        here = self._place(line.arrangement, y, x)
        if here is None:
            return
        self._at = (*here, pressure)
        if line.start is None:
            patch = line.stroke.to(*self._at)
            if patch is not None:
                line.put(patch)
            return
        self._draw(line, line.start)

    def release(self, y: float, x: float, pressure: float, modifiers: Qt.KeyboardModifier) -> None:
        """See `SheetTool.release`: where the button goes up is where the last move went.

        A click that would draw a straight line draws it from where the last stroke on this tensor ended.
        """
        del y, x, pressure, modifiers
        line, self._line = self._line, None
        if line is None:
            return
        if line.start is not None and line.start[:2] == self._at[:2] and self._ended is not None:
            tensor, arrangement, end = self._ended
            if (tensor, arrangement) == (line.tensor, line.arrangement):
                self._draw(line, end)
        self._ended = line.tensor, line.arrangement, self._at
        self._end(line.onto.gesture.commit)

    def cancel(self) -> None:
        """See `SheetTool.cancel`."""
        line, self._line = self._line, None
        if line is not None:
            self._end(line.onto.gesture.cancel)

    def _onto(self, tensor: str) -> Painted:
        """What is painted on from a press on."""
        paints = self._workspace.paints
        if paints == "weights":
            return PaintedWeights(self._document, tensor, f"{_LABELS[self._workspace.brush.mode]} on {tensor}")
        return PaintedSheet(self._document, paints, tensor, f"Paint {paints} on {tensor}")

    def _draw(self, line: _Line, start: tuple[float, float, float]) -> None:
        """The whole straight line anew, from there to where the mouse is now."""
        stroke = Stroke(line.brush, line.before, line.selection)
        reached = around(rect for rect in (stroke.extend(*start), stroke.extend(*self._at)) if rect is not None)
        if reached is not None:
            line.renew(stroke.patch(reached))

    def _place(self, laid: Arrangement | None, y: float, x: float) -> tuple[float, float] | None:
        """Where the mouse is, as the stroke counts; None where that is beside the kernels."""
        if laid is not None or self.arrangement is None:
            return y, x
        return self.arrangement.to_sheet(y, x) if not self.arrangement.is_plain else (y, x)

    def _end(self, end: Callable[[], None]) -> None:
        end()
        self._editing.resume()
