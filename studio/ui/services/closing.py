"""What becomes of unsaved changes when the window closes."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QMessageBox, QWidget

from studio.model.documents.document import Document
from studio.ui.services.preset_saver import PresetSaver

Ask = Callable[[str, str], QMessageBox.StandardButton]
_Button = QMessageBox.StandardButton


class Closing:
    """Asks before unsaved changes are lost.

    Args:
        document: what may be unsaved.
        saver: saves it.
        ask: shows a question and a line more, and gives the answer: Save, Discard or Cancel.
    """

    def __init__(self, document: Document, saver: PresetSaver, ask: Ask) -> None:
        self._document = document
        self._saver = saver
        self._ask = ask
        self._let_go: int | None = None

    def may_close(self, close: Callable[[], object]) -> bool:
        """Whether the window may close now. Where it is to be saved first, `close` is called when it is."""
        if not self._document.unsaved or self._let_go == self._document.revision:
            return True
        name, line = self._document.name, "Undo history is not saved with it."
        if self._saver.needs_name:
            line = f"It becomes a preset of your own, “{self._saver.proposal}”."
        answer = self._ask(f"Save the changes to “{name}”?", line)
        if answer == _Button.Save and not self._saver.save(close):
            self._saver.save_as(self._saver.proposal, close)
        # Where closing takes a while, it is not asked again.
        self._let_go = self._document.revision if answer == _Button.Discard else None
        return answer == _Button.Discard


def ask_over(window: QWidget, question: str, line: str) -> QMessageBox.StandardButton:
    """Ask in a dialog over this window."""
    box = QMessageBox(window)
    box.setWindowTitle("Unsaved changes")
    box.setText(question)
    box.setInformativeText(line)
    box.setStandardButtons(_Button.Save | _Button.Discard | _Button.Cancel)
    box.button(_Button.Discard).setText("Don't save")
    box.setDefaultButton(_Button.Save)
    return _Button(box.exec())
