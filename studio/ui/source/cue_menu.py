"""The menu of cue points: what can be gone to, and what can be done to each."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtWidgets import QInputDialog, QMenu, QWidget

from studio.errors import StudioError
from studio.ui.kit.icons import icon
from studio.ui.kit.keys import keyed
from studio.ui.services.cues import FilmCues


class CueMenu(QMenu):
    """Built anew each time it opens.

    Args:
        cues: of the film that plays.
        parent: what the question for a name stands on.
    """

    def __init__(self, cues: FilmCues, parent: QWidget) -> None:
        super().__init__(parent)
        self._cues = cues
        self.setToolTipsVisible(True)
        self.aboutToShow.connect(self._build)

    def _build(self) -> None:
        self.clear()
        here = self.addAction(icon("map-pin"), "Set a cue here\tJ", partial(self._do, self._cues.set_here))
        here.setEnabled(self._cues.can_have)
        count = len(self._cues.cues)
        if not count:
            self.addAction("None yet: they are places in the film to jump to").setEnabled(False)
            return
        self.addSeparator()
        for number in range(1, count + 1):
            keys = keyed(f"\tCtrl+Alt+{number}") if number < 10 else ""
            self.addAction(_escaped(self._cues.text(number)) + keys, partial(self._do, self._cues.go, number))
        self.addSeparator()
        for text, does in (("Rename", self.ask_name), ("Remove", self._cues.remove)):
            menu = self.addMenu(text)
            for number in range(1, count + 1):
                menu.addAction(_escaped(self._cues.text(number)), partial(self._do, does, number))

    def _do(self, does: Callable[..., object], *numbers: int) -> None:
        """Another film may play since the menu opened."""
        try:
            does(*numbers)
        except StudioError as error:
            self._cues.report(str(error))

    def ask_name(self, number: int) -> None:
        """Let the person name a cue."""
        dialog = QInputDialog(self.parentWidget())
        dialog.setWindowTitle("Name the cue")
        dialog.setLabelText(self._cues.text(number))
        dialog.setTextValue(self._cues.cues[number - 1].name)
        dialog.textValueSelected.connect(partial(self._cues.rename, number))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()


def _escaped(text: str) -> str:
    return text.replace("&", "&&")
