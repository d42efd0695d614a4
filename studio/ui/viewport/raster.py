"""A surface that shows what a thread of its own has drawn: no OpenGL in the window's thread."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QHideEvent, QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from studio.model.declared.size import Size
from studio.model.networks.picture import Picture
from studio.ui.kit.images import Format, image_over
from studio.ui.services.posting import Post
from studio.ui.viewport.content import Content, FindScreen
from studio.ui.viewport.drawer import Drawer, Drawn, DrawRequest, Sketch
from studio.ui.viewport.probe import Question


class RasterSurface(QWidget):
    """Has the front drawn elsewhere, and paints the picture that comes back; for software rasterisers.

    There a draw takes as long as the network leaves cores for it, and a window with an OpenGL widget in it is put
    together by OpenGL, all of it for each label that changes.

    Attributes:
        problem: why nothing can be drawn, in a sentence; empty where it can.

    Args:
        content: what is drawn.
        find_screen: gives the screen once the render thread has one.
        parent: the widget that it fills.
    """

    def __init__(self, content: Content, find_screen: FindScreen, parent: QWidget) -> None:
        super().__init__(parent)
        self._content = content
        self._find_screen = find_screen
        self._post = Post(self)
        self._drawer: Drawer | None = None
        self._requested: tuple[Sketch, Question | None] | None = None
        self._waits = False
        self._picture: Picture | None = None
        self._image = QImage()
        self.problem = ""
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)

    @property
    def is_settled(self) -> bool:
        """Whether nothing is being drawn."""
        return not self._waits

    def refresh(self) -> None:
        """Draw what is newest, soon; the picture that comes of it is painted once it is there."""
        if self._waits or not self.isVisible():
            return
        self._request()
        if not self._waits:
            # The picture is the same; what is drawn over it need not be.
            self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Request what is newest; paint what has come."""
        if not self._waits:
            self._request()
        painter = QPainter(self)
        whole = self._image.deviceIndependentSize().toSize()
        if whole != self.size():
            painter.fillRect(self.rect(), QColor.fromRgbF(*self._content.look.ground))
        painter.drawImage(0, 0, self._image)
        self._content.decorate(painter)
        painter.end()

    def _request(self) -> None:
        screen = self._find_screen()
        front = screen.front() if screen is not None else ()
        ratio = self.devicePixelRatioF()
        size = Size(max(1, round(self.height() * ratio)), max(1, round(self.width() * ratio)))
        sketch = Sketch(size, tuple(self._content.compose(front, size)), self._content.look)
        question = self._content.question()
        if screen is None or not sketch.parts:
            self._requested, self._image = None, QImage()
            self._content.answered("")
        elif self._requested != (sketch, question):
            self._requested, self._waits = (sketch, question), True
            request = DrawRequest(sketch, question)
            screen.drawn(id(self), request)
            if self._drawer is None:
                post, take = self._post, self._take
                self._drawer = Drawer(lambda drawn: post(lambda: take(drawn)))
            self._drawer.draw(request)

    def _take(self, drawn: Drawn) -> None:
        self._waits = False
        self.problem = drawn.problem.text if drawn.problem is not None else ""
        if drawn.picture is not None:
            # The image does not keep what it is made of.
            self._picture = drawn.picture
            self._image = image_over(drawn.picture, Format.Format_RGB32)
            self._image.setDevicePixelRatio(self.devicePixelRatioF())
        self._content.answered(drawn.said)
        self.update()

    def hideEvent(self, event: QHideEvent) -> None:  # noqa: N802 - Qt's name
        """Nothing is drawn for what is not seen."""
        if self._drawer is not None:
            self._drawer.close()
        self._drawer = self._requested = None
        super().hideEvent(event)
