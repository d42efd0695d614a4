"""The whole window, driven by mouse and keys: what an artist does in an evening."""

from __future__ import annotations

import gc
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from helpers import Clock, layer, tiny_network
from helpers import network as network_of
from PySide6.QtCore import QPoint, QPointF, QSettings, Qt
from PySide6.QtGui import QContextMenuEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QComboBox, QDockWidget, QMenu, QWidget
from pytestqt.qtbot import QtBot
from whole_window import HARMLESS, PATIENCE, WholeWindow, drop

from studio.app import Studio
from studio.io.networks import save_network
from studio.io.opening import find_and_open
from studio.io.presets import load_preset, save_preset
from studio.io.sinks import open_sink
from studio.io.sources import open_source
from studio.io.sources.camera import CameraSource
from studio.model.bends.stage import ChannelList
from studio.model.declared.size import Size
from studio.model.filters.edit import Patch
from studio.model.networks.layout import Rect
from studio.model.networks.preset import Preset
from studio.model.views.view import View
from studio.model.views.workspace import ORIGINALS
from studio.runtime.live import output_writer
from studio.runtime.live.output_writer import Recording
from studio.runtime.live.playing import PlayerState
from studio.runtime.live.recorder import RecordingStatus
from studio.runtime.live.report import EngineState, LayerShapes, LayerStats, LayerWarnings, Progress, Report
from studio.runtime.live.tuning import TuningState
from studio.ui.bends.adding import BendChooser
from studio.ui.bends.panel import BendsPanel
from studio.ui.services import preset_saver
from studio.ui.services.session import Session
from studio.ui.shell.declared import declared
from studio.ui.viewport.pick import picked_at

pytestmark = pytest.mark.gl

CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
Open = Callable[..., WholeWindow]


@pytest.fixture
def still(tmp_path: Path) -> Path:
    picture = np.random.default_rng(0).integers(0, 256, (48, 64, 3), np.uint8)
    cv2.imwrite(str(tmp_path / "still.png"), picture)
    return tmp_path / "still.png"


@pytest.fixture
def film(tmp_path: Path) -> Path:
    from fractions import Fraction

    rng = np.random.default_rng(1)
    with open_sink(tmp_path / "film.mp4", codec="h264", size=Size(48, 64), fps=Fraction(25)) as sink:
        for _ in range(50):
            sink.write(rng.integers(0, 256, (48, 64, 3), np.uint8))
    return tmp_path / "film.mp4"


@pytest.fixture
def network(tmp_path: Path) -> Path:
    (tmp_path / "weights").mkdir()
    save_network(tiny_network(), tmp_path / "weights" / "tiny")
    return tmp_path / "weights" / "tiny"


@pytest.fixture
def open_window(qtbot: QtBot, gl_app: QApplication, tmp_path: Path, network: Path, still: Path) -> Iterator[Open]:
    del gl_app
    opened: list[WholeWindow] = []

    def make(what: Path | str = network, source: Path | str = still, size: str = "source") -> WholeWindow:
        opened.append(WholeWindow(qtbot, tmp_path / "home", str(what), str(source), size))
        return opened[-1]

    yield make
    for window in opened:
        if window.live.screen is not None:
            window.close()


@pytest.fixture
def whole(open_window: Open) -> WholeWindow:
    return open_window()


def test_it_opens_alive(open_window: Open) -> None:
    whole = open_window("violet-strokes", "demo", "128")
    first = whole.picture()
    assert first.shape == (128, 128, 3)
    assert first.std() > 10
    serial = whole.told[Progress].serial
    whole.until(lambda: whole.told[Progress].serial > serial + 2)
    assert (whole.picture() != first).any()
    assert "violet-strokes" in whole.window.windowTitle()
    assert not whole.window.isWindowModified()
    grabbed = whole.viewport.grab()
    assert grabbed.width() > 200


