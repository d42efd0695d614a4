"""Lights of controllers: what is sent where, no echo, ports that are pulled, and OSC on its way out."""

from __future__ import annotations

import socket
import sys
from types import SimpleNamespace
from typing import Any

import pytest
from helpers import tiny_network
from pythonosc.osc_message import OscMessage
from pythonosc.osc_message_builder import OscMessageBuilder

from studio.bends import make_bend
from studio.control.hub import Hub
from studio.control.midi_ports import RtMidi
from studio.control.osc_place import target
from studio.errors import StudioError
from studio.model.documents.document import Document
from studio.model.movement.mapping import MAPPINGS, Mapping
from studio.model.networks.preset import Preset


class Device:
    """A controller with faders: it receives what lights it up, and can be pulled."""

    def __init__(self) -> None:
        self.there = ["Fader"]
        self.got: list[bytes] = []
        self.receive: Any = lambda _: None
        self.opened = 0

    def names(self) -> list[str]:
        return list(self.there)

    out_names = names

    def open(self, _: str, receive: Any) -> Any:
        self.receive = receive
        return SimpleNamespace(close=lambda: None)

    def open_out(self, _: str) -> Any:
        self.opened += 1
        return SimpleNamespace(send=self._send, close=lambda: None)

    def _send(self, data: bytes) -> None:
        if not self.there:
            raise OSError("gone")
        self.got.append(data)

    def taken(self) -> list[bytes]:
        got, self.got = self.got, []
        return got


class Desk:
    def __init__(self, *mappings: Mapping) -> None:
        self.document = Document(Preset("p", tiny_network(), {}))
        self.document.add_stage("enc", make_bend("Rotate", {}))
        self.document.set_section(MAPPINGS, mappings, "Mappings")
        self.now, self.said, self.device = 100.0, [], Device()
        self.hub = Hub(self.document, say=self.said.append, clock=lambda: self.now)
        self.hub.hear_midi(self.device, self.device)

    def rest(self) -> None:
        """Let time pass until the hub has told what has changed."""
        for _ in range(3):
            self.now += 0.5
            self.hub.pump()


def test_lights_show_where_numbers_are_and_follow_undo() -> None:
    desk = Desk(
        Mapping("midi/1/cc/7", "/bend/1/amount"),
        Mapping("midi/2/note/60", "/bend/1/on", "toggle"),
        Mapping("midi/1/cc14/3", "/bend/1/angle", lo=0.0, hi=100.0),
        Mapping("midi/9/pitch", "/bend/1/amount"),
        Mapping("midi/1/cc/8", "/bend/7/amount"),
    )
    try:
        fine = round(0.3 * 16383)
        assert sorted(desk.device.taken()) == sorted(
            [
                bytes([0xB0, 7, 127]),
                bytes([0x91, 60, 127]),
                bytes([0xB0, 3, fine >> 7]),
                bytes([0xB0, 35, fine & 0x7F]),
            ]
        )
        desk.document.set("/bend/1/amount", 0.5)
        desk.rest()
        assert desk.device.taken() == [bytes([0xB0, 7, 64])]
        desk.document.undo()
        desk.document.set("/bend/1/on", 0)
        desk.rest()
        assert desk.device.taken() == [bytes([0xB0, 7, 127]), bytes([0x91, 60, 0])]
        desk.rest()
        assert desk.device.taken() == []
    finally:
        desk.hub.close()


def test_a_hand_on_a_fader_is_not_fought_and_an_echo_turns_nothing() -> None:
    desk = Desk(Mapping("midi/1/cc/7", "/bend/1/amount", takeover=False))
    try:
        desk.device.taken()
        for value in (100, 90, 80):
            desk.device.receive(bytes([0xB0, 7, value]))
            desk.now += 0.02
            desk.hub.pump()
        desk.hub.pump()
        assert desk.document.get("/bend/1/amount") == pytest.approx(80 / 127)
        assert desk.device.taken() == []
        desk.rest()
        assert desk.device.taken() == []
        desk.document.set("/bend/1/amount", 0.25)
        desk.rest()
        assert desk.device.taken() == [bytes([0xB0, 7, 32])]
        count = len(desk.document.history)
        # The device says back what it was told.
        desk.document.set("/bend/1/amount", 0.5)
        desk.hub.pump()
        assert desk.device.taken() == [bytes([0xB0, 7, 64])]
        desk.device.receive(bytes([0xB0, 7, 64]))
        desk.rest()
        assert desk.document.get("/bend/1/amount") == 0.5
        assert len(desk.document.history) == count + 1
    finally:
        desk.hub.close()


