"""The panel of macros: eight knobs, what the chosen one turns, and every number that one may turn."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QPoint, QTimer, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QLineEdit, QVBoxLayout, QWidget

from studio.control.namespace import Namespace
from studio.errors import StudioError
from studio.model.documents.document import Document
from studio.model.filters.gesture import Gesture
from studio.model.movement import macros
from studio.model.movement.address import Number as Target
from studio.model.movement.route import MACRO_BANK, MACROS, Macro, MacroBank
from studio.model.networks.changes import Change, NetworkChanged
from studio.model.networks.section import SectionChanged
from studio.runtime.live.movement import Moved
from studio.runtime.live.report import Message
from studio.runtime.live.telemetry import Telemetry
from studio.ui.kit import theme
from studio.ui.kit.addressed import address_at
from studio.ui.kit.controls import REST
from studio.ui.macros.aim_row import AimRow
from studio.ui.macros.knob import MacroKnob
from studio.ui.macros.numbers_list import NumbersList

_EMPTY = "It turns nothing yet. Drag its ⋮⋮ onto a slider, or a number of the list onto its knob."


class MacrosPanel(QWidget):
    """Shows the document's macros and changes them; ``switched`` comes when another one is chosen.

    Args:
        document: what holds them.
        telemetry: tells where routes have them.
        say: shows a sentence to the person.
        names: what can be turned; the document's numbers alone where it is left out.

    Attributes:
        number: of the chosen macro, from 1.
    """

    switched = Signal()

    def __init__(
        self,
        document: Document,
        telemetry: Telemetry,
        say: Callable[[Message], object],
        names: Namespace | None = None,
    ) -> None:
        super().__init__()
        self._names = names or Namespace(document)
        self._document, self._telemetry, self._say = document, telemetry, say
        self._gesture: Gesture | None = None
        self._is_stale = False
        self.number = 1
        self.rows: dict[str, AimRow] = {}
        self.setAutoFillBackground(True)
        self.numbers = NumbersList()
        self.numbers.chosen.connect(self.aim)
        self.knobs = [MacroKnob(number, self._address_at) for number in range(1, MACROS + 1)]
        grid = QGridLayout()
        grid.setHorizontalSpacing(theme.SPACE // 2)
        grid.setVerticalSpacing(theme.SPACE)
        for place, knob in enumerate(self.knobs):
            grid.addWidget(knob, *divmod(place, 4))
            knob.chosen.connect(partial(self.choose, knob.number))
            knob.aimed.connect(partial(self._aim, knob.number))
            knob.dial.turned.connect(partial(self._turn, knob.number))
            knob.dial.settled.connect(self._settle)
        self.name = QLineEdit(maxLength=40)
        self.name.setAccessibleName("Name of the macro")
        self.name.editingFinished.connect(self._rename)
        self.empty = QLabel(_EMPTY, wordWrap=True)
        self.empty.setStyleSheet(f"color: {theme.FAINT};")
        self._pause = QTimer(self, interval=REST, singleShot=True)
        self._pause.timeout.connect(self._settle)
        self._lay_out(grid)
        document.changed.connect(self._follow)
        telemetry.on(Moved, self._take_moved)
        self._renew()

    def _lay_out(self, grid: QGridLayout) -> None:
        title = QHBoxLayout()
        title.setSpacing(theme.SPACE)
        self.title = QLabel()
        self.title.setStyleSheet("font-weight: 600;")
        title.addWidget(self.title)
        title.addWidget(self.name, 1)
        self._column = QVBoxLayout()
        self._column.setSpacing(theme.SPACE // 2)
        self._column.addWidget(self.empty)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(theme.SPACE, theme.SPACE, theme.SPACE, theme.SPACE)
        whole.setSpacing(theme.SPACE)
        whole.addLayout(grid)
        whole.addLayout(title)
        whole.addLayout(self._column)
        whole.addWidget(self.numbers, 1)

    # -- what commands call ---------------------------------------------------------------------------------------

    def choose(self, number: int) -> None:
        """Choose a macro, whose numbers are shown below and which keys turn."""
        if number != self.number:
            self.number = number
            self._renew()
            self.switched.emit()

    def aim(self, address: str) -> None:
        """Let the chosen macro turn the number at an address as well."""
        self._aim(self.number, address)

    def step(self, by: float) -> None:
        """Turn the chosen macro by a part of its way; what follows before a rest is the same undo."""
        value = self._bank()[self.number - 1].value
        self._turn(self.number, min(1.0, max(0.0, value + by)))
        self._pause.start()

    def targets(self) -> list[Target]:
        """The numbers that a macro can turn."""
        return [each for each in self._names.movable() if not each.address.startswith("/macro/")]

    # -- within ---------------------------------------------------------------------------------------------------

    def _bank(self) -> MacroBank:
        return self._document.section(MACRO_BANK)

    def _address_at(self, place: QPoint) -> str:
        return self.numbers.address_at(place) or address_at(place)

    def _aim(self, number: int, address: str) -> None:
        self._settle()
        try:
            if not address:
                raise StudioError("No number is there; drag the macro onto a slider, or onto a number of its list.")
            target = self._names.number(address)
            bank = macros.aimed(self._bank(), number, target, self._names.get(address))
            self._document.set_section(MACRO_BANK, bank, f"{_named(bank, number, 'Macro')} turns {target.label}")
        except StudioError as error:
            self._say(Message(str(error), "warning"))
        self.choose(number)

    def _turn(self, number: int, value: float) -> None:
        self._change(f"Turn {_named(self._bank(), number)}", macros.changed(self._bank(), number, value=value))

    def _range(self, target: str, lo: float, hi: float) -> None:
        label = f"Range of {_named(self._bank(), self.number)}"
        self._change(label, macros.ranged(self._bank(), self.number, target, lo, hi))

    def _change(self, label: str, bank: MacroBank) -> None:
        """Show a change while the hand is at it: all until it lets go are one item of the history."""
        if self._gesture is None or not self._gesture.is_open or self._gesture.label != label:
            self._gesture = self._document.begin(label)
        self._gesture.set_section(MACRO_BANK, bank)

    def _settle(self) -> None:
        self._pause.stop()
        if self._gesture is not None:
            self._gesture.commit()
            self._gesture = None

    def _remove(self, target: str) -> None:
        self._settle()
        bank = macros.unaimed(self._bank(), self.number, target)
        self._document.set_section(MACRO_BANK, bank, f"{_named(bank, self.number, 'Macro')} turns {target} no more")

    def _rename(self) -> None:
        name = self.name.text().strip()
        if name != self._bank()[self.number - 1].name:
            self._settle()
            bank = macros.changed(self._bank(), self.number, name=name)
            self._document.set_section(MACRO_BANK, bank, f"Call macro {self.number} {name or 'by its number'}")

    def _follow(self, change: Change) -> None:
        if isinstance(change, NetworkChanged | SectionChanged):
            # Every step of every slider is one; what is not seen is made when it is.
            if self.isVisible():
                self._renew()
            else:
                self._is_stale = True

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802 - Qt's name
        """Show what has changed meanwhile."""
        super().showEvent(event)
        if self._is_stale:
            self._renew()

    def _take_moved(self, moved: Moved) -> None:
        if self.isVisible():
            for knob, macro in zip(self.knobs, self._bank(), strict=True):
                knob.dial.show_value(macro.value, moved.values.get(f"/macro/{knob.number}"))

    def _renew(self) -> None:
        """Show the macros that there are now; a row that is there already stays, so that a drag goes on."""
        self._is_stale = False
        bank, moved = self._bank(), self._telemetry[Moved].values
        for knob, macro in zip(self.knobs, bank, strict=True):
            at = moved.get(f"/macro/{knob.number}")
            knob.show_macro(macro, at, chosen=knob.number == self.number)
        macro = bank[self.number - 1]
        self.title.setText(f"Macro {self.number}")
        if not self.name.hasFocus() or not self.name.isModified():
            self.name.setText(macro.name)
        self.name.setPlaceholderText("Give it a name")
        self._renew_rows(macro)
        self.numbers.offer(self.targets())

    def _renew_rows(self, macro: Macro) -> None:
        known = {aim.target: self._names.find(aim.target) for aim in macro.aims}
        wanted = {aim.target: aim for aim in macro.aims}
        for target, row in list(self.rows.items()):
            if target not in wanted or row.is_there != (known[target] is not None):
                del self.rows[target]
                self._column.removeWidget(row)
                row.deleteLater()
        for place, aim in enumerate(macro.aims):
            if aim.target not in self.rows:
                row = self.rows[aim.target] = AimRow(aim, known[aim.target])
                row.ranged.connect(partial(self._range, aim.target))
                row.settled.connect(self._settle)
                row.removed.connect(partial(self._remove, aim.target))
            self.rows[aim.target].show_aim(aim)
            if self._column.indexOf(self.rows[aim.target]) != place:
                self._column.insertWidget(place, self.rows[aim.target])
        self.empty.setVisible(not macro.aims)


def _named(bank: MacroBank, number: int, word: str = "macro") -> str:
    return bank[number - 1].name or f"{word} {number}"
