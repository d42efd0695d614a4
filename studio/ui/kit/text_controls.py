"""Controls for what is typed: a line of text, and tuples of numbers in a line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCompleter, QLineEdit

from studio.errors import StudioError
from studio.model.declared.points import points_of, points_text
from studio.ui.kit import theme
from studio.ui.kit.controls import Control


class Line(Control):
    """A line of text; it counts when Return is pressed or the keyboard goes elsewhere."""

    def __init__(self, default: str) -> None:
        super().__init__()
        self._shown = default
        self._suggested: list[str] = []
        self.line = QLineEdit(default)
        self._take(self.line, 1)
        self.line.editingFinished.connect(self._finish)

    def suggest(self, words: Sequence[str]) -> None:
        """Offer those of these that have what is being typed in them."""
        if list(words) == self._suggested:
            return
        self._suggested = list(words)
        completer = QCompleter(self._suggested, self.line)
        completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        completer.setFilterMode(Qt.MatchFlag.MatchContains)
        self.line.setCompleter(completer)
        self.line.setPlaceholderText(f"none; {words[0]}, say" if words else "")

    def value(self) -> Any:
        """See `Control.value`."""
        return self.line.text().strip()

    def show_value(self, value: Any) -> None:
        """See `Control.show_value`."""
        # A line that is being typed keeps its cursor.
        if value != self._shown:
            self._shown = value
            self.line.setText(value)

    def _finish(self) -> None:
        if self.line.text().strip() != self._shown:
            self._shown = self.line.text().strip()
            self._at_once()


class Points(Line):
    """Numbers between slashes, the parts of each between colons: ``1/0/0.5``, ``0:-1/2:1:hold``.

    What is not understood is marked, and counts for nothing.
    """

    def __init__(self, default: tuple[Any, ...]) -> None:
        super().__init__(points_text(default))
        self.line.setToolTip(
            "Values between slashes, such as 1/0/0.5; keyframes as time:value:way, such as 0:-1/2:1:hold"
        )
        self.line.textEdited.connect(self._mark)

    def value(self) -> Any:
        """See `Control.value`; StudioError where it is not understood."""
        return points_of(self.line.text())

    def show_value(self, value: Any) -> None:
        """See `Control.show_value`."""
        super().show_value(points_text(value))
        self._mark()

    def _mark(self) -> None:
        try:
            points_of(self.line.text())
            self.line.setStyleSheet("")
        except StudioError:
            self.line.setStyleSheet(f"color: {theme.WARNING};")
