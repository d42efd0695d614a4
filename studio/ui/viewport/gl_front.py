"""The front, drawn in an OpenGL context of the window's thread, however often Qt makes it a new one."""

from __future__ import annotations

import moderngl
from PySide6.QtGui import QPaintDevice, QPainter

from studio.engine.gl.driver.adopted import current_device
from studio.engine.gl.engines.view import ViewPass
from studio.model.declared.size import Size
from studio.runtime.services.failures import told
from studio.ui.viewport.content import Content, FindScreen
from studio.ui.viewport.fence import fence_behind
from studio.ui.viewport.probe import Probe


class GLFront:
    """Draws within the window's thread, for GPUs, in whatever context is current.

    Nothing that must last lives in it.

    Attributes:
        problem: why nothing can be drawn, in a sentence; empty where it can.

    Args:
        content: what is drawn.
        find_screen: gives the screen once the render thread has one.
    """

    def __init__(self, content: Content, find_screen: FindScreen) -> None:
        self._content = content
        self._find_screen = find_screen
        self._context: moderngl.Context | None = None
        self.problem = ""

    def begin(self) -> None:
        """Make everything anew in the context that Qt has just made."""
        self._context = None
        try:
            device = current_device()
            self._pass = ViewPass(device, hurried=True)
            self._pass.prepare()
            self._calls = device.calls
            self._probe = Probe(device.context)
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # noqa: BLE001 - a driver's; the surface says why nothing is drawn
            self.problem = told(error, "Drawing").text
            return
        self.problem = ""
        self._context = device.context

    def paint(self, framebuffer: int, onto: QPaintDevice) -> None:
        """Draw the front, leave a fence behind it, and paint over it.

        Args:
            framebuffer: OpenGL's name of what is drawn into.
            onto: the same as Qt paints on it.
        """
        if self._context is not None:
            try:
                self._draw(self._context, framebuffer)
                self.problem = ""
            except KeyboardInterrupt:
                raise
            except BaseException as error:  # noqa: BLE001 - a driver's; the next picture may be drawn
                self.problem = told(error, "Drawing").text
        painter = QPainter(onto)
        self._content.decorate(painter)
        painter.end()

    def _draw(self, context: moderngl.Context, framebuffer: int) -> None:
        context.gc()
        target = context.detect_framebuffer(framebuffer)
        target.use()
        look = self._content.look
        target.clear(*look.ground, 1.0)
        screen = self._find_screen()
        front = screen.front() if screen is not None else ()
        for part in self._content.compose(front, Size.from_wh(target.size)):
            self._pass.draw(target, part.shown, part.drawing, part.placement, look, flipped=True)
        self._measure()
        target.use()
        if screen is not None and front and (fence := fence_behind(self._calls)) is not None:
            screen.drawn(id(self), fence)

    def _measure(self) -> None:
        """Take the value asked for in the last frame, and ask for the next."""
        said, question = self._probe.answer(), self._content.question()
        if question is not None:
            self._probe.ask(question)
        self._content.answered(said if question is not None else "")
