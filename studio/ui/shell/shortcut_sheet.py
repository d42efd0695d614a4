"""The shortcut sheet: every command's keys, and what the mouse does."""

from __future__ import annotations

from itertools import combinations, pairwise

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QDialog, QGridLayout, QHBoxLayout, QLabel, QScrollArea, QVBoxLayout, QWidget

from studio.ui.kit import theme
from studio.ui.kit.actions import keys_of
from studio.ui.kit.fitting import fit
from studio.ui.kit.keys import keyed
from studio.ui.shell.declared import OTHERS, Declared

_COLUMNS = 3

Group = tuple[str, list[tuple[str, str]]]


class ShortcutSheet(QDialog):
    """Stays open beside the window until Escape or F1.

    Args:
        parent: the window.
        declared: all commands and gestures.
    """

    def __init__(self, parent: QWidget, declared: Declared) -> None:
        super().__init__(parent)
        self.setWindowTitle("Shortcuts")
        self.setObjectName("shortcuts")
        sheet = QWidget()
        columns = QHBoxLayout(sheet)
        columns.setSpacing(4 * theme.SPACE)
        for groups in shared_out(groups_of(declared), _COLUMNS):
            columns.addLayout(_column(groups))
        scroll = QScrollArea()
        scroll.setWidget(sheet)
        scroll.setWidgetResizable(True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(scroll)
        fit(self, QSize(1080, 620))


def groups_of(declared: Declared) -> list[Group]:
    """Keys and meanings, menu by menu, then what mouse and held keys do; menus without keys are left out."""
    groups: list[Group] = []
    for menu, commands in declared.menus().items():
        lines = [(" or ".join(keys_of(each)[:2]), each.text.rstrip("…")) for each in commands if each.keys]
        if lines:
            groups.append((menu.rpartition("/")[2], lines))
    return [*groups, (OTHERS, [(keyed(does), keyed(what)) for does, what in declared.gestures()])]


def shared_out(groups: list[Group], count: int) -> list[list[Group]]:
    """The groups in so many columns, in order, the highest of them as low as it can be."""

    def tallest(ends: tuple[int, ...]) -> int:
        return max(sum(len(lines) + 1 for _, lines in column) for column in _cut(groups, ends))

    ways = combinations(range(1, len(groups)), count - 1)
    return _cut(groups, min(ways, key=tallest))


def _cut(groups: list[Group], ends: tuple[int, ...]) -> list[list[Group]]:
    places = (0, *ends, len(groups))
    return [groups[first:last] for first, last in pairwise(places)]


def _column(groups: list[Group]) -> QGridLayout:
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
