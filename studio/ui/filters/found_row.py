"""The channels that make a place of the picture: a button each, strongest first."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtWidgets import QApplication, QHBoxLayout, QLabel, QSizePolicy, QToolButton, QWidget

from studio.model.views.workspace import Workspace
from studio.runtime.editing.varying import filters_of
from studio.ui.filters.selecting import combined
from studio.ui.kit import theme
from studio.ui.kit.buttons import tool_button
from studio.ui.kit.icons import icon
from studio.ui.kit.reached import name_control


class FoundRow(QWidget):
    """Shows what the workspace found last; a click selects one alone, with Ctrl it comes to the others.

    Args:
        workspace: what was found there, and what is selected.
    """

    def __init__(self, workspace: Workspace) -> None:
        super().__init__()
        self._workspace = workspace
        self.setAccessibleName("Channels that make the place")
        self.buttons: list[QToolButton] = []
        mark = QLabel()
        mark.setPixmap(icon("crosshair", theme.FAINT).pixmap(16, 16))
        mark.setToolTip("The channels that make the place that you chose, strongest first")
        self._row = QHBoxLayout()
        self._row.setSpacing(2)
        close = tool_button(
            "x", "Select all filters again", "Select all filters again, and let the layers be as they were", self._clear
        )
        name_control(close, "select_all_again")
        whole = QHBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(4)
        whole.addWidget(mark)
        whole.addLayout(self._row, 1)
        whole.addWidget(close)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        workspace.changed.connect(self._listen)
        self._show()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """The map of the channel under the mouse, or of that which has the keyboard, lies over the picture."""
        layer, channels = self._workspace.found
        if event.type() in (QEvent.Type.Enter, QEvent.Type.FocusIn) and watched in self.buttons:
            self._workspace.pointed = layer, channels[self.buttons.index(watched)]
        elif event.type() in (QEvent.Type.Leave, QEvent.Type.FocusOut):
            self._workspace.pointed = None
        return False

    def _listen(self, field: str) -> None:
        if field in ("found", "layer"):
            self._show()

    def _show(self) -> None:
        layer, channels = self._workspace.found
        wanted = channels if layer == self._workspace.layer else ()
        for button in self.buttons:
            self._row.removeWidget(button)
            button.deleteLater()
        self.buttons = []
        for channel in wanted:
            button = QToolButton()
            button.setText(str(channel))
            button.setAccessibleName(f"Channel {channel}")
            button.setToolTip(f"Channel {channel}: hover shows its map over the picture, a click selects its filter")
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            button.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
            button.installEventFilter(self)
            button.clicked.connect(lambda _=False, channel=channel: self._select(channel))
            self._row.addWidget(button, 1)
            self.buttons.append(button)
        self.setVisible(bool(wanted))

    def _select(self, channel: int) -> None:
        workspace = self._workspace
        selection = workspace.selection
        if selection is None:
            return
        mask = filters_of(workspace.document.graph, workspace.layer, [channel])
        adds = QApplication.keyboardModifiers() & Qt.KeyboardModifier.ControlModifier
        workspace.select(combined(selection, mask, "add" if adds else "replace"))

    def _clear(self) -> None:
        workspace = self._workspace
        workspace.found = ("", ())
        if workspace.selection is not None and workspace.tensor is not None:
            shape = workspace.document.tensor(workspace.tensor).shape
            workspace.select(type(workspace.selection).everything(shape))
