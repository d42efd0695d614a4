"""OSC over real sockets of this machine, and OSCQuery over HTTP."""

from __future__ import annotations

import json
import math
import socket
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pythonosc.osc_bundle_builder import IMMEDIATELY, OscBundleBuilder
from pythonosc.osc_message_builder import OscMessageBuilder

from studio.control.inbox import Hearing, Inbox, Taken
from studio.control.osc import OscSender, OscServer, newest
from studio.control.oscquery import OscQuery, answer
from studio.control.sparingly import Sparingly
from studio.errors import StudioError
from studio.model.movement.address import Number

AMOUNT = Number("/bend/1/amount", "Amount", "number", 1.0, 0.0, 1.0, "", "From as it was to bent")
COUNT = Number("/bend/1/count", "Count", "integer", 3.0, 1.0, 9.0, "px")
ON = Number("/bend/1/on", "On", "switch", 1.0, 0.0, 1.0)
FREE = Number("/layer/a/value", "Value")
BORDER = Number("/bend/1/border", "Border", "choice", 0.0, 0.0, 2.0, choices=("zero", "edge", "wrap"))
UNDO = Number("/command/edit.undo", "Undo", "trigger", 0.0, 0.0, 1.0)
NUMBERS = {number.address: number for number in (AMOUNT, COUNT, ON, FREE, BORDER, UNDO)}
LISTED = {address: (number, number.default) for address, number in NUMBERS.items()}


def message(path: str, *values: object) -> bytes:
    builder = OscMessageBuilder(path)
    for value in values:
        builder.add_arg(value)  # type: ignore[arg-type]
    return builder.build().dgram


class Received:
    def __init__(self) -> None:
        self.said: list[str] = []
        self.inbox = Inbox()
        self.server = OscServer(self.inbox, lambda: NUMBERS, self.said.append, port=0)

    def send(self, *packets: bytes) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
            for packet in packets:
                out.sendto(packet, ("127.0.0.1", self.server.port))

    def until(self, done: Callable[[Taken], bool], *again: bytes) -> Taken:
        """What has come in by then. After a flood these are sent again: the kernel drops what it has no room for."""
        total = Taken()
        end = time.monotonic() + 60
        while time.monotonic() < end:
            taken = self.inbox.take()
            for name in ("numbers", "signals", "began", "ended"):
                getattr(total, name).update(getattr(taken, name))
            if done(total):
                return total
            self.send(*again)
            time.sleep(0.005)
        raise AssertionError((total, self.said))


@pytest.fixture
def osc() -> Iterator[Received]:
    received = Received()
    yield received
    received.server.close()


def test_numbers_are_turned_over_udp_and_the_newest_wins(osc: Received) -> None:
    osc.send(*(message("/studio/bend/1/amount", k / 1000) for k in range(1001)))
    last = [
        message("/studio/bend/1/amount", 1.0),
        message("/studio/bend/1/count", 4),
        message("/studio/bend/1/on", False),
    ]
    taken = osc.until(lambda t: len(t.numbers) == 3 and t.numbers["/bend/1/amount"] == 1.0, *last)
    assert taken.numbers == {"/bend/1/amount": 1.0, "/bend/1/count": 4.0, "/bend/1/on": 0.0}
    assert osc.said == []


def test_a_choice_takes_its_word_or_its_place_and_a_press_is_never_lost(osc: Received) -> None:
    osc.send(message("/studio/bend/1/border", "wrap"))
    assert osc.until(lambda t: bool(t.numbers)).numbers == {"/bend/1/border": 2.0}
    osc.send(message("/studio/bend/1/border", 1))
    assert osc.until(lambda t: bool(t.numbers)).numbers == {"/bend/1/border": 1.0}
    undo = "/studio/command/edit.undo"
    impulse = message(undo, True).replace(b",T", b",I")
    for pressed in ([message(undo)], [impulse], [message(undo, True)], [message(undo, 1.0), message(undo, 0.0)]):
        for data in pressed:
            osc.server.take(data)
        # What a button says when it is let go does not take the place of the press.
        assert osc.inbox.take().numbers == {"/command/edit.undo": 1.0}
    # What has a type that there is not says nothing.
    osc.server.take(message(undo, 0.0))
    osc.server.take(message(undo, True).replace(b",T", b",?"))
    assert not osc.inbox.take()
    assert "cannot be read" in osc.said.pop()
    assert osc.said == []
    osc.server.take(message("/studio/bend/1/border", "mirror"))
    osc.server.take(message("/studio/bend/1/border", 3))
    assert "takes one of zero, edge, wrap, or its place from 0 to 2, not mirror" in osc.said[0]
    assert "not 3" in osc.said[1]