def test_the_render_thread_has_its_context_before_the_window_is_shown(
    gl_app: QApplication, tmp_path: Path, network: Path, still: Path
) -> None:
    """Whoever draws waits for the driver while it makes one: so did the first paint, for 65 to 176 ms."""
    del gl_app
    session = Session(QSettings(str(tmp_path / "settings.ini"), QSettings.Format.IniFormat))
    studio = Studio(*find_and_open(str(network)), str(still), session, tmp_path / "home")
    deadline = time.monotonic() + PATIENCE / 1000
    while studio._context._device is None:
        assert time.monotonic() < deadline
        time.sleep(0.005)
    # Nothing runs before the window has been painted, and what was never shown can be closed.
    assert studio.live.screen is None
    studio.close()
    assert studio._context._device is None
    assert not studio.live._thread.is_alive()


def test_a_right_click_on_a_tile_bends_its_channel(whole: WholeWindow) -> None:
    panel = whole.context[BendsPanel]
    whole.workspace.choose("enc")
    whole.workspace.view = View("layer", "enc")
    whole.until(lambda: [part.drawing for part in whole.viewport._parts] == ["channels"])
    viewport = whole.viewport

    def tiles() -> list[QPoint]:
        spots = [QPoint(x, y) for x in range(5, viewport.width(), 9) for y in range(5, viewport.height(), 9)]
        found = [picked_at(viewport._parts, *viewport._pixel(QPointF(spot)), add=False) for spot in spots]
        return [spot for spot, there in zip(spots, found, strict=True) if there and there.channel is not None]

    whole.until(tiles)
    at = tiles()[0]
    QApplication.sendEvent(
        whole.viewport, QContextMenuEvent(QContextMenuEvent.Reason.Mouse, at, whole.viewport.mapToGlobal(at))
    )
    (menu,) = (each for each in panel.findChildren(QMenu) if each.isVisible())
    menu.actions()[0].trigger()
    menu.close()
    chooser = panel.findChildren(BendChooser)[-1]
    whole.qtbot.keyClicks(chooser.search, "invert")
    whole.qtbot.keyClick(chooser.search, Qt.Key.Key_Return)
    (stage,) = whole.document.stages
    assert (stage.layer, type(stage.bend).__name__) == ("enc", "Invert")
    assert isinstance(stage.channels, ChannelList)
    assert len(stage.channels.channels) == 1


def test_a_painted_stroke_changes_weight_picture_and_histogram_and_undo_restores_them(whole: WholeWindow) -> None:
    whole.workspace.choose("enc", "weight")
    whole.until(lambda: "enc.weight" in whole.told[LayerStats].stats)
    weight, picture = whole.tensor("enc.weight"), whole.picture()
    before = whole.told[LayerStats].stats["enc.weight"]
    whole.workspace.brush = whole.workspace.brush.model_copy(update={"value": 3.0, "radius": 3.0})
    whole.stroke((2.0, 2.0), (10.0, 6.0), (18.0, 9.0))
    assert (whole.tensor("enc.weight") != weight).any()
    assert whole.window.isWindowModified()
    assert (whole.picture() != picture).any()
    whole.until(lambda: whole.told[LayerStats].stats["enc.weight"].maximum == whole.tensor("enc.weight").max())
    assert whole.told[LayerStats].stats["enc.weight"].maximum != before.maximum
    whole.key(Qt.Key.Key_Z, CTRL, whole.window)
    np.testing.assert_array_equal(whole.tensor("enc.weight").view(np.uint32), weight.view(np.uint32))
    np.testing.assert_array_equal(whole.picture(), picture)
    whole.until(lambda: whole.told[LayerStats].stats["enc.weight"].maximum == before.maximum)
    np.testing.assert_array_equal(whole.told[LayerStats].stats["enc.weight"].histogram, before.histogram)
    assert not whole.window.isWindowModified()
    whole.key(Qt.Key.Key_Z, CTRL | SHIFT, whole.window)
    assert (whole.picture() != picture).any()


