"""The tools of the filter sheet and what is seen of it, as a row of buttons."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QSize, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QButtonGroup, QComboBox, QHBoxLayout, QSizePolicy, QToolButton, QWidget

from studio.model.views.workspace import Tool, Workspace
from studio.ui.filters.depths import Depth
from studio.ui.filters.order_commands import ORDERS
from studio.ui.kit import theme
from studio.ui.kit.icons import icon
from studio.ui.kit.keys import keyed
from studio.ui.kit.reached import name_control

_TOOLS: tuple[tuple[Tool, str, str], ...] = (
    (
        "paint",
        "paint-brush",
        "Paint (B). Shift draws a straight line, a click with it one from the last stroke's end; "
        "Alt or the right button takes up a value",
    ),
    ("select", "selection", "Select kernels (S). Ctrl adds, Shift takes away"),
    ("move", "hand", "Move the sheet (V), as does the middle button"),
)


_DEPTHS: tuple[tuple[Depth, str, str], ...] = (
    ("overview", "dots-nine", "Overview (F6): the whole sheet, a square for each kernel where they are small"),
    ("filters", "cards", "Filters (F7): a card for each channel, with its kernels, its live map and its effect"),
    ("weights", "hash", "Weights (F8): single weights, with their numbers where there is room"),
)

_ROOMY = 330
"""Pixels of the row from which on the box of orders can be read beside all buttons."""
_TIGHT = 236
"""Pixels of the row below which the box gives way, too: a menu has the same."""


class ToolRow(QWidget):
    """Tool, protection, scale of the colours, and zoom."""

    depth_chosen = Signal(str)

    def __init__(self, workspace: Workspace) -> None:
        super().__init__()
        self._workspace = workspace
        # Nine buttons and a box in the narrowest panel.
        self.setStyleSheet("QToolButton { padding: 2px; }")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.SPACE // 4)
        self.tools: dict[Tool, QToolButton] = {}
        group = QButtonGroup(self)
        for tool, name, tip in _TOOLS:
            button = self.tools[tool] = _button(name, tip)
            button.setCheckable(True)
            button.clicked.connect(self._choose(tool))
            group.addButton(button)
            row.addWidget(button)
        self.protect = _button("lock-simple", "Painting keeps to the selected kernels")
        name_control(self.protect, "protect")
        self.protect.setCheckable(True)
        self.protect.clicked.connect(lambda on: setattr(workspace, "protected", on))
        row.addWidget(self.protect)
        row.addStretch(1)
        self.order = QComboBox()
        self.order.setAccessibleName("Order of rows")
        self.order.setToolTip("In which order the rows of the sheet are shown; the tensor stays as it is")
        self.order.setMinimumContentsLength(9)
        self.order.setMinimumWidth(80)
        self.order.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.order.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        for how, text in ORDERS.items():
            self.order.addItem(text, how)
        self.order.activated.connect(lambda: setattr(workspace, "row_order", self.order.currentData()))
        row.addWidget(self.order)
        self.by_effect = _button("sort-descending", "What changes the picture most comes first, as it was measured")
        name_control(self.by_effect, "order_by_effect")
        self.by_effect.setCheckable(True)
        self.by_effect.clicked.connect(lambda on: setattr(workspace, "row_order", "effect" if on else "index"))
        row.addWidget(self.by_effect)
        self.own_scale = _button("grid-four", "Each kernel has the full range of colours, however faint it is")
        name_control(self.own_scale, "own_scale")
        self.own_scale.setCheckable(True)
        self.own_scale.clicked.connect(lambda on: setattr(workspace, "kernel_scaling", "tile" if on else "all"))
        row.addWidget(self.own_scale)
        self.depths: dict[Depth, QToolButton] = {}
        depths = QButtonGroup(self)
        for depth, name, tip in _DEPTHS:
            button = self.depths[depth] = _button(name, tip)
            button.setCheckable(True)
            button.clicked.connect(partial(self.depth_chosen.emit, depth))
            depths.addButton(button)
            row.addWidget(button)
        self.show_depth("overview")
        workspace.changed.connect(self._listen)
        self._show()

    def minimumSizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Without the two buttons that give way."""
        whole, gap = super().minimumSizeHint(), theme.SPACE // 4
        given = [button for button in (self.by_effect, self.own_scale) if not button.isHidden()]
        wide = sum(button.sizeHint().width() + gap for button in given)
        return QSize(whole.width() - wide, whole.height())

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """Where there is little room, two buttons give way, and then the box: a menu has the same."""
        super().resizeEvent(event)
        for button in (self.by_effect, self.own_scale):
            button.setVisible(self.width() >= _ROOMY)
        self.order.setVisible(self.width() >= _TIGHT)

    def show_depth(self, depth: Depth) -> None:
        """The sheet is looked into so deep now."""
        self.depths[depth].setChecked(True)

    def _choose(self, tool: Tool) -> Callable[[], None]:
        return lambda: setattr(self._workspace, "tool", tool)

    def _listen(self, field: str) -> None:
        if field in ("tool", "protected", "kernel_scaling", "row_order"):
            self._show()

    def _show(self) -> None:
        self.tools[self._workspace.tool].setChecked(True)
        self.protect.setChecked(self._workspace.protected)
        self.order.setCurrentIndex(self.order.findData(self._workspace.row_order))
        self.by_effect.setChecked(self._workspace.row_order == "effect")
        self.own_scale.setChecked(self._workspace.kernel_scaling == "tile")


def _button(name: str, tip: str) -> QToolButton:
    button = QToolButton()
    if name:
        button.setIcon(icon(name))
    button.setToolTip(keyed(tip))
    button.setAccessibleName(tip.split(".")[0].split(" (")[0])
    return button
