"""The output as a source: against a picture worked out step by step, in renders, in the window, and while it moves."""

from __future__ import annotations

import contextlib
import sys
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pytest
from helpers import EngineFor, identity_network, tiny_network
from test_live import Studio, studio
from test_taking import begin, end, pictures, wait

from studio.cli import main
from studio.engine.gl.driver.device import Device
from studio.errors import StudioError
from studio.io.networks import save_network
from studio.io.sinks import open_sink
from studio.model.declared.size import Size
from studio.model.documents.document import Document
from studio.model.movement.feedback import FEEDBACK, Feedback
from studio.model.networks.picture import Picture
from studio.model.networks.preset import Preset
from studio.model.numbers import turned
from studio.runtime.live.report import Progress
from studio.runtime.render.fed_back import fed_back
from studio.runtime.render.frame_runner import FrameRunner
from studio.runtime.render.mover import Mover

__all__ = ["studio"]

RNG = np.random.default_rng(2)


def picture(height: int = 12, width: int = 16) -> Picture:
    return RNG.integers(0, 256, (height, width, 3), np.uint8)


def test_what_comes_back_is_mixed_faded_zoomed_and_turned() -> None:
    source, output = picture(), picture()
    plain = fed_back(source, output, Feedback(amount=0.5, zoom=1.0, decay=0.2))
    np.testing.assert_array_equal(plain, np.rint(0.5 * source + 0.4 * output.astype(np.float32)).astype(np.uint8))
    square = picture(9, 9)
    quarter = fed_back(square, square, Feedback(amount=1.0, zoom=1.0, decay=0.0, turn=90.0))
    np.testing.assert_allclose(quarter, np.rot90(square, -1), atol=1)
    twice = fed_back(square, square, Feedback(amount=1.0, zoom=3.0, decay=0.0))
    assert abs(int(twice[4, 4, 0]) - int(square[4, 4, 0])) <= 1
    assert abs(int(twice[1, 1, 1]) - int(square[3, 3, 1])) <= 1
    small = fed_back(square, square, Feedback(amount=1.0, zoom=0.3, decay=0.0))
    assert not small[0].any()
    deep = fed_back(source.astype(np.uint16) * 257, output, Feedback(amount=0.5, zoom=1.0, decay=0.2))
    assert deep.dtype == np.uint16
    np.testing.assert_allclose(deep / 257, plain, atol=0.6)
    larger = fed_back(source, cv2.resize(output, (32, 24)), Feedback(amount=0.5, zoom=1.0))
    assert larger.shape == source.shape


def test_frames_follow_one_another_and_begin_anew(engine_for: EngineFor) -> None:
    network = identity_network()
    preset = turned(turned(Preset("p", network, {}), "/feedback/amount", 0.5), "/feedback/decay", 0.0)
    preset = turned(preset, "/feedback/zoom", 1.0)
    engine = engine_for(network)
    mover = Mover(preset, engine, FrameRunner(engine))
    frames = [picture() for _ in range(4)]
    got = [mover(frame, k / 10, k) for k, frame in enumerate(frames)]
    wanted = [frames[0]]
    for frame in frames[1:]:
        wanted.append(fed_back(frame, wanted[-1], preset.section(FEEDBACK)))
    for one, other in zip(got, wanted, strict=True):
        np.testing.assert_array_equal(one, other)
    mover.begin()
    again = [mover(frame, k / 10, k) for k, frame in enumerate(frames)]
    assert [one.tobytes() for one in again] == [one.tobytes() for one in got]


def test_numbers_have_addresses_undo_and_a_sentence_where_tiles_are_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    document = Document(Preset("p", tiny_network(), {}))
    document.set("/feedback/amount", 0.7)
    assert document.section(FEEDBACK).amount == 0.7
    document.undo()
    assert document.section(FEEDBACK) == FEEDBACK.default
    with pytest.raises(StudioError, match=r"/feedback/zoom takes a number from 0\.25 to 4"):
        document.set("/feedback/zoom", 9)
    save_network(tiny_network(), tmp_path / "tiny")
    monkeypatch.chdir(tmp_path)
    route = "/feedback/amount=lfo,depth=0.5"
    words = [
        "studio",
        "render",
        "demo",
        "x.mp4",
        "--preset",
        "tiny",
        "--tile",
        "64",
        "--move",
        route,
        "--frames",
        "0:2",
    ]
    monkeypatch.setattr(sys, "argv", words)
    with pytest.raises(SystemExit):
        main()
    assert "The output is fed back whole" in capfd.readouterr().err


def test_a_performance_with_feedback_has_the_same_frames(
    gl_device: Device, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    del gl_device
    film = tmp_path / "film.mkv"
    with open_sink(film, codec="ffv1", size=Size(12, 16), fps=Fraction(25)) as sink:
        for _ in range(30):
            sink.write(picture())
    running = Studio()
    try:
        running.document.set("/feedback/amount", 0.6)
        running.live.play(str(film))
        running.until(lambda: running.telemetry[Progress].serial > 3)
        path = begin(running, tmp_path, film)
        for turn in (1.0, 5.0):
            running.document.set("/feedback/turn", turn)
            wait(running, 3)
        running.live.seek(0.1)
        wait(running, 4)
        live = pictures(end(running))
    finally:
        running.live.close()
    save_network(tiny_network(), tmp_path / "played")
    monkeypatch.chdir(tmp_path)
    words = ["studio", "render", str(film), "again.mkv", "--preset", "played", "--performance", str(path)]
    monkeypatch.setattr(sys, "argv", [*words, "--engine", "torch"])
    with contextlib.suppress(SystemExit):
        main()
    again = pictures(tmp_path / "again.mkv")
    assert [one.tobytes() for one in again] == [one.tobytes() for one in live]


def test_a_still_goes_on_while_it_feeds_back(studio: Studio) -> None:
    studio.live.play("demo")
    studio.until(lambda: studio.telemetry[Progress].serial > 1)
    studio.live.pause(True)
    studio.document.set("/feedback/amount", 0.5)
    wait(studio, 5)