def test_what_is_wrong_is_said_once_and_the_rest_goes_on(osc: Received) -> None:
    wrong = [
        message("/studio/bend/1/amount", 1.5),
        message("/studio/bend/1/amount", "loud"),
        message("/studio/bend/1/amount", math.nan),
        message("/studio/bend/1/amount"),
        message("/studio/bend/1/amount", 0.1, 0.2),
        message("/studio/nowhere", 1.0),
        message("/other/thing", 1.0),
        message("/studio/in/", 1.0),
        message("/studio/in/x", "text"),
        b"",
        b"#bundle\0",
        b"/studio\xff\xfe",
        bytes(range(256)),
    ]
    for _ in range(3):
        osc.send(*wrong)
    osc.send(message("/studio/bend/1/amount", 0.25))
    assert osc.until(lambda t: bool(t.numbers)).numbers == {"/bend/1/amount": 0.25}
    assert len(osc.said) == len(set(osc.said))
    told = "\n".join(osc.said)
    for sentence in (
        "OSC: /bend/1/amount takes a number from 0 to 1, not 1.5.",
        "not loud",
        "not nan",
        "takes one value, not 0",
        "takes one value, not 2",
        "there is no number at /nowhere",
        "/other/thing is not below /studio: /studio/bend/1/amount turns /bend/1/amount,"
        " and what sends /studio/in/other/thing can be learnt.",
        "/studio/in/x takes one number, or nothing",
        "cannot be read",
    ):
        assert sentence in told


