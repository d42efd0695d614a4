"""OSC at the window's thread: messages over UDP turn the document's numbers and the source's speed."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from helpers import tiny_network
from PySide6.QtCore import QSettings
from pytestqt.qtbot import QtBot
from pythonosc.osc_message_builder import OscMessageBuilder

from studio.model.documents.document import Document
from studio.model.movement.tempo import TEMPO
from studio.model.networks.preset import Preset
from studio.runtime.live.movement import Beats
from studio.runtime.live.report import Message, Report
from studio.runtime.live.telemetry import Telemetry
from studio.ui.controllers.panel import ControllersPanel
from studio.ui.services.controllers import Controllers
from studio.ui.services.posting import Post
from studio.ui.services.session import Session
from studio.ui.source.dials import dials


class Live:
    speed = 1.0

    def set_speed(self, speed: float) -> None:
        self.speed = speed


def send(port: int, path: str, value: float) -> None:
    builder = OscMessageBuilder(path)
    builder.add_arg(value)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
        out.sendto(builder.build().dgram, ("127.0.0.1", port))


def test_messages_turn_numbers_of_document_and_source(qtbot: QtBot) -> None:
    document, live, said = Document(Preset("p", tiny_network(), {})), Live(), []
    telemetry = Telemetry()
    post = Post()
    controllers = Controllers(document, telemetry, post, said.append)
    cues = SimpleNamespace(cues=(), number=0)
    controllers.add(lambda: dials(cast(Any, live), telemetry, cast(Any, cues)))
    controllers.start(("127.0.0.1", 0), midi=False)
    port = controllers.hub._osc.port if controllers.hub._osc is not None else 0
    assert said == [Message(said[0].text)]
    assert f"UDP port {port}" in said[0].text
    send(port, "/studio/tempo/bpm", 96.0)
    send(port, "/studio/source/speed", 2.0)
    qtbot.waitUntil(lambda: document.get("/tempo/bpm") == 96.0 and live.speed == 2.0)
    qtbot.waitUntil(lambda: document.history.labels == ("Turn Bpm",))
    send(port, "/studio/tempo/bpm", 1e6)
    qtbot.waitUntil(lambda: len(said) == 2)
    assert "takes a number from 20 to 400 bpm" in said[1].text
    controllers.start(("127.0.0.1", port), midi=False)
    assert "OSC cannot listen" in said[2].text
    controllers.close()
    post.close()


class Port:
    """One MIDI port, which the test plays."""

    def __init__(self) -> None:
        self.receive: Callable[[bytes], None] = lambda _: None

    def names(self) -> list[str]:
        return ["Machine"]

    def open(self, name: str, receive: Callable[[bytes], None]) -> Any:
        assert name == "Machine"
        self.receive = receive
        return SimpleNamespace(close=lambda: None)


def test_the_tempo_goes_by_a_midi_clock_where_that_is_wanted(qtbot: QtBot, tmp_path: Path) -> None:
    document, telemetry, post = Document(Preset("p", tiny_network(), {})), Telemetry(), Post()
    said: list[Message] = []
    settings = QSettings(str(tmp_path / "settings.ini"), QSettings.Format.IniFormat)
    controllers = Controllers(document, telemetry, post, said.append, Session(settings))
    panel = ControllersPanel(document, controllers)
    qtbot.addWidget(panel)
    port, now = Port(), time.monotonic()
    controllers.hub.hear_midi(port)
    midi = controllers.hub._midi
    assert midi is not None
    at = [now - 3.0]
    midi._now = lambda: at[0]  # type: ignore[method-assign]
    telemetry.take(Report((Beats(10.0, now),)))
    port.receive(b"\xfa")
    first = at[0] + 1 / 36
    while at[0] < now:
        at[0] += 1 / 36
        port.receive(b"\xf8")
    controllers._following.step()
    assert document.get("/tempo/bpm") == 120.0
    assert "“Follow MIDI clock” in Controllers" in said[-1].text
    panel.clock.click()
    assert controllers.choice.clock
    controllers._following.step()
    assert document.get("/tempo/bpm") == 90.0
    assert "goes by the MIDI clock, which has 90.0 beats a minute" in said[-1].text
    # By its start, in the time by which the studio counts.
    tempo = document.section(TEMPO)
    off = tempo.beat(10.0) - (now - first) * 1.5
    assert off / 4 == pytest.approx(round(off / 4), abs=0.005)
    assert document.history.labels == ()
    assert len(said) == 2
    controllers.close()
    post.close()
