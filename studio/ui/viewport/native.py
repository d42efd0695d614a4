"""A surface that draws the front by OpenGL in a native window of its own, within the window of its widgets.

The rest of that window is painted by the processor then, only where it has changed. With a `QOpenGLWidget` in it, Qt
has OpenGL put all of it together for every label that changes, which took half the time of the window's thread while
hands were at work.

    widgets, painted     +---------------------+
    native window        |      +-------+      |   takes no input: what is pressed, dropped or turned
    OpenGL               |      | front |      |   there is the widgets', as if it were not there
                         +------+-------+------+

What widgets show over the surface, such as messages, is cut out of the native window, so that they are seen; beneath
them, at their round corners, lies a copy of the picture, which is a quarter of a second old at most.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import cast

from PySide6.QtCore import QPoint, QPointF, QRect, QRectF, QSize, Qt, QTimer
from PySide6.QtGui import QColor, QGuiApplication, QImage, QPainter, QPaintEvent, QRegion, QShowEvent, QSurfaceFormat
from PySide6.QtOpenGL import QOpenGLFramebufferObject, QOpenGLPaintDevice, QOpenGLWindow
from PySide6.QtWidgets import QVBoxLayout, QWidget
from shiboken6 import getCppPointer

from studio.ui.viewport.content import Content, FindScreen
from studio.ui.viewport.covers import Covers
from studio.ui.viewport.gl_front import GLFront

_NOWHERE = QRegion(QRect(-2, -2, 1, 1))
"""The mask of a window of which nothing is seen: an empty one is no mask."""

_RENEWED_AFTER = 250
"""Milliseconds after which a newer picture lies beneath what covers it: messages may stay for long."""

_STENCILLED = QOpenGLFramebufferObject.Attachment.CombinedDepthStencil
_WITHOUT_STENCIL = QOpenGLFramebufferObject.Attachment.NoAttachment
_TEXTURE, _RGB = 0x0DE1, 0x8051
"""OpenGL's GL_TEXTURE_2D and GL_RGB8: nothing is seen through the picture."""


def has_native_surfaces() -> bool:
    """Whether the system is one on which such windows within windows have been tried, and they are not unwanted.

    ``STUDIO_NATIVE_VIEWPORT=0`` in the environment is the way back where an X server does not show them as it should.
    """
    return QGuiApplication.platformName() == "xcb" and os.environ.get("STUDIO_NATIVE_VIEWPORT") != "0"


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
        self._beneath: list[tuple[QPointF, QImage]] = []
        self._covered = QRegion()
        self._covers = Covers(self, self._cover)
        self._renewal = QTimer(self, singleShot=True, interval=_RENEWED_AFTER)
        self._renewal.timeout.connect(self._renew_beneath)
        self._window.frameSwapped.connect(self._age)
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
        whole = self._window.pictures([self.rect()])
        return whole[0][1] if whole else QImage()

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802 - Qt's name
        """It may be in another window than before."""
        super().showEvent(event)
        self._covers.watch()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Paint what lies beneath other widgets; where it is painted elsewhere than on the screen, all there is."""
        painter = QPainter(self)
        painter.fillRect(event.rect(), QColor.fromRgbF(*self._content.look.ground))
        for corner, image in self._beneath if self._is_on_screen(painter) else [(QPointF(), self.grabFramebuffer())]:
            painter.drawImage(corner, image)
        painter.end()

    def _is_on_screen(self, painter: QPainter) -> bool:
        """Whether what is painted is the window, and no picture of it that somebody has asked for."""
        store = self.backingStore()
        return store is not None and getCppPointer(store.paintDevice()) == getCppPointer(
            painter.paintEngine().paintDevice()
        )

    def _age(self) -> None:
        """There is a newer picture than the one that lies beneath."""
        if not self._covered.isEmpty() and not self._renewal.isActive():
            self._renewal.start()

    def _renew_beneath(self) -> None:
        # Stubs have no iterator of a region.
        self._beneath = self._window.pictures(cast("Iterable[QRect]", self._covered))
        self.update(self._covered)

    def _cover(self, covered: QRegion) -> None:
        """Other widgets lie over this much of it now."""
        self._covered = covered
        self._renew_beneath()
        seen = QRegion(self.rect()) - covered
        self._window.setMask(QRegion() if covered.isEmpty() else seen if not seen.isEmpty() else _NOWHERE)


class _Window(QOpenGLWindow):
    """Draws the front, and takes no input."""

    def __init__(self, front: GLFront) -> None:
        # A framebuffer object knows its size; that of a window itself is found once only.
        super().__init__(QOpenGLWindow.UpdateBehavior.PartialUpdateBlit)
        self._front = front
        self._is_begun = False
        self.setFormat(QSurfaceFormat.defaultFormat())
        self.setFlags(Qt.WindowType.WindowTransparentForInput | Qt.WindowType.WindowDoesNotAcceptFocus)

    def initializeGL(self) -> None:  # noqa: N802 - Qt's name
        """See `GLFront.begin`."""
        self._is_begun = True
        self._front.begin()

    def paintGL(self) -> None:  # noqa: N802 - Qt's name
        """See `GLFront.paint`."""
        self._front.paint(self.defaultFramebufferObject(), self)

    def pictures(self, areas: Iterable[QRect]) -> list[tuple[QPointF, QImage]]:
        """What is newest, as it is seen in each of these rectangles, and its corner; none before it has begun.

        It is drawn apart: the window's own framebuffer has the size that the window had when it was painted last.
        """
        wanted = list(areas)
        if not wanted or not self.isValid() or not self._is_begun:
            return []
        self.makeCurrent()
        ratio = self.devicePixelRatio()
        size = (self.size() * ratio).expandedTo(QSize(1, 1))
        drawn, device = QOpenGLFramebufferObject(size, _STENCILLED), QOpenGLPaintDevice(size)
        device.setDevicePixelRatio(ratio)
        drawn.bind()
        self._front.paint(drawn.handle(), device)
        found = [_read(drawn, area, ratio) for area in wanted]
        drawn.release()
        self.doneCurrent()
        return found


def _read(drawn: QOpenGLFramebufferObject, area: QRect, ratio: float) -> tuple[QPointF, QImage]:
    """What is drawn in a rectangle, in logical pixels: of a large picture a message covers little."""
    place = QRectF(area.x() * ratio, area.y() * ratio, area.width() * ratio, area.height() * ratio).toAlignedRect()
    place &= QRect(QPoint(), drawn.size())
    part = QOpenGLFramebufferObject(place.size().expandedTo(QSize(1, 1)), _WITHOUT_STENCIL, _TEXTURE, _RGB)
    # OpenGL counts from below.
    source = QRect(place.x(), drawn.height() - place.y() - place.height(), place.width(), place.height())
    QOpenGLFramebufferObject.blitFramebuffer(part, QRect(QPoint(), place.size()), drawn, source)
    image = part.toImage()
    image.setDevicePixelRatio(ratio)
    return QPointF(place.x() / ratio, place.y() / ratio), image
