"""A widget that draws the front of a screen in an OpenGL context of its own, however often Qt makes it a new one."""

from __future__ import annotations

from collections.abc import Callable

import moderngl
from PySide6.QtCore import Qt
from PySide6.QtOpenGLWidgets import QOpenGLWidget
from PySide6.QtWidgets import QWidget

from studio.engine.gl.adopted import current_device
from studio.engine.gl.screen import Screen
from studio.engine.gl.shown import Shown
from studio.engine.gl.view import Look, ViewPass
from studio.errors import StudioError
from studio.ui.gl_context import draws_in_software
from studio.ui.viewport_fence import Fences
from studio.ui.viewport_scene import Part

FindScreen = Callable[[], Screen | None]


class Canvas(QOpenGLWidget):
    """Draws parts of the front; subclasses say which in `compose`.

    Nothing that must last lives in its context: moving the widget to another window makes a new one.

    Args:
        find_screen: gives the screen once the render thread has one.
        look: how values become colours.
        parent: the widget that it lies in.
    """

    def __init__(self, find_screen: FindScreen, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        if draws_in_software():
            # Qt puts a window that has OpenGL in it together by OpenGL, all of it for each label that changes: 15 ms
            # and more in software. A window of the canvas's own leaves the others to Qt's raster engine (0.4 ms).
            self.setAttribute(Qt.WidgetAttribute.WA_DontCreateNativeAncestors)
            self.setAttribute(Qt.WidgetAttribute.WA_NativeWindow)
        self._find_screen = find_screen
        self._context: moderngl.Context | None = None
        self.look = look
        self.problem = ""
        """Why nothing can be drawn, in a sentence; empty where it can."""

    def refresh(self) -> None:
        """Draw what is newest, soon."""
        self.update()

    def compose(self, front: tuple[Shown, ...], size: tuple[int, int]) -> list[Part]:
        """What is drawn of the front on so many pixels."""
        raise NotImplementedError

    def measure(self) -> None:
        """Called behind the drawing, with the context current."""

    def decorate(self) -> None:
        """Called at the end of every frame, to paint over it."""

    def pixels(self) -> tuple[int, int]:
        """Width and height of the widget in the screen's own pixels."""
        ratio = self.devicePixelRatioF()
        return max(1, round(self.width() * ratio)), max(1, round(self.height() * ratio))

    def initializeGL(self) -> None:  # noqa: N802 - Qt's name
        """Make everything anew in the context that Qt has just made."""
        try:
            device = current_device()
        except StudioError as error:
            self.problem = str(error)
            self._context = None
            return
        self.problem = ""
        self._context = device.context
        self._pass = ViewPass(device, hurried=True)
        self._pass.prepare()
        self._fences = Fences()

    def paintGL(self) -> None:  # noqa: N802 - Qt's name
        """Draw the front, and leave a fence behind it."""
        if self._context is not None:
            self._draw(self._context)
        self.decorate()

    def _draw(self, context: moderngl.Context) -> None:
        context.gc()
        target = context.detect_framebuffer(self.defaultFramebufferObject())
        target.use()
        target.clear(*self.look.ground, 1.0)
        screen = self._find_screen()
        front = screen.front() if screen is not None else ()
        for part in self.compose(front, target.size):
            self._pass.draw(target, part.shown, part.drawing, part.placement, self.look, flipped=True)
        self.measure()
        target.use()
        if screen is not None and front:
            screen.drawn(id(self), self._fences.make())
