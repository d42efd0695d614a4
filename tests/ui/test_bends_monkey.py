"""Three hundred things that hands do with bends: nothing breaks, all of it is undone, and the picture is right."""

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
from restless_hands import RestlessHands
from whole_window import NONE, WholeWindow

from studio.bends import registry
from studio.engine.torch.engine import TorchEngine
from studio.io.networks import save_network
from studio.io.sources import open_source
from studio.model.bends.stage import Painted, Stage
from studio.model.networks.changes import Change, HistoryChanged
from studio.model.views.view import View
from studio.runtime.live.report import EngineState
from studio.runtime.render.frame_runner import FrameRunner
from studio.ui.bends.panel import BendsPanel
from studio.ui.bends.stage_card import StageCard

pytestmark = pytest.mark.gl

ACTIONS = 300
LEFT, RIGHT = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton
MOST = 24
"""Stages, after which a hand takes some away first."""


class Hands(RestlessHands):
    def __init__(self, whole: WholeWindow, seed: int) -> None:
        super().__init__(whole, seed)
        self.panel = whole.context[BendsPanel]
        self.ways = [
            (14, self.add),
            (8, self.throw),
            (16, self.turn),
            (10, self.choose_channels),
            (8, self.choose_mask),
            (14, self.paint),
            (8, self.choose_guard),
            (6, self.switch),
            (8, self.menu),
            (6, self.drag_card),
            (6, self.remove),
            (12, self.undo_or_redo),
            (3, self.travel),
            (8, self.choose_layer),
            (4, self.look),
            (4, self.look_before),
            (2, self.compare),
            (2, self.toggle_all),
            (1, self.engine),
        ]

    def _card(self) -> StageCard | None:
        cards = list(self.panel.cards.values())
        return self.rng.choice(cards) if cards else None

    def add(self) -> None:
        if len(self.whole.document.stages) < MOST:
            self.panel.put(self.rng.choice(list(registry().values())))

    def throw(self) -> None:
        if len(self.whole.document.stages) < MOST:
            self.panel.throw()

    def turn(self) -> None:
        card = self._card()
        if card is None:
            return
        controls = [card.amount, *card.form.controls.values()]
        sliders = [getattr(control, "slider", None) for control in controls]
        found = [slider for slider in sliders if isinstance(slider, QWidget) and slider.isVisible()]
        if not found:
            return
        slider = self.rng.choice(found)
        places = [QPoint(self.rng.randrange(max(1, slider.width())), slider.height() // 2) for _ in range(4)]
        QTest.mousePress(slider, LEFT, NONE, places[0])
        for place in places[1:]:
            QTest.mouseMove(slider, place)
        QTest.mouseRelease(slider, LEFT, NONE, places[-1])

    def choose_channels(self) -> None:
        card = self._card()
        if card is None:
            return
        kind = self.rng.randrange(7)
        card.channels.list.setText(self.rng.choice(["0", "1, 2", "0-2", "x"]))
        card.channels.range.setText(self.rng.choice(["0-1", "2-2"]))
        card.channels.kind.setCurrentIndex(kind)
        card.channels.kind.activated.emit(kind)

    def choose_mask(self) -> None:
        card = self._card()
        if card is not None:
            kind = self.rng.randrange(3)
            card.masked.kind.setCurrentIndex(kind)
            card.masked.kind.activated.emit(kind)

    def paint(self) -> None:
        stages = self.whole.document.stages
        if self.rng.random() < 0.5:
            self.whole.workspace.masking = self.rng.choice([0, *(stage.id for stage in stages)])
        viewport, button = self.whole.viewport, self.rng.choice([LEFT, LEFT, RIGHT])
        QTest.mousePress(viewport, button, NONE, self._place(viewport))
        for _ in range(self.rng.randrange(4)):
            QTest.mouseMove(viewport, self._place(viewport))
        if self.rng.random() < 0.15:
            QTest.keyClick(viewport, Qt.Key.Key_Escape)
        if self.rng.random() < 0.1:
            self.whole.command("edit.undo")
        QTest.mouseRelease(viewport, button, NONE, self._place(viewport))

    def _place(self, widget: QWidget) -> QPoint:
        return QPoint(self.rng.randrange(widget.width()), self.rng.randrange(widget.height()))

    def choose_guard(self) -> None:
        card = self._card()
        if card is not None:
            card.guard.setCurrentIndex(self.rng.randrange(card.guard.count()))
            card.guard.activated.emit(card.guard.currentIndex())

    def switch(self) -> None:
        card = self._card()
        if card is not None:
            self.whole.click(card.on)

    def menu(self) -> None:
        card = self._card()
        if card is not None and len(self.whole.document.stages) < MOST:
            menu = card.menu()
            action = self.rng.choice([each for each in menu.actions() if each.isEnabled() and each.menu() is None])
            if action.text():
                action.trigger()
            menu.deleteLater()

    def drag_card(self) -> None:
        card = self._card()
        if card is not None and card.handle.isVisible():
            QTest.mousePress(card.handle, LEFT)
            for _ in range(2):
                QTest.mouseMove(card.handle, QPoint(5, self.rng.randrange(-300, 300)))
            QTest.mouseRelease(card.handle, LEFT, NONE, QPoint(5, self.rng.randrange(-300, 300)))

    def remove(self) -> None:
        card = self._card()
        if card is not None:
            self.whole.click(card.remove)

    def choose_layer(self) -> None:
        self.whole.workspace.choose(self.rng.choice(self.whole.document.graph.nodes).name)
        self.whole.click(self.rng.choice([self.panel.this, self.panel.all]))

    def look(self) -> None:
        layer = self.whole.workspace.layer
        self.whole.workspace.view = self.rng.choice([View(), View(), View("split"), View("layer", layer)])

    def look_before(self) -> None:
        self.whole.command("view.before_bends")

    def toggle_all(self) -> None:
        self.panel.toggle_all()


@pytest.fixture
def whole(qtbot: QtBot, gl_app: QApplication, tmp_path: Path) -> Iterator[WholeWindow]:
    del gl_app
    save_network(tiny_network(), tmp_path / "tiny")
    cv2.imwrite(str(tmp_path / "still.png"), np.random.default_rng(0).integers(0, 256, (32, 48, 3), np.uint8))
    opened = WholeWindow(qtbot, tmp_path / "home", str(tmp_path / "tiny"), str(tmp_path / "still.png"))
    opened.window.docks["bends"].raise_()
    yield opened
    opened.close()


def said(stages: tuple[Stage, ...]) -> list[object]:
    """Stages as what can be compared: masks by their values."""
    return [
        (each.id, each.layer, each.bend, each.channels, each.amount, each.guard, each.on, each.source)
        + ((each.mask.values.tobytes(),) if isinstance(each.mask, Painted) else (each.mask,))
        for each in stages
    ]


def test_three_hundred_actions(whole: WholeWindow, tmp_path: Path) -> None:
    hands, made = Hands(whole, seed=7), 0

    def count(change: Change) -> None:
        nonlocal made
        made += isinstance(change, HistoryChanged)

    whole.document.changed.connect(count)
    for number in range(ACTIONS):
        try:
            hands.act()
        except Exception as error:
            raise AssertionError(f"action {number}, after {hands.done[-8:]}: {error}") from error
        if number % 50 == 0:
            cards, shown = set(hands.panel.cards), {stage.id for stage in hands.panel._shown()}
            assert cards == shown
    whole.workspace.masking, whole.workspace.comparison = 0, None
    document = whole.document
    document.finish_gesture()
    assert made > ACTIONS / 3, "much of what hands do must reach the document"
    assert any(isinstance(stage.mask, Painted) for stage in document.stages)
    last, position = said(document.stages), document.history.position
    document.go(0)
    assert document.stages == ()
    document.go(position)
    assert said(document.stages) == last
    # What is on the screen at the end is what a fresh engine makes of the document, once time has no part in it.
    kept = tuple(s for s in document.stages if not s.bend.moves and s.bend.memory() is None and not s.bend.other)
    for stage in document.stages:
        if stage not in kept:
            document.remove_stage(stage.id)
    engine = TorchEngine(document.network, "cpu")
    engine.set_stages(document.stages)
    with open_source(str(tmp_path / "still.png")) as source:
        wanted = FrameRunner(engine)(next(iter(source)).picture)
    whole.workspace.engine = "torch"
    whole.until(lambda: whole.told[EngineState].name == "torch" and not whole.told[EngineState].problem)
    np.testing.assert_array_equal(whole.picture(), wanted)
    errors = [message.text for message in whole.studio.messages.log if message.kind == "error"]
    assert not [text for text in errors if "stopped" in text or "defect" in text]
