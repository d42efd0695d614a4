"""A performance played again on a document, where hands join in."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from helpers import tiny_network

from studio.bends import make_bend
from studio.control.differences import beginning
from studio.control.inbox import Inbox
from studio.control.replaying import LiveReplay
from studio.errors import StudioError
from studio.io.preset_file import section_to_json
from studio.model.documents.document import Document
from studio.model.filters.edit import Patch
from studio.model.networks.layout import Rect
from studio.model.networks.preset import Preset
from studio.model.networks.section import BYPASSED
from studio.model.performances.performance import (
    Arranged,
    Ended,
    Event,
    NetworkOpened,
    Performance,
    Ran,
    Signalled,
    Stroke,
    Take,
    Turned,
)

NETWORK = tiny_network()


def start() -> Preset:
    document = Document(Preset("p", NETWORK, {}))
    document.add_stage("enc", make_bend("Rotate", {}))
    document.add_stage("act", make_bend("Multiply", {"factor": 1.5}))
    document.apply("s", "enc.weight", Patch(Rect(0, 0, 2, 2), np.full((2, 2), 0.5, np.float32)))
    return document.preset()


class Desk:
    """A document, and a replay on a clock that the test turns."""

    def __init__(self, document: Document, *events: Event, whole: bool = True) -> None:
        first = tuple(beginning(start())) if whole else ()
        self.performance = Performance(NETWORK.sha256(), "p", (*first, *events), take=Take(whole=whole))
        self.document, self.now, self.inbox = document, 50.0, Inbox(clock=lambda: self.now)
        self.sought: list[float] = []
        self.said: list[str] = []
        self.faded: list[tuple[float, str]] = []
        seek, say = self.sought.append, self.said.append
        self.replay = LiveReplay(document, self.inbox, seek, say, lambda: self.now, lambda *how: self.faded.append(how))

    def go(self, seconds: float) -> None:
        self.now = 50.0 + seconds
        self.replay.advance()


EVENTS = (
    Ran(0.0, 0, 7.0),
    Turned(1.0, "/bend/1/angle", 10.0),
    Stroke(1.5, "enc.weight", Patch(Rect(1, 1, 2, 2), np.full((2, 2), -0.5, np.float32))),
    Signalled(1.6, "osc/hit", 0.8, "begin"),
    Signalled(1.6, "osc/fader", 0.25),
    Signalled(1.6, "sound/level", 0.25),
    Arranged(2.0, "bypassed", *section_to_json(BYPASSED, frozenset({"act"}))),
    Ran(2.5, 40, 1.0, is_cut=True),
    Turned(3.0, "/bend/2/amount", 0.0),
    Turned(4.0, "/bend/2/amount", 1.0, glides=True),
    Ended(5.0),
)


def test_it_stands_at_its_start_until_it_goes() -> None:
    desk = Desk(Document(start()), *EVENTS)
    desk.replay.play(desk.performance, waits=True)
    assert desk.sought == [7.0]
    desk.go(2.5)
    assert desk.replay.waits
    before = desk.document.get("/bend/1/angle")
    assert before != 10.0
    # What is recorded has gone on for a tenth of a second.
    desk.replay.go(52.4)
    desk.go(3.3)
    assert desk.replay.position == pytest.approx(0.9)
    assert desk.document.get("/bend/1/angle") == before
    desk.go(3.5)
    assert desk.document.get("/bend/1/angle") == 10.0
    desk.go(7.5)
    assert not desk.replay.plays


def test_it_goes_back_to_its_beginning_and_does_all_again_as_one_undo() -> None:
    document = Document(Preset("other", NETWORK, {}))
    document.add_stage("dec", make_bend("Invert", {}))
    document.apply("s", "dec.weight", Patch(Rect(0, 0, 1, 1), np.full((1, 1), 9.0, np.float32)))
    before, count = document.preset(), len(document.history)
    desk = Desk(document, *EVENTS)
    desk.replay.play(desk.performance)
    assert [stage.layer for stage in document.stages] == ["enc", "act"]
    assert not document.is_bent("dec.weight")
    np.testing.assert_array_equal(document.tensor("enc.weight"), start().bent.tensors["enc.weight"])
    assert desk.sought == [7.0]
    desk.go(1.2)
    assert document.get("/bend/1/angle") == 10.0
    desk.go(1.7)
    taken = desk.inbox.take()
    assert taken.signals == {"osc/hit": 0.8, "osc/fader": 0.25}
    assert taken.began.keys() == {"osc/hit"}
    desk.go(2.6)
    assert document.bypassed == {"act"}
    assert desk.sought == [7.0, 1.0]
    desk.go(3.25)
    assert document.get("/bend/2/amount") == pytest.approx(0.25)
    desk.go(5.1)
    assert not desk.replay.plays
    assert document.get("/bend/2/amount") == 1.0
    assert len(document.history) == count + 1
    document.undo()
    after = document.preset()
    assert all(after.section(key) == before.section(key) for key in {*after.sections, *before.sections})
    np.testing.assert_array_equal(document.tensor("dec.weight"), before.bent.tensors["dec.weight"])
    assert desk.said == []


def test_a_number_that_a_hand_turns_is_the_hands_and_a_stroke_is_not_cut_short() -> None:
    document = Document(start())
    desk = Desk(document, *EVENTS)
    desk.replay.play(desk.performance)
    desk.go(0.5)
    gesture = document.begin("hand")
    gesture.set("/bend/1/angle", 77.0)
    desk.go(2.1)
    assert gesture.is_open
    assert document.get("/bend/1/angle") == 77.0
    assert document.bypassed == {"act"}
    assert desk.replay.overtaken == {"/bend/1/angle"}
    gesture.commit()
    desk.go(6.0)
    assert document.get("/bend/1/angle") == 77.0
    assert document.get("/bend/2/amount") == 1.0


def test_it_begins_in_the_middle_with_all_that_was_done_before() -> None:
    document = Document(start())
    desk = Desk(document, *EVENTS)
    desk.replay.play(desk.performance, 3.5)
    assert document.get("/bend/2/amount") == pytest.approx(0.5)
    assert document.get("/bend/1/angle") == 10.0
    assert desk.sought == [2.0]
    assert desk.inbox.take().began == {}


def test_what_cannot_be_done_is_said_once_and_the_rest_is_done() -> None:
    document = Document(start())
    turns = [Turned(k / 10, "/bend/9/amount", 0.5) for k in range(5)]
    desk = Desk(document, *turns, Turned(0.6, "/bend/1/angle", 5.0), Ended(1.0), whole=False)
    desk.replay.play(desk.performance)
    desk.go(0.7)
    assert document.get("/bend/1/angle") == 5.0
    assert len(desk.said) == 1
    assert desk.said[0].startswith("There is no number at /bend/9/amount.")


@pytest.mark.parametrize("done", ["opened", "undone"])
def test_what_is_opened_or_undone_meanwhile_stays_so(done: str) -> None:
    document = Document(start())
    document.set("/bend/1/angle", 77.0)
    desk = Desk(document, *EVENTS)
    desk.replay.play(desk.performance)
    desk.go(1.1)
    if done == "opened":
        document.load(replace(start(), changed={"enc.bias": np.full(6, 9.0, np.float32)}))
        wanted = document.get("/bend/1/angle")
        assert desk.said == ["The performance stops: something else was opened."]
    else:
        document.undo()
        wanted = 77.0
        assert desk.said == ["The performance stops: what it did was undone."]
    assert not desk.replay.plays
    desk.go(9.0)
    assert document.get("/bend/1/angle") == wanted
    if done == "opened":
        np.testing.assert_array_equal(document.tensor("enc.bias"), 9.0)
    desk.replay.close()


def test_other_networks_are_opened_as_they_were_each_with_its_fade() -> None:
    other = Preset("other", tiny_network(seed=5), {"enc.bias": np.arange(6, dtype=np.float32)})
    document = Document(other)
    document.add_stage("act", make_bend("Multiply", {"factor": 1.5}))
    opened = NetworkOpened(2.0, other.network.sha256(), "other", "/other", 1.5, "out")
    parts = [replace(event, time=2.0) for event in beginning(document.preset())]
    turns = Turned(3.0, "/bend/1/amount", 0.0), Turned(4.0, "/bend/1/amount", 1.0, glides=True)
    document = Document(start())
    desk = Desk(document, Turned(1.0, "/bend/1/angle", 10.0), opened, *parts, *turns, Ended(5.0))
    with pytest.raises(StudioError, match="played on another network"):
        LiveReplay(Document(other), desk.inbox).play(desk.performance)
    networks = Preset("p", NETWORK, {}), replace(other, changed={})
    desk.replay.play(desk.performance, networks=networks)
    desk.go(1.5)
    assert document.get("/bend/1/angle") == 10.0
    desk.go(2.1)
    assert desk.faded == [(1.5, "out")]
    assert document.network is other.network
    np.testing.assert_array_equal(document.tensor("enc.bias"), np.arange(6))
    assert document.history.labels[-1] == "Open other"
    desk.go(3.5)
    assert document.get("/bend/1/amount") == pytest.approx(0.5)
    assert desk.replay.plays
    desk.go(6.0)
    assert not desk.replay.plays
    assert desk.said == []
    # Again from the middle: what was done to the network before is not done, and nothing fades in.
    desk.faded.clear()
    desk.now = 50.0
    desk.replay.play(desk.performance, 3.5, networks)
    assert (document.network, document.get("/bend/1/amount")) == (other.network, pytest.approx(0.5))
    assert desk.faded == []
    # And from the beginning, on the network that it began on.
    desk.replay.play(desk.performance, 0.0, networks)
    assert document.network.sha256() == NETWORK.sha256()
    assert document.get("/bend/1/angle") == 30.0
    desk.replay.close()


def test_another_network_refuses_it_or_stops_it() -> None:
    document = Document(start())
    desk = Desk(document, *EVENTS)
    desk.replay.play(desk.performance)
    document.load(Preset("other", tiny_network(seed=5), {}))
    assert not desk.replay.plays
    assert desk.said == ["The performance stops: something else was opened."]
    with pytest.raises(StudioError, match="played on another network"):
        desk.replay.play(desk.performance)
    desk.replay.close()
