"""Painting on a filter sheet: from press to release one gesture of the document, and what `Paint` would make."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import Qt

from studio.edits.stroke import Stroke
from studio.errors import StudioError
from studio.model.brush import Brush
from studio.model.document import Document
from studio.model.edit import Selection
from studio.model.gesture import Gesture
from studio.model.layout import around
from studio.model.workspace import Workspace
from studio.runtime.editing.previews import Editing

_LABELS = {
    "add": "Paint",
    "set": "Paint a value",
    "multiply": "Multiply by hand",
    "erase": "Erase",
    "smooth": "Smooth",
    "noise": "Paint noise",
}


@dataclass(frozen=True, eq=False)
class _Line:
    """A stroke under way; ``start`` where it is a straight line, which is drawn anew with each move."""

    tensor: str
    gesture: Gesture
    brush: Brush
    selection: Selection
    stroke: Stroke
    start: tuple[float, float, float] | None


class PaintTool:
    """Paints with the workspace's brush, within the selection where that is protected; Shift draws straight lines."""

    def __init__(self, document: Document, workspace: Workspace, editing: Editing) -> None:
        self._document = document
        self._workspace = workspace
        self._editing = editing
        self._line: _Line | None = None
        self._at = (0.0, 0.0, 1.0)
        self._ended: tuple[str, tuple[float, float, float]] | None = None

    def press(self, y: float, x: float, pressure: float, modifiers: Qt.KeyboardModifier) -> None:
        """See `SheetTool.press`."""
        name, selection = self._workspace.tensor, self._workspace.selection
        if name is None or selection is None:
            return
        if not self._workspace.protected:
            selection = Selection.everything(self._document.tensor(name).shape)
        self._editing.pause()
        gesture = self._document.begin(f"{_LABELS[self._workspace.brush.mode]} on {name}")
        try:
            stroke = Stroke(self._workspace.brush, gesture.before(name), selection)
        except StudioError as error:
            self._end(gesture.cancel)
            self._editing.report(str(error))
            return
        straight = bool(modifiers & Qt.KeyboardModifier.ShiftModifier)
        start = (y, x, pressure) if straight else None
        self._line = _Line(name, gesture, self._workspace.brush, selection, stroke, start)
        self.move(y, x, pressure, modifiers)

    def move(self, y: float, x: float, pressure: float, modifiers: Qt.KeyboardModifier) -> None:
        """See `SheetTool.move`."""
        del modifiers
        line = self._line
        if line is None or not line.gesture.is_open:
            return
        self._at = y, x, pressure
        if line.start is None:
            patch = line.stroke.to(y, x, pressure)
            if patch is not None:
                line.gesture.put(line.tensor, patch)
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
            tensor, end = self._ended
            if tensor == line.tensor:
                self._draw(line, end)
        self._ended = line.tensor, self._at
        self._end(line.gesture.commit)

    def cancel(self) -> None:
        """See `SheetTool.cancel`."""
        line, self._line = self._line, None
        if line is not None:
            self._end(line.gesture.cancel)

    def _draw(self, line: _Line, start: tuple[float, float, float]) -> None:
        """The whole straight line anew, from there to where the mouse is now."""
        stroke = Stroke(line.brush, line.gesture.before(line.tensor), line.selection)
        reached = around(rect for rect in (stroke.extend(*start), stroke.extend(*self._at)) if rect is not None)
        if reached is not None:
            line.gesture.preview(line.tensor, stroke.patch(reached))

    def _end(self, end: Callable[[], None]) -> None:
        end()
        self._editing.resume()
