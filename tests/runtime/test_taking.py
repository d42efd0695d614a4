"""Performances taken from the running loop, and rendered: the same frames as the recording made at the same time."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from helpers import tiny_network
from hypothesis import given, settings
from hypothesis import strategies as st
from test_live import Studio

from studio.bends import make_bend
from studio.cli import main
from studio.control.inbox import Hearing, Inbox
from studio.control.move import move
from studio.engine.gl.driver.device import Device
from studio.io.networks import load_network, save_network
from studio.io.performances import load_performance, save_performance
from studio.io.sinks import open_sink
from studio.io.sources import open_source
from studio.model.declared.size import Size
from studio.model.documents.document import Document
from studio.model.filters.edit import Patch
from studio.model.movement.modulator import Measurements
from studio.model.movement.route import ROUTES
from studio.model.networks.latent import LatentPath
from studio.model.networks.layout import Rect
from studio.model.networks.picture import Picture
from studio.model.networks.preset import Preset
from studio.model.networks.section import SECOND
from studio.model.performances.performance import (
    Arranged,
    Ended,
    Event,
    Performance,
    Ran,
    Recorded,
    Signalled,
    Stroke,
    Take,
    Turned,
)
from studio.runtime.live.movement import Movement
from studio.runtime.live.output_writer import Record, Recording
from studio.runtime.live.recorder import LiveRecorder, RecordingTarget
from studio.runtime.live.report import Progress
from studio.runtime.live.second_film import SecondFilm
from studio.runtime.live.taking import BeginTake, EndTake, Performing
from studio.runtime.render.turns import turns_as_recorded


def preset() -> Preset:
    document = Document(Preset("played", tiny_network(), {}))
    document.add_stage("enc", make_bend("Rotate", {}))
    document.add_stage("act", make_bend("Feedback", {}))
    document.add_stage("dec", make_bend("Noise", {}), amount=0.3)
    routes, _ = move((), "/bend/1/angle", "lfo", rate=0.7, depth=0.4, lag=0.1)
    routes, _ = move(routes, "/bend/3/amount", "picture", of="motion")
    document.set_section(ROUTES, routes, "Routes")
    document.apply("stroke", "enc.weight", Patch(Rect(0, 0, 3, 3), np.full((3, 3), 0.4, np.float32)))
    return document.preset()


@pytest.fixture
def studio(gl_device: Device) -> Iterator[Studio]:
    del gl_device
    running = Studio(preset())
    yield running
    running.live.close()


@pytest.fixture
def film(tmp_path: Path) -> Path:
    """Pictures that move, without loss."""
    rng = np.random.default_rng(3)
    still = rng.integers(0, 256, (30, 80, 3), np.uint8)
    with open_sink(tmp_path / "film.mkv", codec="ffv1", size=Size(30, 40), fps=Fraction(25)) as sink:
        for number in range(40):
            sink.write(np.ascontiguousarray(still[:, number : number + 40]))
    return tmp_path / "film.mkv"


def begin(studio: Studio, folder: Path, source: Path, *, rate: Fraction = Fraction(25)) -> Path:
    path = folder / "a.performance"
    document = studio.document
    record = Record(RecordingTarget(folder, "ffv1", rate, name="live"), "played")
    studio.live.order(BeginTake(document.graph, path, document.preset(), str(source), "source", record))
    studio.until(lambda: studio.telemetry[Performing].seconds > 0)
    return path


def end(studio: Studio) -> Path:
    studio.live.order(EndTake())
    studio.until(lambda: (status := studio.telemetry[Recording].status) is not None and status.finished)
    studio.until(lambda: studio.telemetry[Performing].finished)
    status = studio.telemetry[Recording].status
    assert status is not None
    assert not status.error
    assert status.dropped == 0
    assert status.path is not None
    return status.path


def pictures(path: Path) -> list[Picture]:
    with open_source(str(path)) as source:
        return [frame.picture for frame in source]  # type: ignore[misc]


def rendered(monkeypatch: pytest.MonkeyPatch, film: Path, output: str, performance: Path, *options: str) -> None:
    shared = ("--preset", "played", "--performance", str(performance), "--engine", "torch")
    monkeypatch.setattr(sys, "argv", ["studio", "render", str(film), output, *shared, *options])
    with contextlib.suppress(SystemExit):
        main()


def before_the_first(performance: Path) -> float:
    """Seconds that go by between the first run and the recording's first picture: more on a machine that is busy."""
    return next(event.time for event in load_performance(performance).events if isinstance(event, Recorded))


