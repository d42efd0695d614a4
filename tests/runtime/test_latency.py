"""From a message to a changed picture, counted in frames of the running loop, not in seconds."""

from __future__ import annotations

import math
import socket
import threading
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from helpers import tiny_network
from pythonosc.osc_message_builder import OscMessageBuilder
from test_live import Studio

from studio.bends import make_bend
from studio.control.hub import Hub
from studio.control.move import move
from studio.engine.gl.driver.device import Device
from studio.io.sinks import open_sink
from studio.model.declared.size import Size
from studio.model.declared.tick import Tick
from studio.model.documents.document import Document
from studio.model.movement.mapping import MAPPINGS, Mapping
from studio.model.movement.route import ROUTES
from studio.model.networks.preset import Preset
from studio.runtime.live.feature import Feature, Frame
from studio.runtime.live.movement import Movement
from studio.runtime.live.report import Progress
from studio.runtime.render.frame_runner import FrameRunner

WITHIN = 2


class Frames(Feature):
    """Counts the frames that begin, and notes the factor that each ran with.

    A frame waits until the window's thread has done what it was woken for: how soon a busy machine lets that run is
    none of the loop's doing. It cannot deadlock, since the window's thread waits for nothing.
    """

    def __init__(self) -> None:
        self.begun = 0
        self.factors: list[tuple[int, float]] = []
        self.asked = self.answered = 0.0
        self.turn = threading.Condition()

    def before(self, runner: FrameRunner, tick: Tick, picture: Any) -> None:
        del runner, tick, picture
        with self.turn:
            assert self.turn.wait_for(lambda: self.answered >= self.asked, 60)
            self.begun += 1

    def wake(self) -> int:
        """The window's thread has something to do; the frame that began last."""
        with self.turn:
            self.asked += 1
            return self.begun

    def done(self, asked: float = math.inf) -> None:
        """It has done what it was asked for until then; by default all that it ever will be."""
        with self.turn:
            self.answered = asked
            self.turn.notify_all()

    def took(self, frame: Frame) -> None:
        if frame.is_new:
            places = [place.name for place in frame.engine.places]
            self.factors.append((self.begun, float(frame.engine.numbers[places.index("factor")])))


class Wired:
    """A running loop with controllers: a thread stands for the window's, which does what came in when it is woken."""

    def __init__(self, film: Path) -> None:
        document = Document(Preset("p", tiny_network(), {}))
        document.add_stage("enc", make_bend("Multiply", {"factor": 1.0}))
        routes, _ = move((), "/bend/1/amount", "osc", name="dry", depth=-1.0)
        document.set_section(ROUTES, routes, "Route")
        document.set_section(MAPPINGS, (Mapping("midi/1/cc/7", "/bend/1/factor", takeover=False),), "Mapping")
        self.frames = Frames()
        self.running = Studio(document.preset(), lambda: (Movement(lambda time: self.hub.listen(time)), self.frames))
        self.woken, self.ends = threading.Event(), False
        self.at_wake: list[int] = []
        self.hub = Hub(self.running.document, self._wake)
        self.receive: Any = None
        self.hub.hear_midi(self)
        self.port = self.hub.hear_osc(0)[0]
        self.window = threading.Thread(target=self._pump)
        self.window.start()
        self.running.live.play(str(film))
        self.running.until(lambda: self.running.telemetry[Progress].serial > 5)

    def names(self) -> list[str]:
        return ["Fader"]

    def open(self, _: str, receive: Any) -> Any:
        self.receive = receive
        return SimpleNamespace(close=lambda: None)

    def _wake(self) -> None:
        self.at_wake.append(self.frames.wake())
        self.woken.set()

    def _pump(self) -> None:
        while not self.ends:
            if self.woken.wait(0.05):
                self.woken.clear()
                asked = self.frames.asked
                self.hub.pump()
                self.frames.done(asked)
        self.frames.done()

    def frames_until(self, wanted: float) -> int:
        """Frames from the message to the first that ran with this factor: 1 for the very next to begin."""
        close = [begun for begun, factor in self.frames.factors if abs(factor - wanted) < 1e-3]
        self.running.until(
            lambda: close.extend(b for b, factor in self.frames.factors if abs(factor - wanted) < 1e-3) or close
        )
        return close[0] - self.at_wake[-1]

    def send(self, path: str, value: float) -> None:
        builder = OscMessageBuilder(path)
        builder.add_arg(value)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
            out.sendto(builder.build().dgram, ("127.0.0.1", self.port))

    def close(self) -> None:
        self.ends = True
        self.window.join()
        self.hub.close()
        self.running.live.close()


@pytest.fixture
def wired(gl_device: Device, tmp_path: Path) -> Iterator[Wired]:
    del gl_device
    rng = np.random.default_rng(0)
    with open_sink(tmp_path / "film.mkv", codec="ffv1", size=Size(12, 16), fps=Fraction(25)) as sink:
        for _ in range(50):
            sink.write(rng.integers(0, 256, (12, 16, 3), np.uint8))
    found = Wired(tmp_path / "film.mkv")
    yield found
    found.close()


def test_osc_and_midi_change_the_picture_within_two_frames(wired: Wired) -> None:
    for number in range(6):
        factor = 2.0 + number / 8
        wired.send("/studio/bend/1/factor", factor)
        wired.running.until(lambda: wired.at_wake)
        assert wired.frames_until(factor) <= WITHIN
        wired.at_wake.clear()
    lo, hi = wired.running.document.number("/bend/1/factor").reach
    for value in (10, 90, 40):
        wired.receive(bytes([0xB0, 7, value]))
        assert wired.frames_until(lo + value / 127 * (hi - lo)) <= WITHIN
        wired.at_wake.clear()


def test_a_flood_turns_the_newest_in_and_the_picture_goes_on(wired: Wired) -> None:
    serial, before = wired.running.telemetry[Progress].serial, len(wired.running.document.history)
    builder = [f"/studio/in/f{k}" for k in range(40)]
    for number in range(2500):
        wired.send("/studio/bend/1/factor", 1.0 + number / 2500)
        wired.receive(bytes([0xB0, number % 128, number % 128, 0xF0, 1, 2, 0xF7]))
        if number % 10 == 0:
            wired.send(builder[number % 40], number / 2500)

    def arrived() -> bool:
        # UDP may lose any message of a flood, the last one too: a hand on a fader sends it again.
        wired.send("/studio/bend/1/factor", 3.0)
        return abs(wired.frames.factors[-1][1] - 3.0) < 1e-3

    wired.running.until(arrived)
    assert wired.running.telemetry[Progress].serial > serial
    assert len(wired.running.document.history) <= before + 1
    assert not wired.running.messages
