"""A surface that draws the front by OpenGL, put together with the rest of its window by Qt."""

from __future__ import annotations

from PySide6.QtOpenGLWidgets import QOpenGLWidget
from PySide6.QtWidgets import QWidget

from studio.ui.viewport.content import Content, FindScreen
from studio.ui.viewport.gl_front import GLFront


class OpenGLSurface(QOpenGLWidget):
    """Works on every system, and has its whole window put together by OpenGL whenever any of it is painted.

    Moving the widget to another window makes a new context.

    Args:
        content: what is drawn.
        find_screen: gives the screen once the render thread has one.
        parent: the widget that it fills.
    """

    def __init__(self, content: Content, find_screen: FindScreen, parent: QWidget) -> None:
        super().__init__(parent)
        self._front = GLFront(content, find_screen)

    @property
    def problem(self) -> str:
        """Why nothing can be drawn, in a sentence; empty where it can."""
        return self._front.problem

    def refresh(self) -> None:
        """Draw what is newest, soon."""
        self.update()

    def initializeGL(self) -> None:  # noqa: N802 - Qt's name
        """See `GLFront.begin`."""
        self._front.begin()

    def paintGL(self) -> None:  # noqa: N802 - Qt's name
        """See `GLFront.paint`."""
        self._front.paint(self.defaultFramebufferObject(), self)