def wait(studio: Studio, frames: int) -> None:
    serial = studio.telemetry[Progress].serial + frames
    studio.until(lambda: studio.telemetry[Progress].serial >= serial)


def play(studio: Studio) -> None:
    """All that hands do, while the film plays, stands still, and is gone through."""
    document, live = studio.document, studio.live
    wait(studio, 4)
    gesture = document.begin("Turn")
    for angle in (5.0, 20.0, 40.0):
        gesture.set("/bend/1/angle", angle)
        wait(studio, 1)
    gesture.commit()
    stroke = document.begin("Stroke")
    for number in range(4):
        stroke.put("enc.weight", Patch(Rect(number, 0, 4, 6), np.full((4, 6), 0.2 * number, np.float32)))
        wait(studio, 1)
    stroke.commit()
    live.seek(0.2)
    wait(studio, 3)
    document.set_bypassed("act", True)
    wait(studio, 3)
    live.pause(True)
    document.undo()
    document.add_stage("dec", make_bend("Invert", {}), amount=0.5)
    document.set("/bend/4/amount", 0.25)
    wait(studio, 3)
    live.pause(False)
    wait(studio, 4)
    # A busy machine runs more frames than it records.
    studio.until(lambda: (status := studio.telemetry[Recording].status) is not None and status.frames > 20)


