"""A surface that draws the front by OpenGL in a native window of its own, within the window of its widgets.

The rest of that window is painted by the processor then, only where it has changed. With a `QOpenGLWidget` in it, Qt
has OpenGL put all of it together for every label that changes, which took half the time of the window's thread while
hands were at work.

    widgets, painted     +---------------------+
    native window        |      +-------+      |   takes no input: what is pressed, dropped or turned
    OpenGL               |      | front |      |   there is the widgets', as if it were not there
                         +------+-------+------+

What widgets show over the surface, such as messages, is cut out of the native window, so that they are seen; beneath
them lies the picture as it was when they came.
"""

from __future__ import annotations

from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QColor, QGuiApplication, QImage, QPainter, QPaintEvent, QRegion, QShowEvent, QSurfaceFormat
from PySide6.QtOpenGL import QOpenGLWindow
from PySide6.QtWidgets import QVBoxLayout, QWidget
from shiboken6 import getCppPointer

from studio.ui.viewport.content import Content, FindScreen
from studio.ui.viewport.covers import Covers
from studio.ui.viewport.gl_front import GLFront

_NOWHERE = QRegion(QRect(-2, -2, 1, 1))
"""The mask of a window of which nothing is seen: an empty one is no mask."""


def has_native_surfaces() -> bool:
    """Whether the system is one on which such windows within windows have been tried."""
    return QGuiApplication.platformName() == "xcb"


class NativeSurface(QWidget):
    """See the module.

    Args:
        content: what is drawn.
        find_screen: gives the screen once the render thread has one.
        parent: the widget that it fills.
    """

    def __init__(self, content: Content, find_screen: FindScreen, parent: QWidget) -> None:
        super().__init__(parent)
        self._content = content
        self._front = GLFront(content, find_screen)
        self._window = _Window(self._front)
        self._beneath = QImage()
        self._covers = Covers(self, self._cover)
        holder = QWidget.createWindowContainer(self._window, self)
        holder.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(holder)
        # Nothing of what lies behind is seen.
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)

    @property
    def problem(self) -> str:
        """Why nothing can be drawn, in a sentence; empty where it can."""
        return self._front.problem

    def refresh(self) -> None:
        """Draw what is newest, soon."""
        if self._window.isExposed():
            self._window.update()

    def grabFramebuffer(self) -> QImage:  # noqa: N802 - as Qt's other surfaces have it
        """What is newest, as it is seen; an empty image before the window has been seen."""
        window = self._window
        if not window.isValid() or not window.is_begun:
            return QImage()
        window.makeCurrent()
        window.paintGL()
        found = window.grabFramebuffer()
        window.doneCurrent()
        return found

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802 - Qt's name
        """It may be in another window than before."""
        super().showEvent(event)
        self._covers.watch()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Paint what lies beneath other widgets; where it is painted elsewhere than on the screen, all there is."""
        painter = QPainter(self)
        image = self._beneath if self._is_on_screen(painter) else self.grabFramebuffer()
        if image.deviceIndependentSize().toSize() != self.size():
            painter.fillRect(event.rect(), QColor.fromRgbF(*self._content.look.ground))
        painter.drawImage(0, 0, image)
        painter.end()

    def _is_on_screen(self, painter: QPainter) -> bool:
        """Whether what is painted is the window, and no picture of it that somebody has asked for."""
        store = self.backingStore()
        return store is not None and getCppPointer(store.paintDevice()) == getCppPointer(
            painter.paintEngine().paintDevice()
        )

    def _cover(self, covered: QRegion) -> None:
        """Other widgets lie over this much of it now."""
        self._beneath = self.grabFramebuffer() if covered else QImage()
        seen = QRegion(self.rect()) - covered
        self._window.setMask(QRegion() if covered.isEmpty() else seen if not seen.isEmpty() else _NOWHERE)
        self.update(covered)


class _Window(QOpenGLWindow):
    """Draws the front, and takes no input."""

    def __init__(self, front: GLFront) -> None:
        # The picture stays in a framebuffer, from which it can be read.
        super().__init__(QOpenGLWindow.UpdateBehavior.PartialUpdateBlit)
        self._front = front
        self.is_begun = False
        self.setFormat(QSurfaceFormat.defaultFormat())
        self.setFlags(Qt.WindowType.WindowTransparentForInput | Qt.WindowType.WindowDoesNotAcceptFocus)

    def initializeGL(self) -> None:  # noqa: N802 - Qt's name
        """See `GLFront.begin`."""
        self._front.begin()

    def paintGL(self) -> None:  # noqa: N802 - Qt's name
        """See `GLFront.paint`."""
        self.is_begun = True
        self._front.paint(self.defaultFramebufferObject(), self)
