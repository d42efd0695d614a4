"""What is chosen rather than typed: files and folders by a button, names as they are begun."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QCompleter, QFileDialog, QHBoxLayout, QLineEdit, QMenu, QToolButton, QWidget

from studio.io.networks import list_networks
from studio.io.presets import list_presets
from studio.ui.kit import theme
from studio.ui.kit.folders import folder_for, note_chosen
from studio.ui.kit.icons import icon


class Browse(QToolButton):
    """A button that lets a person look for a file, or for a folder of pictures; ``chosen`` brings the path.

    Args:
        about: what is looked for, in a few words.
        folders: whether it may be a folder, which the button then asks first.
    """

    chosen = Signal(str)

    def __init__(self, about: str, *, folders: bool = True) -> None:
        super().__init__()
        self._about = about
        self.setIcon(icon("folder-open"))
        self.setToolTip(about)
        self.setAccessibleName(about)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.choices = QMenu(self)
        if not folders:
            self.clicked.connect(lambda: self._ask(QFileDialog.FileMode.ExistingFile))
            return
        self.choices.addAction(
            icon("film-strip"), "Film or picture…", lambda: self._ask(QFileDialog.FileMode.ExistingFile)
        )
        self.choices.addAction(
            icon("folder-open"), "Folder of pictures…", lambda: self._ask(QFileDialog.FileMode.Directory)
        )
        self.setMenu(self.choices)
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)

    def _ask(self, mode: QFileDialog.FileMode) -> None:
        dialog = QFileDialog(self.window(), self._about, folder_for("picture"))
        dialog.setFileMode(mode)
        dialog.fileSelected.connect(partial(note_chosen, "picture"))
        dialog.fileSelected.connect(self.chosen)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()


def beside(field: QLineEdit, button: Browse) -> QWidget:
    """A field and its button as one, to be shown or hidden together."""
    both = QWidget()
    row = QHBoxLayout(both)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(theme.SPACE // 2)
    row.addWidget(field, 1)
    row.addWidget(button)
    return both


def known_names() -> QCompleter:
    """Offers the presets and networks that there are by any part of their names."""
    names = sorted({*(card.name for card in list_presets()), *(card.name for card in list_networks())})
    completer = QCompleter(names)
    completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
    completer.setFilterMode(Qt.MatchFlag.MatchContains)
    return completer
