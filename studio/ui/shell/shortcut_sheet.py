"""The shortcut sheet: every command's keys, and what the mouse does."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QDialog, QGridLayout, QHBoxLayout, QLabel, QScrollArea, QVBoxLayout, QWidget

from studio.ui.kit import theme
from studio.ui.shell.commands import COMMANDS, GESTURES

_COLUMNS = (("File", "Edit", "Help"), ("View", "Layer"), ("Tools", "Run", "Mouse and keys held"))


class ShortcutSheet(QDialog):
    """Stays open beside the window until Escape or F1."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("Shortcuts")
        self.setObjectName("shortcuts")
        groups: dict[str, list[tuple[str, str]]] = {}
        for command in COMMANDS:
            keys = " or ".join(
                QKeySequence(each).toString(QKeySequence.SequenceFormat.NativeText) for each in command.keys
            )
            if keys:
                groups.setdefault(command.menu, []).append((keys, command.text.rstrip("…")))
        groups["Mouse and keys held"] = list(GESTURES)
        sheet = QWidget()
        columns = QHBoxLayout(sheet)
        columns.setSpacing(4 * theme.SPACE)
        for names in _COLUMNS:
            columns.addLayout(_column([(name, groups[name]) for name in names]))
        scroll = QScrollArea()
        scroll.setWidget(sheet)
        scroll.setWidgetResizable(True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(scroll)
        available = self.screen().availableSize()
        self.resize(min(1080, available.width() - 80), min(620, available.height() - 80))


def _column(groups: list[tuple[str, list[tuple[str, str]]]]) -> QGridLayout:
    grid = QGridLayout()
    grid.setHorizontalSpacing(2 * theme.SPACE)
    grid.setVerticalSpacing(theme.SPACE // 2)
    grid.setColumnStretch(1, 1)
    row = 0
    for name, lines in groups:
        title = QLabel(name)
        title.setStyleSheet(f"color: {theme.ACCENT}; font-weight: 600; padding-top: {theme.SPACE}px;")
        grid.addWidget(title, row, 0, 1, 2)
        row += 1
        for keys, text in lines:
            shown = QLabel(keys)
            shown.setStyleSheet(f"color: {theme.FAINT};")
            shown.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignTop)
            meaning = QLabel(text)
            meaning.setWordWrap(True)
            grid.addWidget(shown, row, 0)
            grid.addWidget(meaning, row, 1)
            row += 1
    grid.setRowStretch(row, 1)
    return grid
