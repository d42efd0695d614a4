"""Selecting kernels of a filter sheet with the mouse."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import Qt

from studio.model.documents.document import Document
from studio.model.filters.edit import Selection
from studio.model.networks.layout import kernel_grid
from studio.model.views.workspace import Workspace
from studio.ui.filters.arrangement import Arrangement
from studio.ui.filters.selecting import combined


class SelectTool:
    """A click selects a kernel, a drag a rectangle of them; Ctrl adds, Shift takes away.

    Attributes:
        arrangement: how the sheet lies on which the mouse is; None for the tensor's own.
    """

    def __init__(self, document: Document, workspace: Workspace) -> None:
        self._document = document
        self._workspace = workspace
        self._before: Selection | None = None
        self._tensor = ""
        self._start = (0, 0)
        self._how = "replace"
        self.arrangement: Arrangement | None = None

    def press(self, y: float, x: float, pressure: float, modifiers: Qt.KeyboardModifier) -> None:
        """See `SheetTool.press`; begun outside the sheet it selects all."""
        name = self._workspace.tensor
        self._before = self._workspace.selection
        if name is None or self._before is None:
            return
        self._tensor, self._start, self._how = name, self._kernel(y, x), way(modifiers)
        self.move(y, x, pressure, modifiers)

    def move(self, y: float, x: float, pressure: float, modifiers: Qt.KeyboardModifier) -> None:
        """See `SheetTool.move`."""
        del pressure, modifiers
        if self._before is None or self._tensor != self._workspace.tensor:
            return
        arrangement = self.arrangement
        end = self._kernel(y, x)
        mask = np.zeros(self._before.mask.shape if arrangement is None else arrangement.cells, np.bool_)
        top, bottom = sorted((self._start[0], end[0]))
        left, right = sorted((self._start[1], end[1]))
        mask[max(0, top) : max(0, bottom + 1), max(0, left) : max(0, right + 1)] = True
        kernels = mask if arrangement is None else arrangement.kernels_of(mask)
        self._workspace.select(combined(self._before, kernels, self._how))

    def release(self, y: float, x: float, pressure: float, modifiers: Qt.KeyboardModifier) -> None:
        """See `SheetTool.release`."""
        del y, x, pressure, modifiers
        self._before = None

    def cancel(self) -> None:
        """See `SheetTool.cancel`."""
        before, self._before = self._before, None
        if before is not None and self._tensor == self._workspace.tensor:
            self._workspace.select(before)

    def _kernel(self, y: float, x: float) -> tuple[int, int]:
        """Row and column of the kernel, or cell, there; one beside the grid where it is outside."""
        rows, columns, kh, kw = kernel_grid(self._document.tensor(self._workspace.tensor or "").shape)
        if self.arrangement is not None:
            rows, columns = self.arrangement.cells
        return min(max(int(np.floor(y / kh)), -1), rows), min(max(int(np.floor(x / kw)), -1), columns)


def way(modifiers: Qt.KeyboardModifier) -> str:
    """What held keys do to a selection: "add" with Ctrl, "subtract" with Shift, else "replace"."""
    if modifiers & Qt.KeyboardModifier.ControlModifier:
        return "add"
    return "subtract" if modifiers & Qt.KeyboardModifier.ShiftModifier else "replace"
