"""Hundreds of things that hands do with movements, macros, live edits and fades: all undone, and the picture right."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from helpers import tiny_network
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot
from restless_hands import RestlessHands, come_to_rest
from whole_window import NONE, WholeWindow

from studio.bends import make_bend
from studio.edits import make_edit
from studio.engine.torch.engine import TorchEngine
from studio.io.networks import save_network
from studio.io.presets import save_preset
from studio.io.sources import open_source
from studio.model.bends.stages import STAGES
from studio.model.documents.document import Document
from studio.model.filters.edit import Selection
from studio.model.filters.live_edits import EDITS, as_run
from studio.model.movement.route import MACRO_BANK, MACROS, ROUTES
from studio.model.movement.tempo import TEMPO
from studio.model.networks.changes import Change, HistoryChanged
from studio.model.networks.preset import Preset
from studio.modulators import registry
from studio.runtime.live.report import EngineState
from studio.runtime.render.frame_runner import FrameRunner
from studio.runtime.render.mover import matrix_of
from studio.ui.fades.panel import FadesPanel
from studio.ui.filters.editor import FilterEditor
from studio.ui.kit.controls import Control
from studio.ui.macros.panel import MacrosPanel
from studio.ui.movement.panel import MovementPanel
from studio.ui.movement.route_card import RouteCard
from studio.ui.services.choices import FadingChoice
from studio.ui.services.fades import Fades
from studio.ui.services.held import SLOTS

pytestmark = pytest.mark.gl

ACTIONS = 400
LEFT = Qt.MouseButton.LeftButton
MOST = 8
"""Movements, and live edits, after which a hand adds no more."""

EDITS_TRIED = ("Gain", "Rotate", "Blur", "Noise", "Negate", "Shuffle", "Offset", "Mix")


class Hands(RestlessHands):
    def __init__(self, whole: WholeWindow, presets: list[Path], seed: int) -> None:
        super().__init__(whole, seed)
        self.presets = presets
        self.movement, self.macros = whole.context[MovementPanel], whole.context[MacrosPanel]
        self.fades, self.panel = whole.context[Fades], whole.context[FadesPanel]
        self.ways = [
            (12, self.add_movement),
            (10, self.choose_source),
            (14, self.turn_movement),
            (10, self.change_curves),
            (4, self.retarget),
            (4, self.remove_movement),
            (6, self.tap),
            (12, self.aim),
            (14, self.turn_macro),
            (4, self.unaim),
            (8, self.keep_live),
            (10, self.turn_live),
            (3, self.bake),
            (6, self.snapshot),
            (8, self.go),
            (5, self.open),
            (6, self.fill),
            (8, self.scrub),
            (3, self.stop),
            (3, self.how),
            (12, self.undo_or_redo),
            (3, self.travel),
            (2, self.compare),
            (1, self.engine),
        ]

    def _address(self) -> str:
        return self.rng.choice([number.address for number in self.movement.targets()])

    def _card(self) -> RouteCard | None:
        cards = list(self.movement.cards.values())
        return self.rng.choice(cards) if cards else None

    def _drag(self, controls: list[Control]) -> None:
        """Turn a slider of one of these."""
        sliders = [getattr(control, "slider", None) for control in controls]
        found = [slider for slider in sliders if isinstance(slider, QWidget)]
        if found:
            slider = self.rng.choice(found)
            slider.setSliderDown(True)  # type: ignore[attr-defined]
            for _ in range(3):
                slider.setValue(self.rng.randrange(1001))  # type: ignore[attr-defined]
            slider.setSliderDown(False)  # type: ignore[attr-defined]

    # -- movements --------------------------------------------------------------------------------------------------

    def add_movement(self) -> None:
        if len(self.whole.document.section(ROUTES)) < MOST:
            self.movement._asking = None
            self.movement._chosen(self._address())

    def choose_source(self) -> None:
        card = self._card()
        if card is not None:
            card.source.setCurrentIndex(self.rng.randrange(len(registry())))
            card.source.activated.emit(card.source.currentIndex())

    def turn_movement(self) -> None:
        card = self._card()
        if card is not None:
            self._drag([card.reach, *card.form.controls.values()])

    def change_curves(self) -> None:
        card = self._card()
        if card is None:
            return
        rows = card.curves.rows
        if len(rows) < 3 and self.rng.random() < 0.5:
            self.rng.choice(card.curves.add.menu().actions()).trigger()
        elif rows:
            row = self.rng.choice(rows)
            do = self.rng.choice(["turn", "up", "down", "remove"])
            self._drag(list(row.form.controls.values())) if do == "turn" else getattr(row, do).click()

    def retarget(self) -> None:
        card = self._card()
        if card is not None:
            self.movement._asking = card
            self.movement._chosen(self._address())

    def remove_movement(self) -> None:
        card = self._card()
        if card is not None:
            self.rng.choice([card.remove, card.on]).click()

    def tap(self) -> None:
        self.rng.choice([self.movement.tap_tempo, lambda: self._drag([self.movement.bpm])])()

    # -- macros -----------------------------------------------------------------------------------------------------

    def aim(self) -> None:
        self.macros.choose(self.rng.randrange(1, MACROS + 1))
        self.macros.aim(self._address())

    def turn_macro(self) -> None:
        dial = self.rng.choice(self.macros.knobs).dial
        start = dial.rect().center()
        QTest.mousePress(dial, LEFT, NONE, start)
        for _ in range(3):
            QTest.mouseMove(dial, start + QPoint(0, self.rng.randrange(-120, 120)))
        QTest.mouseRelease(dial, LEFT, NONE, start)
        if self.rng.random() < 0.3:
            QTest.keyClick(dial, self.rng.choice([Qt.Key.Key_Up, Qt.Key.Key_Down]))

    def unaim(self) -> None:
        rows = list(self.macros.rows.values())
        if rows:
            row = self.rng.choice(rows)
            self.rng.choice([row.remove, row.turn]).click()

    # -- live edits -------------------------------------------------------------------------------------------------

    def keep_live(self) -> None:
        document = self.whole.document
        if len(document.edits) >= MOST:
            return
        tensor = self.rng.choice(["enc.weight", "dec.weight", "enc.bias"])
        shape = document.tensor(tensor).shape
        some = self.rng.choice([None, Selection.random(shape, 2, self.rng.randrange(99))])
        self.whole.workspace.choose(*tensor.split("."))
        kind = self.rng.choice(EDITS_TRIED)
        if self.rng.random() < 0.5 or some is not None:
            document.add_edit(tensor, make_edit(kind, {}), some, amount=self.rng.choice([1.0, 0.5]))
        else:
            self.whole.context[FilterEditor].edits.choose(kind)
            self.whole.context[FilterEditor].edits.keep.click()

    def turn_live(self) -> None:
        cards = list(self.whole.context[FilterEditor].edits.live.cards.values())
        if cards:
            card = self.rng.choice(cards)
            do = self.rng.random()
            if do < 0.7:
                self._drag([card.amount, *card.form.controls.values()])
            else:
                self.rng.choice([card.on, card.remove]).click()

    def bake(self) -> None:
        self.whole.command("edit.bake")

    # -- fades ------------------------------------------------------------------------------------------------------

    def snapshot(self) -> None:
        self.fades.take(self.rng.randrange(1, 10))

    def go(self) -> None:
        if self.fades.snapshots:
            self.panel.keys[self.rng.choice(list(self.fades.snapshots))].click()

    def open(self) -> None:
        self.whole.studio.parts.opener.open(self.rng.choice(self.presets), cut=self.rng.random() < 0.2)
        self.whole.until(lambda: not self.whole.studio.parts.loader.opening)

    def fill(self) -> None:
        self.panel.slots[self.rng.choice(SLOTS)].click()

    def scrub(self) -> None:
        if self.rng.random() < 0.5:
            self.panel.fader.setSliderDown(True)
            for _ in range(3):
                self.panel.fader.setValue(self.rng.randrange(1001))
            self.panel.fader.setSliderDown(False)
        else:
            pad = self.panel.pad
            places = [QPoint(self.rng.randrange(pad.width()), self.rng.randrange(pad.height())) for _ in range(3)]
            QTest.mousePress(pad, LEFT, NONE, places[0])
            QTest.mouseMove(pad, places[1])
            QTest.mouseRelease(pad, LEFT, NONE, places[2])

    def stop(self) -> None:
        self.fades.stop()

    def how(self) -> None:
        beats, quantum = self.rng.choice([0.0, 0.25, 1.0, 8.0]), self.rng.choice(["at once", "beat", "bar"])
        easing, switches = self.rng.choice(["linear", "in", "back", "bounce"]), self.rng.choice(["at once", "beat"])
        self.fades.choose(FadingChoice(beats, easing, quantum, switches))


@pytest.fixture
def presets(tmp_path: Path) -> list[Path]:
    made = []
    for number in (1, 2):
        document = Document(Preset(f"bent {number}", tiny_network(), {"enc.bias": np.full(6, number / 4, np.float32)}))
        document.add_stage("enc", make_bend("Rotate", {"angle": 20.0}), amount=0.3 * number)
        path = tmp_path / f"bent-{number}"
        save_preset(document.preset(), path)
        made.append(path)
    save_network(tiny_network(seed=5), tmp_path / "other")
    return [*made, tmp_path / "other"]


@pytest.fixture
def whole(qtbot: QtBot, gl_app: QApplication, tmp_path: Path, presets: list[Path]) -> Iterator[WholeWindow]:
    del gl_app
    cv2.imwrite(str(tmp_path / "still.png"), np.random.default_rng(0).integers(0, 256, (32, 48, 3), np.uint8))
    opened = WholeWindow(qtbot, tmp_path / "home", str(presets[0]), str(tmp_path / "still.png"))
    for dock in ("movement", "macros", "fades"):
        opened.window.docks[dock].raise_()
    yield opened
    opened.close()


def everything(whole: WholeWindow) -> list[object]:
    document = whole.document
    sections = [document.section(key) for key in (ROUTES, MACRO_BANK, EDITS, STAGES, TEMPO)]
    return [*sections, document.path, *(document.tensor(name).tobytes() for name in document.network.tensors)]


def test_four_hundred_actions(whole: WholeWindow, tmp_path: Path, presets: list[Path]) -> None:
    hands, made, document = Hands(whole, presets, seed=11), 0, whole.document
    hands.how()

    def count(change: Change) -> None:
        nonlocal made
        made += isinstance(change, HistoryChanged)

    document.changed.connect(count)
    first = everything(whole)
    for number in range(ACTIONS):
        try:
            hands.act()
        except Exception as error:
            raise AssertionError(f"action {number}, after {hands.done[-8:]}: {error!r}") from error
        if number % 50 == 0:
            assert set(hands.movement.cards) == {route.id for route in document.section(ROUTES)}
    whole.workspace.comparison = None
    come_to_rest(whole)
    assert made > ACTIONS / 3, "much of what hands do must reach the document"
    last, position = everything(whole), document.history.position
    document.go(0)
    assert everything(whole) == first
    document.go(position)
    assert everything(whole) == last
    errors = [message.text for message in whole.studio.messages.log if message.kind == "error"]
    assert not [text for text in errors if "stopped" in text or "defect" in text]
    # What is on the screen at the end is what a fresh engine makes of the document, once time has no part in it.
    document.set_section(ROUTES, (), "Still")
    stages = tuple(s for s in document.stages if not s.bend.moves and s.bend.memory() is None and not s.bend.other)
    document.set_section(STAGES, stages, "Still")
    preset = document.preset()
    for address, value in matrix_of(preset).values(0.0).items():  # what macros turn
        if address.startswith(("/bend/", "/edit/")):
            document.set(address, value)
    preset = document.preset()
    engine = TorchEngine(as_run(preset), "cpu")
    engine.bypass(preset.bypassed)
    engine.set_stages(preset.section(STAGES))
    with open_source(str(tmp_path / "still.png")) as source:
        wanted = FrameRunner(engine)(next(iter(source)).picture)
    whole.workspace.engine = "torch"
    whole.until(lambda: whole.told[EngineState].name == "torch" and not whole.told[EngineState].problem)
    whole.until(lambda: np.array_equal(whole.picture(), wanted))