def test_whatever_turning_a_number_throws_the_next_message_is_heard(
    osc: Received, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> dict[str, Number]:
        raise KeyError("a plug-in's number")

    works = osc.server._numbers
    monkeypatch.setattr(osc.server, "_numbers", fail)
    again = message("/studio/bend/1/amount", 0.25)
    osc.send(again)
    end = time.monotonic() + 60
    while not osc.said and time.monotonic() < end:
        time.sleep(0.005)
    assert "KeyError" in osc.said[0]
    monkeypatch.setattr(osc.server, "_numbers", works)
    assert osc.until(lambda t: bool(t.numbers), again).numbers == {"/bend/1/amount": 0.25}


def test_bundles_are_done_at_once_even_those_dated_years_ahead(osc: Received) -> None:
    for when in (IMMEDIATELY, time.time() + 5 * 365 * 86400):
        bundle = OscBundleBuilder(when)
        for path, value in (("/studio/bend/1/amount", 0.5), ("/studio/bend/1/count", 7)):
            builder = OscMessageBuilder(path)
            builder.add_arg(value)
            bundle.add_content(builder.build())
        osc.send(bundle.build().dgram)
        assert osc.until(lambda t: len(t.numbers) == 2).numbers == {"/bend/1/amount": 0.5, "/bend/1/count": 7.0}


def test_signals_for_routes_have_values_beginnings_and_ends(osc: Received) -> None:
    osc.send(message("/studio/in/fader/1", 0.5))
    taken = osc.until(lambda t: bool(t.signals))
    assert taken.signals == {"osc/fader/1": 0.5}
    assert taken.began["osc/fader/1"] < 5
    osc.send(message("/studio/in/fader/1", 0.75))
    assert osc.until(lambda t: bool(t.signals)).began == {}
    osc.send(message("/studio/in/fader/1", 0.0))
    assert osc.until(lambda t: bool(t.ended)).signals == {"osc/fader/1": 0.0}
    for _ in range(2):
        osc.send(message("/studio/in/hit"))
        assert osc.until(lambda t: bool(t.began)).began.keys() == {"osc/hit"}
    hearing = Hearing()
    hearing.take(Taken(signals={"osc/hit": 1.0}, began={"osc/hit": 0.25}), 10.0)
    assert hearing.measured.began == {"osc/hit": 9.75}
    assert hearing.measured.values == {"osc/hit": 1.0}


@settings(max_examples=60)
@given(st.binary(max_size=200))
def test_any_bytes_are_survived(data: bytes) -> None:
    inbox, said = Inbox(), []
    server = OscServer.__new__(OscServer)
    server._inbox, server._numbers, server._say = inbox, lambda: NUMBERS, said.append
    server._tell, server._is_old, server._signals = Sparingly(said.append, "OSC messages"), lambda: True, {}
    for packet in (data, b"#bundle\0" + data, b"/studio/bend/1/amount\0\0\0,f\0\0" + data):
        server.take(packet)
    for address, value in inbox.take().numbers.items():
        assert math.isfinite(value)
        assert 0.0 <= value <= 1.0 or address not in NUMBERS


def test_a_flood_of_nonsense_is_counted_and_not_said_message_by_message() -> None:
    now, said = [0.0], list[str]()
    tell = Sparingly(said.append, "OSC messages", lambda: now[0])
    for k in range(10_000):
        now[0] += 1e-4
        tell(f"there is no number at /nowhere/{k}.")
    assert len(said) <= 23
    now[0] += 2.0
    tell.settle()
    assert said[-1].endswith("more OSC messages could not be used either.")
    counted = sum(int(each.split()[0]) for each in said if each.endswith("either."))
    assert counted + sum(each.startswith("there") for each in said) == 10_000
    tell.settle()
    assert said[-1].endswith("either.")


def test_of_what_came_in_together_the_newest_of_each_number_is_read_and_all_that_begins_something() -> None:
    one, two = (message("/studio/bend/1/amount", value) for value in (0.1, 0.2))
    other, hit, bundle = message("/studio/bend/1/count", 4), message("/studio/in/hit"), b"#bundle\0" + bytes(8)
    assert newest([one, hit, other, two, hit, bundle, bundle]) == [hit, other, two, hit, bundle, bundle]
    assert newest([b"", b"\0", b""]) == [b"", b"\0", b""]
    # A press that is followed by its end is a press, and so is each of two.
    pressed = [message("/studio/command/edit.undo", value) for value in (1.0, 0.0, 1.0, 0.0)]
    assert newest(pressed) == pressed


def test_a_number_that_may_be_new_is_checked_where_it_is_turned() -> None:
    inbox, said, is_old = Inbox(), list[str](), [True]
    server = OscServer(inbox, lambda: NUMBERS, said.append, port=0, is_old=lambda: is_old[0])
    try:
        server.take(message("/studio/bend/2/amount", 0.5))
        server.take(message("/studio/bend/2/amount", "loud"))
        assert inbox.take().numbers == {"/bend/2/amount": 0.5}
        assert "takes a number" in said[0]
        is_old[0] = False
        server.take(message("/studio/bend/2/amount", 0.5))
        assert inbox.take().numbers == {}
        assert said[1] == "OSC: there is no number at /bend/2/amount."
    finally:
        server.close()


def test_a_flood_fills_no_memory_and_a_port_in_use_is_said(osc: Received) -> None:
    for k in range(6000):
        osc.server.take(message(f"/studio/in/{k}", 0.5))
    taken = osc.inbox.take()
    assert len(taken.signals) <= 4096
    assert taken.lost >= 6000 - 4096
    assert osc.inbox.take().lost == 0
    with pytest.raises(StudioError, match=r"OSC cannot listen at 127\.0\.0\.1:\d+ .*choose another port"):
        OscServer(Inbox(), dict, port=osc.server.port)
    with pytest.raises(StudioError, match="OSC cannot listen"):
        OscServer(Inbox(), dict, port=99999)


def test_values_are_sent_back_once_for_each_change() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as controller:
        controller.bind(("127.0.0.1", 0))
        controller.settimeout(60)
        sender = OscSender("127.0.0.1", controller.getsockname()[1])
        sender.send([("/bend/1/amount", 0.5)])
        sender.send([("/bend/1/amount", 0.5)])
        sender.send([("/bend/1/amount", 0.75)])
        sender.send([("/bend/1/border", 1.0), ("/bend/1/count", 2.0)], NUMBERS)
        assert [controller.recv(1000) for _ in range(4)] == [
            message("/studio/bend/1/amount", 0.5),
            message("/studio/bend/1/amount", 0.75),
            message("/studio/bend/1/border", "edge"),
            message("/studio/bend/1/count", 2.0),
        ]
        sender.close()


def test_the_addresses_are_listed_over_http() -> None:
    query = OscQuery(lambda: LISTED, 9000)
    base = f"http://127.0.0.1:{query.port}"

    def get(path: str) -> object:
        with urllib.request.urlopen(base + path, timeout=60) as reply:  # noqa: S310
            return json.loads(reply.read())

    try:
        tree = get("/")
        node = tree["CONTENTS"]["studio"]["CONTENTS"]["bend"]["CONTENTS"]["1"]["CONTENTS"]["amount"]  # type: ignore[index]
        assert node == get("/studio/bend/1/amount")
        assert node == {
            "FULL_PATH": "/studio/bend/1/amount",
            "ACCESS": 3,
            "TYPE": "f",
            "VALUE": [1.0],
            "DESCRIPTION": "From as it was to bent",
            "RANGE": [{"MIN": 0.0, "MAX": 1.0}],
        }
        assert get("/studio/bend/1/on?TYPE") == {"TYPE": "T"}
        border = get("/studio/bend/1/border")
        assert (border["TYPE"], border["VALUE"]) == ("s", ["zero"])  # type: ignore[index]
        assert border["RANGE"] == [{"VALS": ["zero", "edge", "wrap"]}]  # type: ignore[index]
        undo = get("/studio/command/edit.undo")
        assert (undo["TYPE"], undo["ACCESS"], "VALUE" in undo) == ("I", 2, False)  # type: ignore[index, operator]
        assert get("/?HOST_INFO")["OSC_PORT"] == 9000  # type: ignore[index]
        with urllib.request.urlopen(f"{base}/?html", timeout=60) as reply:  # noqa: S310
            page = reply.read().decode()
        assert "/studio/bend/1/amount" in page
        with pytest.raises(urllib.error.HTTPError, match="404"):
            get("/studio/nowhere")
    finally:
        query.close()
    assert answer("/studio/layer/a/value?RANGE", LISTED, 1)[0] == 204


@pytest.mark.parametrize(
    "data",
    [
        message("/studio/bend/1/amount", 0.5)[:-4],
        message("/studio/bend/1/amount", 0.5)[:-1],
        message("/studio/bend/1/amount", 0.5)[:20],
        message("/studio/in/x", "word")[:-6],
        message("/studio/in/x", b"12345678")[:-4],
        b"/studio/bend/1/amount",
        b"",
        b"no path\0",
        b"#bundle\0" + bytes(8) + b"\0\0\0\x08" + message("/studio/bend/1/amount", 0.5),
        b"#bundle\0" + bytes(8) + b"\xff\xff\xff\xf8" + message("/studio/bend/1/amount", 0.5),
    ],
)
def test_a_packet_that_is_cut_short_turns_nothing_and_is_said(osc: Received, data: bytes) -> None:
    osc.server.take(data)
    assert not osc.inbox.take()
    assert osc.said == [f"An OSC packet of {len(data)} bytes cannot be read: it does not hold what it says."]


def test_bundles_in_bundles_are_done_up_to_a_depth(osc: Received) -> None:
    packet = message("/studio/bend/1/amount", 0.5)
    for depth in range(1, 200):
        packet = b"#bundle\0" + bytes(7) + b"\1" + len(packet).to_bytes(4, "big") + packet
        if depth == 8:
            osc.server.take(packet)
            assert osc.inbox.take().numbers == {"/bend/1/amount": 0.5}
    osc.server.take(packet)
    assert not osc.inbox.take()
    assert "cannot be read" in osc.said[-1]
