"""Controllers at a document: over real UDP and made MIDI ports, to numbers, mappings, routes and the history."""

from __future__ import annotations

import json
import socket
import time
import urllib.request
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from helpers import on_torch, tiny_network
from pythonosc.osc_message import OscMessage
from pythonosc.osc_message_builder import OscMessageBuilder

from studio.bends import make_bend
from studio.control.hub import Hub
from studio.control.inbox import Taken
from studio.control.move import move
from studio.control.osc import OscServer
from studio.errors import StudioError
from studio.io.presets import find_preset, load_preset
from studio.model.declared.tick import START
from studio.model.documents.document import Document
from studio.model.movement.address import Dial, Number
from studio.model.movement.mapping import MAPPINGS, Mapping
from studio.model.movement.route import ROUTES
from studio.model.networks.preset import Preset
from studio.runtime.live.movement import Move, Movement
from studio.runtime.render.frame_runner import FrameRunner


class Desk:
    def __init__(self) -> None:
        self.document = Document(Preset("p", tiny_network(), {}))
        self.document.add_stage("enc", make_bend("Rotate", {}))
        self.now = 100.0
        self.said: list[str] = []
        self.hub = Hub(self.document, say=self.said.append, clock=lambda: self.now)


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_osc_turns_numbers_of_the_document_and_a_turn_is_one_item(desk: Desk) -> None:
    port, page = desk.hub.hear_osc(port=0)
    before = len(desk.document.history.labels)
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
            for value in (10.0, 20.0, 45.0):
                builder = OscMessageBuilder("/studio/bend/1/angle")
                builder.add_arg(value)
                out.sendto(builder.build().dgram, ("127.0.0.1", port))
            end = time.monotonic() + 60
            while desk.document.get("/bend/1/angle") != 45.0 and time.monotonic() < end:
                desk.hub.pump()
                time.sleep(0.005)
        assert desk.document.get("/bend/1/angle") == 45.0
        assert len(desk.document.history.labels) == before
        desk.now += 1.0
        desk.hub.pump()
        assert desk.document.history.labels[before:] == ("Turn Rotate angle",)
        with urllib.request.urlopen(f"http://127.0.0.1:{page}/studio/bend/1/angle?VALUE", timeout=60) as reply:
            assert json.loads(reply.read()) == {"VALUE": [45.0]}
    finally:
        desk.hub.close()
    desk.document.undo()
    assert desk.document.get("/bend/1/angle") == 30.0
    assert desk.said == []


def counted(monkeypatch: pytest.MonkeyPatch, of: object, *names: str) -> list[str]:
    """Every call of these methods, as it comes."""
    called: list[str] = []

    def noted(name: str, method: Callable[..., object]) -> Callable[..., object]:
        return lambda *given: (called.append(name), method(*given))[1]

    for name in names:
        monkeypatch.setattr(of, name, noted(name, getattr(of, name)))
    return called


class Ports:
    def __init__(self) -> None:
        self.receive: Callable[[bytes], None] = lambda _: None

    def names(self) -> list[str]:
        return ["Fader"]

    def open(self, name: str, receive: Callable[[bytes], None]) -> Any:
        assert name == "Fader"
        self.receive = receive
        return SimpleNamespace(close=lambda: None)


def test_a_control_is_learnt_undone_and_turns_what_it_learnt(desk: Desk) -> None:
    ports, told = Ports(), []
    desk.hub.hear_midi(ports)
    try:
        desk.hub.learn("/bend/1/amount", told.append)
        ports.receive(bytes([0xB0, 7, 127]))
        desk.hub.pump()
        assert told == [Mapping("midi/1/cc/7", "/bend/1/amount")]
        assert desk.document.section(MAPPINGS) == (told[0],)
        assert desk.document.history.labels[-1] == "Learn Rotate amount"
        # It stands where the number is, so it has it at once.
        ports.receive(bytes([0xB0, 7, 0]))
        desk.hub.pump()
        assert desk.document.get("/bend/1/amount") == 0.0
        desk.hub.learn("/bend/1/on")
        ports.receive(bytes([0x90, 60, 100]))
        desk.hub.pump()
        assert desk.document.section(MAPPINGS)[1].mode == "toggle"
        assert desk.document.get("/bend/1/on") == 0.0
    finally:
        desk.hub.close()
    while desk.document.section(MAPPINGS):
        assert desk.document.undo()
    with pytest.raises(StudioError, match="There is no number at /nowhere"):
        desk.hub.learn("/nowhere")


def test_signals_reach_routes_at_the_time_at_which_they_came(desk: Desk) -> None:
    taken: list[Taken] = []
    desk.hub.taken.connect(taken.append)
    desk.hub.inbox.begin("midi/1/note/60", 0.5)
    desk.now += 0.25
    desk.hub.pump()
    desk.now += 0.5
    measured = desk.hub.listen(10.0)
    assert measured.values == {"midi/1/note/60": 0.5}
    assert measured.began == {"midi/1/note/60": pytest.approx(9.25)}
    assert desk.hub.listen(20.0).began == measured.began
    assert taken[0].signals == {"midi/1/note/60": 0.5}