def test_a_device_that_is_pulled_is_lit_again_when_it_comes_back() -> None:
    desk = Desk(Mapping("midi/1/cc/7", "/bend/1/amount"))
    try:
        desk.device.taken()
        desk.device.there = []
        desk.document.set("/bend/1/amount", 0.5)
        desk.rest()
        assert desk.hub.ports.lights == ()
        desk.device.there = ["Fader"]
        assert desk.hub._lights is not None
        desk.hub._lights.look()
        assert desk.hub.ports.lights == ("Fader",)
        desk.document.set("/bend/1/amount", 0.0)
        desk.rest()
        assert bytes([0xB0, 7, 0]) in desk.device.taken()
    finally:
        desk.hub.close()


def test_the_library_is_asked_for_outputs_as_it_is_meant(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[tuple[int, ...]] = []

    class Out:
        def open_port(self, name: str) -> None:
            if name != "Fader":
                raise ValueError("no such port")

        def send_raw(self, *data: int) -> None:
            if data[0] == 0xFF:
                raise RuntimeError("gone")
            sent.append(data)

        def close_port(self) -> None:
            raise RuntimeError("gone already")

    library = SimpleNamespace(get_in_ports=list, get_out_ports=lambda: ["Fader"], MidiOut=Out)
    monkeypatch.setitem(sys.modules, "rtmidi2", library)
    backend = RtMidi()
    assert backend.out_names() == ["Fader"]
    port = backend.open_out("Fader")
    port.send(bytes([0xB0, 1, 2]))
    assert sent == [(0xB0, 1, 2)]
    with pytest.raises(OSError, match="gone"):
        port.send(bytes([0xFF]))
    port.close()
    with pytest.raises(OSError, match="no such port"):
        backend.open_out("nowhere")


def test_numbers_are_sent_by_osc_when_they_change_and_what_came_in_is_not_sent_back() -> None:
    desk = Desk()
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as inlet:
            inlet.bind(("127.0.0.1", 0))
            inlet.settimeout(60)

            def received() -> dict[str, float]:
                # What was sent before comes before it: nobody waits to see that there is no more.
                found: dict[str, float] = {}
                inlet.sendto(OscMessageBuilder("/last").build().dgram, inlet.getsockname())
                while (message := OscMessage(inlet.recv(2048))).address != "/last":
                    found[message.address] = message.params[0]
                return found

            desk.hub.send_osc(*inlet.getsockname())
            assert received()["/studio/bend/1/amount"] == 1.0
            desk.document.set("/bend/1/amount", 0.25)
            desk.rest()
            assert received() == {"/studio/bend/1/amount": 0.25}
            desk.hub.inbox.turn("/bend/1/amount", 0.7)
            desk.hub.pump()
            desk.rest()
            assert received() == {}
            desk.hub.send_moved({"/bend/1/angle": 12.5})
            assert received() == {"/studio/bend/1/angle": 12.5}
            desk.hub.stop_sending()
            assert desk.hub.ports.sends is None
    finally:
        desk.hub.close()


@pytest.mark.parametrize(
    ("text", "wanted"),
    [("9001", ("127.0.0.1", 9001)), (" 10.0.0.2:7 ", ("10.0.0.2", 7)), ("mixer.local:65535", ("mixer.local", 65535))],
)
def test_a_place_to_send_to_is_read(text: str, wanted: tuple[str, int]) -> None:
    assert target(text) == wanted


@pytest.mark.parametrize(
    "text", ["", "host", "host:", ":9000", "host:0", "host:65536", "http://a:9000", "a b:9000", "x:9e3"]
)
def test_what_is_no_place_is_said(text: str) -> None:
    with pytest.raises(StudioError, match="is no place to send OSC to; give a host and a port"):
        target(text)


def test_the_two_halves_of_a_fine_control_are_learnt_as_one_though_they_come_apart() -> None:
    desk = Desk()
    told: list[Mapping] = []
    try:
        desk.hub.learn("/bend/1/amount", told.append)
        desk.device.receive(bytes([0xB0, 5, 100]))
        desk.hub.pump()
        desk.now += 0.03
        desk.device.receive(bytes([0xB0, 37, 20]))
        desk.hub.pump()
        assert [mapping.signal for mapping in told] == ["midi/1/cc/5", "midi/1/cc14/5"]
        assert desk.document.section(MAPPINGS) == (told[1],)
        # Its own, for all presets; an ordinary control stays one.
        desk.hub.learn("/bend/1/angle", told.append, for_all=True)
        assert desk.hub.learns == "/bend/1/angle"
        desk.device.receive(bytes([0xB0, 9, 3]))
        desk.hub.pump()
        desk.now += 5
        desk.device.receive(bytes([0xB0, 41, 20]))
        desk.hub.pump()
        assert desk.hub.own == (Mapping("midi/1/cc/9", "/bend/1/angle"),)
        assert desk.hub.learns == ""
        desk.hub.learn("/bend/1/angle")
        desk.document.remove_stage(1)
        desk.device.receive(bytes([0xB0, 1, 3]))
        desk.hub.pump()
        assert desk.said[-1] == "There is nothing at /bend/1/angle any more, so nothing was learnt."
    finally:
        desk.hub.close()
