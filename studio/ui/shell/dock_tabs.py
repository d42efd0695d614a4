"""The tabs of panels that share a place: their names whole, said once, with what can be done to a panel behind them.

Qt elides the names of tabs that are short of room, and writes the name of the foremost once more above the panel. Here
tabs come closer together first, then their letters are smaller, and at last the bar is scrolled; a panel whose tab
says its name has no title besides. A double click on a tab floats its panel, a right click has that and closing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import cast

from PySide6.QtCore import QEvent, QObject, QPoint, Qt, QTimer
from PySide6.QtGui import QFont, QFontMetrics, QMouseEvent
from PySide6.QtWidgets import QApplication, QDockWidget, QMainWindow, QMenu, QTabBar, QWidget

from studio.ui.kit import theme

_PADDINGS = (12, 10, 8, 6, 4)
_SMALLER = 0.88
_DRAGGED = 150
"""Milliseconds between looks while a mouse button is held."""
_FRAME = 4
"""Pixels of a tab besides its padding and its text."""


class DockTabs(QObject):
    """Looks after the tab bars and the titles of a window's docks.

    Args:
        window: has the docks.
        docks: gives them.
    """

    def __init__(self, window: QMainWindow, docks: Callable[[], Iterable[QDockWidget]]) -> None:
        super().__init__(window)
        self._window, self._docks = window, docks
        self._bars: set[QTabBar] = set()
        self._blank: dict[QDockWidget, QWidget] = {}
        self._soon = QTimer(self, singleShot=True, interval=0)
        self._soon.timeout.connect(self.settle)

    def follow(self, dock: QDockWidget) -> None:
        """Look again whenever this dock has gone, come or moved."""
        dock.visibilityChanged.connect(lambda _: self._soon.start())
        dock.topLevelChanged.connect(lambda _: self._floated(dock))
        dock.dockLocationChanged.connect(lambda _: self._soon.start())

    def settle(self) -> None:
        """Let titles and tabs be as they are to be now."""
        if QApplication.mouseButtons():
            # A dock that is being dragged must stay the window that it is.
            self._soon.start(_DRAGGED)
            return
        self._soon.setInterval(0)
        for dock in self._docks():
            self._title(dock)
        for bar in self._window.findChildren(QTabBar, options=Qt.FindChildOption.FindDirectChildrenOnly):
            if bar not in self._bars:
                self._bars.add(bar)
                bar.destroyed.connect(partial(self._bars.discard, bar))
                bar.installEventFilter(self)
                bar.setElideMode(Qt.TextElideMode.ElideNone)
                bar.setUsesScrollButtons(True)
                bar.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
                bar.customContextMenuRequested.connect(partial(self._ask, bar))
            self._fit(bar)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """Fit names to another width; a double click floats."""
        if isinstance(watched, QTabBar):
            if event.type() in (QEvent.Type.Resize, QEvent.Type.Show):
                self._fit(watched)
            elif event.type() == QEvent.Type.MouseButtonDblClick and isinstance(event, QMouseEvent):
                dock = self._dock_at(watched, event.position().toPoint())
                if dock is not None:
                    dock.setFloating(True)
                    return True
        return False

    # -- within -----------------------------------------------------------------------------------------------------

    def _floated(self, dock: QDockWidget) -> None:
        """Another title makes another window of a floating dock: at once, while nobody works in it yet."""
        if not QApplication.mouseButtons():
            self._title(dock)
        self._soon.start()

    def _title(self, dock: QDockWidget) -> None:
        """Beside others under one bar of tabs it has none; Qt's own otherwise. Hidden it keeps what it had.

        In full screen all are hidden, and come back as high as they were.
        """
        if dock.isHidden():
            return
        others = [other for other in self._window.tabifiedDockWidgets(dock) if not other.isHidden()]
        is_named = bool(others) and not dock.isFloating()
        if is_named and dock not in self._blank:
            blank = self._blank[dock] = QWidget(dock)
            blank.setFixedHeight(0)
            dock.setTitleBarWidget(blank)
        elif not is_named and (was := self._blank.pop(dock, None)) is not None:
            dock.setTitleBarWidget(cast(QWidget, None))  # Qt's own bar again
            was.deleteLater()

    def _fit(self, bar: QTabBar) -> None:
        """The widest padding with which all names have room, and smaller letters where none has."""
        names = [bar.tabText(place) for place in range(bar.count())]
        if bar.accessibleName() != (said := f"Panels: {', '.join(names)}"):
            bar.setAccessibleName(said)
        usual = QFont(self._window.font())
        small = theme.smaller(usual, _SMALLER)
        ways = [(usual, padding) for padding in _PADDINGS] + [(small, padding) for padding in _PADDINGS[-2:]]
        font, padding = next(
            (way for way in ways if _wide(names, *way) <= bar.width()),
            ways[-1],
        )
        size = f"{font.pointSizeF()}pt" if font.pointSizeF() > 0 else f"{font.pixelSize()}px"
        style = f"QTabBar::tab {{ padding: 4px {padding}px; font-size: {size}; }}"
        if bar.styleSheet() != style:
            bar.setStyleSheet(style)

    def _dock_at(self, bar: QTabBar, place: QPoint) -> QDockWidget | None:
        tab = bar.tabAt(place)
        title = bar.tabText(tab) if tab >= 0 else None
        return next((dock for dock in self._docks() if dock.windowTitle() == title and not dock.isFloating()), None)

    def _ask(self, bar: QTabBar, place: QPoint) -> None:
        """What can be done to the panel of a tab."""
        dock = self._dock_at(bar, place)
        if dock is not None:
            menu = self.menu(dock)
            menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            menu.popup(bar.mapToGlobal(place))

    def menu(self, dock: QDockWidget) -> QMenu:
        """Floating and closing, which a title would have buttons for."""
        menu = QMenu(dock.windowTitle(), self._window)
        menu.addAction("Float", partial(dock.setFloating, True))
        menu.addAction("Close; the menu Panels opens it again", dock.close)
        return menu


def _wide(names: list[str], font: QFont, padding: int) -> int:
    metrics = QFontMetrics(font)
    return sum(metrics.horizontalAdvance(name) + 2 * padding + _FRAME for name in names)
