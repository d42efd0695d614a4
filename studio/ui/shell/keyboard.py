"""What keys do in the whole program, beside commands: they press buttons, and one is held to compare."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QAbstractButton, QApplication, QComboBox, QDockWidget, QToolButton, QWidget

from studio.model.views.workspace import ORIGINALS, Workspace
from studio.ui.kit.events import Events

COMPARE = Qt.Key.Key_A
LISTEN = Qt.Key.Key_Q
"""Held over a filter: the picture without its channel; with Shift, that channel alone."""
_RETURN = (Qt.Key.Key_Return, Qt.Key.Key_Enter)
_PRESS = (Qt.Key.Key_Space, *_RETURN)
_TEXT = ("QLineEdit", "QAbstractSpinBox", "QTextEdit", "QPlainTextEdit")
_GOES_ABOUT = (Qt.Key.Key_Tab, Qt.Key.Key_Backtab)
_LEFT_ALONE = (QEvent.Type.ApplicationDeactivate, QEvent.Type.WindowDeactivate, QEvent.Type.WindowBlocked)
_KEYS = (QEvent.Type.ShortcutOverride, QEvent.Type.KeyPress, QEvent.Type.KeyRelease, QEvent.Type.MouseButtonPress)


class Keyboard(QObject):
    """Space and Return press the button that has the keyboard; while A is held every layer runs as trained.

    A works wherever the keyboard is but in a field for text. What is held ends when the window loses the keyboard, too,
    because its release would go elsewhere.

    Args:
        window: in which, and in its docks and the windows that are added, it works.
        workspace: whose comparison it sets, and sets back.
        events: brings the keys.
    """

    goes_by_keys = Signal(bool)
    """Whether the person goes about with Tab from now on, or with the mouse."""

    def __init__(self, window: QWidget, workspace: Workspace, events: Events) -> None:
        super().__init__(window)
        self._by_keys = False
        self._windows = [window]
        self._workspace = workspace
        self._before: str | None = None
        self._held = False
        events.on((*_KEYS, *_LEFT_ALONE), self._look)

    def add(self, window: QWidget) -> None:
        """Let the held key work in this window, too, for as long as there is one."""
        self._windows.append(window)
        window.destroyed.connect(lambda: self._windows.remove(window))

    def _look(self, watched: QObject, event: QEvent) -> bool:
        kind = event.type()
        if kind == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            return self._override(watched, event)
        if kind == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            if event.key() in _GOES_ABOUT:
                self._go(by_keys=True)
            return self._press(watched, event) or self._compare(watched, event) or self._listen(watched, event)
        if kind == QEvent.Type.KeyRelease and isinstance(event, QKeyEvent):
            if event.key() == COMPARE and not event.isAutoRepeat():
                self.release()
            elif event.key() == LISTEN and not event.isAutoRepeat():
                self._workspace.listening = ""
        elif kind == QEvent.Type.MouseButtonPress:
            self._go(by_keys=False)
        elif kind in _LEFT_ALONE:
            self.release()
        return False

    def _go(self, *, by_keys: bool) -> None:
        if by_keys != self._by_keys:
            self._by_keys = by_keys
            self.goes_by_keys.emit(by_keys)

    def release(self) -> None:
        """Go back to what ran before a key was held."""
        self._workspace.listening = ""
        if self._held:
            self._held = False
            before = self._before
            known = before in (None, ORIGINALS) or before in self._workspace.document.graph
            self._workspace.comparison = before if known else None

    def _override(self, watched: QObject, event: QKeyEvent) -> bool:
        """Before shortcuts get it: what presses a button, or opens a box, is no shortcut."""
        if event.modifiers() or event.key() not in _PRESS:
            return False
        if isinstance(watched, QAbstractButton) or (isinstance(watched, QComboBox) and not watched.isEditable()):
            event.accept()
            return True
        return False

    def _press(self, watched: QObject, event: QKeyEvent) -> bool:
        """Return does what Space does by itself."""
        if event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier or event.key() not in _RETURN:
            return False
        if isinstance(watched, QComboBox) and not watched.isEditable():
            watched.showPopup()
            return True
        if not isinstance(watched, QAbstractButton) or event.isAutoRepeat():
            return False
        popup = QToolButton.ToolButtonPopupMode.InstantPopup
        if isinstance(watched, QToolButton) and watched.menu() is not None and watched.popupMode() == popup:
            watched.showMenu()
        else:
            watched.click()
        return True

    def _compare(self, watched: QObject, event: QKeyEvent) -> bool:
        if event.key() != COMPARE or event.isAutoRepeat() or event.modifiers() or self._held:
            return False
        if watched is not QApplication.focusWidget() or _takes_text(watched):
            return False
        if not self._is_ours(QApplication.activeWindow()):
            return False
        self._before, self._held = self._workspace.comparison, True
        self._workspace.comparison = ORIGINALS
        return True

    def _listen(self, watched: QObject, event: QKeyEvent) -> bool:
        others = event.modifiers() & ~Qt.KeyboardModifier.ShiftModifier
        if event.key() != LISTEN or event.isAutoRepeat() or others or self._workspace.pointed is None:
            return False
        if watched is not QApplication.focusWidget() or _takes_text(watched):
            return False
        if not self._is_ours(QApplication.activeWindow()):
            return False
        self._workspace.listening = "solo" if event.modifiers() else "mute"
        return True

    def _is_ours(self, window: QWidget | None) -> bool:
        return window in self._windows or (isinstance(window, QDockWidget) and window.parent() in self._windows)


def _takes_text(watched: QObject) -> bool:
    """Whether letters are written there; an editable box has the keyboard itself, not the field within."""
    if isinstance(watched, QComboBox):
        return watched.isEditable()
    return any(watched.inherits(kind) for kind in _TEXT)
