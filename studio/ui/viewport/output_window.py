"""The output alone, for a second monitor or a projector."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPoint, Qt, Signal
from PySide6.QtGui import QCloseEvent, QContextMenuEvent, QKeyEvent, QMouseEvent, QPainter
from PySide6.QtWidgets import QWidget

from studio.model.declared.size import Size
from studio.model.views.display import BLACK, DisplayTexture, Look, extent
from studio.model.views.framing import Framing
from studio.model.views.view import View
from studio.ui.viewport.canvas import Canvas
from studio.ui.viewport.content import FindScreen
from studio.ui.viewport.scene import Part, wanted
from studio.ui.viewport.testing_picture import draw_test_picture


class OutputWindow(Canvas):
    """A window with the output, on black; F11 or a double click fills the screen, Escape leaves. All other keys are
    the studio's.

    The screen must be given the output in every frame, whatever the viewport shows. Its colours and its size are its
    own, whatever the viewport does.

    Attributes:
        closed: emitted when it is closed; nothing else is touched by that.
        asked: emitted with the place of a right click, on the screen.
    """

    closed = Signal()
    asked = Signal(QPoint)

    def __init__(self, find_screen: FindScreen, parent: QWidget | None = None) -> None:
        super().__init__(find_screen, Look(nan=False, ground=BLACK), parent)
        self.setWindowFlag(Qt.WindowType.Window)
        self.setWindowTitle("Output")
        self.setAccessibleName("Output")
        self.resize(640, 640)
        self._framing = Framing()
        self._is_black = self._is_test = False

    @property
    def framing(self) -> Framing:
        """How the picture lies in it."""
        return self._framing

    def show_as(self, framing: Framing, *, black: bool, test: bool) -> None:
        """Show the picture in another way, nothing, or a test picture."""
        self._framing, self._is_black, self._is_test = framing, black, test
        self.refresh()

    def compose(self, front: tuple[DisplayTexture, ...], size: Size) -> list[Part]:
        """See `Content.compose`."""
        seen = wanted(View(), front)
        if not seen or self._is_black or self._is_test:
            return []
        content = extent(seen[-1], "picture")
        return [Part(seen[-1], "picture", self._framing.placement(content, size))]

    def decorate(self, painter: QPainter) -> None:
        """See `Content.decorate`: the test picture."""
        if self._is_test and not self._is_black:
            # Its own pixels, not those of a scaled desktop: they are what a projector is set up by.
            pixels = Size(*(round(side * self.devicePixelRatioF()) for side in (self.height(), self.width())))
            draw_test_picture(painter, self.rect(), f"{self.screen().name()}  {pixels.width} × {pixels.height}")

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:  # noqa: N802 - Qt's name
        """Ask for the menu."""
        self.asked.emit(event.globalPos())

    def toggle_full_screen(self) -> None:
        """Fill the screen that it is on, or be a window again."""
        self.setWindowState(self.windowState() ^ Qt.WindowState.WindowFullScreen)
        self.setCursor(Qt.CursorShape.BlankCursor if self.isFullScreen() else Qt.CursorShape.ArrowCursor)

    def event(self, event: QEvent) -> bool:
        """See Qt: what full screen means here comes before the studio's keys."""
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.ShortcutOverride:
            plain = not event.modifiers() and event.key() == Qt.Key.Key_F11
            event.setAccepted(plain)
            return plain
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """F11 fills the screen; Escape leaves it, then the window."""
        if event.key() == Qt.Key.Key_F11:
            self.toggle_full_screen()
        elif event.key() == Qt.Key.Key_Escape:
            if self.isFullScreen():
                self.toggle_full_screen()
            else:
                self.close()
        else:
            super().keyPressEvent(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Fill the screen, or be a window again."""
        if event.button() == Qt.MouseButton.LeftButton:
            self.toggle_full_screen()

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802 - Qt's name
        """Say so."""
        self.closed.emit()
        super().closeEvent(event)
