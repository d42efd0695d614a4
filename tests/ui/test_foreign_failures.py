"""Whatever an operator, a driver, a source, an encoder, drawing or a worker throws: the window says so and goes on."""

from __future__ import annotations

import re
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from what_fails import Odd, break_recordings
from whole_window import WholeWindow

from studio.engine.gl.driver.shaders import Source
from studio.engine.torch.engine import TorchEngine
from studio.errors import MemoryLackError
from studio.model.filters.edit import Patch
from studio.model.networks.layout import Rect
from studio.model.views.view import View
from studio.ops import operator
from studio.runtime.bending.impact_round import ImpactRound
from studio.runtime.live import pictures
from studio.runtime.live.channel_study import StudyImpact
from studio.runtime.live.output_writer import Recording
from studio.runtime.live.playing import PlayerState
from studio.runtime.live.report import EngineState, Progress
from studio.runtime.services.log import close_log, open_log
from studio.ui.services.hooks import Hooks
from studio.ui.services.posting import Post
from studio.ui.viewport.drawer import Easel
from studio.ui.viewport.gl_front import GLFront
from studio.ui.viewport.raster import RasterSurface

pytestmark = pytest.mark.gl

ODD = "a plug-in did something odd"


@pytest.fixture
def whole(whole_on_still: WholeWindow) -> WholeWindow:
    return whole_on_still


def shows_another_size(whole: WholeWindow, size: str) -> None:
    """The next action works: a picture of another size comes, which no picture of before has."""
    whole.workspace.size = size
    whole.until(lambda: max(whole.told[EngineState].size or (0,)) == int(size))
    assert max(whole.picture().shape) == int(size)
    assert not whole.viewport.problem


def says(whole: WholeWindow, *words: str) -> Callable[[], bool]:
    return lambda: any(all(word in text for word in words) for text in whole.said)


def test_an_operator(whole: WholeWindow, monkeypatch: pytest.MonkeyPatch) -> None:
    act = type(whole.document.graph.node("act").op)
    assert act is operator(act.__name__)

    def fail(*_: object) -> None:
        raise KeyError(ODD)

    with monkeypatch.context() as broken:
        broken.setattr(act, "torch", fail)
        whole.workspace.size = "32"
        whole.until(says(whole, "Engine torch", ODD))
        # What is on the screen is said to be an old picture, with the reason.
        whole.until(lambda: ODD in whole.viewport.problem)
        # Bypassing the layer is a way out.
        whole.document.set_bypassed("act", True)
        whole.until(lambda: not whole.told[EngineState].problem)
        whole.document.undo()
        whole.until(lambda: whole.told[EngineState].problem)
    shows_another_size(whole, "48")
    assert whole.studio.messages.text == ""


def test_an_operator_that_fails_once(whole: WholeWindow, monkeypatch: pytest.MonkeyPatch) -> None:
    act = type(whole.document.graph.node("act").op)
    works, failed = act.torch, []

    def fail_once(*arguments: object) -> object:
        if not failed:
            failed.append(True)
            raise MemoryError
        return works(*arguments)

    monkeypatch.setattr(act, "torch", fail_once)
    shows_another_size(whole, "32")
    assert failed
    assert whole.told[EngineState].name == "torch"


def test_memory_that_is_lacking_for_an_edit(whole: WholeWindow, monkeypatch: pytest.MonkeyPatch) -> None:
    """The next edit runs, at the same size, and all is told again: the window once heard nothing any more."""
    act = type(whole.document.graph.node("act").op)
    works, lacks = act.torch, threading.Event()
    lacks.set()

    def lack(*arguments: object) -> object:
        if lacks.is_set():
            raise torch.OutOfMemoryError("20.00 GiB")
        return works(*arguments)

    monkeypatch.setattr(act, "torch", lack)
    one = Patch(Rect(0, 0, 1, 1), np.full((1, 1), 0.5, np.float32))
    whole.document.apply("Paint", "enc.weight", one)
    whole.until(says(whole, 'Layer "act" needs more memory than there is', "work at a smaller size"))
    whole.until(lambda: "more memory" in whole.told[EngineState].problem)
    serial = whole.frames
    lacks.clear()
    whole.document.undo()
    whole.until(lambda: whole.frames > serial and not whole.told[EngineState].problem)
    whole.until(lambda: whole.studio.messages.text == "")
    assert whole.told[EngineState].name == "torch"


