"""A key that is held to hear the originals."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication, QWidget

from studio.model.workspace import ORIGINALS, Workspace

KEY = Qt.Key.Key_A


class Comparing(QObject):
    """While A is held every layer runs as it was trained, wherever the keyboard is but in a field for text.

    Args:
        window: in which it works.
        workspace: whose audition it sets, and sets back.
    """

    def __init__(self, window: QWidget, workspace: Workspace) -> None:
        super().__init__(window)
        self._window = window
        self._workspace = workspace
        self._before: str | None = None
        self._held = False
        application = QApplication.instance()
        assert application is not None
        application.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """Look for the key; every other event passes."""
        if event.type() not in (QEvent.Type.KeyPress, QEvent.Type.KeyRelease):
            return False
        if not isinstance(event, QKeyEvent) or event.key() != KEY or event.isAutoRepeat():
            return False
        if event.type() == QEvent.Type.KeyRelease:
            if self._held:
                self._held = False
                self._workspace.audition = self._before
            return False
        is_ours = watched is QApplication.focusWidget() and self._window.isActiveWindow()
        if not is_ours or event.modifiers() or _takes_text(watched):
            return False
        self._before, self._held = self._workspace.audition, True
        self._workspace.audition = ORIGINALS
        return True


def _takes_text(widget: QObject) -> bool:
    return any(widget.inherits(kind) for kind in ("QLineEdit", "QAbstractSpinBox", "QTextEdit"))
