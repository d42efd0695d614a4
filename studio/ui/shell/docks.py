"""The panels around the picture: where they are at first, and that they come back there."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial

from PySide6.QtCore import QEvent, QObject, QSize, Qt, QTimer
from PySide6.QtWidgets import QApplication, QDockWidget, QMainWindow, QMenu, QTabBar, QTabWidget, QWidget

from studio.ui.kit.panel import Area, Panel
from studio.ui.kit.scrolled import Scrolled, ScrolledColumn
from studio.ui.kit.seen import in_sight
from studio.ui.shell.compact import Compact
from studio.ui.shell.dock_tabs import DockTabs

LEFT, RIGHT = Qt.DockWidgetArea.LeftDockWidgetArea, Qt.DockWidgetArea.RightDockWidgetArea
BOTTOM = Qt.DockWidgetArea.BottomDockWidgetArea
_AREAS: dict[Area, Qt.DockWidgetArea] = {"left": LEFT, "right": RIGHT, "bottom": BOTTOM}
# Parts of the window's height, by area and stack; the stacks of plug-ins get a third.
_SHARES: dict[tuple[Area, int], float] = {
    ("left", 10): 0.56,
    ("left", 20): 0.44,
    ("right", 10): 0.68,
    ("right", 20): 0.32,
}
# Parts of the window's width, and the least and most pixels.
_WIDTHS: dict[Area, tuple[float, int, int]] = {"left": (0.2, 250, 380), "right": (0.27, 310, 560)}
# How often widths are looked at after the window got another size, and the milliseconds between.
_LOOKS, _BETWEEN = 5, 50


class Docks(QObject):
    """A dock for every panel at the left and at the right of a window.

    Args:
        window: gets them.
        panels: each with its widget, by area, stack and order; None where `fill_in` brings it.
        make: makes the widget of a panel that has been shown without.

    Attributes:
        by_name: the docks by the panels' ids.
        compact: has all of them share one place while the window is small.
    """

    def __init__(
        self, window: QMainWindow, panels: Sequence[tuple[Panel, QWidget | None]], make: Callable[[str], object]
    ) -> None:
        super().__init__(window)
        self._window = window
        self._make = make
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
        self._hidden = {panel.id for panel, _ in panels if panel.starts_hidden}
        self._stacks: dict[tuple[Area, int], list[QDockWidget]] = {}
        self.tabs = DockTabs(window, self.by_name.values)
        self.compact = Compact(window, self._in_order, self.sweep)
        for panel, content in panels:
            if panel.area in _AREAS:
                self._dock(panel, content)
        self._raise_first()
        self._usual = window.saveState()
        self._is_proportioned = self._is_laid_out = False
        self._floating: list[QDockWidget] = []
        self._wanted: dict[Area, int] = {}
        self._looks = 0
        self._settling = QTimer(self, singleShot=True)
        self._settling.timeout.connect(self._settle)

    def _in_order(self) -> list[QDockWidget]:
        """What is worked with first: the right side's, then the left's."""
        sides = sorted(self._stacks, key=lambda at: (at[0] != "right", at))
        return [dock for at in sides for dock in self._stacks[at]]

    @contextmanager
    def held_back(self) -> Iterator[None]:
        """Panels that are put afloat within wait for the window: before it on the screen, they stay behind it."""
        for dock in self.by_name.values():
            dock.setAttribute(Qt.WidgetAttribute.WA_DontShowOnScreen)
        yield
        self._floating = [dock for dock in self.by_name.values() if dock.isFloating() and not dock.isHidden()]
        for dock in self._floating:
            dock.hide()
        for dock in self.by_name.values():
            dock.setAttribute(Qt.WidgetAttribute.WA_DontShowOnScreen, False)

    def _let_float(self) -> None:
        for dock in self._floating:
            dock.show()
        self._floating = []

    def lay_out(self, *, is_restored: bool) -> bool:
        """Let all lie as it is to lie before the window is on the screen: its first paint would wait for it.

        Args:
            is_restored: whether docks lie where they were, and keep their shares.

        Returns:
            Whether it was the first call; a second changes nothing.
        """
        if self._is_laid_out:
            return False
        self._is_laid_out = True
        if not is_restored:
            self.proportion()
        self.tabs.settle()
        QApplication.sendPostedEvents(None, QEvent.Type.LayoutRequest.value)
        self.sweep()
        # The window asks for its place on the screen when this is done.
        QTimer.singleShot(0, self, self._let_float)
        return True

    def window_resized(self, size: QSize) -> None:
        """Panels that a small window has squeezed get their widths back as soon as there is room."""
        was_small = self.compact.layout is not None
        self.compact.window_resized(size)
        if was_small and self.compact.layout is None and not self._is_proportioned:
            QTimer.singleShot(0, self, self.proportion)
        self._looks = _LOOKS
        self._settling.start(0)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """Note the width that the person gives a side with the mouse; what the window's size does to it is no wish."""
        if event.type() in (QEvent.Type.Resize, QEvent.Type.Move, QEvent.Type.Show, QEvent.Type.Hide):
            self.compact.docks_moved()
        dragged = bool(QApplication.mouseButtons() & Qt.MouseButton.LeftButton)
        if event.type() == QEvent.Type.Resize and dragged and isinstance(watched, QWidget):
            for (area, _), docks in self._stacks.items():
                if watched in docks and not docks[0].isFloating():
                    self._wanted[area] = watched.width()
        return False

    def _settle(self) -> None:
        if self.compact.layout is not None:
            return
        for area, wanted in self._wanted.items():
            docked = [dock for (at, _), docks in self._stacks.items() if at == area for dock in docks]
            shown = [dock for dock in docked if dock.isVisible() and not dock.isFloating()]
            if shown and shown[0].width() < wanted:
                self._window.resizeDocks(shown[:1], [wanted], Qt.Orientation.Horizontal)
        # Qt lays docks out when it comes to it, and may squeeze them once more.
        self._looks -= 1
        if self._looks > 0:
            self._settling.start(_BETWEEN)

    def fill(self, menu: QMenu) -> None:
        """Entries that show and hide each panel, and one that puts all back."""
        for dock in self.by_name.values():
            menu.addAction(dock.toggleViewAction())
        menu.addSeparator()
        menu.addAction("Usual layout", self.put_back)

    def put_back(self) -> None:
        """Every panel where it was at the first start, at widths that suit the window."""
        self.compact.forget()
        self._window.restoreState(self._usual)
        for name, dock in self.by_name.items():
            dock.setVisible(name not in self._hidden)
        self._raise_first()
        self.compact.window_resized(self._window.size())
        self.proportion()

    def proportion(self) -> None:
        """Give every panel its share of the window; a small one has its own."""
        if self.compact.layout is not None:
            return
        self._is_proportioned = True
        height, width = self._window.height(), self._window.width()
        for area, (share, least, most) in _WIDTHS.items():
            firsts = [docks[0] for (at, _), docks in self._stacks.items() if at == area]
            shares = [_SHARES.get(stack, 1 / 3) for stack in self._stacks if stack[0] == area]
            wide = max(least, min(most, round(width * share)))
            self._wanted[area] = wide
            self._window.resizeDocks(firsts[:1], [wide], Qt.Orientation.Horizontal)
            high = [round(height * each / sum(shares)) for each in shares]
            self._window.resizeDocks(firsts, high, Qt.Orientation.Vertical)
        QTimer.singleShot(0, self, self.sweep)

    def sweep(self) -> None:
        """Hide the tab bars that Qt leaves behind when tabbed docks get another size; those in use touch a dock."""
        tops = {dock.y() for dock in self.by_name.values() if dock.isVisible()}
        for bar in self._window.findChildren(QTabBar, options=Qt.FindChildOption.FindDirectChildrenOnly):
            if not any(abs(bar.geometry().bottom() + 1 - top) <= 1 for top in tops):
                bar.hide()

    def to_front(self, name: str) -> None:
        """Show a panel before those that cover it, unless the person has put it away."""
        dock = self.by_name.get(name)
        if dock is not None and not dock.isHidden():
            dock.raise_()

    def is_behind(self, widget: QWidget) -> bool:
        """Whether a widget lies in a panel that is covered by another one of its stack."""
        dock = next((dock for dock in self.by_name.values() if dock.isAncestorOf(widget)), None)
        return dock is not None and not in_sight(dock)

    def visible(self) -> Iterable[QDockWidget]:
        """Those that are on the screen, be it behind another."""
        return [dock for dock in self.by_name.values() if not dock.isHidden()]

    def fill_in(self, panel: Panel, content: QWidget) -> None:
        """Give a panel its widget."""
        dock = self.by_name[panel.id]
        if panel.scrolled:
            scroll = ScrolledColumn()
            scroll.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
            scroll.setAccessibleName(f"{panel.title}, scrolled by arrow keys")
            # In this order: what a scrolled area holds has all its styles looked up at each move.
            dock.setWidget(scroll)
            scroll.setWidget(content)
        else:
            dock.setWidget(Scrolled(content))

    def _look(self, name: str) -> None:
        dock = self.by_name[name]
        if dock.widget() is None and in_sight(dock):
            self._make(name)

    def _dock(self, panel: Panel, content: QWidget | None) -> None:
        dock = self.by_name[panel.id] = QDockWidget(panel.title)
        dock.setObjectName(panel.id)
        dock.installEventFilter(self)
        self.tabs.follow(dock)
        if content is not None:
            self.fill_in(panel, content)
        elif not panel.comes_later:
            look = partial(self._look, panel.id)
            # While a window is put together, docks are shown that are covered a moment later.
            dock.visibilityChanged.connect(lambda _: QTimer.singleShot(0, self, look))
        self._window.addDockWidget(_AREAS[panel.area], dock)
        stack = self._stacks.setdefault((panel.area, panel.stack), [])
        if stack:
            self._window.tabifyDockWidget(stack[-1], dock)
        stack.append(dock)
        if panel.starts_hidden:
            dock.hide()

    def _raise_first(self) -> None:
        for docks in self._stacks.values():
            docks[0].raise_()
