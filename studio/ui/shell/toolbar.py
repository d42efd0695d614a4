"""The bar at the top: views, tools, and what the network runs on and at which size."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QSizePolicy, QToolBar, QToolButton, QWidget

from studio.engine.choose import ENGINE_NAMES
from studio.model.views.workspace import Workspace
from studio.ui.kit import theme
from studio.ui.kit.actions import Actions
from studio.ui.kit.command import Command
from studio.ui.kit.icons import icon
from studio.ui.kit.reached import give_room
from studio.ui.shell.size_box import SizeBox

_ROOMY = 1180
# Groups from here on stand at the right, behind size and engine.
_RIGHT = 90
_ENGINE_TIPS = {
    "auto": "The GPU where there is one, else PyTorch",
    "gl": "Compute shaders, OpenGL 4.3",
    "gl-half": "Compute shaders, maps in half the memory: ±65504 at most, for some layers ±16376, 3 digits",
    "gl-fragment": "Fragment shaders, OpenGL 3.3",
    "torch": "PyTorch, on the CPU, CUDA or Metal",
    "torch-tf32": "PyTorch, on NVIDIA cards with products in TF32: 3 digits",
    "torch-half": "PyTorch, on NVIDIA cards in half precision: ±65504 at most, 3 digits",
}


class ToolBar(QToolBar):
    """Buttons for the commands that are used all the time, then the size and the engine.

    Args:
        actions: those whose commands have a place here are its buttons.
        workspace: whose size and engine are chosen.
        say_error: takes what is wrong with a size.
    """

    def __init__(self, actions: Actions, workspace: Workspace, say_error: Callable[[str], None]) -> None:
        super().__init__("Tools")
        self.setObjectName("tools")
        give_room(self, "tools")
        self.setMovable(False)
        self.setIconSize(QSize(18, 18))
        self._workspace = workspace
        self._actions, self._group = actions, 0
        commands = [command for command in actions.commands.values() if command.toolbar is not None]
        commands.sort(key=lambda command: command.toolbar or ())
        self._add([command for command in commands if command.toolbar and command.toolbar.group < _RIGHT])
        spring = QWidget()
        spring.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.addWidget(spring)
        self._size = SizeBox(workspace, say_error)
        size = "Of the picture in the network: its longer side in pixels, 640x360, or the source's own; Enter takes it"
        self._combo("Size", self._size, size, 92)
        self._engine = QComboBox()
        self._engine.addItems(ENGINE_NAMES)
        self._combo("Engine", self._engine, "What runs the network", 96)
        for row, name in enumerate(ENGINE_NAMES):
            self._engine.setItemData(row, _ENGINE_TIPS[name], Qt.ItemDataRole.ToolTipRole)
        self._add([command for command in commands if command.toolbar and command.toolbar.group >= _RIGHT])
        self._engine.textActivated.connect(lambda text: setattr(workspace, "engine", text))
        workspace.changed.connect(self._follow)
        self._follow("engine")
        # Qt's own arrows are dark on dark.
        more = self.findChild(QToolButton, "qt_toolbar_ext_button")
        if more is not None:
            more.setIcon(icon("dots-three-vertical"))
            more.setToolTip("More of the toolbar")
            more.setAccessibleName("More of the toolbar")

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """Texts go where there is no room for them."""
        super().resizeEvent(event)
        roomy = event.size().width() >= _ROOMY
        style = Qt.ToolButtonStyle.ToolButtonTextUnderIcon if roomy else Qt.ToolButtonStyle.ToolButtonIconOnly
        if style != self.toolButtonStyle():
            self.setToolButtonStyle(style)

    def _add(self, commands: list[Command]) -> None:
        """Buttons, with a line between groups."""
        for command in commands:
            assert command.toolbar is not None
            if self._group and self._group != command.toolbar.group:
                self.addSeparator()
            self._group = command.toolbar.group
            self.addAction(self._actions[command.id])

    def _combo(self, name: str, combo: QComboBox, tip: str, width: int) -> None:
        label = QLabel(name)
        label.setStyleSheet(f"color: {theme.FAINT}; padding: 0 2px 0 8px;")
        # Together, so that both go where there is no room for them.
        both = QWidget()
        row = QHBoxLayout(both)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.SPACE // 2)
        combo.setToolTip(tip)
        combo.setAccessibleName(name)
        combo.setMinimumWidth(width)
        # The mouse leaves the keyboard where it was, but where something can be typed.
        combo.setFocusPolicy(Qt.FocusPolicy.StrongFocus if combo.isEditable() else Qt.FocusPolicy.TabFocus)
        label.setBuddy(combo)
        row.addWidget(label)
        row.addWidget(combo)
        self.addWidget(both)

    def _follow(self, field: str) -> None:
        if field == "engine":
            self._engine.setCurrentText(self._workspace.engine)
