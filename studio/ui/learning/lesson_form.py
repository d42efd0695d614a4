"""What is shown and what is wanted, what counts as a mistake, and how fast weights move."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import asdict
from functools import partial

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QCompleter,
    QDoubleSpinBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QVBoxLayout,
    QWidget,
)

from studio.learn.asked import Asked, as_turned
from studio.learn.damage import DAMAGES
from studio.learn.lesson_numbers import (
    LARGEST_WEIGHT,
    LOSS_NAMES,
    LOSS_WORDS,
    OF_STATES,
    LessonNumbers,
    loss_numbers,
    setting_numbers,
)
from studio.learn.losses import parse_weights
from studio.learn.prepare import optimiser_of, schedule_of
from studio.model.declared.form import fields
from studio.model.declared.param import number_in, with_number
from studio.model.movement.address import Dial
from studio.ui.kit import theme
from studio.ui.kit.addressed import give_address
from studio.ui.kit.forms import Form
from studio.ui.kit.spins import DecimalSpin
from studio.ui.learning.choosing import Browse, beside, known_names
from studio.ui.learning.looks_form import LooksForm

PLAYING = "What plays"
_WANTED = (
    ("same", "The same picture", ""),
    ("damage", "The whole picture, out of one with", "blur=2"),
    ("effect", "The picture with", "edges"),
    ("as", "What another preset makes", ""),
    ("pairs", "The pictures of another folder or film", ""),
)


class LessonForm(QWidget):
    """Asks for a lesson; ``turned`` comes with a number that may change while it learns."""

    turned = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.source = QComboBox(editable=True)
        self.source.addItems([PLAYING, "demo", "camera"])
        self.source.setAccessibleName("Learn from")
        self.browse = Browse("Choose what it learns from")
        self.browse.chosen.connect(self.source.setCurrentText)
        self.wanted = QComboBox()
        self.wanted.setAccessibleName("Wanted")
        for kind, text, _ in _WANTED:
            self.wanted.addItem(text, kind)
        self.detail = QLineEdit()
        self.detail.setAccessibleName("What is wanted, in detail")
        self.browse_wanted = Browse("Choose the pictures that are wanted")
        self.browse_wanted.chosen.connect(self.detail.setText)
        self.losses: dict[str, tuple[QCheckBox, QDoubleSpinBox]] = {}
        self.looks = LooksForm()
        self.form: Form[LessonNumbers] = Form(LessonNumbers)
        self.form.give_addresses({name: number.address for name, number in setting_numbers()})
        self.which = QComboBox()
        self.which.setAccessibleName("Which layers learn")
        self.which.addItems(
            ["All layers learn", "Only the selected layer", "All but the selected layer", "Only these", "All but these"]
        )
        self.these = QLineEdit(placeholderText="dec*, enc1.bias")
        self.these.setAccessibleName("Layers or tensors")
        self.these.setToolTip(
            "Layers and tensors by name, with commas between them; * stands for any letters, and what begins with - "
            "does not learn"
        )
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.SPACE // 2)
        column.addLayout(_row("Learn from", self.source, self.browse))
        column.addWidget(_heading("Wanted"))
        column.addWidget(self.wanted)
        self._detail_row = beside(self.detail, self.browse_wanted)
        column.addWidget(self._detail_row)
        column.addWidget(_heading("What counts as a mistake"))
        column.addLayout(self._losses())
        column.addWidget(self.looks)
        column.addWidget(_heading("How it learns"))
        column.addWidget(self.form)
        column.addWidget(self.which)
        column.addWidget(self.these)
        self.wanted.currentIndexChanged.connect(self._show_wanted)
        self.form.settled.connect(self.turned)
        self.which.currentIndexChanged.connect(self._show_these)
        self.which.activated.connect(self.turned)
        self.these.editingFinished.connect(self.turned)
        self.looks.turned.connect(self.turned)
        self._held = False
        self._names: QCompleter | None = None
        self._show_these()
        self._show_wanted()

    def hold(self, held: bool) -> None:
        """Whether what is shown and wanted stays as it is, since a lesson of it is open."""
        self._held = held
        for part in (self.source, self.browse, self.wanted, self.detail, self.browse_wanted):
            part.setEnabled(not held)
        self._show_tips()

    @property
    def goes_by_layer(self) -> bool:
        """Whether the selected layer is what learns, or what does not."""
        return self.which.currentIndex() in (1, 2)

    def asked(self, playing: str, layer: str, before: Asked | None = None) -> Asked:
        """The lesson as it is asked for.

        Args:
            playing: the source that plays, as the command line names it.
            layer: the selected layer.
            before: the lesson that is open, if one is: then a style counts once its picture is named, which can be
                after its tick alone.
        """
        numbers = self.form.record()
        kind, text = self.wanted.currentData(), self.detail.text().strip()
        wanted = "same" if kind == "same" else text if kind == "pairs" else f"{kind}:{text}"
        source = self.source.currentText().strip()
        learns, frozen = self._chosen(layer)
        on = {name for name, (box, _) in self.losses.items() if box.isChecked()}
        if before is not None and not self.looks.picture.text().strip():
            on.discard("style")
        asked = Asked(
            source=playing if source == PLAYING else source,
            wanted=wanted,
            losses=",".join(f"{name}={spin.value():g}" for name, (_, spin) in self.losses.items() if name in on),
            size=numbers.size,
            batch=numbers.batch,
            optimiser=numbers.optimiser,
            rate=numbers.rate,
            momentum=numbers.momentum,
            optimiser_numbers={"weight_decay": numbers.decay} if numbers.decay else {},
            warmup=numbers.warmup,
            cosine=numbers.cosine > 0,
            steps=numbers.cosine or 1000,
            zoom=numbers.zoom,
            statistics=numbers.statistics,
            clip=numbers.clip or math.inf,
            learns=learns,
            frozen=frozen,
            flips=numbers.flips,
            **self.looks.asked(on),
            seed=numbers.seed,
            unrolled=numbers.unrolled,
            pool=numbers.pool,
            bends=numbers.bends,
        )
        return asked if before is None else as_turned(asked, before)

    def ask_of_states(self, asks: bool) -> None:
        """Whether the network has a state, of which there is more to ask."""
        for name in OF_STATES:
            self.form.set_shown(name, asks)

    def show_lesson(self, asked: Asked) -> None:
        """Show a lesson that was asked for elsewhere."""
        self.source.setCurrentText(asked.source)
        kind, _, rest = asked.wanted.partition(":")
        kinds = [name for name, *_ in _WANTED]
        known = kind in ("damage", "effect", "as") or asked.wanted == "same"
        self.wanted.setCurrentIndex(kinds.index(kind if known else "pairs"))
        self._show_wanted()
        if asked.wanted != "same":
            self.detail.setText(rest if known else asked.wanted)
        self._show_which(asked)
        self._show_numbers(asked)

    def show_turned(self, asked: Asked, layer: str) -> None:
        """Show what may be turned as it is in the lesson that is open, where something else has been refused.

        Args:
            asked: that lesson.
            layer: the selected layer, which the form may mean without naming it.
        """
        if self._chosen(layer) != (asked.learns, asked.frozen):
            self._show_which(asked)
        self._show_numbers(asked)

    def _show_numbers(self, asked: Asked) -> None:
        weights = parse_weights(asked.losses, LOSS_NAMES)
        if asked.style:
            weights.setdefault("style", 1.0)
        for name, (on, spin) in self.losses.items():
            with QSignalBlocker(spin):
                spin.setValue(weights.get(name, spin.value()))
            on.setChecked(name in weights)
        self.looks.show_lesson(asked)
        given = asdict(asked) | {"clip": asked.clip if math.isfinite(asked.clip) else 0.0}
        given["cosine"] = asked.steps if asked.cosine else 0
        given["decay"] = asked.optimiser_numbers.get("weight_decay", 0.0)
        # What a lesson does not say is as usual for its optimiser.
        given["rate"], way = schedule_of(asked).rate, optimiser_of(asked)
        given["momentum"] = number_in(way, way.momentum_name)
        kept = {field.name: given[field.name] for field in fields(LessonNumbers)}
        self.form.show_record(LessonNumbers.model_construct(**(self.form.record().model_dump() | kept)))

    def dials(self) -> Iterator[Dial]:
        """Its numbers, which may be turned while it learns."""
        for name, number in setting_numbers():
            yield Dial(number, partial(self._get, name), partial(self._set, name))
        for name, weight in loss_numbers():
            yield Dial(weight, partial(self._get_weight, name), partial(self._set_weight, name))

    # -- within ---------------------------------------------------------------------------------------------------

    def _get(self, name: str) -> float:
        return number_in(self.form.record(), name)

    def _set(self, name: str, value: float) -> None:
        self.form.show_record(with_number(self.form.record(), name, value))
        self.turned.emit()

    def _get_weight(self, name: str) -> float:
        on, spin = self.losses[name]
        return spin.value() if on.isChecked() else 0.0

    def _set_weight(self, name: str, value: float) -> None:
        on, spin = self.losses[name]
        with QSignalBlocker(spin):
            spin.setValue(value or spin.value())
        on.setChecked(value > 0.0)
        self.turned.emit()

    def _losses(self) -> QGridLayout:
        grid = QGridLayout()
        grid.setHorizontalSpacing(theme.SPACE)
        grid.setVerticalSpacing(2)
        grid.setColumnStretch(0, 1)
        for place, (name, weight) in enumerate(loss_numbers()):
            on = QCheckBox(LOSS_WORDS[name])
            on.setChecked(name == "l2")
            spin = DecimalSpin(minimum=0, maximum=LARGEST_WEIGHT, value=1.0, decimals=4)
            spin.setButtonSymbols(QDoubleSpinBox.ButtonSymbols.NoButtons)
            spin.setKeyboardTracking(False)
            spin.setFixedWidth(theme.room(spin.font(), 64))
            spin.setAccessibleName(f"Weight of {LOSS_WORDS[name]}")
            spin.setEnabled(on.isChecked())
            on.toggled.connect(spin.setEnabled)
            on.clicked.connect(self.turned)
            on.toggled.connect(self._show_looks)
            spin.valueChanged.connect(self.turned)
            give_address(spin, weight.address)
            self.losses[name] = on, spin
            grid.addWidget(on, place, 0)
            grid.addWidget(spin, place, 1)
        self._show_looks()
        return grid

    def _show_looks(self) -> None:
        self.looks.show_for({name for name, (on, _) in self.losses.items() if on.isChecked()})

    def _chosen(self, layer: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """What learns and what does not, as patterns."""
        way, words = self.which.currentIndex(), [word.strip() for word in self.these.text().split(",")]
        held = tuple(filter(None, (word.removeprefix("-").strip() for word in words if word.startswith("-"))))
        named = tuple(word for word in words if word and not word.startswith("-"))
        if way in (1, 2) and layer:
            return ((layer,), ()) if way == 1 else ((), (layer,))
        if way == 3:
            return named, held
        return ((), (*named, *held)) if way == 4 else ((), ())

    def _show_which(self, asked: Asked) -> None:
        self.which.setCurrentIndex(3 if asked.learns else 4 if asked.frozen else 0)
        held = [f"-{pattern}" if asked.learns else pattern for pattern in asked.frozen]
        self.these.setText(", ".join((*asked.learns, *held)))

    def _show_these(self) -> None:
        self.these.setVisible(self.which.currentIndex() in (3, 4))

    def _show_wanted(self) -> None:
        kind, _, usual = _WANTED[self.wanted.currentIndex()]
        self._detail_row.setVisible(kind != "same")
        self.browse_wanted.setVisible(kind == "pairs")
        self.detail.setText(usual)
        self.detail.setPlaceholderText({"as": "negative-space", "pairs": "A folder or a film"}.get(kind, ""))
        if kind == "as" and self._names is None:
            # Looking for them takes a moment, which a start has none of.
            self._names = known_names()
        # Of another kind nothing is offered; what the field lets go of would be deleted with it.
        self.detail.setCompleter(self._names if kind == "as" else None)  # type: ignore[arg-type]
        self._show_tips()

    def _show_tips(self) -> None:
        names = ", ".join(DAMAGES)
        about = {
            "damage": f"What is done to pictures: {names}; with a strength, as in blur=2,noise=0.1",
            "effect": f"What is done to pictures: {names}; with a strength, as in edges=2",
            "as": "A preset or a network, by name or path",
            "pairs": "Its pictures belong, one by one, to those that are learnt from",
        }
        tips = (
            (self.source, "A film, a picture, a folder of pictures, or a camera"),
            (self.wanted, "What the network is to make of what it is shown"),
            (self.detail, about.get(self.wanted.currentData(), "")),
        )
        for part, tip in tips:
            part.setToolTip("End the lesson to begin another" if self._held else tip)


def _heading(text: str) -> QLabel:
    label = QLabel(text)
    label.setStyleSheet(f"color: {theme.FAINT}; font-weight: 600; padding-top: 4px;")
    return label


def _row(text: str, *widgets: QWidget) -> QHBoxLayout:
    row = QHBoxLayout()
    row.setSpacing(theme.SPACE // 2)
    label = QLabel(text)
    label.setMinimumWidth(72)
    label.setBuddy(widgets[0])
    row.addWidget(label)
    for place, widget in enumerate(widgets):
        row.addWidget(widget, 1 if place == 0 else 0)
    return row
