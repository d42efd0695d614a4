"""The panel of fades: how they go, snapshots, a crossfader, and a pad between four."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import (
    QComboBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QMenu,
    QProgressBar,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from studio.control.crossing import FADE, MORPH
from studio.control.window import FADE_BEATS
from studio.errors import StudioError
from studio.runtime.live.report import Message
from studio.ui.fades.pad import MorphPad
from studio.ui.kit import theme
from studio.ui.kit.addressed import give_address
from studio.ui.kit.elided import ElidedLabel
from studio.ui.kit.number_controls import Number, Slider
from studio.ui.kit.reached import name_control
from studio.ui.services.fades import Fades
from studio.ui.services.held import EASINGS, QUANTA, SLOTS, SNAPSHOTS, Held

_STEPS = 1000
_KEYS_IN_A_ROW = 5  # nine side by side are wider than the narrowest panel
_QUANTUM_TEXT = {"at once": "At once", "beat": "On the beat", "bar": "On the bar"}


class FadesPanel(QWidget):
    """Shows `Fades` and calls it.

    Args:
        fades: what holds them.
        say: shows a sentence to the person.
    """

    def __init__(self, fades: Fades, say: Callable[[Message], object]) -> None:
        super().__init__()
        self._fades, self._say = fades, say
        self.setAutoFillBackground(True)
        self.beats = Number(FADE_BEATS.lo, FADE_BEATS.hi, FADE_BEATS.default, FADE_BEATS.unit, (0.0, 16.0))
        self.beats.name_parts("Fade", "How long opening a preset or a snapshot takes; 0 cuts")
        give_address(self.beats, FADE_BEATS.address)
        self.easing = QComboBox()
        self.easing.addItems([each.capitalize() for each in EASINGS])
        self.easing.setAccessibleName("Easing")
        self.easing.setToolTip("How a fade goes")
        self.quantum = QComboBox()
        self.quantum.addItems([_QUANTUM_TEXT[each] for each in QUANTA])
        self.quantum.setAccessibleName("Beginning")
        self.quantum.setToolTip("When a fade begins")
        self.switches = QComboBox()
        self.switches.addItems([_QUANTUM_TEXT[each] for each in QUANTA])
        self.switches.setAccessibleName("Switches")
        self.switches.setToolTip("When bends, live edits, movements and layers go on and off")
        for box in (self.easing, self.quantum, self.switches):
            box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
            box.setMinimumContentsLength(6)
        self.where = ElidedLabel()
        self.progress = QProgressBar(maximum=_STEPS, textVisible=False)
        self.progress.setFixedHeight(4)
        self.progress.setAccessibleName("Progress of the fade")
        self.stop = QPushButton("Stop here")
        self.stop.setToolTip("End the fade where it is")
        self.stop.clicked.connect(fades.stop)
        self.keys = {number: QPushButton(str(number)) for number in SNAPSHOTS}
        self.slots = {letter: QPushButton(letter) for letter in SLOTS}
        self.fader = Slider(Qt.Orientation.Horizontal)
        self.fader.setRange(0, _STEPS)
        self.fader.setPageStep(_STEPS // 10)
        self.fader.setAccessibleName("Crossfader")
        self.fader.setToolTip("From A to B; what it leaves behind is one undo")
        give_address(self.fader, FADE.address)
        self.pad = MorphPad()
        give_address(self.pad, *(number.address for number in MORPH))
        self._connect()
        self._lay_out()
        fades.changed.connect(self._show)
        self._show()

    def _connect(self) -> None:
        self.beats.changed.connect(self._choose)
        self.easing.activated.connect(self._choose)
        self.quantum.activated.connect(self._choose)
        self.switches.activated.connect(self._choose)
        for number, key in self.keys.items():
            name_control(key, f"snapshot_{number}", sets_off=True)
            key.setMinimumWidth(24)
            key.clicked.connect(partial(self._press, number))
            key.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
            key.customContextMenuRequested.connect(partial(self._open_menu, key, partial(self.key_menu, number)))
        for letter, slot in self.slots.items():
            name_control(slot, f"slot_{letter}")
            slot.clicked.connect(partial(self._fill, letter))
            slot.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
            slot.customContextMenuRequested.connect(partial(self._open_menu, slot, partial(self.slot_menu, letter)))
        self.fader.valueChanged.connect(self._cross)
        self.fader.sliderReleased.connect(self._fades.settle)
        self.pad.moved.connect(lambda x, y: self._try(partial(self._fades.morph, x, y)))
        self.pad.settled.connect(self._fades.settle)

    def _lay_out(self) -> None:
        how = QGridLayout()
        how.setHorizontalSpacing(theme.SPACE)
        how.setVerticalSpacing(theme.SPACE // 2)
        how.setColumnStretch(1, 1)
        rows = (
            ("Fade", self.beats),
            ("Goes", self.easing),
            ("Begins", self.quantum),
            ("Switches", self.switches),
        )
        for row, (text, control) in enumerate(rows):
            how.addWidget(QLabel(text), row, 0)
            how.addWidget(control, row, 1)
        goes = QHBoxLayout()
        goes.addWidget(self.where, 1)
        goes.addWidget(self.stop)
        keys = QGridLayout()
        keys.setSpacing(theme.SPACE // 2)
        for place, key in enumerate(self.keys.values()):
            keys.addWidget(key, *divmod(place, _KEYS_IN_A_ROW))
        above = QHBoxLayout()
        above.addWidget(self.slots["A"])
        above.addStretch(1)
        above.addWidget(self.slots["B"])
        below = QHBoxLayout()
        below.addWidget(self.slots["C"])
        below.addStretch(1)
        below.addWidget(self.slots["D"])
        whole = QVBoxLayout(self)
        whole.setContentsMargins(theme.SPACE // 2, theme.SPACE, theme.SPACE // 2, theme.SPACE)
        whole.setSpacing(theme.SPACE)
        for part in (how, goes):
            whole.addLayout(part)
        whole.addWidget(self.progress)
        whole.addWidget(_heading("Snapshots"))
        whole.addLayout(keys)
        whole.addWidget(_heading("Between presets"))
        whole.addLayout(above)
        # Beside names it would be too short to be played.
        whole.addWidget(self.fader)
        whole.addWidget(self.pad, 1)
        whole.addLayout(below)

    # -- what menus offer -------------------------------------------------------------------------------------------

    def key_menu(self, number: int) -> QMenu:
        """What can be done with a snapshot."""
        menu, held = QMenu(self), self._fades.snapshots.get(number)
        menu.addAction("Take it here", partial(self._fades.take, number))
        for letter in SLOTS:
            action = menu.addAction(f"Put it into {letter}", partial(self._fades.fill, letter, held))
            action.setEnabled(held is not None)
        menu.addSeparator()
        menu.addAction("Forget it", partial(self._fades.drop, number)).setEnabled(held is not None)
        return menu

    def slot_menu(self, letter: str) -> QMenu:
        """What can be put into a slot."""
        menu = QMenu(self)
        menu.addAction("What is open", partial(self._fill, letter))
        for number, held in sorted(self._fades.snapshots.items()):
            menu.addAction(f"Snapshot {number}: {held.preset.name}", partial(self._fades.fill, letter, held))
        menu.addSeparator()
        empty = menu.addAction("Empty it", partial(self._fades.fill, letter, None))
        empty.setEnabled(letter in self._fades.slots)
        return menu

    # -- within -----------------------------------------------------------------------------------------------------

    def _choose(self) -> None:
        choice = replace(
            self._fades.choice,
            beats=float(self.beats.value()),
            easing=EASINGS[self.easing.currentIndex()],
            quantum=QUANTA[self.quantum.currentIndex()],
            switches=QUANTA[self.switches.currentIndex()],
        )
        self._fades.choose(choice)

    def _press(self, number: int) -> None:
        if number in self._fades.snapshots:
            self._try(partial(self._fades.go, number))
        else:
            self._fades.take(number)

    def _fill(self, letter: str) -> None:
        self._fades.fill_here(letter)

    def _cross(self, place: int) -> None:
        self._try(partial(self._fades.cross, place / _STEPS))
        if not self.fader.isSliderDown():
            self._fades.settle()

    def _try(self, act: Callable[[], object]) -> None:
        try:
            act()
        except StudioError as error:
            self._say(Message(str(error), "warning"))
            self._show()

    def _open_menu(self, button: QPushButton, menu: Callable[[], QMenu], at: QPoint) -> None:
        made = menu()
        made.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        made.popup(button.mapToGlobal(at))

    def _show(self) -> None:
        fades, choice = self._fades, self._fades.choice
        self.beats.show_value(FADE_BEATS.clipped(choice.beats))
        self.easing.setCurrentIndex(EASINGS.index(choice.easing) if choice.easing in EASINGS else 0)
        self.quantum.setCurrentIndex(QUANTA.index(choice.quantum) if choice.quantum in QUANTA else 0)
        self.switches.setCurrentIndex(QUANTA.index(choice.switches) if choice.switches in QUANTA else 0)
        way, part = fades.way, fades.part
        waits = way is not None and part <= 0.0
        self.where.say("" if way is None else f"{'Waits to fade' if waits else 'Fades'} to {way.preset.name}")
        self.progress.setValue(round(part * _STEPS))
        self.stop.setEnabled(way is not None)
        for number, key in self.keys.items():
            held = fades.snapshots.get(number)
            key.setCheckable(held is not None)
            key.setChecked(held is not None)
            says = f"{held.preset.name}; click to go there" if held is not None else "empty; click to take what is open"
            key.setToolTip(f"Snapshot {number}: {says}. The right button has more")
            key.setAccessibleName(f"Snapshot {number}, {held.preset.name if held is not None else 'empty'}")
        for letter, slot in self.slots.items():
            self._show_slot(letter, slot, fades.slots.get(letter))
        self.fader.blockSignals(True)
        self.fader.setValue(round(fades.across * _STEPS))
        self.fader.blockSignals(False)
        self.pad.show_place(fades.across, fades.down, {letter: h.preset.name for letter, h in fades.slots.items()})

    def _show_slot(self, letter: str, slot: QPushButton, held: Held | None) -> None:
        name = "" if held is None else held.preset.name
        slot.setText(slot.fontMetrics().elidedText(f"{letter} {name}".strip(), Qt.TextElideMode.ElideRight, 84))
        says = f"{name}; click to put what is open there instead" if name else "empty; click to put what is open there"
        slot.setToolTip(f"{letter}: {says}. The right button has more")
        slot.setAccessibleName(f"Slot {letter}, {name or 'empty'}")


def _heading(text: str) -> QLabel:
    label = QLabel(text)
    label.setStyleSheet("font-weight: 600;")
    return label
