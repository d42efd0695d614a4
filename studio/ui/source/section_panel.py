"""A panel of one section of the preset: what it is in a sentence, and its parameters as a form."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from studio.model.declared.form import fields
from studio.model.declared.param import Declared
from studio.model.documents.document import Document
from studio.model.filters.gesture import Gesture
from studio.model.networks.changes import Change, NetworkChanged
from studio.model.networks.inputs import InputKind
from studio.model.networks.section import Section, SectionChanged
from studio.ui.kit import theme
from studio.ui.kit.forms import Form

T = TypeVar("T", bound=Declared)


@dataclass(frozen=True)
class About(Generic[T]):
    """What a panel shows.

    Attributes:
        title: what it, and the history, call the section.
        section: which.
        owner: the first part of its numbers' addresses.
        text: what it does.
        needs: the kind of input that a network must have for it.
        missing: why the form is off where the network has none.
    """

    title: str
    section: Section[T]
    owner: str
    text: str
    needs: InputKind
    missing: str


class SectionPanel(QWidget):
    """Shows the section of the preset, and changes it; a drag is one item of the history.

    Args:
        document: what holds it.
        about: which it is.
    """

    def __init__(self, document: Document, about: About[Any]) -> None:
        super().__init__()
        self.setAutoFillBackground(True)
        self.setAccessibleName(about.title)
        self._document, self._about = document, about
        self._gesture: Gesture | None = None
        kind = type(about.section.default)
        self.form: Form[Any] = Form(kind)
        self.form.changed.connect(self._turn)
        self.form.settled.connect(self._settle)
        self.text = QLabel(wordWrap=True)
        self.text.setStyleSheet(f"color: {theme.FAINT};")
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(theme.SPACE, theme.SPACE, theme.SPACE, theme.SPACE)
        self.column.addWidget(self.text)
        self.column.addWidget(self.form)
        self.column.addStretch(1)
        document.changed.connect(self._follow)
        self._show()

    def _turn(self, value: Declared) -> None:
        if self._gesture is None or not self._gesture.is_open:
            self._gesture = self._document.begin(self._about.title)
        self._gesture.set_section(self._about.section, value)

    def _settle(self) -> None:
        if self._gesture is not None:
            self._gesture.commit()
            self._gesture = None

    def _follow(self, change: Change) -> None:
        if isinstance(change, NetworkChanged) or (
            isinstance(change, SectionChanged) and change.section == self._about.section.name
        ):
            self._show()

    def _show(self) -> None:
        self.form.show_record(self._document.section(self._about.section))
        takes = any(put.kind == self._about.needs for put in self._document.graph.inputs)
        # Where the network takes none of it there are no such numbers.
        kind: type[Declared] = type(self._about.section.default)
        names = [field.name for field in fields(kind)]
        self.form.give_addresses({name: f"/{self._about.owner}/{name}" if takes else "" for name in names})
        self.text.setText(self._about.text if takes else f"{self._about.missing}.")
        self.setEnabled(takes)
        self.setToolTip("" if takes else self._about.missing)
