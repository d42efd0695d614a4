"""OSC at the window's thread: messages over UDP turn the document's numbers and the source's speed."""

from __future__ import annotations

import socket
from typing import Any, cast

from helpers import tiny_network
from pytestqt.qtbot import QtBot
from pythonosc.osc_message_builder import OscMessageBuilder

from studio.model.document import Document
from studio.model.preset import Preset
from studio.runtime.live.report import Message
from studio.runtime.live.telemetry import Telemetry
from studio.ui.services.controllers import Controllers
from studio.ui.services.posting import Post
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
    controllers.add(lambda: dials(cast(Any, live), telemetry))
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
