"""The panel of a network's state: how fast it is stepped, what of the source comes into it, and beginning again."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QPushButton

from studio.model.documents.document import Document
from studio.model.networks.state import STEPPING
from studio.ui.source.section_panel import About, SectionPanel

_ABOUT = About(
    "State",
    STEPPING,
    "state",
    "What the network makes is its input in the next step. Bends behind the layer that it comes from are in it too: "
    "one that is painted over the picture by its mask, Ablate or Add, erases or sows.",
    "state",
    "This network keeps no state: it makes each picture anew",
)


class StatePanel(SectionPanel):
    """How the preset steps the state.

    Args:
        document: what holds it.
        begin_again: lets the state begin again.
    """

    def __init__(self, document: Document, begin_again: Callable[[], object]) -> None:
        super().__init__(document, _ABOUT)
        self.again = QPushButton("Begin again")
        self.again.setToolTip("Let the state begin again, though the source goes on (Shift+Space)")
        self.again.clicked.connect(lambda: begin_again())
        self.column.insertWidget(self.column.count() - 1, self.again)
