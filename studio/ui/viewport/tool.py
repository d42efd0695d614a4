"""What a filter sheet, or the picture, does with the mouse or a pen."""

from __future__ import annotations

from typing import Protocol

from PySide6.QtCore import Qt

from studio.model.declared.size import Size


class SheetTool(Protocol):
    """A tool on the filter sheet that the viewport shows.

    Places are in weights of the sheet: (0, 0) is the upper left corner of the first weight, (0.5, 0.5) its middle; they
    may lie outside the sheet. Pressure is 0 to 1; a mouse presses with 1.
    """

    def press(self, y: float, x: float, pressure: float, modifiers: Qt.KeyboardModifier) -> None:
        """The button or the pen goes down."""

    def move(self, y: float, x: float, pressure: float, modifiers: Qt.KeyboardModifier) -> None:
        """It moves while it is down."""

    def release(self, y: float, x: float, pressure: float, modifiers: Qt.KeyboardModifier) -> None:
        """It goes up."""

    def cancel(self) -> None:
        """What was begun by the last press is not wanted."""


class StageTool(SheetTool, Protocol):
    """A tool that is told first how the sheet lies."""

    def lie(self, arrangement: None, pixels: float) -> None:
        """How the sheet lies on which the next press comes.

        Args:
            arrangement: None for the tensor's own sheet, which is what the viewport shows.
            pixels: logical ones of a weight.
        """


class PictureTool(StageTool, Protocol):
    """A tool that paints over the picture; its places are in the picture's pixels."""

    def see(self, size: Size) -> None:
        """How large the picture is, its border included."""
