"""Fades, macros and live edits in a performance: rendered, it has the frames of its recording."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from helpers import tiny_network
from test_live import Studio
from test_taking import begin, end, film, pictures, rendered, wait  # noqa: F401 - film is a fixture

from studio.bends import make_bend
from studio.control.fader import Fader
from studio.control.move import move
from studio.edits import make_edit
from studio.engine.gl.driver.device import Device
from studio.io.networks import save_network
from studio.io.performances import load_performance
from studio.model.documents.document import Document
from studio.model.movement.macros import aimed
from studio.model.movement.route import MACRO_BANK, ROUTES
from studio.model.networks.preset import Preset
from studio.model.performances.performance import Mixed, Prepared, Stroke
from studio.runtime.live.report import Progress

pytestmark = pytest.mark.gl


def target() -> Preset:
    """Other weights, another bend, another movement, and a live edit that moves."""
    document = Document(Preset("target", tiny_network(), {"enc.bias": np.linspace(-1, 1, 6, dtype=np.float32)}))
    document.add_stage("act", make_bend("Multiply", {"factor": 1.5}))
    document.add_edit("dec.weight", make_edit("Gain", {"factor": 1.2}))
    document.set_section(ROUTES, move((), "/edit/1/factor", "lfo", rate=1.5, depth=0.3)[0], "Move")
    return document.preset()


def studio_preset() -> Preset:
    document = Document(Preset("played", tiny_network(), {}))
    document.add_stage("enc", make_bend("Rotate", {"angle": 10.0}))
    return document.preset()


@pytest.fixture
def studio(gl_device: Device) -> Iterator[Studio]:
    del gl_device
    running = Studio(studio_preset())
    yield running
    running.live.close()


def test_a_fade_and_what_hands_do_with_macros_and_live_edits_is_rendered_as_it_was_recorded(
    studio: Studio,
    film: Path,  # noqa: F811
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    document = studio.document
    studio.live.play(str(film))
    studio.until(lambda: studio.telemetry[Progress].serial > 3)
    path = begin(studio, tmp_path, film)
    document.add_edit("enc.weight", make_edit("Rotate", {"degrees": 30.0}), amount=0.5)
    bank = aimed(MACRO_BANK.default, 1, document.number("/edit/1/amount"), 0.5)
    document.set_section(MACRO_BANK, bank, "Aim")
    wait(studio, 3)
    for value in (0.2, 0.9):
        document.set("/macro/1", value)
        wait(studio, 2)
    said: list[str] = []
    # A frame of the fade each, however long it takes.
    clock = itertools.count(100.0, 0.05)
    fader = Fader(document, lambda: next(clock), said.append)
    fader.fade(target(), beats=1.5)
    while fader.step():
        wait(studio, 1)
    wait(studio, 3)
    # By hand between two, with a route that moves the fader, of which neither knows.
    document.set_section(ROUTES, move(document.section(ROUTES), "/fade", "lfo")[0], "Move the fader")
    for part in (0.3, 0.8, 0.5):
        fader.mix((studio_preset(), target()), (1.0 - part, part))
        wait(studio, 1)
    fader.stop()
    wait(studio, 3)
    document.bake(None)
    wait(studio, 3)
    live = pictures(end(studio))
    assert said == []
    events = load_performance(path).events
    assert len([event for event in events if isinstance(event, Mixed)]) > 6
    # Tensors were written down once for each preset, and where they were baked.
    prepared = [event for event in events if isinstance(event, Prepared)]
    baked = [event for event in events if isinstance(event, Stroke)]
    assert {event.tensor for event in baked} <= {"enc.weight", "dec.weight"}
    assert len(baked) <= 2
    assert len([each for each in prepared if isinstance(each.part, Stroke)]) <= 3
    save_network(tiny_network(), tmp_path / "played")
    monkeypatch.chdir(tmp_path)
    rendered(monkeypatch, film, "again.mkv", path)
    again = pictures(tmp_path / "again.mkv")
    assert len(again) == len(live)
    differ = [k for k, (a, b) in enumerate(zip(live, again, strict=True)) if not np.array_equal(a, b)]
    assert differ == []
    assert len({picture.tobytes() for picture in live}) > 10
