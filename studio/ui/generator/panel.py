"""Steering a generator: the path of its vectors, and steps along the directions that matter most."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QButtonGroup,
    QComboBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from studio.errors import StudioError
from studio.io.sources.latent import WORD, path_of_source
from studio.model.documents.document import Document
from studio.model.filters.gesture import Gesture
from studio.model.movement.generator import GENERATOR, KINDS
from studio.model.networks.changes import Change, NetworkChanged
from studio.model.networks.latent import LatentPath
from studio.model.networks.section import SectionChanged
from studio.runtime.live.playing import PlayerState
from studio.runtime.live.report import Message
from studio.runtime.live.telemetry import Telemetry
from studio.ui.generator.pad import Pad
from studio.ui.kit import theme
from studio.ui.kit.addressed import give_address
from studio.ui.kit.buttons import tool_button
from studio.ui.kit.controls import Control, Seed
from studio.ui.kit.icons import icon
from studio.ui.kit.number_controls import Number
from studio.ui.kit.scrolled import ScrolledColumn

_REACH = 3.0
"""How far the pad goes; the numbers go further."""

_KINDS = {
    "walk": ("Walk", "Wander without end, from point to point"),
    "loop": ("Loop", "Come back to where it began after its length"),
    "between": ("Between", "From one point to another and back"),
}
_EMPTY = (
    "This network is fed pictures alone.\n"
    "A generator makes pictures of vectors, and is steered here; the network “landscapes” is one."
)
_DIRECTION = "/generator/direction/{}"


class GeneratorPanel(QWidget):
    """Controls of the numbers below ``/generator``.

    Args:
        document: what holds them.
        telemetry: tells what is played.
        play: plays another source.
        open_: opens a preset or a network by name.
        say: shows a sentence to the person.
    """

    def __init__(
        self,
        document: Document,
        telemetry: Telemetry,
        play: Callable[[str], object],
        open_: Callable[[str], object],
        say: Callable[[Message], object],
    ) -> None:
        super().__init__()
        self.setAccessibleName("Generator")
        self.setAutoFillBackground(True)
        self._document, self._telemetry, self._play, self._say = document, telemetry, play, say
        self._open = open_
        self._gesture: Gesture | None = None
        self._taken = ""  # a source whose path has become the preset's, until it plays no more
        self._make()
        self._lay_out()
        document.changed.connect(self._follow)
        self._heard = ""
        telemetry.on(PlayerState, self._hear)
        self._renew()

    # -- what there is --------------------------------------------------------------------------------------------

    def _make(self) -> None:
        self.kinds = QButtonGroup(self)
        for number, kind in enumerate(KINDS):
            text, tip = _KINDS[kind]
            button = QPushButton(text)
            button.setCheckable(True)
            button.setToolTip(tip)
            button.setMinimumWidth(48)
            button.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
            button.setStyleSheet("padding: 3px 2px;")
            self.kinds.addButton(button, number)
        self.kinds.idClicked.connect(lambda number: self._set_at_once("/generator/kind", number))
        self.seed, self.to = Seed(0, 2**31 - 1, 0), Seed(0, 2**31 - 1, 1)
        self.pace = Number(0.05, 60.0, 2.0, "s", (0.2, 10.0))
        self.seconds = Number(0.1, 600.0, 8.0, "s", (1.0, 60.0))
        self.path: Mapping[str, Control] = {
            "seed": self.seed,
            "to": self.to,
            "pace": self.pace,
            "seconds": self.seconds,
        }
        for name, control in self.path.items():
            give_address(control, f"/generator/{name}")
            control.changed.connect(partial(self._changed, f"/generator/{name}", control))
            control.settled.connect(self._settle)
        self.play = QPushButton(icon("path"), "Play by time")
        self.play.setToolTip("Let time move the vectors, instead of the film that plays")
        self.play.clicked.connect(lambda: self._play(WORD))
        self.source = QLabel(wordWrap=True)
        self.source.setStyleSheet(f"color: {theme.FAINT};")
        self.pad = Pad(_REACH)
        give_address(self.pad, *(_DIRECTION.format(place) for place in (1, 2)))
        self.pad.moved.connect(self._padded)
        self.pad.settled.connect(self._settle)
        self.across, self.up = QComboBox(), QComboBox()
        for box, name in ((self.across, "Across"), (self.up, "Up")):
            box.setAccessibleName(f"{name} on the pad")
            box.setToolTip(f"Which direction the pad turns: {name.lower()}")
            box.activated.connect(self._show_pad)
        self.back = tool_button("arrow-counter-clockwise", "No step along any direction", "To zero", self._to_zero)
        self.directions: list[Number] = []
        self.empty = QLabel(_EMPTY, wordWrap=True, alignment=Qt.AlignmentFlag.AlignCenter)
        self.empty.setStyleSheet(f"color: {theme.FAINT}; padding: 16px;")
        self.example = QPushButton("Open Landscapes")
        self.example.setToolTip("A generator that comes with the studio")
        self.example.clicked.connect(self._show_example)

    def _lay_out(self) -> None:
        kinds = QHBoxLayout()
        kinds.setSpacing(2)
        for button in self.kinds.buttons():
            kinds.addWidget(button, 1)
        grid = QGridLayout()
        grid.setHorizontalSpacing(theme.SPACE)
        grid.setVerticalSpacing(theme.SPACE // 2)
        grid.setColumnStretch(1, 1)
        self._labels: dict[str, QLabel] = {}
        texts = {"seed": "Seed", "to": "To seed", "pace": "Pace", "seconds": "Length"}
        tips = {
            "seed": "Chooses the points that are passed; the die draws another",
            "to": "The seed of the point at the other end",
            "pace": "Seconds from one point to the next",
            "seconds": "Seconds of a round, or from one end to the other",
        }
        for row, (name, control) in enumerate(self.path.items()):
            label = self._labels[name] = QLabel(texts[name])
            label.setBuddy(control.focus_part())
            label.setToolTip(tips[name])
            control.name_parts(texts[name], tips[name])
            grid.addWidget(label, row, 0)
            grid.addWidget(control, row, 1)
        axes = QHBoxLayout()
        axes.setSpacing(theme.SPACE // 2)
        for box in (self.across, self.up):
            box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
            box.setMinimumContentsLength(4)
            axes.addWidget(box, 1)
        axes.addWidget(self.back)
        self._rows = QGridLayout()
        self._rows.setHorizontalSpacing(theme.SPACE)
        self._rows.setVerticalSpacing(theme.SPACE // 2)
        self._rows.setColumnStretch(1, 1)
        self.steering = QWidget()
        inner = QVBoxLayout(self.steering)
        inner.setContentsMargins(theme.SPACE, theme.SPACE // 2, theme.SPACE, theme.SPACE)
        inner.setSpacing(theme.SPACE // 2)
        inner.addLayout(kinds)
        inner.addLayout(grid)
        inner.addWidget(self.source)
        inner.addWidget(self.play, 0, Qt.AlignmentFlag.AlignLeft)
        inner.addWidget(self.pad)
        inner.addLayout(axes)
        inner.addLayout(self._rows)
        inner.addStretch(1)
        self._scroll = ScrolledColumn(self.steering)
        self.nothing = QWidget()
        middle = QVBoxLayout(self.nothing)
        middle.addWidget(self.empty)
        middle.addWidget(self.example, 0, Qt.AlignmentFlag.AlignHCenter)
        middle.addStretch(1)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(self._scroll, 1)
        whole.addWidget(self.nothing, 1)

    # -- following ------------------------------------------------------------------------------------------------

    def _follow(self, change: Change) -> None:
        if isinstance(change, NetworkChanged):
            self._renew()
        elif isinstance(change, SectionChanged) and change.section == GENERATOR.name:
            self._show()

    def _renew(self) -> None:
        """Another network: as many directions as it has, or none."""
        addresses = [number.address for number in self._document.numbers()]
        count = sum(address.startswith(_DIRECTION.format("")) for address in addresses)
        while len(self.directions) > count:
            row = len(self.directions) - 1
            for column in (0, 1):
                item = self._rows.itemAtPosition(row, column)
                widget = item.widget() if item is not None else None
                if widget is not None:
                    self._rows.removeWidget(widget)
                    widget.deleteLater()
            self.directions.pop()
        while len(self.directions) < count:
            self._add_direction(len(self.directions) + 1)
        for box, first in ((self.across, 0), (self.up, 1)):
            box.clear()
            box.addItems([f"Direction {number + 1}" for number in range(count)])
            box.setCurrentIndex(min(first, count - 1))
        self._scroll.setVisible(bool(count))
        self.nothing.setVisible(not count)
        self._show()
        self._show_source()

    def _add_direction(self, number: int) -> None:
        control = Number(-6.0, 6.0, 0.0, "", (-_REACH, _REACH))
        label = QLabel(f"Direction {number}")
        label.setBuddy(control.focus_part())
        tip = f"Along principal component {number} of the first layer, in standard deviations"
        label.setToolTip(tip)
        control.name_parts(f"Direction {number}", tip)
        give_address(control, _DIRECTION.format(number))
        control.changed.connect(partial(self._changed, _DIRECTION.format(number), control))
        control.settled.connect(self._settle)
        self._rows.addWidget(label, number - 1, 0)
        self._rows.addWidget(control, number - 1, 1)
        self.directions.append(control)

    def _show(self) -> None:
        held = self._document.section(GENERATOR)
        path = self._given() or held.path
        button = self.kinds.button(KINDS.index(path.kind))
        button.setChecked(True)
        for name, control in self.path.items():
            control.show_value(getattr(path, name))
        shown = {"to": path.kind == "between", "pace": path.kind != "between", "seconds": path.kind != "walk"}
        for name, is_shown in shown.items():
            self.path[name].setVisible(is_shown)
            self._labels[name].setVisible(is_shown)
        for place, control in enumerate(self.directions):
            control.show_value(held.steps[place] if place < len(held.steps) else 0.0)
        self.back.setEnabled(any(held.steps))
        self._show_pad()

    def _show_pad(self) -> None:
        places = self.across.currentIndex(), self.up.currentIndex()
        if min(places) >= 0:
            steps = [*self._document.section(GENERATOR).steps, *[0.0] * len(self.directions)]
            names = str(places[0] + 1), str(places[1] + 1)
            self.pad.show_value(steps[places[0]], steps[places[1]], names)
            give_address(self.pad, *(_DIRECTION.format(place + 1) for place in places))

    def _given(self) -> LatentPath | None:
        """The path that the source's name settles."""
        spec = self._telemetry[PlayerState].spec
        try:
            return None if spec in (WORD, self._taken) else path_of_source(spec)
        except StudioError:
            return None

    def _hear(self, state: PlayerState) -> None:
        # The source's name is all that matters here, and the place in it changes with every report.
        if state.spec != self._heard:
            self._heard = state.spec
            self._show_source()

    def _show_source(self) -> None:
        spec = self._telemetry[PlayerState].spec
        if spec != self._taken:
            self._taken = ""
        by_time = spec.partition(":")[0] == WORD
        text = "" if by_time or not spec else "The film's time moves the vectors."
        if text != self.source.text() or self.play.isHidden() != by_time:
            self.source.setText(text)
            self.source.setVisible(bool(text))
            self.play.setVisible(not by_time)
        if self._gesture is None:
            self._show()

    # -- hands ----------------------------------------------------------------------------------------------------

    def _begin(self, address: str) -> Gesture:
        if self._gesture is None or not self._gesture.is_open:
            given = self._given()
            self._gesture = self._document.begin(self._document.number(address).label)
            if given is not None:
                # What the source's name says becomes the preset's, so that it can be turned.
                for name in ("seed", "to", "seconds", "pace"):
                    self._gesture.set(f"/generator/{name}", getattr(given, name))
                self._gesture.set("/generator/kind", KINDS.index(given.kind))
                self._taken = self._telemetry[PlayerState].spec
                self._play(WORD)
        return self._gesture

    def _turn(self, address: str, value: float) -> None:
        try:
            self._begin(address).set(address, value)
        except StudioError as error:
            self._say(Message(str(error), "error"))

    def _changed(self, address: str, control: Control) -> None:
        self._turn(address, control.value())

    def _set_at_once(self, address: str, value: float) -> None:
        self._turn(address, value)
        self._settle()

    def _padded(self, x: float, y: float) -> None:
        across, up = self.across.currentIndex() + 1, self.up.currentIndex() + 1
        self._turn(_DIRECTION.format(across), x)
        if up != across:
            self._turn(_DIRECTION.format(up), y)

    def _to_zero(self) -> None:
        for number in range(1, len(self.directions) + 1):
            self._turn(_DIRECTION.format(number), 0.0)
        self._settle()

    def _settle(self) -> None:
        gesture, self._gesture = self._gesture, None
        if gesture is not None:
            gesture.commit()
        self._show()

    def _show_example(self) -> None:
        self._open("landscapes")
        self._play(WORD)
