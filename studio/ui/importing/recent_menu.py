"""What was open before: presets, networks, sources."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtWidgets import QMenu, QWidget

from studio.ui.kit.icons import icon
from studio.ui.services.session import Session


class RecentMenu(QMenu):
    """Filled anew each time it opens; what is gone is left out.

    Args:
        session: remembers.
        open_path: opens whatever lies at a path.
        parent: the window.
    """

    def __init__(self, session: Session, open_path: Callable[[Path], None], parent: QWidget | None = None) -> None:
        super().__init__("Open recent", parent)
        self.setIcon(icon("clock-counter-clockwise"))
        self.setToolTipsVisible(True)
        self._session = session
        self._open = open_path
        self.aboutToShow.connect(self._fill)

    def _fill(self) -> None:
        self.clear()
        session = self._session
        groups = (("sparkle", session.presets), ("tree-structure", session.networks), ("film-strip", session.sources))
        for picture, paths in groups:
            if paths:
                self.addSeparator()
            for path in paths:
                action = self.addAction(icon(picture), Path(path).name.replace("&", "&&"))
                action.setToolTip(path)
                action.triggered.connect(partial(self._chosen, path))
        if self.isEmpty():
            self.addAction("Nothing yet").setEnabled(False)

    def _chosen(self, path: str, _checked: bool = False) -> None:
        self._open(Path(path))