def test_what_began_before_another_network_was_opened_did_so_before_its_time(desk: Desk) -> None:
    """Its time begins at 0: a note would have set an envelope off anew as late as it had come before."""
    desk.hub.inbox.begin("osc/hit")
    desk.hub.pump()
    assert desk.hub.listen(50.0).began["osc/hit"] == pytest.approx(50.0, abs=0.5)
    assert desk.hub.listen(50.5).began["osc/hit"] == pytest.approx(50.0, abs=0.5)
    assert desk.hub.listen(0.0).began["osc/hit"] == pytest.approx(-0.5, abs=0.5)
    assert desk.hub.listen(0.0).began == desk.hub.listen(1.0).began


def test_a_number_that_has_gone_meanwhile_is_said(desk: Desk) -> None:
    desk.hub.inbox.turn("/bend/1/angle", 5.0)
    desk.document.remove_stage(1)
    desk.hub.pump()
    assert "There is no number at /bend/1/angle" in desk.said[0]
    desk.hub.listing.refresh()
    desk.hub.close()


def test_what_controllers_send_moves_what_runs() -> None:
    start = load_preset(find_preset("paper-kites"))
    routes, _ = move((), "/latent/z/2", "osc", name="fader", depth=0.5)
    preset = start.with_section(ROUTES, routes)
    hub = Hub(Document(preset))
    engine = on_torch(preset.network)
    runner, movement = FrameRunner(engine), Movement(hub.listen)
    movement.opened(engine, preset.network.graph)
    movement.handlers()[Move](Move(preset.network.graph, preset))
    picture = np.zeros((8, 8, 3), np.uint8)
    for value, wanted in ((0.5, 2.0), (1.0, 4.0)):
        hub.inbox.signal("osc/fader", value)
        hub.pump()
        movement.before(runner, START, picture)
        assert runner.offsets["z"][2] == pytest.approx(wanted)
    hub.close()
    engine.close()


@pytest.mark.parametrize(
    ("up", "down", "mode"),
    [(1, 127, "relative twos"), (65, 63, "relative offset"), (1, 65, "relative sign")],
)
def test_an_endless_knob_is_recognised_while_it_is_learnt_and_nothing_jumps(
    desk: Desk, up: int, down: int, mode: str
) -> None:
    ports, told = Ports(), list[Mapping]()
    desk.hub.hear_midi(ports)
    try:
        desk.document.set("/bend/1/amount", 0.5)
        desk.hub.learn("/bend/1/amount", told.append)
        seen = []
        # Some in one packet, some in pieces, with running status and a system exclusive message between.
        for data in ([0xB0, 7, up], [7, up, 7], [up], [0xF0, 1, 2, 0xF7, 0xB0, 7, up], [7, up]):
            ports.receive(bytes(data))
            desk.hub.pump()
            desk.now += 0.02
            seen.append(desk.document.get("/bend/1/amount"))
        assert told[0].mode == "absolute"
        assert told[-1].mode in (mode, "relative twos")
        assert 0.5 <= max(seen) < 0.6
        for _ in range(3):
            ports.receive(bytes([0xB0, 7, down]))
            desk.hub.pump()
        assert desk.document.section(MAPPINGS) == (Mapping("midi/1/cc/7", "/bend/1/amount", mode),)  # type: ignore[arg-type]
        before = desk.document.get("/bend/1/amount")
        ports.receive(bytes([0xB0, 7, down]))
        desk.hub.pump()
        assert desk.document.get("/bend/1/amount") == pytest.approx(before - 1 / 128)
    finally:
        desk.hub.close()


def test_a_fader_stays_a_fader_and_what_was_forgotten_is_not_learnt_again(desk: Desk) -> None:
    ports, told = Ports(), list[Mapping]()
    desk.hub.hear_midi(ports)
    try:
        desk.hub.learn("/bend/1/amount", told.append)
        for value in (1, 2, 3, 40, 40, 40):
            ports.receive(bytes([0xB0, 7, value]))
            desk.hub.pump()
        assert [mapping.mode for mapping in told] == ["absolute"]
        desk.hub.learn("/bend/1/angle", told.append)
        ports.receive(bytes([0xB0, 8, 1]))
        desk.hub.pump()
        desk.hub.set_mappings((), ())
        for _ in range(5):
            ports.receive(bytes([0xB0, 8, 1]))
            desk.hub.pump()
        assert desk.document.section(MAPPINGS) == ()
    finally:
        desk.hub.close()


