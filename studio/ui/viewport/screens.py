"""The screens that the output window can fill: a menu that lists them."""

from __future__ import annotations

from functools import partial

from PySide6.QtGui import QScreen
from PySide6.QtWidgets import QMenu, QWidget

from studio.ui.kit.icons import icon
from studio.ui.viewport.projection import Projection


class ScreenMenu(QMenu):
    """Filled anew each time it opens, since screens come and go; the one that the output fills is ticked.

    Args:
        projection: knows the screens, and puts the output on them.
        parent: the window.
    """

    def __init__(self, projection: Projection, parent: QWidget | None = None) -> None:
        super().__init__("Screen", parent)
        self.setIcon(icon("monitor"))
        self.setToolTipsVisible(True)
        self._projection = projection
        self.aboutToShow.connect(self._fill)

    def _fill(self) -> None:
        self.clear()
        projection = self._projection
        screens, filled = projection.screens, projection.filled
        for number, screen in enumerate(screens, start=1):
            action = self.addAction(f"{number}  {said_of(screen)}", partial(projection.show_on, screen))
            action.setCheckable(True)
            action.setChecked(screen is filled)
            action.setToolTip("The studio is here" if screen is projection.own_screen else "Filled with the output")
        gone = projection.waits_for
        if gone:
            self.addAction(f"{_escaped(gone)}: not connected").setEnabled(False)
        self.addSeparator()
        window = self.addAction("A window", projection.show_in_window)
        window.setCheckable(True)
        window.setChecked(projection.output is not None and filled is None)
        window.setToolTip("The output in a window, which can be moved and resized")


def said_of(screen: QScreen) -> str:
    """A screen's name, its model where it is known, and its pixels."""
    ratio, size = screen.devicePixelRatio(), screen.size()
    model = screen.model().strip()
    name = f"{screen.name()} ({model})" if model and model != screen.name() else screen.name()
    return f"{_escaped(name)}   {round(size.width() * ratio)} × {round(size.height() * ratio)}"


def _escaped(text: str) -> str:
    return text.replace("&", "&&")
