"""The panel of the output as a source: how much of it comes back, how large, how turned, how faded."""

from __future__ import annotations

from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from studio.model.changes import Change, NetworkChanged, SectionChanged
from studio.model.document import Document
from studio.model.feedback import FEEDBACK, Feedback
from studio.model.form import fields
from studio.model.gesture import Gesture
from studio.ui.kit import theme
from studio.ui.kit.forms import Form

_ABOUT = "A part of every picture is the output of the frame before. It begins again with every seek."


class FeedbackPanel(QWidget):
    """Shows the feedback of the preset, and changes it; a drag is one item of the history.

    Args:
        document: what holds it.
    """

    def __init__(self, document: Document) -> None:
        super().__init__()
        self.setAutoFillBackground(True)
        self.setAccessibleName("Feedback")
        self._document = document
        self._gesture: Gesture | None = None
        self.form: Form[Feedback] = Form(Feedback)
        self.form.give_addresses({field.name: f"/feedback/{field.name}" for field in fields(Feedback)})
        self.form.changed.connect(self._turn)
        self.form.settled.connect(self._settle)
        about = QLabel(_ABOUT, wordWrap=True)
        about.setStyleSheet(f"color: {theme.FAINT};")
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.SPACE, theme.SPACE, theme.SPACE, theme.SPACE)
        column.addWidget(about)
        column.addWidget(self.form)
        column.addStretch(1)
        document.changed.connect(self._follow)
        self._show()

    def _turn(self, feedback: Feedback) -> None:
        if self._gesture is None or not self._gesture.is_open:
            self._gesture = self._document.begin("Feedback")
        self._gesture.set_section(FEEDBACK, feedback)

    def _settle(self) -> None:
        if self._gesture is not None:
            self._gesture.commit()
            self._gesture = None

    def _follow(self, change: Change) -> None:
        if isinstance(change, NetworkChanged) or (
            isinstance(change, SectionChanged) and change.section == FEEDBACK.name
        ):
            self._show()

    def _show(self) -> None:
        self.form.show_record(self._document.section(FEEDBACK))
        takes = any(put.kind == "picture" for put in self._document.graph.inputs)
        self.form.setEnabled(takes)
        self.form.setToolTip("" if takes else "This network takes no pictures, so nothing can be fed back")
