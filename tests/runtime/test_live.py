"""The render thread, without a window: orders in, pictures and reports out."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from helpers import Clock, tiny_network

from studio.edits import make_edit
from studio.engine.gl.display.display_buffers import DisplayBuffers
from studio.engine.gl.driver.device import Device, open_device
from studio.errors import StudioError
from studio.io.sources import open_source
from studio.model.documents.document import Document
from studio.model.filters.edit import Patch, Selection
from studio.model.networks.layout import Rect, sheet_size
from studio.model.networks.picture import Picture
from studio.model.networks.preset import Preset
from studio.model.views.view import View
from studio.model.views.workspace import ORIGINALS, Workspace
from studio.runtime.live import output_writer
from studio.runtime.live.document_sync import DocumentSync
from studio.runtime.live.feature import Feature
from studio.runtime.live.movement import Movement
from studio.runtime.live.output_writer import Recording
from studio.runtime.live.player import Player
from studio.runtime.live.playing import PlayerState
from studio.runtime.live.recorder import RecordingStatus, RecordingTarget
from studio.runtime.live.report import (
    EngineState,
    LayerShapes,
    LayerStats,
    LayerTimes,
    LayerWarnings,
    Messages,
    Problems,
    Progress,
    Report,
    Thumbnails,
)
from studio.runtime.live.session import LiveSession
from studio.runtime.live.telemetry import Telemetry
from studio.runtime.render.frame_runner import FrameRunner

pytestmark = pytest.mark.gl

PATIENCE = 60.0


class Studio:
    """A live engine, everything that is told of it, and the document that it follows."""

    def __init__(
        self,
        preset: Preset | None = None,
        features: Callable[[], Iterable[Feature]] = lambda: (Movement(),),
        player: Player | None = None,
        engine: str = "torch",
    ) -> None:
        self.devices: list[Device] = []
        self.telemetry = Telemetry()
        self.messages: list[str] = []
        self.reports: list[Report] = []
        self.live = LiveSession(self._open, self._take, lambda: self.devices[0].close(), features)
        if player is not None:
            self.live.player.close()
            self.live.player = player
        self.live.start()
        self.document = Document(preset or Preset("tiny", tiny_network(), {}))
        self.workspace = Workspace(self.document, engine=engine, size="source")
        self.link = DocumentSync(self.document, self.workspace, self.live)

    def _open(self) -> DisplayBuffers:
        self.devices.append(open_device())
        return DisplayBuffers(self.devices[0])

    def _take(self, report: Report) -> None:
        said, problems = report.parts.get(Messages), report.parts.get(Problems)
        if isinstance(said, Messages):
            self.messages += [message.text for message in said.messages]
        if isinstance(problems, Problems):
            self.messages += [message.text for message in problems.by_cause.values()]
        self.reports.append(report)
        self.telemetry.take(report)

    def until(self, true: Callable[[], object]) -> None:
        deadline = time.monotonic() + PATIENCE
        while not true():
            assert time.monotonic() < deadline, f"waited in vain; said: {set(self.messages)}"
            time.sleep(0.005)

    def picture(self) -> Picture:
        """The output, when everything that has been ordered has been run."""
        found: list[Picture] = []
        self.live.snapshot(found.append)
        self.until(lambda: found)
        return found[0]


@pytest.fixture
def still(tmp_path: Path) -> Path:
    import cv2

    picture = np.random.default_rng(0).integers(0, 256, (24, 32, 3), np.uint8)
    cv2.imwrite(str(tmp_path / "still.png"), picture)
    return tmp_path / "still.png"


@pytest.fixture
def studio(gl_device: Device) -> Iterator[Studio]:
    del gl_device  # skips where there is no OpenGL
    running = Studio()
    yield running
    running.live.close()


@pytest.fixture
def showing(studio: Studio, still: Path) -> Studio:
    studio.live.play(str(still))
    studio.until(lambda: studio.telemetry[Progress].serial)
    return studio


def expected(document: Document, still: Path) -> Picture:
    from studio.engine.torch.engine import TorchEngine

    with open_source(str(still)) as source:
        picture = next(iter(source)).picture
    engine = TorchEngine(document.network.with_tensors(document.bent()))
    engine.bypass(document.bypassed)
    return FrameRunner(engine)(picture)


def gain(document: Document, factor: float, tensor: str = "enc.weight") -> None:
    values = document.tensor(tensor)
    document.apply(
        "Gain", tensor, make_edit("Gain", {"factor": factor}).apply(values, Selection.everything(values.shape))
    )


def test_the_first_picture_is_told_of_before_layers_are_looked_at(showing: Studio) -> None:
    came = 0
    for serial in (1, 2):
        showing.until(lambda came=came: any(Thumbnails in report.parts for report in showing.reports[came:]))
        came = len(showing.reports)
        told = [report.parts for report in showing.reports]
        first = next(parts for parts in told if parts[Progress].serial == serial)  # type: ignore[attr-defined]
        assert LayerShapes in first
        assert Thumbnails not in first
        assert LayerWarnings not in first
        showing.live.open(tiny_network(seed=serial))
        showing.until(lambda serial=serial: showing.telemetry[Progress].serial > serial)


def test_what_was_never_started_can_be_closed() -> None:
    reports: list[Report] = []
    live = LiveSession(lambda: DisplayBuffers(open_device()), reports.append)
    live.open(tiny_network())
    live.close()
    assert not reports


def test_what_the_display_needs_is_prepared_in_the_render_thread_which_then_waits_for_the_start(
    gl_device: Device,
) -> None:
    del gl_device  # skips where there is no OpenGL
    done, devices = list[tuple[str, str]](), list[Device]()

    def does(what: str) -> None:
        done.append((what, threading.current_thread().name))

    def prepared() -> None:
        devices.append(open_device())
        does("prepared")

    def opened() -> DisplayBuffers:
        does("opened")
        return DisplayBuffers(devices[0])

    def closed() -> None:
        devices[0].close()
        does("closed")

    def until(what: str) -> None:
        deadline = time.monotonic() + PATIENCE
        while what not in [each for each, _ in done]:
            assert time.monotonic() < deadline, done
            time.sleep(0.005)

    live = LiveSession(opened, lambda _: None, closed, prepare=prepared)
    live.prepare()
    until("prepared")
    # It is there, and loads nothing yet.
    assert live._thread.is_alive()
    live.start()
    until("opened")
    live.close()
    assert done == [(what, "render") for what in ("prepared", "opened", "closed")]


def test_what_was_prepared_and_never_started_is_closed_where_it_was_made() -> None:
    done, reports = list[str](), list[Report]()
    live = LiveSession(
        lambda: pytest.fail("nothing is to be shown"),
        reports.append,
        lambda: done.append(f"closed in {threading.current_thread().name}"),
        prepare=lambda: done.append("prepared"),
    )
    live.prepare()
    live.close()
    assert done == ["prepared", "closed in render"]
    assert not reports


def test_what_cannot_be_prepared_is_said_and_nothing_is_opened() -> None:
    def refuses() -> None:
        raise StudioError("There is no OpenGL here.")

    reports = list[Report]()
    live = LiveSession(lambda: pytest.fail("there is nothing to show with"), reports.append, prepare=refuses)
    live.prepare()
    live.start()
    live.close()
    (said,) = reports
    assert said.parts[EngineState].problem == "There is no OpenGL here."  # type: ignore[attr-defined]


@pytest.mark.parametrize("engine", ["torch", "gl", "gl-fragment"])
def test_what_is_edited_undone_and_bypassed_is_on_the_screen(showing: Studio, still: Path, engine: str) -> None:
    document = showing.document
    showing.workspace.engine = engine
    showing.until(lambda: showing.telemetry[EngineState].name == engine)

    def shows() -> None:
        difference = showing.picture().astype(int) - expected(document, still)
        assert np.abs(difference).max() <= 1

    shows()
    before = showing.picture()
    gain(document, 3.0)
    shows()
    assert (showing.picture() != before).any()
    document.set_bypassed("act", True)
    shows()
    document.undo()
    document.undo()
    np.testing.assert_array_equal(showing.picture(), before)
    document.load(Preset("other", tiny_network().with_tensors({"enc.bias": np.ones(6, np.float32)}), {}))
    showing.until(lambda: showing.telemetry[EngineState].name == engine)
    shows()
    document.undo()
    np.testing.assert_array_equal(showing.picture(), before)


def test_the_originals_are_heard_while_asked_for(showing: Studio, still: Path) -> None:
    document, workspace = showing.document, showing.workspace
    trained = showing.picture()
    gain(document, 3.0, "enc.weight")
    gain(document, -1.0, "dec.weight")
    document.set_bypassed("act", True)
    bent = showing.picture()
    workspace.comparison = ORIGINALS
    np.testing.assert_array_equal(showing.picture(), trained)
    gain(document, 0.5, "enc.weight")
    np.testing.assert_array_equal(showing.picture(), trained)
    document.undo()
    workspace.comparison = None
    np.testing.assert_array_equal(showing.picture(), bent)
    workspace.comparison = "enc"
    alone = Document(Preset("alone", document.network, {"enc.weight": document.tensor("enc.weight")}))
    np.testing.assert_array_equal(showing.picture(), expected(alone, still))
    workspace.comparison = None
    np.testing.assert_array_equal(showing.picture(), bent)


def test_reports_tell_of_every_layer_and_what_is_watched(showing: Studio) -> None:
    told = showing.telemetry
    showing.live.watch(showing.document.graph, ("enc", "enc.weight"))
    names = [node.name for node in showing.document.graph.nodes]
    showing.until(
        lambda: (
            told[LayerStats].stats.keys() >= {"enc", "enc.weight"} and told[Thumbnails].pictures.keys() >= set(names)
        )
    )
    assert told[EngineState].size == (24, 32)
    assert told[EngineState].name == "torch"
    assert set(told[LayerTimes].seconds) == set(names)
    assert told[LayerShapes].shapes["enc"] == (6, 12, 16)
    weight = showing.document.tensor("enc.weight")
    assert told[LayerStats].stats["enc.weight"].minimum == weight.min()
    assert told[Thumbnails].pictures["enc"].dtype == np.uint8
    gain(showing.document, 2.0)
    showing.until(lambda: told[LayerStats].stats["enc.weight"].minimum == (weight * 2).min())


def test_what_is_watched_no_longer_is_reported_no_longer(showing: Studio) -> None:
    told = showing.telemetry
    showing.live.watch(showing.document.graph, ("enc", "enc.weight"))
    showing.until(lambda: told[LayerStats].stats.keys() >= {"enc", "enc.weight"})
    showing.live.watch(showing.document.graph, ())
    showing.picture()
    came = len(showing.reports)
    showing.until(lambda: len(showing.reports) > came + 2)  # what had been seen before is told with the first
    came = len(showing.reports)
    gain(showing.document, 2.0)
    showing.until(lambda: any(Thumbnails in report.parts for report in showing.reports[came:]))
    assert not any(LayerStats in report.parts for report in showing.reports[came:])


def test_the_first_layer_that_is_not_finite_is_named(showing: Studio) -> None:
    document = showing.document
    huge = np.full(sheet_size(document.tensor("dec.weight").shape), 1e38, np.float32)
    document.apply("Huge", "dec.weight", Patch(Rect(0, 0, *huge.shape), huge))
    showing.until(lambda: showing.telemetry[LayerWarnings].broken == "dec")
    showing.until(lambda: "dec" in showing.telemetry[LayerWarnings].warnings)
    document.undo()
    showing.until(lambda: showing.telemetry[LayerWarnings].broken is None)


def test_every_view_can_be_shown(showing: Studio) -> None:
    screen = showing.live.screen
    assert screen is not None
    for view, names in (
        (View("layer", "enc"), ["enc"]),
        (View("filters", "enc.weight"), ["enc.weight"]),
        (View("split"), [showing.document.graph.inputs[0].name, "out"]),
        (View("filters", "gone.weight"), ["out"]),
        (View(), ["out"]),
    ):
        showing.workspace.view = view
        showing.until(lambda names=names: [shown.name for shown in screen.front()] == names)


def test_another_size(showing: Studio) -> None:
    showing.workspace.size = "16"
    showing.until(lambda: showing.telemetry[EngineState].size == (12, 16))
    assert showing.picture().shape == (12, 16, 3)
    showing.workspace.size = "nonsense"
    showing.until(lambda: any("is no size" in text for text in showing.messages))
    showing.workspace.size = "source"
    showing.until(lambda: showing.telemetry[EngineState].size == (24, 32))


def test_what_cannot_be_done_is_said_and_the_rest_runs_on(showing: Studio, tmp_path: Path) -> None:
    before = showing.picture()
    showing.live.play(str(tmp_path / "nothing.mp4"))
    showing.until(lambda: any("nothing.mp4" in text for text in showing.messages))
    showing.live.record(RecordingTarget(tmp_path / "nowhere"), "x")
    showing.until(lambda: any("nowhere" in text for text in showing.messages))
    showing.live.still(tmp_path / "no" / "still.png")
    showing.until(lambda: any("still.png" in text for text in showing.messages))
    np.testing.assert_array_equal(showing.picture(), before)


def test_stills_and_sheets_are_written(showing: Studio, tmp_path: Path) -> None:
    import cv2

    showing.live.still(tmp_path / "output.png")
    showing.live.sheet(tmp_path / "sheet.png")
    showing.until(lambda: sum("Wrote" in text for text in showing.messages) == 2)
    written = cv2.imread(str(tmp_path / "output.png"))
    assert written is not None
    np.testing.assert_array_equal(written[:, :, ::-1], showing.picture())
    assert cv2.imread(str(tmp_path / "sheet.png")) is not None


def test_a_recording_is_as_long_as_it_took(showing: Studio, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    began = clock.now
    monkeypatch.setattr(output_writer, "time", clock)
    showing.live.record(RecordingTarget(tmp_path, fps=Fraction(25), name="{preset}"), "tiny")

    def status() -> RecordingStatus:
        return showing.telemetry[Recording].status or RecordingStatus()

    def under_way() -> int:
        # Until the first picture is there, which the time is counted from.
        clock.now += 0.04
        return status().frames

    showing.until(under_way)
    clock.now += 2.0
    showing.until(lambda: status().seconds >= 2.0)
    showing.live.stop_recording()
    showing.until(lambda: status().finished)
    with open_source(str(tmp_path / "tiny.mp4")) as film:
        frames = list(film)
    assert 2.0 <= status().seconds <= clock.now - began
    assert len(frames) == pytest.approx(status().seconds * 25)
    assert (status().frames, status().error) == (len(frames), "")
    # Said with the next frame, which may come a report after the status.
    showing.until(lambda: any("Recorded" in text for text in showing.messages))


def test_while_held_only_edits_are_run(studio: Studio) -> None:
    studio.live.play("demo")
    studio.workspace.size = "64"
    studio.until(lambda: studio.telemetry[Progress].serial > 3)
    studio.workspace.held = True
    studio.picture()
    held = studio.picture()
    place = studio.telemetry[PlayerState].position
    studio.until(lambda: abs(studio.telemetry[PlayerState].position - place) > 0.2)
    np.testing.assert_array_equal(studio.picture(), held)
    gain(studio.document, 3.0)
    assert (studio.picture() != held).any()
    studio.workspace.held = False
    serial = studio.telemetry[Progress].serial
    studio.until(lambda: studio.telemetry[Progress].serial > serial + 3)


def test_an_engine_that_cannot_run_here_gives_way_to_torch(showing: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    from studio.engine.gl.engines import pipeline

    def refuse(*_: object, **__: object) -> None:
        raise StudioError("This GPU has no textures.")

    monkeypatch.setattr(pipeline.GLEngine, "__init__", refuse)
    showing.workspace.engine = "gl"
    showing.until(lambda: "This GPU has no textures." in showing.messages)
    showing.until(lambda: showing.telemetry[EngineState].name == "torch")
    showing.picture()


def test_closing_frees_the_thread_and_finishes_the_recording(gl_device: Device, still: Path, tmp_path: Path) -> None:
    del gl_device
    running = Studio()
    running.live.play(str(still))
    running.until(lambda: running.telemetry[Progress].serial)
    running.live.record(RecordingTarget(tmp_path, name="x"), "x")
    running.until(lambda: (status := running.telemetry[Recording].status) is not None and status.frames)
    running.live.close(60)
    assert not running.live._thread.is_alive()
    assert running.live.screen is None
    with open_source(str(tmp_path / "x.mp4")) as film:
        assert len(list(film)) > 0


def test_an_order_for_another_network_is_dropped(showing: Studio) -> None:
    before, graph = showing.picture(), tiny_network(seed=3).graph
    showing.live.bypass(graph, frozenset({"act"}))
    showing.live.replace(graph, "enc.weight", Rect(0, 0, 1, 1), np.full((1, 1), 99.0, np.float32))
    showing.live.look_at(graph, View("layer", "enc"))
    np.testing.assert_array_equal(showing.picture(), before)
    screen = showing.live.screen
    assert screen is not None
    assert [shown.name for shown in screen.front()] == ["out"]
    assert not showing.messages


def test_what_is_asked_of_a_network_before_it_is_opened_is_answered_when_it_is(showing: Studio) -> None:
    """Panels follow the selected layer, which is another before the engine has been told of the other network."""
    other = tiny_network(seed=3)
    showing.live.watch(other.graph, ("enc", "enc.weight"))
    showing.picture()
    showing.until(lambda: not showing.telemetry[LayerStats].stats)
    showing.document.load(Preset("other", other, {}))
    assert showing.document.graph is other.graph
    told = showing.telemetry
    showing.until(lambda: told[LayerStats].stats.keys() >= {"enc", "enc.weight"})
    assert told[LayerStats].stats["enc.weight"].minimum == other.tensors["enc.weight"].min()


def test_two_stills_between_two_frames_are_two_files(showing: Studio, tmp_path: Path) -> None:
    names = [f"{number}.png" for number in range(5)]
    for name in names:
        showing.live.still(tmp_path / name)
    showing.until(lambda: all((tmp_path / name).exists() for name in names))
