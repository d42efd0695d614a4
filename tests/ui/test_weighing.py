"""Engines are measured for the open network while the window is at rest, on a card that is pretended."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import SimpleNamespace

import pytest
from helpers import identity_network, tiny_network
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from whole_window import WholeWindow

from studio.engine import choose, measured
from studio.engine.choose import Probe
from studio.io.networks import save_network
from studio.model.documents.document import Document
from studio.model.networks.network import Network
from studio.model.networks.preset import Preset
from studio.runtime.live.orders import Order, Weighed
from studio.runtime.live.report import EngineState, Progress, Report
from studio.runtime.live.taking import Performing
from studio.runtime.live.telemetry import Telemetry
from studio.runtime.live.tuning import TuningState
from studio.ui.services import weighing
from studio.ui.services.weighing import Weighing

CARD = "NVIDIA Thing, 4.3"
Then = Callable[[Mapping[str, float]], object]


class Pretended:
    """A measurement that a test ends."""

    def __init__(self, network: Network, card: str, then: Then) -> None:
        self.network, self.card, self.then = network, card, then
        self.is_over = self.is_stopped = False

    def end(self, **seconds: float) -> None:
        self.then(seconds)
        self.is_over = True

    def stop(self) -> None:
        self.is_stopped = self.is_over = True


class Desk:
    """A window's weighing, on a clock that the test turns."""

    def __init__(self) -> None:
        self.now, self.busy, self.compiler = 100.0, False, SimpleNamespace(is_at_work=False)
        self.orders: list[Order] = []
        self.begun: list[Pretended] = []
        self.telemetry = Telemetry(lambda: self.now)
        self.document = Document(Preset("tiny", tiny_network(), {}))
        self.weighing = Weighing(
            self.document,
            self.telemetry,
            self.orders.append,
            lambda call: call(),
            lambda: self.busy,
            self.compiler,  # type: ignore[arg-type]
            self._measure,  # type: ignore[arg-type]
            lambda: self.now,
        )
        self.weighing._timer.stop()
        self.tell(EngineState("gl", unmeasured=CARD), Progress(serial=3))

    def _measure(self, network: Network, card: str, then: Then) -> Pretended:
        self.begun.append(Pretended(network, card, then))
        return self.begun[-1]

    def tell(self, *parts: EngineState | Progress | TuningState | Performing) -> None:
        self.telemetry.take(Report(parts))

    def wait(self, seconds: int = 30) -> int:
        """How many measurements have begun after so many seconds."""
        for _ in range(seconds):
            self.now += 1.0
            self.weighing.look()
        return len(self.begun)

    def open(self, network: Network) -> None:
        self.document.load(Preset("other", network, {}))


@pytest.fixture
def desk(qtbot: QtBot) -> Desk:
    del qtbot
    return Desk()


def test_a_network_that_has_played_for_a_while_is_measured_once_and_the_reason_told(desk: Desk) -> None:
    assert desk.wait(4) == 0
    assert desk.wait() == 1
    assert desk.begun[0].network is desk.document.network
    assert desk.begun[0].card == CARD
    desk.begun[0].end(gl=0.00025, torch=0.00028)
    (order,) = desk.orders
    assert isinstance(order, Weighed)
    assert order.graph is desk.document.graph
    words = "at 256 pixels gl takes 0.25 ms a frame and torch 0.28, measured for this network on NVIDIA Thing"
    assert order.reason == words
    assert desk.wait() == 1


def test_a_faster_torch_takes_over_at_the_next_opening_and_the_reason_says_so(desk: Desk) -> None:
    desk.wait()
    desk.begun[0].end(gl=0.00028, torch=0.0002)
    (order,) = desk.orders
    assert isinstance(order, Weighed)
    assert order.reason.startswith(
        "torch takes over when the network is next opened: at 256 pixels torch takes 0.20 ms"
    )


@pytest.mark.parametrize("seconds", [{}, None])
def test_what_failed_is_not_tried_again_in_this_run(desk: Desk, seconds: dict[str, float] | None) -> None:
    desk.wait()
    if seconds is not None:
        desk.begun[0].end(**seconds)
    assert desk.wait(600) == 1
    assert desk.orders == []


@pytest.mark.parametrize(
    "part",
    [
        EngineState("gl"),
        EngineState("torch", reason="it was asked for"),
        Progress(),
        TuningState(3, 8),
        Performing(Path("take")),
    ],
)
def test_nothing_is_measured_where_nothing_is_to_be_found_out_or_the_window_is_at_work(
    desk: Desk, part: EngineState | Progress | TuningState | Performing
) -> None:
    desk.tell(part)
    assert desk.wait() == 0
    desk.tell(EngineState("gl", unmeasured=CARD), Progress(serial=9), TuningState(8, 8), Performing())
    assert desk.wait(5) == 0
    assert desk.wait(2) == 1


