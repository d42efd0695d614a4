"""The panels around the picture: where they are at first, and that they come back there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from PySide6.QtCore import QObject, Qt, QTimer
from PySide6.QtWidgets import QDockWidget, QMainWindow, QMenu, QScrollArea, QTabBar, QTabWidget, QWidget

LEFT, RIGHT = Qt.DockWidgetArea.LeftDockWidgetArea, Qt.DockWidgetArea.RightDockWidgetArea


@dataclass(frozen=True)
class Stack:
    """Panels that share a place as tabs, the first in front.

    Attributes:
        area: side of the window.
        titles: of the panels.
        share: part of the window's height.
    """

    area: Qt.DockWidgetArea
    titles: tuple[str, ...]
    share: float


STACKS = (
    Stack(LEFT, ("Network", "Graph"), 0.56),
    Stack(LEFT, ("Presets", "History"), 0.44),
    Stack(RIGHT, ("Filters",), 0.62),
    Stack(RIGHT, ("Histogram", "Recording"), 0.38),
)
# Higher than half of a small screen.
_SCROLLED = ("Histogram", "Recording")
# Parts of the window's width, and the least and most pixels.
_WIDTHS = {LEFT: (0.2, 250, 380), RIGHT: (0.27, 310, 560)}


class Docks(QObject):
    """A dock for every panel of a window.

    Args:
        window: gets them.
        contents: the panels by title.

    Attributes:
        by_name: the docks by their titles in lower case.
    """

    def __init__(self, window: QMainWindow, contents: Mapping[str, QWidget]) -> None:
        super().__init__(window)
        self._window = window
        window.setDockOptions(
            QMainWindow.DockOption.AnimatedDocks
            | QMainWindow.DockOption.AllowNestedDocks
            | QMainWindow.DockOption.AllowTabbedDocks
            | QMainWindow.DockOption.GroupedDragging
        )
        window.setTabPosition(Qt.DockWidgetArea.AllDockWidgetAreas, QTabWidget.TabPosition.North)
        window.setCorner(Qt.Corner.TopLeftCorner, LEFT)
        window.setCorner(Qt.Corner.BottomLeftCorner, LEFT)
        window.setCorner(Qt.Corner.TopRightCorner, RIGHT)
        window.setCorner(Qt.Corner.BottomRightCorner, RIGHT)
        self.by_name: dict[str, QDockWidget] = {}
        for stack in STACKS:
            docks = [self._dock(title, contents[title], stack.area) for title in stack.titles]
            for other in docks[1:]:
                window.tabifyDockWidget(docks[0], other)
        self._raise_first()
        self._usual = window.saveState()

    def fill(self, menu: QMenu) -> None:
        """Entries that show and hide each panel, and one that puts all back."""
        for dock in self.by_name.values():
            menu.addAction(dock.toggleViewAction())
        menu.addSeparator()
        menu.addAction("Usual layout", self.put_back)

    def put_back(self) -> None:
        """Every panel where it was at the first start, at widths that suit the window."""
        self._window.restoreState(self._usual)
        for dock in self.by_name.values():
            dock.show()
        self._raise_first()
        self.proportion()

    def proportion(self) -> None:
        """Give every panel its share of the window."""
        width, height = self._window.width(), self._window.height()
        for area, (share, least, most) in _WIDTHS.items():
            stacks = [stack for stack in STACKS if stack.area == area]
            firsts = [self.by_name[stack.titles[0].lower()] for stack in stacks]
            wide = max(least, min(most, round(width * share)))
            self._window.resizeDocks(firsts[:1], [wide], Qt.Orientation.Horizontal)
            high = [round(height * stack.share) for stack in stacks]
            self._window.resizeDocks(firsts, high, Qt.Orientation.Vertical)
        QTimer.singleShot(0, self, self.sweep)

    def sweep(self) -> None:
        """Hide the tab bars that Qt leaves behind when tabbed docks get another size; those in use touch a dock."""
        tops = {dock.y() for dock in self.by_name.values() if dock.isVisible()}
        for bar in self._window.findChildren(QTabBar, options=Qt.FindChildOption.FindDirectChildrenOnly):
            if not any(abs(bar.geometry().bottom() + 1 - top) <= 1 for top in tops):
                bar.hide()

    def visible(self) -> Iterable[QDockWidget]:
        """Those that are on the screen, be it behind another."""
        return [dock for dock in self.by_name.values() if not dock.isHidden()]

    def _dock(self, title: str, content: QWidget, area: Qt.DockWidgetArea) -> QDockWidget:
        dock = QDockWidget(title)
        dock.setObjectName(title.lower())
        if title in _SCROLLED:
            scroll = QScrollArea()
            scroll.setWidgetResizable(True)
            scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
            scroll.setWidget(content)
            dock.setWidget(scroll)
        else:
            dock.setWidget(content)
        self._window.addDockWidget(area, dock)
        self.by_name[title.lower()] = dock
        return dock

    def _raise_first(self) -> None:
        for stack in STACKS:
            self.by_name[stack.titles[0].lower()].raise_()
