"""Over the viewport, while it shows a layer with bends: whether the layer is seen before them or after."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QButtonGroup, QFrame, QHBoxLayout, QLabel, QPushButton, QWidget

from studio.model.bends.stages import StagesChanged
from studio.model.networks.changes import Change, NetworkChanged
from studio.model.views.workspace import Workspace
from studio.ui.kit import theme

_MARGIN = 8
_NAME = 140
"""Pixels for the layer's name at most: those of imported networks may be paths."""


class AroundBends(QFrame):
    """The layer's name, and beside it *Before bends* and *After*; in the upper left corner.

    Args:
        workspace: whose view it follows and changes.
        parent: the viewport.
    """

    def __init__(self, workspace: Workspace, parent: QWidget) -> None:
        super().__init__(parent)
        self._workspace = workspace
        self._wanted = True
        self.setObjectName("around")
        self.setStyleSheet(
            f"QFrame#around {{ background: {theme.PANEL}; border: 1px solid {theme.LINE}; border-radius: 4px; }}"
        )
        self.setCursor(Qt.CursorShape.ArrowCursor)
        self.layer = QLabel()
        self.before, self.after = QPushButton("Before bends"), QPushButton("After")
        group = QButtonGroup(self)
        row = QHBoxLayout(self)
        row.setContentsMargins(theme.SPACE, theme.SPACE // 2, theme.SPACE // 2, theme.SPACE // 2)
        row.setSpacing(theme.SPACE // 2)
        row.addWidget(self.layer)
        for button, tip in (
            (self.before, "The activation as the layer made it (Shift+L)"),
            (self.after, "The activation as its bends hand it on"),
        ):
            button.setCheckable(True)
            button.setToolTip(tip)
            button.setAccessibleName(tip)
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            group.addButton(button)
            row.addWidget(button)
        self.before.clicked.connect(lambda: self._look(before=True))
        self.after.clicked.connect(lambda: self._look(before=False))
        self.move(_MARGIN, _MARGIN)
        workspace.changed.connect(self._listen)
        workspace.document.changed.connect(self._follow)
        self._show_view()

    def set_wanted(self, wanted: bool) -> None:
        """Whether it may be seen at all: not over a picture that is alone on the screen."""
        self._wanted = wanted
        self._show_view()

    def _look(self, *, before: bool) -> None:
        self._workspace.view = replace(self._workspace.view, before=before)

    def _listen(self, field: str) -> None:
        if field == "view":
            self._show_view()

    def _follow(self, change: Change) -> None:
        if isinstance(change, StagesChanged | NetworkChanged):
            self._show_view()

    def _show_view(self) -> None:
        view = self._workspace.view
        has_bends = any(stage.layer == view.name for stage in self._workspace.document.stages)
        self.setVisible(self._wanted and view.kind == "layer" and (has_bends or view.before))
        self.layer.setText(self.fontMetrics().elidedText(view.name, Qt.TextElideMode.ElideMiddle, _NAME))
        self.layer.setToolTip(view.name)
        (self.before if view.before else self.after).setChecked(True)
        self.adjustSize()
        self.raise_()
