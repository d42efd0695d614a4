"""Switches that wait for the beat, on a clock that the test turns."""

from __future__ import annotations

import pytest
from helpers import tiny_network

from studio.bends import make_bend
from studio.control.inbox import Taken
from studio.control.mapped import Mapped
from studio.control.namespace import Namespace
from studio.control.quantised import Switches, switches_of
from studio.model.documents.document import Document
from studio.model.movement.mapping import Mapping
from studio.model.movement.tempo import Tempo
from studio.model.networks.preset import Preset


class Desk:
    def __init__(self, quantum: float = 1.0) -> None:
        self.now, self.tempo, self.done = 10.25, Tempo(bpm=60.0), list[str]()
        self.switches = Switches()
        self.switches.tempo, self.switches.clock = lambda: self.tempo, lambda: self.now
        self.switches.quantum = lambda _: quantum

    def press(self, name: str, value: bool) -> None:
        self.switches.switch(name, value, lambda: self.done.append(f"{name} {value}"))

    def go(self, now: float) -> list[str]:
        self.now = now
        self.switches.step()
        done, self.done = self.done, []
        return done


@pytest.mark.parametrize(("quantum", "due"), [(1.0, 11.0), (4.0, 12.0)])
def test_all_that_waits_falls_on_the_beat_or_the_bar(quantum: float, due: float) -> None:
    desk = Desk(quantum)
    assert desk.switches.left is None
    desk.press("/bend/1/on", False)
    desk.now += 0.5
    desk.press("/bend/2/on", True)
    assert desk.switches.waiting == {"/bend/1/on": False, "/bend/2/on": True}
    assert desk.switches.left == pytest.approx(due - desk.now)
    assert desk.go(due - 0.01) == []
    assert desk.go(due) == ["/bend/1/on False", "/bend/2/on True"]
    assert desk.go(due + 9.0) == []
    assert desk.switches.left is None


def test_one_that_is_switched_may_have_the_others_forgotten() -> None:
    desk = Desk()
    desk.switches.switch("/bend/1/on", False, desk.switches.forget)
    desk.press("/bend/2/on", True)
    assert desk.go(11.5) == []
    assert desk.switches.waiting == {}


def test_pressed_again_it_stays_as_it_is_and_said_again_it_still_comes() -> None:
    desk = Desk()
    desk.press("/bend/1/on", False)
    desk.press("/bend/1/on", True)
    assert desk.switches.waiting == {}
    assert desk.go(11.5) == []
    desk.press("/bend/1/on", False)
    desk.press("/bend/1/on", False)
    assert desk.go(12.0) == ["/bend/1/on False"]


def test_without_a_quantum_it_is_done_at_once_whatever_waits() -> None:
    desk = Desk()
    told = []
    desk.switches.changed.connect(lambda: told.append(dict(desk.switches.waiting)))
    desk.press("a", True)
    desk.switches.quantum = lambda tempo: 0.0 * tempo.bpm
    desk.press("a", False)
    assert desk.done == ["a False"]
    assert told == [{"a": True}, {}]


def test_a_key_of_a_controller_that_is_pressed_twice_leaves_the_bend_as_it_is() -> None:
    document = Document(Preset("p", tiny_network(), {}))
    document.add_stage("enc", make_bend("Rotate", {}))
    names, mapped = Namespace(document), Mapped(document.number, lambda address: names.get(address))
    switches, now = switches_of(document), 0.1
    switches.tempo, switches.clock, switches.quantum = lambda: Tempo(bpm=60.0), lambda: now, lambda _: 1.0
    mappings = (Mapping("midi/1/note/60", "/bend/1/on", "toggle"),)

    def press() -> None:
        for address, value in mapped.values(mappings, Taken(began={"midi/1/note/60": 0.0})).items():
            names.turn(address, value)

    press()
    assert (document.get("/bend/1/on"), names.get("/bend/1/on")) == (1.0, 0.0)
    press()
    assert not switches.waiting
    press()
    now = 1.0
    switches.step()
    assert document.gesture is None
    assert (document.get("/bend/1/on"), names.get("/bend/1/on")) == (0.0, 0.0)
    assert document.history.labels[-1] == "Turn Rotate on"
    # What is no switch waits for nothing.
    names.turn("/bend/1/angle", 5.0)
    assert document.get("/bend/1/angle") == 5.0
    assert switches_of(document) is switches
    assert switches_of(Document(Preset("p", tiny_network(), {}))) is not switches