def test_painting_in_the_viewport_is_painting_in_the_editor(whole: WholeWindow) -> None:
    whole.workspace.choose("enc", "weight")
    whole.workspace.show("filters")
    viewport = whole.viewport
    screen = whole.live.screen
    assert screen is not None
    whole.until(lambda: viewport._drawn.kind == "filters" and viewport._parts)
    before = whole.tensor("enc.weight")
    middle = viewport.rect().center()
    QTest.mousePress(viewport, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, middle)
    QTest.mouseRelease(viewport, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, middle)
    assert (whole.tensor("enc.weight") != before).any()
    assert len(whole.document.history.labels) == 1
    whole.workspace.tool = "move"
    QTest.mouseClick(viewport, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, middle)
    assert len(whole.document.history.labels) == 1


def test_saved_closed_and_opened_again_it_gives_the_same_picture(
    open_window: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A busy machine may take longer for the picture than a person is to wait for it.
    monkeypatch.setattr(preset_saver, "PATIENCE", 60_000)
    whole = open_window()
    whole.workspace.choose("enc", "weight")
    whole.workspace.brush = whole.workspace.brush.model_copy(update={"value": 2.0})
    whole.stroke((2.0, 2.0), (14.0, 6.0))
    whole.workspace.choose("act")
    whole.command("layer.bypass")
    whole.workspace.view = View("layer", "act")
    bent, weight = whole.picture(), whole.tensor("enc.weight")
    whole.key(Qt.Key.Key_S, CTRL | SHIFT, whole.window)
    deck = whole.deck
    whole.until(deck.name.isVisible)
    deck.name.clear()
    whole.qtbot.keyClicks(deck.name, "evening")
    whole.key(Qt.Key.Key_Return, on=deck.name)
    whole.until(lambda: not whole.document.unsaved)
    path = whole.document.path
    assert path is not None
    assert whole.document.name == "evening"
    preset = load_preset(path)
    np.testing.assert_array_equal(preset.changed["enc.weight"].view(np.uint32), weight.view(np.uint32))
    assert preset.bypassed == {"act"}
    assert (preset.view_layer, preset.source) == ("act", whole.told[PlayerState].spec)
    assert (path / "thumbnail.png").is_file()
    whole.close()
    again = open_window(path)
    np.testing.assert_array_equal(again.picture(), bent)
    assert again.document.name == "evening"
    assert again.workspace.view == View("layer", "act")


def test_a_recording_of_three_seconds(
    open_window: Open, film: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, clock = open_window(source=film), Clock()
    began = clock.now
    monkeypatch.setattr(output_writer, "time", clock)
    out = tmp_path / "films"
    out.mkdir()
    whole.recorder.choose_folder(str(out))
    whole.key(Qt.Key.Key_R, on=whole.window)

    def status() -> RecordingStatus:
        return whole.told[Recording].status or RecordingStatus()

    def under_way() -> bool:
        # Until the first picture is there, which the time is counted from.
        clock.now += 0.04
        return whole.recorder.is_recording and status().frames > 0

    whole.until(under_way)
    clock.now += 3.0
    whole.until(lambda: status().seconds >= 3.0)
    whole.key(Qt.Key.Key_R, on=whole.window)
    whole.until(lambda: status().finished)
    assert status().error == ""
    (recorded,) = out.glob("*.mp4")
    with open_source(str(recorded)) as source:
        frames = list(source)
    assert len(frames) == status().frames
    assert 3.0 <= status().seconds <= clock.now - began
    assert status().seconds == pytest.approx(len(frames) / 25)


def test_every_panel_floats_and_goes_on(whole: WholeWindow) -> None:
    whole.workspace.choose("enc", "weight")
    for name, dock in whole.window.docks.items():
        dock.setFloating(True)
        dock.show()
        QApplication.processEvents()
        assert dock.isFloating(), name
    picture = whole.picture()
    whole.stroke((2.0, 2.0), (14.0, 6.0))
    assert (whole.picture() != picture).any()
    wanted = whole.tensor("enc.weight").max()
    whole.until(lambda: whole.told[LayerStats].stats["enc.weight"].maximum == wanted)
    panel = whole.histogram
    whole.until(lambda: panel.isVisible() and panel._watched)
    for dock in whole.window.docks.values():
        dock.setFloating(False)
    QApplication.processEvents()
    assert not any(dock.isFloating() for dock in whole.window.docks.values())
    whole.window._docks.put_back()
    assert whole.picture().shape == picture.shape


def test_the_first_window_has_most_of_the_screen(whole: WholeWindow) -> None:
    screen, size = whole.window.screen().availableSize(), whole.first_size
    assert 0.9 * min(screen.width(), 1900) < size.width() <= screen.width()
    assert 0.9 * min(screen.height(), 1200) <= size.height() <= screen.height()


def test_resizing_loses_nothing(whole: WholeWindow) -> None:
    picture = whole.picture()
    for size in ((1600, 1000), (960, 600), (1280, 720)):
        whole.window.resize(*size)
        whole.settle()
        assert whole.viewport.grab().width() > 100
    np.testing.assert_array_equal(whole.picture(), picture)


def test_a_film_a_preset_and_a_model_are_dropped_on_the_window(whole: WholeWindow, film: Path, tmp_path: Path) -> None:
    drop(whole, film)
    whole.until(lambda: whole.told[PlayerState].spec == str(film))
    whole.until(lambda: whole.told[PlayerState].position > 0.2)
    bent = {"enc.bias": np.full(6, 0.5, np.float32)}
    save_preset(Preset("dropped", whole.document.network, bent), tmp_path / "dropped")
    drop(whole, tmp_path / "dropped")
    whole.until(lambda: whole.document.name == "dropped")
    assert whole.tensor("enc.bias").tolist() == [0.5] * 6
    whole.key(Qt.Key.Key_Z, CTRL, whole.window)
    assert whole.document.name != "dropped"


def test_a_model_of_another_program_is_imported(whole: WholeWindow, tmp_path: Path) -> None:
    import torch

    module = torch.nn.Sequential(
        torch.nn.Conv2d(3, 4, 3, padding=1), torch.nn.ReLU(), torch.nn.Conv2d(4, 3, 3, padding=1)
    )
    exported = torch.export.export(module, (torch.zeros(1, 3, 32, 32),))
    torch.export.save(exported, tmp_path / "mine.pt2")
    drop(whole, tmp_path / "mine.pt2")
    importing = whole.opening.importing
    whole.until(lambda: importing.dialog)
    assert not (tmp_path / "home" / "weights").exists()
    assert importing.dialog is not None
    QTest.keyClick(importing.dialog, Qt.Key.Key_Return)
    whole.until(lambda: len(whole.document.graph.nodes) == 3)
    whole.until(lambda: whole.told[LayerShapes].shapes and len(whole.told[LayerShapes].shapes) == 4)
    assert (tmp_path / "home" / "weights" / "mine" / "network.json").is_file()
    whole.document.undo()
    whole.until(lambda: len(whole.told[LayerShapes].shapes) == 5)


def test_another_network_with_other_layers_has_its_histograms(whole: WholeWindow) -> None:
    whole.window.docks["histogram"].raise_()
    whole.workspace.choose("enc", "enc.weight")
    whole.until(lambda: "enc" in whole.told[LayerStats].stats)
    other = network_of(
        layer("first", "Conv2d", "input", in_channels=3, out_channels=4, kernel_size=3, padding=1),
        layer("last", "Conv2d", "first", in_channels=4, out_channels=3, kernel_size=3, padding=1),
    )
    whole.document.load(Preset("other", other, {}))
    whole.until(lambda: whole.told[LayerStats].stats.keys() >= {"first", "first.weight"})


def test_the_bent_network_goes_back_out(whole: WholeWindow, tmp_path: Path) -> None:
    import torch

    whole.workspace.choose("enc", "weight")
    whole.stroke((2.0, 2.0), (14.0, 6.0))
    whole.opening.export(tmp_path / "bent.pt")
    whole.until(lambda: any(text.startswith("Exported") for text in whole.said))
    state = torch.load(tmp_path / "bent.pt", weights_only=True)
    np.testing.assert_array_equal(state["enc.weight"].numpy(), whole.tensor("enc.weight"))
    whole.opening.export(tmp_path / "nowhere" / "bent.pt")
    whole.until(lambda: any("nowhere" in text for text in whole.said))


def test_a_broken_preset_is_told_and_the_old_one_runs_on(whole: WholeWindow, tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "preset.json").write_text('{"format": "studio-preset", "version": 1}')
    picture = whole.picture()
    drop(whole, broken)
    whole.until(lambda: any("broken" in text for text in whole.said))
    assert whole.studio.messages.isVisible()
    assert "broken" in whole.studio.messages.text
    np.testing.assert_array_equal(whole.picture(), picture)
    assert whole.document.history.labels == ()


class Plug:
    """A camera that can be pulled out."""

    def __init__(self) -> None:
        self.is_in = True
        self.level = self.tried = 0

    def __call__(self, _index: int) -> Plug:
        self.tried += 1
        return self

    def isOpened(self) -> bool:  # noqa: N802 - OpenCV's name
        return self.is_in

    def read(self) -> tuple[bool, np.ndarray | None]:
        time.sleep(0.02)
        self.level = (self.level + 7) % 256
        return self.is_in, np.full((48, 64, 3), self.level, np.uint8) if self.is_in else None

    def get(self, _property: int) -> float:
        return 25.0

    def release(self) -> None:
        pass


def test_a_camera_that_dies_is_told_keeps_its_last_picture_and_comes_back(whole: WholeWindow) -> None:
    plug = Plug()
    whole.live.player.play_source(CameraSource(opener=plug, timeout=0.2, max_wait=0.3), "camera")
    whole.until(lambda: whole.told[PlayerState].is_camera)
    first = whole.told[Progress].serial
    whole.until(lambda: whole.told[Progress].serial > first + 3)
    plug.is_in = False
    whole.until(lambda: whole.told[PlayerState].status.startswith("lost"))
    tried = plug.tried
    # By now the last picture that it gave has come through.
    whole.until(lambda: plug.tried > tried + 1)
    lost, tried = whole.picture(), plug.tried
    whole.until(lambda: plug.tried > tried + 1)
    assert lost.shape == (48, 64, 3)
    assert (whole.picture() == lost).all()
    plug.is_in = True
    whole.until(lambda: whole.told[PlayerState].status == "live")
    serial = whole.told[Progress].serial
    whole.until(lambda: whole.told[Progress].serial > serial + 3)


def test_holding_a_compares_with_the_originals(whole: WholeWindow) -> None:
    trained = whole.picture()
    rect = Rect(0, 0, 4, 4)
    whole.document.apply("louder", "enc.weight", Patch(rect, np.full((4, 4), 2.0, np.float32)))
    bent = whole.picture()
    whole.viewport.setFocus()
    whole.window.activateWindow()
    whole.until(lambda: whole.window.isActiveWindow() and QApplication.focusWidget() is whole.viewport)
    QTest.keyPress(whole.viewport, Qt.Key.Key_A)
    assert whole.workspace.comparison == ORIGINALS
    np.testing.assert_array_equal(whole.picture(), trained)
    QTest.keyRelease(whole.viewport, Qt.Key.Key_A)
    assert whole.workspace.comparison is None
    np.testing.assert_array_equal(whole.picture(), bent)


def test_nan_on_the_screen_is_told_with_the_first_layer(whole: WholeWindow) -> None:
    size = whole.document.tensor("dec.weight").size
    assert size
    shape = (6 * 4, 3 * 4)
    whole.document.apply("huge", "dec.weight", Patch(Rect(0, 0, *shape), np.full(shape, 3e38, np.float32)))
    whole.until(lambda: whole.told[LayerWarnings].broken == "dec")
    whole.until(lambda: whole.network._banner.isVisible())
    assert "dec" in whole.network._broken_text.text()
    whole.document.undo()
    whole.until(lambda: whole.told[LayerWarnings].broken is None)


def test_every_command_can_be_given(whole: WholeWindow, tmp_path: Path) -> None:
    whole.recorder.choose_folder(str(tmp_path))
    whole.workspace.choose("enc", "weight")
    for name in HARMLESS:
        whole.command(name)
        QApplication.processEvents()
    whole.command("help.shortcuts")
    for name in HARMLESS:
        whole.command(name)
    whole.workspace.comparison = None
    whole.live.stop_recording()
    assert whole.picture().shape == (48, 64, 3)


def test_the_picture_alone_and_an_output_window(whole: WholeWindow) -> None:
    whole.command("view.full_screen")
    assert whole.window.isFullScreen()
    assert not whole.window.menuBar().isVisible()
    assert not any(dock.isVisible() for dock in whole.window.docks.values())
    whole.key(Qt.Key.Key_Escape, on=whole.window)
    assert not whole.window.isFullScreen()
    assert whole.window.docks["filters"].isVisible()
    whole.command("view.output_window")
    output = whole.projection.output
    assert output is not None
    whole.workspace.view = View("layer", "enc")
    whole.picture()
    whole.until(lambda: len(whole.live.screen.front()) == 2)  # type: ignore[union-attr]
    output.close()
    assert whole.projection.output is None
    assert not whole.window.actions_["view.output_window"].isChecked()


@pytest.mark.parametrize("engine", ["gl", "gl-fragment"])
def test_the_engine_is_switched_in_the_window(whole: WholeWindow, engine: str) -> None:
    before = whole.picture()
    combo = next(box for box in whole.window.findChildren(QComboBox) if box.accessibleName() == "Engine")
    combo.setFocus()
    combo.setCurrentText(engine)
    combo.textActivated.emit(engine)
    whole.until(lambda: whole.told[EngineState].name == engine)
    assert np.abs(whole.picture().astype(int) - before).max() <= 1
    rect = Rect(0, 0, 4, 4)
    whole.document.apply("louder", "enc.weight", Patch(rect, np.full((4, 4), 2.0, np.float32)))
    assert (whole.picture() != before).any()
    for view in (View("layer", "enc"), View("filters", "enc.weight"), View("split")):
        whole.workspace.view = view
        whole.until(lambda view=view: whole.viewport._drawn == view and whole.viewport._parts)


def test_what_is_thrown_away_ends_in_the_windows_thread(open_window: Open) -> None:
    # The tests keep other threads from collecting, too.
    gc.enable()
    whole = open_window()
    collected_in: set[int] = set()

    def note(_phase: str, _info: dict[str, int]) -> None:
        collected_in.add(threading.get_ident())

    def litter() -> None:
        kept = [[number] for number in range(100_000)]
        kept.clear()

    widget = QWidget()
    widget.itself = widget  # type: ignore[attr-defined]
    gone = weakref.ref(widget)
    del widget
    gc.callbacks.append(note)
    try:
        thread = threading.Thread(target=litter)
        thread.start()
        thread.join()
        whole.until(lambda: gone() is None)
    finally:
        gc.callbacks.remove(note)
    assert collected_in == {threading.get_ident()}


def test_what_comes_after_the_end_finds_nobody(whole: WholeWindow) -> None:
    came: list[str] = []
    whole.studio.parts.post(lambda: came.append("before"))
    whole.until(lambda: came)
    whole.studio.parts.post(lambda: came.append("on its way"))
    whole.close()
    whole.studio.parts.post(lambda: came.append("after"))
    QApplication.processEvents()
    assert came == ["before"]


def test_docks_have_names_for_saving_their_places(whole: WholeWindow) -> None:
    names = [dock.objectName() for dock in whole.window.findChildren(QDockWidget)]
    wanted = {panel.id for panel in declared().panels if panel.area != "middle"}
    assert len(names) == len(set(names))
    assert set(names) == wanted


def test_tuning_is_shown_while_it_lasts_and_stopped_by_a_click(whole: WholeWindow) -> None:
    button, stopped = whole.window._status.tuning, []
    assert not button.isVisible()
    whole.told.take(Report([TuningState(12, 38)]))
    assert button.isVisible()
    assert button.text() == "tuning 12 of 38 ×"
    button.clicked.connect(lambda: stopped.append(True))
    whole.click(button)
    assert stopped
    whole.until(lambda: not button.isVisible())
