"""At which size the network works: one of the usual, what the network wants, or what is typed."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QFocusEvent, QKeyEvent
from PySide6.QtWidgets import QComboBox, QLineEdit

from studio.errors import StudioError
from studio.model.declared.size import Size
from studio.model.networks.changes import Change, NetworkChanged
from studio.model.views.workspace import Workspace
from studio.runtime.render.size import parse_size

KEPT = (25, 15, 10)
"""Frames a second that can be kept by choosing the size."""

SIZES = ("128", "192", "256", "384", "512", "768", "1024", "source")


class SizeBox(QComboBox):
    """Sizes to choose, and to type: the longer side, "640x360", or "source".

    Once there is one, the keyboard goes back to the commands, whose keys a field for text would swallow.

    Args:
        workspace: whose size it is.
        say_error: takes what is wrong with what was typed.
    """

    def __init__(self, workspace: Workspace, say_error: Callable[[str], None]) -> None:
        super().__init__()
        self._workspace = workspace
        self._say_error = say_error
        self._line = QLineEdit()
        self.setEditable(True)
        self.setLineEdit(self._line)
        self.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        self.setCompleter(None)  # type: ignore[arg-type] # None turns it off, says Qt
        self.setMaxVisibleItems(12)
        self._line.setAccessibleName("Size")
        self._line.returnPressed.connect(self._typed)
        self.activated.connect(self._chosen)
        workspace.document.changed.connect(self._follow)
        workspace.changed.connect(self._listen)
        self._fill()

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Escape shows what holds again, and gives the keyboard back."""
        if event.key() == Qt.Key.Key_Escape:
            self._show()
            self.clearFocus()
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:  # noqa: N802 - Qt's name
        """A click into it chooses all of it, so that what is typed takes its place: 128 behind 256 is 256128."""
        super().focusInEvent(event)
        if event.reason() == Qt.FocusReason.MouseFocusReason:
            # Once the press is over, which puts the cursor where it was.
            QTimer.singleShot(0, self._line, self._line.selectAll)

    def focusOutEvent(self, event: QFocusEvent) -> None:  # noqa: N802 - Qt's name
        """What was typed and not entered does not hold."""
        super().focusOutEvent(event)
        self._show()

    def _fill(self) -> None:
        """What the network wants comes first."""
        only = self._workspace.document.graph.only_size
        self.clear()
        if only is not None:
            self.addItem(f"{only[1]}x{only[0]}")
            self.setItemData(0, "What this network takes, and nothing else", Qt.ItemDataRole.ToolTipRole)
        self.addItems(SIZES)
        for fps in KEPT if only is None else ():
            self.addItem(f"keep {fps} fps", fps)
            tip = f"The largest size at which {fps} frames a second are kept, whatever else the computer does"
            self.setItemData(self.count() - 1, tip, Qt.ItemDataRole.ToolTipRole)
        self._show()

    def _show(self) -> None:
        kept, size = self._workspace.keep_fps, self._workspace.size
        self.setCurrentIndex(self.findData(kept) if kept else self.findText(size))
        self.setEditText(f"{size} · {kept} fps" if kept else size)

    def _chosen(self, row: int) -> None:
        self._workspace.keep_fps = self.itemData(row) or 0
        if not self._workspace.keep_fps:
            self._workspace.size = self.itemText(row)
        self._show()
        self.clearFocus()

    def _typed(self) -> None:
        text = self.currentText().strip().lower().replace("×", "x").replace(" ", "")
        try:
            # Whether it can be: the picture that it is taken from is known only when there is one.
            parse_size(text, Size(256, 256))
        except StudioError as error:
            self._say_error(str(error))
            self._show()
            self._line.selectAll()
            return
        self._workspace.keep_fps = 0
        self._workspace.size = text
        self._show()
        self.clearFocus()

    def _follow(self, change: Change) -> None:
        if isinstance(change, NetworkChanged):
            self._fill()

    def _listen(self, field: str) -> None:
        if field in ("size", "keep_fps"):
            self._show()
