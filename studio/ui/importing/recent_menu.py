"""What was open before: presets, networks, sources."""

from __future__ import annotations

import mimetypes
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
        session, sources = self._session, self._session.sources
        groups = (("sparkle", session.presets), ("tree-structure", session.networks), ("film-strip", sources))
        for picture, paths in groups:
            if paths:
                self.addSeparator()
            for path in paths:
                own = "image" if paths is sources and _is_still(path) else picture
                action = self.addAction(icon(own), Path(path).name.replace("&", "&&"))
                action.setToolTip(path)
                action.triggered.connect(partial(self._chosen, path))
        if self.isEmpty():
            self.addAction("Nothing yet").setEnabled(False)

    def _chosen(self, path: str, _checked: bool = False) -> None:
        self._open(Path(path))


def _is_still(path: str) -> bool:
    """Whether a file is a picture, by its name: what recent files lie on may not answer."""
    kind = mimetypes.guess_type(path)[0] or ""
    return kind.startswith("image/") and kind != "image/gif"
