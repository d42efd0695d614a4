"""Restless hands at controllers and performances: all can be undone, and nothing says that something failed."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from helpers import tiny_network
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from test_address_menu import Device, device
from whole_window import WholeWindow

from studio.bends import make_bend
from studio.io.networks import save_network
from studio.model.filters.edit import Patch
from studio.model.movement.mapping import MAPPINGS
from studio.model.networks.layout import Rect
from studio.model.performances.performance import Performance
from studio.model.performances.score import Score
from studio.ui.controllers.address_menu import AddressMenu
from studio.ui.performance.stage_hand import StageHand
from studio.ui.services.controllers import Controllers
from studio.ui.viewport.projection import Projection

__all__ = ["device"]

ACTIONS = 250


class Hands:
    """Does one of its methods after another."""

    def __init__(self, whole: WholeWindow, made: Device, seed: int) -> None:
        self.whole, self.device, self.random = whole, made, random.Random(seed)
        self.controllers, self.hand = whole.context[Controllers], whole.context[StageHand]
        self.score = whole.context[Score]
        self.controllers.hear_midi(True)

    def act(self) -> None:
        names = [name for name in vars(type(self)) if not name.startswith("_") and name != "act"]
        getattr(self, self.random.choice(names))()
        QApplication.processEvents()

    def _address(self) -> str:
        return self.random.choice(list(self.controllers.hub.names.numbers()))

    def learn(self) -> None:
        self.controllers.learn(self._address(), for_all=self.random.random() < 0.3)

    def stop_learning(self) -> None:
        self.controllers.hub.stop_learning()

    def send(self) -> None:
        rng = self.random
        for _ in range(rng.randrange(1, 5)):
            self.device.receive(bytes([rng.choice([0xB0, 0x90, 0x80, 0xE0]), rng.randrange(128), rng.randrange(128)]))
        self.controllers.hub.pump()

    def menu(self) -> None:
        menu = self.whole.context[AddressMenu].menu(self._address())
        assert menu is not None
        actions = [action for action in menu.actions() if action.isEnabled() and action.text()]
        self.random.choice(actions).trigger()
        menu.deleteLater()

    def stage(self) -> None:
        document = self.whole.document
        if len(document.stages) > 3:
            document.remove_stage(self.random.choice(document.stages).id)
        else:
            document.add_stage(self.random.choice(["enc", "act", "dec"]), make_bend("Rotate", {}))

    def stroke(self) -> None:
        values = np.full((2, 2), self.random.uniform(-1, 1), np.float32)
        rect = Rect(self.random.randrange(4), self.random.randrange(4), 2, 2)
        self.whole.document.apply("Stroke", "enc.weight", Patch(rect, values))

    def record(self) -> None:
        if self.hand.records or self.random.random() < 0.5:
            self.hand.toggle_record()

    def play(self) -> None:
        self.hand.toggle_play()

    def overdub(self) -> None:
        self.hand.overdub()

    def edit(self) -> None:
        performance = self.score.performance
        if performance is None or not performance.seconds:
            return
        a, b = sorted(self.random.uniform(0, performance.seconds) for _ in range(2))
        self.score.selection = a, b
        self.random.choice([self.score.cut, self.score.trim, self.score.undo, self.score.redo])()
        for address in performance.addresses()[:1]:
            self.score.thin(address, 0.1)

    def output(self) -> None:
        projection = self.whole.context[Projection]
        self.random.choice(
            [projection.turn, projection.toggle_black, projection.toggle_test, projection.toggle_output]
        )()

    def undo(self) -> None:
        self.random.choice([self.whole.document.undo, self.whole.document.redo])()


@pytest.fixture
def whole(qtbot: QtBot, gl_app: QApplication, tmp_path: Path) -> Iterator[WholeWindow]:
    del gl_app
    save_network(tiny_network(), tmp_path / "tiny")
    made = WholeWindow(qtbot, tmp_path, str(tmp_path / "tiny"), "demo", "64")
    made.recorder.choose_folder(str(tmp_path))
    yield made
    made.close()


@pytest.mark.gl
def test_hundreds_of_actions_are_undone_and_nothing_fails(whole: WholeWindow, device: Device) -> None:
    before = whole.document.preset()
    hands = Hands(whole, device, seed=7)
    for _ in range(ACTIONS):
        hands.act()
        assert not [message for message in whole.studio.messages.log if message.details]
    if hands.hand.plays:
        hands.hand.toggle_play()
    if hands.hand.records:
        hands.hand.toggle_record()
        whole.until(lambda: not hands.hand.records)
    QTest.qWait(100)
    hands.controllers.hub.names.settle()
    while whole.document.undo():
        pass
    after = whole.document.preset()
    assert all(after.section(key) == before.section(key) for key in {*after.sections, *before.sections})
    assert after.section(MAPPINGS) == ()
    for name, tensor in before.bent.tensors.items():
        np.testing.assert_array_equal(whole.document.tensor(name), tensor)
    whole.picture()
    assert hands.score.performance is None or isinstance(hands.score.performance, Performance)