def test_a_still_that_lacked_memory_is_run_again_by_itself(whole: WholeWindow, monkeypatch: pytest.MonkeyPatch) -> None:
    act = type(whole.document.graph.node("act").op)
    works, lacks = act.torch, threading.Event()
    lacks.set()

    def lack(*arguments: object) -> object:
        if lacks.is_set():
            raise torch.OutOfMemoryError("20.00 GiB")
        return works(*arguments)

    monkeypatch.setattr(pictures, "_FIRST_REST", 0.1)
    monkeypatch.setattr(act, "torch", lack)
    whole.document.apply("Paint", "enc.weight", Patch(Rect(0, 0, 1, 1), np.full((1, 1), 0.5, np.float32)))
    whole.until(says(whole, 'Layer "act" needs more memory than there is', "work at a smaller size"))
    serial = whole.frames
    # Somebody else's program has ended.
    lacks.clear()
    whole.until(lambda: whole.frames > serial and not whole.told[EngineState].problem)
    whole.until(lambda: whole.studio.messages.text == "")


def test_what_measures_channels_lacks_memory(whole: WholeWindow, monkeypatch: pytest.MonkeyPatch) -> None:
    """It runs layers on the picture's engine, whose maps are lost then: the picture is run again."""
    failed: list[bool] = []

    def lack(_: object, engine: TorchEngine, *__: object) -> None:
        failed.append(True)
        engine._activations.clear()
        engine._shapes = {}
        raise MemoryLackError("The study needs more memory than there is; work at a smaller size.")

    monkeypatch.setattr(pictures, "_FIRST_REST", 0.1)
    with monkeypatch.context() as broken:
        broken.setattr(ImpactRound, "measure", lack)
        layer = whole.document.graph.node("enc").name
        whole.live.order(StudyImpact(whole.document.graph, layer))
        whole.until(lambda: failed)
    serial = whole.frames
    whole.until(lambda: whole.frames > serial and not whole.told[EngineState].problem)
    assert not [said for said in whole.said if "no activation" in said]


def test_a_report_that_cannot_be_made(whole: WholeWindow, monkeypatch: pytest.MonkeyPatch) -> None:
    """How the picture goes on is told all the same, and what cannot be told is said."""

    def fail(*_: object) -> None:
        raise KeyError(ODD)

    with monkeypatch.context() as broken:
        broken.setattr(TorchEngine, "shape", fail)
        whole.until(says(whole, ODD))
        serial = whole.frames
        whole.document.apply("Paint", "enc.weight", Patch(Rect(0, 0, 1, 1), np.full((1, 1), 0.5, np.float32)))
        whole.until(lambda: whole.frames > serial)
    shows_another_size(whole, "48")
    whole.until(lambda: whole.studio.messages.text == "")


def test_the_drivers_compiler(whole: WholeWindow, monkeypatch: pytest.MonkeyPatch) -> None:
    text = Source.text

    def broken(self: Source) -> str:
        found = text(self)
        return f"{found}\n nonsense" if any(name.startswith("ops/") for name in self.files) else found

    with monkeypatch.context() as driver:
        driver.setattr(Source, "text", broken)
        whole.workspace.engine = "gl"
        whole.until(says(whole, "Layer enc: the driver cannot compile ops/conv2d.glsl"))
        whole.until(lambda: whole.told[EngineState].name == "torch")
        shows_another_size(whole, "32")
    whole.workspace.engine = "gl-fragment"
    whole.until(lambda: whole.told[EngineState].name == "gl-fragment")
    shows_another_size(whole, "48")


def test_a_source(whole: WholeWindow, tmp_path: Path) -> None:
    def fail() -> None:
        raise KeyError(ODD)

    serial = whole.told[Progress].serial
    whole.live.player.play_source(Odd(fail), "odd")
    whole.until(says(whole, "Playing odd", ODD))
    whole.until(lambda: whole.told[Progress].serial > serial)
    whole.live.play(str(tmp_path / "still.png"))
    whole.until(lambda: whole.told[PlayerState].spec.endswith("still.png"))
    shows_another_size(whole, "32")
    assert whole.studio.messages.text == ""