def test_what_is_compiled_is_waited_for(desk: Desk) -> None:
    desk.compiler.is_at_work = True
    assert desk.wait() == 0
    desk.compiler.is_at_work = False
    assert desk.wait() == 1
    # What an edit asks for meanwhile ends nothing.
    desk.compiler.is_at_work = True
    desk.wait()
    assert not desk.begun[0].is_stopped


def test_hands_at_work_put_it_off(desk: Desk) -> None:
    for _ in range(10):
        assert desk.wait(4) == 0
        desk.document.set_bypassed(desk.document.graph.nodes[0].name, not desk.document.bypassed)
    assert desk.wait() == 1


def test_a_lesson_or_a_recording_ends_it_and_it_begins_again_afterwards(desk: Desk) -> None:
    desk.busy = True
    assert desk.wait() == 0
    desk.busy = False
    assert desk.wait() == 1
    desk.busy = True
    assert desk.wait() == 1
    assert desk.begun[0].is_stopped
    desk.busy = False
    assert desk.wait(5) == 1
    assert desk.wait(2) == 2
    desk.begun[1].end(gl=0.001, torch=0.002)
    assert len(desk.orders) == 1


def test_another_network_that_is_open_by_then_is_told_nothing_and_measured_itself(desk: Desk) -> None:
    desk.wait()
    desk.open(identity_network())
    assert desk.wait() == 1, "one at a time"
    desk.begun[0].end(gl=0.001, torch=0.002)
    assert desk.orders == []
    assert desk.wait() == 2
    assert desk.begun[1].network is desk.document.network
    # What was measured of the first is not measured again.
    desk.begun[1].end()
    desk.open(tiny_network())
    assert desk.wait() == 2


def test_the_same_layers_opened_anew_meanwhile_are_told_of(desk: Desk) -> None:
    desk.wait()
    desk.open(tiny_network())
    desk.begun[0].end(gl=0.001, torch=0.002)
    (order,) = desk.orders
    assert isinstance(order, Weighed)
    assert order.graph is desk.document.graph


def test_closing_ends_what_is_under_way_and_begins_nothing(desk: Desk) -> None:
    desk.wait()
    desk.weighing.close()
    assert desk.begun[0].is_stopped
    assert not desk.weighing._timer.isActive()
    again = Desk()
    again.weighing.close()
    assert again.begun == []


@pytest.mark.gl
def test_a_window_says_what_was_measured_without_reopening_and_takes_the_faster_at_the_next(
    qtbot: QtBot, gl_app: QApplication, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    del gl_app
    monkeypatch.setattr(measured, "cache_path", lambda: tmp_path / "engines.json")
    monkeypatch.setattr(choose, "has_cuda", lambda: True)
    monkeypatch.setattr(Probe, "of", lambda _: Probe("NVIDIA Thing", "4.3", 16384, has_compute=True))
    monkeypatch.setattr(weighing, "_RESTS", 1.0)
    begun: list[Pretended] = []

    def measure(network: Network, card: str, then: Then) -> Pretended:
        begun.append(Pretended(network, card, then))
        return begun[-1]

    monkeypatch.setattr(Weighing.__init__, "__defaults__", (None, measure, time.monotonic))  # type: ignore[index]
    save_network(tiny_network(), tmp_path / "tiny")
    made = WholeWindow(qtbot, tmp_path / "home", str(tmp_path / "tiny"), "demo", "64")
    try:
        made.workspace.engine = "auto"
        made.until(lambda: begun)
        assert made.told[EngineState].name == "gl"
        found = {"gl": 0.002, "torch": 0.001}
        measured.Measured(begun[0].card).keep(begun[0].network, found)
        begun[0].end(**found)
        made.until(lambda: "takes over when" in made.told[EngineState].reason)
        assert made.told[EngineState].name == "gl"
        assert made.told[EngineState].unmeasured == ""
        tip = "because torch takes over when the network is next opened: at 256 pixels torch takes 1.00 ms"
        assert tip in made.window.statusBar()._engine.toolTip()  # type: ignore[attr-defined]
        # Other weights, the same layers.
        network = made.document.network
        name, tensor = next(iter(network.tensors.items()))
        made.document.load(Preset("again", network.with_tensors({name: tensor + 1.0}), {}))
        made.until(lambda: made.told[EngineState].name == "torch")
        assert made.told[EngineState].reason.startswith("at 256 pixels torch takes 1.00 ms a frame and gl 2.00")
        assert len(begun) == 1
    finally:
        made.close()
