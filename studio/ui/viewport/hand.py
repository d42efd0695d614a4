"""The tools that the viewport hands the mouse to, and the stroke that is under way."""

from __future__ import annotations

from PySide6.QtCore import Qt

from studio.model.declared.size import Size
from studio.model.views.display import DisplayTexture
from studio.model.views.view import View
from studio.model.views.workspace import Workspace
from studio.ui.viewport.tool import PictureTool, StageTool

_PICTURES = ("output", "split")


class Hand:
    """Knows which tool works on what is shown, and keeps to it from press to release.

    Attributes:
        on_sheet: works on filter sheets; None pans with them.
        on_picture: paints over the picture while the workspace is at a mask; None where nothing does.

    Args:
        workspace: says what the mouse does on sheets.
    """

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self.on_sheet: StageTool | None = None
        self.on_picture: PictureTool | None = None
        self._held: StageTool | None = None

    def tool(self, view: View, drawn: View) -> StageTool | None:
        """What the mouse holds over a view, where that is what is drawn."""
        if drawn != view:
            return None
        if view.kind == "filters":
            return self.on_sheet if self._workspace.tool != "move" else None
        return self.on_picture if self._workspace.masking and view.kind in _PICTURES else None

    def paints(self, view: View, drawn: View) -> bool:
        """Whether a press would paint, so that the brush is shown."""
        return self.tool(view, drawn) is not None and (view.kind != "filters" or self._workspace.tool == "paint")

    def moves(self, view: View) -> bool:
        """Whether the mouse drags the filter sheet that is shown, though it has a tool."""
        return view.kind == "filters" and self.on_sheet is not None and self._workspace.tool == "move"

    def radius(self, pixels: float) -> float:
        """The brush's, in logical pixels, where a weight, or the picture's pixel, has so many."""
        brush = self._workspace.brush
        return brush.radius * (pixels if self._workspace.brush_unit == "weights" else 1.0)

    def see(self, drawn: View, shown: DisplayTexture) -> None:
        """Tell the tool on the picture how large that is, where it is drawn."""
        if self.on_picture is not None and drawn.kind in _PICTURES:
            self.on_picture.see(Size(*shown.shape[1:]))

    def press(
        self, tool: StageTool, place: tuple[float, float], pixels: float, pressure: float, keys: Qt.KeyboardModifier
    ) -> None:
        """Begin a stroke at a place, (y, x) in texels of so many logical pixels."""
        self._held = tool
        tool.lie(None, pixels)
        tool.press(*place, pressure, keys)

    def move(self, place: tuple[float, float], pressure: float, keys: Qt.KeyboardModifier) -> None:
        """Go on with it, where one is under way."""
        if self._held is not None:
            self._held.move(*place, pressure, keys)

    def release(self, place: tuple[float, float], pressure: float, keys: Qt.KeyboardModifier) -> None:
        """End it."""
        held, self._held = self._held, None
        if held is not None:
            held.release(*place, pressure, keys)

    def cancel(self) -> None:
        """Drop it."""
        held, self._held = self._held, None
        if held is not None:
            held.cancel()