@pytest.mark.parametrize(
    ("address", "sent", "mode", "value"),
    [
        ("/bend/1/on", [(127,), (0,)], "toggle", 1.0),
        ("/bend/1/on", [(127,), (127,)], "toggle", 0.0),
        ("/bend/1/on", [(127, 0)], "toggle", 0.0),
        ("/bend/1/on", [(64,), (90,), (20,)], "absolute", 0.0),
        ("/bend/1/border", [(127,), (0,)], "next", 0.0),
        ("/bend/1/border", [(1,), (60,), (127,)], "absolute", 3.0),
    ],
)
def test_a_button_is_told_from_a_fader_while_it_is_learnt(
    desk: Desk, address: str, sent: list[tuple[int, ...]], mode: str, value: float
) -> None:
    ports, told = Ports(), list[Mapping]()
    desk.hub.hear_midi(ports)
    try:
        desk.hub.learn(address, told.append)
        for values in sent:
            for each in values:
                ports.receive(bytes([0xB0, 7, each]))
            desk.hub.pump()
        assert desk.document.section(MAPPINGS) == (Mapping("midi/1/cc/7", address, mode),)  # type: ignore[arg-type]
        assert told[-1].mode == mode
        assert desk.document.get(address) == value
    finally:
        desk.hub.close()


def test_a_note_takes_the_next_of_a_choice_and_sets_off_what_is_set_off(desk: Desk) -> None:
    ports, done = Ports(), list[float]()
    undo = Number("/command/edit.undo", "Undo", "trigger", 0.0, 0.0, 1.0)
    dial = Dial(undo, lambda: 0.0, done.append)
    desk.hub.names.add_owner("command", lambda: [dial], {undo.address: dial}.get)
    desk.hub.hear_midi(ports)
    try:
        for address in ("/bend/1/border", undo.address):
            desk.hub.learn(address)
            ports.receive(bytes([0x90, 60, 100]))
            desk.hub.pump()
            ports.receive(bytes([0x80, 60, 0]))
            desk.hub.pump()
        assert [each.mode for each in desk.document.section(MAPPINGS)] == ["next", "trigger"]
        assert desk.document.stages[0].bend.border == "reflect"  # type: ignore[attr-defined]
        assert done == [1.0]
        assert undo not in desk.hub.names.movable()
    finally:
        desk.hub.close()


def test_who_turns_a_control_of_the_window_is_not_told_where_it_was_before(desk: Desk) -> None:
    """Of the window's own controls all are listed when hands rest alone, and this one changes the document."""
    easing = Number("/panel/fades/easing", "Easing", "number", 0.0, 0.0, 1.0)
    at = [0.0]

    def turn(value: float) -> None:
        at[0] = value
        desk.document.set("/bend/1/amount", value)

    dial = Dial(easing, lambda: at[0], turn)
    desk.hub.names.add_owner("panel", lambda: [dial], {easing.address: dial}.get)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as controller:
        controller.bind(("127.0.0.1", 0))
        controller.settimeout(60.0)
        desk.hub.send_osc("127.0.0.1", controller.getsockname()[1])
        try:
            desk.hub.inbox.turn(easing.address, 0.25)
            desk.hub.pump()
            desk.hub.pump()
            desk.hub.rest()
            # What it is told last of all.
            desk.document.set("/bend/1/amount", 0.75)
            desk.hub.pump()
            told = list[tuple[str, float]]()
            while ("/studio/bend/1/amount", 0.75) not in told:
                message = OscMessage(controller.recv(65535))
                told.append((message.address, message.params[0]))
        finally:
            desk.hub.close()
    assert [value for address, value in told if address == f"/studio{easing.address}"] == [0.0]


def test_a_flood_of_messages_costs_the_window_next_to_nothing_and_the_newest_wins(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.hub.hear_osc(port=0)
    server = desk.hub._osc
    assert server is not None
    asked = counted(monkeypatch, desk.hub.names, "turn")
    try:
        # The listening thread has all the work; what is left for a frame is one value for each number.
        for frame in range(3):
            for k in range(1000):
                builder = OscMessageBuilder("/studio/bend/1/angle")
                builder.add_arg(float(k + frame))
                server.take(builder.build().dgram)
            asked.clear()
            with monkeypatch.context() as patched:
                # Whoever read one of them now would do so in the window's thread.
                patched.setattr(OscServer, "take", lambda *_: pytest.fail("a message is read"))
                desk.hub.pump()
            assert asked == ["turn"]
            assert desk.document.get("/bend/1/angle") == 999.0 + frame
    finally:
        desk.hub.close()
    assert desk.said == []


def test_numbers_that_there_are_not_are_refused_by_the_thousand_without_being_looked_for(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.hub.listing.refresh()
    desk.document.add_stage("act", make_bend("Multiply", {}))
    # It may be new, and is; the rest is not.
    desk.hub.inbox.turn("/bend/2/factor", 1.5)
    for k in range(3000):
        desk.hub.inbox.turn(f"/nowhere/{k}", 1.0)
    asked = counted(monkeypatch, desk.hub.names, "turn", "unowned")
    desk.hub.pump()
    assert asked == ["unowned", "turn"], "they are listed once, and what there is not is not even asked for"
    assert desk.document.get("/bend/2/factor") == 1.5
    assert 0 < len(desk.said) <= 21
    # What controllers turn is where it was: nothing is listed anew for it.
    assert not desk.hub.listing.may_be_new
    desk.document.set("/bend/1/angle", 3.0)
    assert desk.hub.listing.may_be_new
