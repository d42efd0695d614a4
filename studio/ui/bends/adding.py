"""Choosing a bend: a line to search by name, and all bends under their headings."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QFont
from PySide6.QtWidgets import QListWidgetItem, QWidget

from studio.bends import registry
from studio.model.bends.bend import Bend
from studio.ui.kit import theme
from studio.ui.kit.chooser import CHOICE, Chooser

GROUPS = ("Values", "Filters", "Space", "Channels", "Time", "From elsewhere")


def bend_groups() -> dict[str, list[type[Bend]]]:
    """All bends by heading, each group by label."""
    groups: dict[str, list[type[Bend]]] = {}
    for kind in sorted(registry().values(), key=lambda kind: kind.label):
        groups.setdefault(kind.group, []).append(kind)
    known = [name for name in GROUPS if name in groups]
    return {name: groups[name] for name in [*known, *sorted(groups.keys() - set(known))]}


def first_line(kind: type[Bend]) -> str:
    """The first paragraph of a bend's docstring, without its markup."""
    return " ".join((kind.__doc__ or kind.label).split("\n\n")[0].replace("``", "").split())


class BendChooser(Chooser):
    """Chooses a bend; ``chosen`` brings its class."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent, "Find bend", "Bends", 300)
        bold = QFont(self.font())
        bold.setBold(True)
        for group, kinds in bend_groups().items():
            heading = QListWidgetItem(group)
            heading.setFlags(Qt.ItemFlag.NoItemFlags)
            heading.setForeground(QColor(theme.FAINT))
            heading.setFont(bold)
            self.list.addItem(heading)
            for kind in kinds:
                item = QListWidgetItem(kind.label)
                item.setToolTip(first_line(kind))
                item.setData(CHOICE, kind)
                self.list.addItem(item)

    def matches(self, item: QListWidgetItem, text: str) -> bool:
        """See `Chooser.matches`: the text is in its label, or in the first paragraph on it."""
        kind, wanted = item.data(CHOICE), text.strip()
        return wanted in kind.label.lower() or wanted in first_line(kind).lower()
