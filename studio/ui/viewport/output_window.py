"""The output alone, for a second monitor or a projector."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QCloseEvent, QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QWidget

from studio.model.display import BLACK, DisplayTexture, Look
from studio.model.view import View
from studio.ui.viewport.camera import Camera
from studio.ui.viewport.canvas import Canvas
from studio.ui.viewport.content import FindScreen
from studio.ui.viewport.scene import Part, content_size, parts, wanted


class OutputWindow(Canvas):
    """A window with the output as large as fits, on black; F11 or a double click fills the screen, Escape leaves.
    All other keys are the studio's.

    The screen must be given the output in every frame, whatever the viewport shows.

    Attributes:
        closed: emitted when it is closed; nothing else is touched by that.
    """

    closed = Signal()

    def __init__(self, find_screen: FindScreen, parent: QWidget | None = None) -> None:
        super().__init__(find_screen, Look(nan=False, ground=BLACK), parent)
        self.setWindowFlag(Qt.WindowType.Window)
        self.setWindowTitle("Output")
        self.setAccessibleName("Output")
        self.resize(640, 640)
        self._camera = Camera()

    def compose(self, front: tuple[DisplayTexture, ...], size: tuple[int, int]) -> list[Part]:
        """See `Content.compose`."""
        seen = wanted(View(), front)
        if not seen:
            return []
        self._camera.see(content_size(View(), seen), size)
        return parts(View(), seen, self._camera, 0.0)

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
