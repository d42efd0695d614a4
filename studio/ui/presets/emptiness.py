"""What the deck says where it shows nothing."""

from __future__ import annotations

from PySide6.QtWidgets import QLabel

from studio.ui.kit import theme
from studio.ui.kit.keys import keyed
from studio.ui.presets.shelves import Shelf

_EMPTY: dict[Shelf, str] = {
    "presets": "There are no presets. Ctrl+S saves what is open as one.",
    "networks": "There are no networks. Drop a model on the window to import it.",
    "recent": "What you open is listed here: presets, networks and models.",
}


class Emptiness(QLabel):
    """A sentence: why there are no tiles, and what to do."""

    def __init__(self) -> None:
        super().__init__(wordWrap=True)
        self.setStyleSheet(f"color: {theme.FAINT}; padding: 12px;")
        self.tell("presets", False, False, "")

    def tell(self, shelf: Shelf, is_read: bool, any_shown: bool, searched: str) -> None:
        """Say what there is to be said of a shelf.

        Args:
            shelf: which is shown.
            is_read: whether its folders have been read.
            any_shown: whether it shows a tile; then nothing is said.
            searched: what is searched for.
        """
        if not is_read:
            self.setText("Reading the presets…")
        elif searched:
            self.setText(f"Nothing here matches “{searched}”. Escape shows all.")
        else:
            self.setText(keyed(_EMPTY[shelf]))
        self.setVisible(not any_shown)