def test_a_source_that_cannot_be_opened(whole: WholeWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: str) -> None:
        raise RuntimeError(ODD)

    with monkeypatch.context() as broken:
        broken.setattr("studio.runtime.live.devices.open_source", fail)
        for _ in range(2):
            whole.live.play("odd")
            whole.until(lambda: ODD in whole.studio.messages.text)
            assert whole.told[PlayerState].opening == ""
            # Said again where it is tried again.
            whole.studio.messages.dismiss()
            assert whole.studio.messages.text == ""
    whole.live.play(str(tmp_path / "still.png"))
    whole.until(lambda: whole.studio.messages.text == "")
    shows_another_size(whole, "32")


def test_the_encoder(whole: WholeWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: object) -> None:
        raise KeyError(ODD)

    whole.recorder.choose_folder(str(tmp_path))
    with monkeypatch.context() as broken:
        break_recordings(broken, fail)
        whole.command("file.record")
        whole.until(says(whole, "The recording of", ODD))
        whole.until(lambda: not whole.recorder.is_recording)
    whole.command("file.record")
    whole.until(lambda: (status := whole.told[Recording].status) is not None and status.frames > 2)
    whole.command("file.record")
    whole.until(lambda: (status := whole.told[Recording].status) is not None and status.finished)
    assert whole.told[Recording].status.error == ""  # type: ignore[union-attr]
    assert list(tmp_path.glob("*.mp4"))
    shows_another_size(whole, "32")


def test_the_drawing_thread(whole: WholeWindow, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise KeyError(ODD)

    with monkeypatch.context() as broken:
        # On a GPU the window's thread draws.
        gpu = not isinstance(whole.viewport.surface, RasterSurface)
        broken.setattr(GLFront if gpu else Easel, "_draw", fail)
        whole.workspace.view = View("layer", "enc")
        whole.until(lambda: ODD in whole.viewport.problem)
    whole.workspace.view = View()
    whole.until(lambda: not whole.viewport.problem)
    shows_another_size(whole, "32")


@pytest.mark.qt_no_exception_capture
def test_a_worker(whole: WholeWindow) -> None:
    def fail() -> None:
        raise KeyError(ODD)

    told: list[str] = []
    whole.studio.parts.worker.do(fail, lambda _: None, lambda error: told.append(str(error)), "Counting")
    whole.until(lambda: told)
    assert told == [f"Counting failed: KeyError: {ODD!r}"]
    whole.studio.parts.worker.do(fail, lambda _: None)
    whole.until(says(whole, "Something in the window failed", ODD))
    bar = whole.studio.messages
    bar.show_details()
    assert bar.details is not None
    bar.details.copy_button.click()
    copied = QApplication.clipboard().text()
    assert copied.startswith("Something in the window failed")
    assert "in fail" in copied
    bar.details.close()
    shows_another_size(whole, "32")


def test_hooks_take_threads_and_destructors_and_are_put_back(
    qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(threading, "excepthook", lambda _: None)
    monkeypatch.setattr(sys, "unraisablehook", lambda _: None)
    before = sys.excepthook, threading.excepthook, sys.unraisablehook
    said: list[str] = []
    log = open_log(tmp_path / "log" / "studio.log")
    hooks = Hooks(Post(), lambda message: said.append(message.text))

    class Dying:
        def __del__(self) -> None:
            raise KeyError("late")

    def fail() -> None:
        raise KeyError("beside")

    try:
        thread = threading.Thread(target=fail, name="odd")
        thread.start()
        thread.join()
        Dying()
        qtbot.waitUntil(lambda: len(said) == 2)
    finally:
        hooks.remove()
        close_log(log)
    assert said == [
        "The thread odd failed: KeyError: 'beside'",
        "Something that was being freed failed: KeyError: 'late'",
    ]
    assert (sys.excepthook, threading.excepthook, sys.unraisablehook) == before
    noted = (tmp_path / "log" / "studio.log").read_text()
    assert len(re.findall("^KeyError", noted, re.MULTILINE)) == 2
