"""The bar at the top: views, tools, and what the network runs on and at which size."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QLabel, QSizePolicy, QToolBar, QWidget

from studio.engine.choose import ENGINE_NAMES
from studio.model.workspace import Workspace
from studio.ui.kit import theme
from studio.ui.kit.actions import Actions
from studio.ui.kit.command import Command

SIZES = ("128", "192", "256", "384", "512", "768", "1024", "source")

# Groups from here on stand at the right, behind size and engine.
_RIGHT = 90
_ENGINE_TIPS = {
    "auto": "The GPU where there is one, else PyTorch",
    "gl": "Compute shaders, OpenGL 4.3",
    "gl-half": "Compute shaders, maps in half the memory: ±65504 at most, 3 digits",
    "gl-fragment": "Fragment shaders, OpenGL 3.3",
    "torch": "PyTorch, on the CPU, CUDA or Metal",
}


class ToolBar(QToolBar):
    """Buttons for the commands that are used all the time, then the size and the engine."""

    def __init__(self, actions: Actions, workspace: Workspace) -> None:
        super().__init__("Tools")
        self.setObjectName("tools")
        self.setMovable(False)
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonIconOnly)
        self._workspace = workspace
        self._actions, self._group = actions, 0
        commands = [command for command in actions.commands.values() if command.toolbar is not None]
        commands.sort(key=lambda command: command.toolbar or ())
        self._add([command for command in commands if command.toolbar and command.toolbar.group < _RIGHT])
        spring = QWidget()
        spring.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.addWidget(spring)
        self._size = self._combo("Size", SIZES, "Longer side of the picture in the network, in pixels", 84)
        self._engine = self._combo("Engine", ENGINE_NAMES, "What runs the network", 112)
        for row, name in enumerate(ENGINE_NAMES):
            self._engine.setItemData(row, _ENGINE_TIPS[name], Qt.ItemDataRole.ToolTipRole)
        self._add([command for command in commands if command.toolbar and command.toolbar.group >= _RIGHT])
        self._size.textActivated.connect(lambda text: setattr(workspace, "size", text))
        self._engine.textActivated.connect(lambda text: setattr(workspace, "engine", text))
        workspace.changed.connect(self._follow)
        self._follow("size")
        self._follow("engine")

    def _add(self, commands: list[Command]) -> None:
        """Buttons, with a line between groups."""
        for command in commands:
            assert command.toolbar is not None
            if self._group and self._group != command.toolbar.group:
                self.addSeparator()
            self._group = command.toolbar.group
            self.addAction(self._actions[command.id])

    def _combo(self, name: str, items: tuple[str, ...], tip: str, width: int) -> QComboBox:
        label = QLabel(name)
        label.setStyleSheet(f"color: {theme.FAINT}; padding: 0 2px 0 8px;")
        combo = QComboBox()
        combo.addItems(items)
        combo.setToolTip(tip)
        combo.setAccessibleName(name)
        combo.setMinimumWidth(width)
        combo.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        label.setBuddy(combo)
        self.addWidget(label)
        self.addWidget(combo)
        return combo

    def _follow(self, field: str) -> None:
        if field == "size":
            if self._size.findText(self._workspace.size) < 0:
                self._size.insertItem(0, self._workspace.size)
            self._size.setCurrentText(self._workspace.size)
        elif field == "engine":
            self._engine.setCurrentText(self._workspace.engine)
