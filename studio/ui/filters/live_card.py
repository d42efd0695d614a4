"""One live edit: a head with its name and switches, and beneath it everything that can be turned."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QPoint, Signal
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QLabel, QMenu, QVBoxLayout

from studio.control.quantised import switches_of
from studio.model.declared.form import fields
from studio.model.documents.document import Document
from studio.model.filters.edit import Edit, Selection
from studio.model.filters.gesture import Gesture
from studio.model.filters.live_edits import EDITS, LiveEdit, changed, edit_of
from studio.model.numbers.edit import own_addresses
from studio.ui.kit import theme
from studio.ui.kit.addressed import give_address
from studio.ui.kit.buttons import tool_button
from studio.ui.kit.elided import ElidedLabel
from studio.ui.kit.forms import Form, align
from studio.ui.kit.number_controls import Number
from studio.ui.kit.reached import give_place


class LiveEditCard(QFrame):
    """A live edit as a card; it shows the document and changes it.

    ``select_asked`` comes with the kernels that are to be selected.

    Args:
        document: what holds the edit.
        edit: which.
    """

    select_asked = Signal(object)

    def __init__(self, document: Document, edit: LiveEdit) -> None:
        super().__init__()
        self.number = edit.id
        self._document = document
        self._kind = type(edit.edit)
        self._gesture: Gesture | None = None
        self.setObjectName("live")
        give_place(self, "live", edit.id)
        self.setStyleSheet(
            f"QFrame#live {{ background: {theme.PANEL}; border: 1px solid {theme.LINE}; border-radius: 4px; }}"
        )
        label = edit.edit.label
        self.on = tool_button("power", "Rest or work", f"{label} works", self._toggle_on)
        self.on.setCheckable(True)
        self.name = ElidedLabel()
        self.more = tool_button("dots-three-vertical", "More", f"More of {label}", self._open_menu)
        self.remove = tool_button("x", "Remove this live edit", f"Remove {label}", self._remove)
        head = QHBoxLayout()
        head.setContentsMargins(0, 0, 0, 0)
        head.setSpacing(theme.SPACE // 2)
        head.addWidget(self.on)
        head.addWidget(self.name, 1)
        head.addWidget(self.more)
        head.addWidget(self.remove)
        self.amount = Number(0.0, 1.0, 1.0)
        self.amount.name_parts("Amount", "From as it was to edited")
        self.form: Form[Edit] = Form(self._kind)
        grid = QGridLayout()
        grid.setContentsMargins(theme.SPACE // 2, 0, theme.SPACE // 2, 0)
        grid.setHorizontalSpacing(theme.SPACE)
        grid.setColumnStretch(1, 1)
        # An edit may have an amount of its own, which stands below this one.
        mixed = QLabel("Mixed in" if "amount" in self._kind.model_fields else "Amount")
        align((mixed, *self.form.labels))
        grid.addWidget(mixed, 0, 0)
        grid.addWidget(self.amount, 0, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.SPACE // 2, theme.SPACE // 2, theme.SPACE // 2, theme.SPACE // 2)
        column.setSpacing(theme.SPACE // 2)
        column.addLayout(head)
        column.addLayout(grid)
        if fields(self._kind):
            inset = QHBoxLayout()
            inset.setContentsMargins(theme.SPACE // 2, 0, theme.SPACE // 2, 0)
            inset.addWidget(self.form)
            column.addLayout(inset)
        give_address(self.amount, f"/edit/{edit.id}/amount")
        give_address(self.on, f"/edit/{edit.id}/on")
        self.form.give_addresses(own_addresses(edit))
        self.amount.changed.connect(lambda: self._turn(amount=float(self.amount.value())))
        self.amount.settled.connect(self._settle)
        self.form.changed.connect(lambda record: self._turn(edit=record))
        self.form.settled.connect(self._settle)
        self.show_edit(edit)

    # -- showing ----------------------------------------------------------------------------------------------------

    def show_edit(self, edit: LiveEdit) -> None:
        """Show the edit as it is now."""
        self.on.setChecked(edit.on)
        self.on.setToolTip("Works; click to let it rest" if edit.on else "Rests; click to let it work")
        some = "" if edit.selection is None else f" · {edit.selection.count} kernels"
        self.name.say(edit.edit.label, some)
        self.name.setToolTip(f"/edit/{edit.id}: its numbers can be moved and controlled")
        self.name.setStyleSheet(f"color: {theme.TEXT if edit.on else theme.FAINT}; font-weight: 600;")
        self.amount.show_value(edit.amount)
        self.form.show_record(edit.edit)

    def shows(self, edit: LiveEdit) -> bool:
        """Whether this is the card of such a live edit: of this number, with an edit of this kind."""
        return edit.id == self.number and type(edit.edit) is self._kind

    # -- changing ---------------------------------------------------------------------------------------------------

    def _edit(self) -> LiveEdit:
        return edit_of(self._document.edits, self.number)

    def _turn(self, **settings: Any) -> None:
        """Show a change while the hand is at it: all until it lets go are one item of the history."""
        if not any(self.shows(each) for each in self._document.edits):
            return  # A line that loses the keyboard because its card goes tells what was typed.
        if self._gesture is None or not self._gesture.is_open:
            self._gesture = self._document.begin(f"Live {self._kind.label} of {self._edit().tensor}")
        self._gesture.set_section(EDITS, changed(self._document.edits, self.number, **settings))

    def _settle(self) -> None:
        if self._gesture is not None:
            self._gesture.commit()
            self._gesture = None

    def _toggle_on(self) -> None:
        edit, switches = self._edit(), switches_of(self._document)
        self._settle()
        address = f"/edit/{self.number}/on"
        on = not switches.waiting.get(address, edit.on)
        what = f"{'Go on' if on else 'Rest'}: live {edit.edit.label} of {edit.tensor}"
        number, document = self.number, self._document
        switches.switch(address, on, lambda: document.change_edit(number, what, on=on))

    def _remove(self) -> None:
        self._settle()
        self._document.remove_edit(self.number)

    def _open_menu(self) -> None:
        self.menu().popup(self.more.mapToGlobal(QPoint(0, self.more.height())))

    def menu(self) -> QMenu:
        """What else can be done with it."""
        menu, edit = QMenu(self), self._edit()
        siblings = [each.id for each in self._document.edits if each.tensor == edit.tensor]
        place = siblings.index(edit.id)
        earlier = menu.addAction("Earlier", lambda: self._document.move_edit(self.number, place - 1))
        earlier.setEnabled(place > 0)
        later = menu.addAction("Later", lambda: self._document.move_edit(self.number, place + 1))
        later.setEnabled(place < len(siblings) - 1)
        menu.addSeparator()
        menu.addAction("Select its kernels", self._select)
        menu.addAction("Remove", self._remove)
        return menu

    def _select(self) -> None:
        edit = self._edit()
        shape = self._document.tensor(edit.tensor).shape
        self.select_asked.emit(edit.selection or Selection.everything(shape))