def test_a_recording_and_its_performance_rendered_are_the_same_frames(
    studio: Studio, film: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    studio.live.play(str(film))
    studio.until(lambda: studio.telemetry[Progress].serial > 3)
    path = begin(studio, tmp_path, film)
    play(studio)
    live = pictures(end(studio))
    assert not studio.messages or all("Recorded" in text for text in studio.messages)
    performance = load_performance(path)
    assert {type(event) for event in performance.events} >= {Turned, Stroke, Arranged, Ran, Recorded, Ended}
    assert any(run.is_cut for run in performance.runs())
    save_network(tiny_network(), tmp_path / "played")
    monkeypatch.chdir(tmp_path)
    rendered(monkeypatch, film, "again.mkv", path)
    again = pictures(tmp_path / "again.mkv")
    assert len(again) == len(live)
    assert len(live) > 20
    differ = [k for k, (a, b) in enumerate(zip(live, again, strict=True)) if not np.array_equal(a, b)]
    assert differ == []
    assert len({picture.tobytes() for picture in live}) > 10


def test_it_is_rendered_larger_at_another_rate_and_in_part_the_same_each_time(
    studio: Studio, film: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    studio.live.play(str(film))
    studio.until(lambda: studio.telemetry[Progress].serial > 3)
    path = begin(studio, tmp_path, film)
    play(studio)
    live = pictures(end(studio))
    save_network(tiny_network(), tmp_path / "played")
    monkeypatch.chdir(tmp_path)
    rendered(monkeypatch, film, "part.mkv", path, "--frames", "5:12")
    part = pictures(tmp_path / "part.mkv")
    assert len(part) == 7
    for one, other in zip(part, live[5:12], strict=True):
        np.testing.assert_array_equal(one, other)
    for name in ("large.mkv", "twice.mkv"):
        rendered(monkeypatch, film, name, path, "--size", "120", "--fps", "30")
    large = pictures(tmp_path / "large.mkv")
    assert large[0].shape == (90, 120, 3)
    assert abs(len(large) / 30 - len(live) / 25 - before_the_first(path)) < 0.1
    twice = pictures(tmp_path / "twice.mkv")
    assert [picture.tobytes() for picture in large] == [picture.tobytes() for picture in twice]


def test_a_second_film_is_lent_as_it_was(
    gl_device: Device, film: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    del gl_device
    rng = np.random.default_rng(8)
    for name, rate in (("second.mkv", 10), ("third.mkv", 7)):
        with open_sink(tmp_path / name, codec="ffv1", size=Size(24, 32), fps=Fraction(rate)) as sink:
            for _ in range(15):
                sink.write(rng.integers(0, 256, (24, 32, 3), np.uint8))
    document = Document(Preset("played", tiny_network(), {}))
    document.add_stage("enc", make_bend("FromPicture", {}), amount=0.7)
    document.set_section(SECOND, str(tmp_path / "second.mkv"), "Second picture")
    # A film that comes late for a frame is seen in the next: here each frame waits.
    running = Studio(document.preset(), lambda: (Movement(), SecondFilm(10.0)))
    try:
        running.live.play(str(film))
        running.until(lambda: running.telemetry[Progress].serial > 3)
        path = begin(running, tmp_path, film)
        wait(running, 6)
        running.document.set_section(SECOND, str(tmp_path / "third.mkv"), "Second picture")
        wait(running, 6)
        running.document.set("/bend/1/amount", 1.0)
        wait(running, 4)
        save_network(tiny_network(seed=5), tmp_path / "other")
        other = Document(Preset("other", load_network(tmp_path / "other"), {}, weights_path=tmp_path / "other"))
        other.add_stage("enc", make_bend("FromPicture", {}))
        other.set_section(SECOND, str(tmp_path / "second.mkv"), "Second picture")
        running.document.load(other.preset())
        wait(running, 6)
        live = pictures(end(running))
    finally:
        running.live.close()
    save_network(tiny_network(), tmp_path / "played")
    monkeypatch.chdir(tmp_path)
    rendered(monkeypatch, film, "again.mkv", path)
    again = pictures(tmp_path / "again.mkv")
    assert [picture.tobytes() for picture in again] == [picture.tobytes() for picture in live]
    assert len({picture.tobytes() for picture in live}) > 8
    # Another film in its place, whatever it says.
    rendered(monkeypatch, film, "given.mkv", path, "--second", str(tmp_path / "third.mkv"))
    given = pictures(tmp_path / "given.mkv")
    assert len(given) == len(live)
    assert any(not np.array_equal(a, b) for a, b in zip(given, live, strict=True))


def test_what_controllers_send_is_written_with_the_frame_that_hears_it(
    gl_device: Device, film: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    del gl_device
    document = Document(Preset("played", tiny_network(), {}))
    document.add_stage("enc", make_bend("Multiply", {"factor": 1.0}))
    routes, _ = move((), "/bend/1/factor", "osc", name="fader", depth=0.5)
    routes, _ = move(routes, "/bend/1/amount", "envelope", trigger="osc/hit", depth=-1.0, release=0.3)
    document.set_section(ROUTES, routes, "Routes")
    inbox, hearing = Inbox(), Hearing()

    def listen(now: float) -> Measurements:
        hearing.take(inbox.take(), now)
        return hearing.measured

    running = Studio(document.preset(), lambda: (Movement(listen),))
    try:
        running.live.play(str(film))
        running.until(lambda: running.telemetry[Progress].serial > 3)
        inbox.signal("osc/fader", 0.3)
        wait(running, 2)
        path = begin(running, tmp_path, film)
        for number in range(6):
            inbox.signal("osc/fader", number / 6)
            if number == 2:
                inbox.begin("osc/hit")
            wait(running, 2)
        live = pictures(end(running))
    finally:
        running.live.close()
    signals = [event for event in load_performance(path).events if isinstance(event, Signalled)]
    assert {(event.name, event.does) for event in signals} >= {("osc/fader", "value"), ("osc/hit", "begin")}
    assert signals[0] == Signalled(0.0, "osc/fader", 0.3)
    save_network(tiny_network(), tmp_path / "played")
    monkeypatch.chdir(tmp_path)
    rendered(monkeypatch, film, "again.mkv", path)
    again = pictures(tmp_path / "again.mkv")
    assert [np.array_equal(a, b) for a, b in zip(live, again, strict=True)] == [True] * len(live)


def test_a_file_that_is_there_is_left_alone_and_the_recording_goes_on(
    studio: Studio, film: Path, tmp_path: Path
) -> None:
    studio.live.play(str(film))
    studio.until(lambda: studio.telemetry[Progress].serial > 3)
    (tmp_path / "a.performance").write_text("mine", "utf-8")
    document = studio.document
    record = Record(RecordingTarget(tmp_path, "ffv1", name="live"), "played")
    path = tmp_path / "a.performance"
    studio.live.order(BeginTake(document.graph, path, document.preset(), str(film), "source", record))
    studio.until(lambda: any("is there already" in text for text in studio.messages))
    assert path.read_text("utf-8") == "mine"
    wait(studio, 5)
    studio.live.stop_recording()
    studio.until(lambda: (status := studio.telemetry[Recording].status) is not None and status.finished)
    assert (tmp_path / "live.mkv").exists()


def test_what_comes_to_nothing_is_told_of_by_its_order(studio: Studio, film: Path, tmp_path: Path) -> None:
    graph, trained = studio.document.graph, studio.document.preset()
    record = Record(RecordingTarget(tmp_path, "ffv1", fps=Fraction(0), name="live"), "played")
    refused = BeginTake(graph, tmp_path / "a.performance", trained, str(film), "source", record)
    studio.live.order(refused)
    studio.until(lambda: studio.telemetry[Performing].failed is refused)
    # Nothing runs yet: it is over before it began.
    over = BeginTake(graph, tmp_path / "b.performance", trained, str(film), "source")
    studio.live.order(over)
    studio.live.order(EndTake())
    studio.until(lambda: studio.telemetry[Performing].failed is over)
    # Of what cannot be written, too.
    studio.live.play(str(film))
    (tmp_path / "c.performance").write_text("mine", "utf-8")
    lost = BeginTake(graph, tmp_path / "c.performance", trained, str(film), "source")
    studio.live.order(lost)
    studio.until(lambda: studio.telemetry[Performing].failed is lost)
    assert studio.telemetry[Performing].path is None
    studio.live.order(BeginTake(graph, tmp_path / "d.performance", trained, str(film), "source"))
    studio.until(lambda: studio.telemetry[Performing].seconds > 0)
    assert studio.telemetry[Performing].failed is lost
    studio.live.order(EndTake())
    studio.until(lambda: studio.telemetry[Performing].finished == tmp_path / "d.performance")


def test_while_the_input_is_held_and_nothing_moves_it_begins_all_the_same(gl_device: Device, tmp_path: Path) -> None:
    del gl_device
    running = Studio()
    try:
        running.live.play("demo")
        running.until(lambda: running.telemetry[Progress].serial > 2)
        running.live.hold(True)
        running.live.pause(True)
        path = begin(running, tmp_path, Path("demo"))
        running.document.apply("Stroke", "enc.weight", Patch(Rect(0, 0, 2, 2), np.full((2, 2), 0.5, np.float32)))
        wait(running, 1)
        end(running)
    finally:
        running.live.close()
    events = load_performance(path).events
    assert [run.is_again for run in events if isinstance(run, Ran)] == [False, True]


@settings(max_examples=60)
@given(
    st.lists(st.floats(0.001, 0.2), min_size=1, max_size=30),
    st.sampled_from([Fraction(10), Fraction(25), Fraction(30000, 1001)]),
    st.floats(0.0, 0.3),
)
def test_a_render_counts_frames_as_the_recorder_does(gaps: list[float], rate: Fraction, rest: float) -> None:
    """What the recorder decides of its frames, at the times at which it took pictures."""
    written: list[int] = []

    class Sink:
        path, kept, bytes_written, warning, frames = Path("x"), None, 0, "", 0

        def write(self, picture: Picture) -> None:
            written.append(int(picture[0, 0, 0]))
            self.frames += 1

        def close(self) -> None: ...

        def keep(self) -> None: ...

    times = [100.0, *(100.0 + sum(gaps[: k + 1]) for k in range(len(gaps)))]
    recorder = LiveRecorder(RecordingTarget(Path(), "ffv1", rate), "x", opener=lambda *_, **__: Sink())
    events: list[Event] = []
    for number, now in enumerate(times):
        events.append(Ran(now - 100.0, number, 0.0))
        if recorder.wants(now):
            recorder.offer(np.full((2, 2, 3), number, np.uint8), now)
            events.append(Recorded(now - 100.0))
        while recorder._waiting:
            time.sleep(0.0002)
    recorder.stop(times[-1] + rest)
    assert not recorder.wait(60).error
    events.append(Ended(times[-1] - 100.0 + rest))
    turns = turns_as_recorded(Performance("0" * 64, "", tuple(events), take=Take(rate=rate)), [LatentPath()])
    assert [number for number, turn in enumerate(turns) for _ in range(turn.shown)] == written


def test_a_performance_whose_preset_is_elsewhere_says_what_to_give(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    events = (Ran(0.0, 0, 0.0), Recorded(0.0), Ended(0.1))
    take = Take(whole=True, rate=Fraction(25), size="64")
    save_performance(Performance("0" * 64, "of somebody", events, take=take), tmp_path / "a.performance")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["studio", "render", "demo", "x.mp4", "--performance", "a.performance"])
    with pytest.raises(SystemExit):
        main()
    assert 'played with the preset "of somebody", which is not found here' in " ".join(capfd.readouterr().err.split())
