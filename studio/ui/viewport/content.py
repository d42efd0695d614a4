"""What a surface of the viewport shows, as the surface sees it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from PySide6.QtGui import QPainter

from studio.engine.display import Viewing
from studio.model.declared.size import Size
from studio.model.views.display import DisplayTexture, Look
from studio.ui.viewport.probe import Question
from studio.ui.viewport.scene import Part

FindScreen = Callable[[], Viewing | None]


class Content(Protocol):
    """Says what is drawn, and paints over it; called in the window's thread."""

    look: Look
    """How values become colours."""

    def compose(self, front: tuple[DisplayTexture, ...], size: Size) -> list[Part]:
        """What is drawn of the front on so many pixels."""

    def question(self) -> Question | None:
        """The value that is wanted of what was composed last."""

    def answered(self, text: str) -> None:
        """Take the value asked for, in words; empty where none is wanted any more."""

    def decorate(self, painter: QPainter) -> None:
        """Paint over the picture."""
