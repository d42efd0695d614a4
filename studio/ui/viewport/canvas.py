"""A widget that shows the front of a screen, on a surface that suits the machine."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QVBoxLayout, QWidget

from studio.model.declared.size import Size
from studio.model.views.display import DisplayTexture, Look
from studio.runtime.live.report import EngineState
from studio.ui.viewport.content import FindScreen
from studio.ui.viewport.gl_context import draws_in_software
from studio.ui.viewport.native import NativeSurface, has_native_surfaces
from studio.ui.viewport.opengl import OpenGLSurface
from studio.ui.viewport.probe import Question
from studio.ui.viewport.raster import RasterSurface
from studio.ui.viewport.scene import Part


class Canvas(QWidget):
    """Shows parts of the front; subclasses say which in `compose`, and take the mouse and the keys.

    Attributes:
        look: how values become colours.
        surface: what is drawn on, all over it.

    Args:
        find_screen: gives the screen once the render thread has one.
        look: how values become colours.
        parent: the widget that it lies in.
    """

    def __init__(self, find_screen: FindScreen, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.look = look
        self._stands = ""
        by_gl = NativeSurface if has_native_surfaces() else OpenGLSurface
        kind = RasterSurface if draws_in_software() else by_gl
        self.surface: RasterSurface | NativeSurface | OpenGLSurface = kind(self, find_screen, self)
        self.surface.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(self.surface)

    @property
    def problem(self) -> str:
        """Why nothing can be drawn, or what is drawn is an old picture, in a sentence; empty where all is well."""
        return self.surface.problem or self._stands

    def take_state(self, state: EngineState) -> None:
        """Note why the open network makes no picture: that of the one before is not to be taken for its own."""
        if state.problem != self._stands:
            self._stands = state.problem
            self.refresh()

    def refresh(self) -> None:
        """Draw what is newest, soon."""
        self.surface.refresh()

    def compose(self, front: tuple[DisplayTexture, ...], size: Size) -> list[Part]:
        """See `Content.compose`."""
        raise NotImplementedError

    def question(self) -> Question | None:
        """See `Content.question`."""
        return None

    def answered(self, text: str) -> None:
        """See `Content.answered`."""

    def decorate(self, painter: QPainter) -> None:
        """See `Content.decorate`."""
