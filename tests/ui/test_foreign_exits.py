"""A plug-in that calls ``sys.exit()``, or throws what is no usual exception: no thread ends, and all is said."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from what_fails import Odd, break_recordings
from whole_window import WholeWindow

from studio.edits import make_edit
from studio.model.filters.selection import Selection
from studio.model.views.view import View
from studio.runtime.live.report import EngineState
from studio.ui.viewport.drawer import Easel
from studio.ui.viewport.gl_front import GLFront
from studio.ui.viewport.raster import RasterSurface

pytestmark = [pytest.mark.gl, pytest.mark.qt_no_exception_capture]


class UnusualError(BaseException):
    """What `except Exception` lets through."""


KINDS: dict[str, Callable[[], BaseException]] = {
    "SystemExit": lambda: SystemExit("odd"),
    "UnusualError": lambda: UnusualError("odd"),
    "RecursionError": lambda: RecursionError("odd"),
}


@pytest.fixture
def whole(whole_on_still: WholeWindow) -> WholeWindow:
    return whole_on_still


@pytest.mark.parametrize("kind", KINDS)
def test_no_thread_ends(whole: WholeWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    def fail(*_: object, **__: object) -> None:
        raise KINDS[kind]()

    def goes_on(*words: str) -> None:
        """It was said, and the next action works."""
        whole.until(lambda: any(all(word in text for word in (*words, kind)) for text in whole.said))
        size = "48" if whole.workspace.size == "32" else "32"
        whole.workspace.size = size
        whole.until(lambda: max(whole.told[EngineState].size or (0,)) == int(size))
        assert not whole.viewport.problem

    act = type(whole.document.graph.node("act").op)
    with monkeypatch.context() as broken:
        broken.setattr(act, "torch", fail)
        whole.workspace.size = "64"
        whole.until(lambda: kind in whole.viewport.problem)
    goes_on("Engine torch failed")

    whole.live.player.play_source(Odd(fail), "odd")
    goes_on("Playing odd failed")
    with monkeypatch.context() as broken:
        broken.setattr("studio.runtime.live.devices.open_source", fail)
        whole.live.play("another")
        goes_on("Opening another failed")
    whole.live.play(str(tmp_path / "still.png"))

    with monkeypatch.context() as broken:
        break_recordings(broken, fail)
        whole.command("file.record")
        goes_on("The recording of")
    whole.until(lambda: not whole.recorder.is_recording)

    with monkeypatch.context() as broken:
        gpu = not isinstance(whole.viewport.surface, RasterSurface)
        broken.setattr(GLFront if gpu else Easel, "_draw", fail)
        whole.workspace.view = View("layer", "enc")
        whole.until(lambda: kind in whole.viewport.problem)
    whole.workspace.view = View()
    whole.until(lambda: not whole.viewport.problem)

    told: list[object] = []
    worker = whole.studio.parts.worker
    worker.do(fail, told.append, lambda error: told.append(str(error)), "Counting")
    worker.do(fail, told.append, doing="Adding")
    worker.do(lambda: 5, told.append)
    whole.until(lambda: told[1:])
    assert told == [f"Counting failed: {kind}: odd", 5]
    # What nobody asked to be told is raised in the window's thread, and does not end it.
    goes_on("Adding failed" if kind != "RecursionError" else "Something in the window failed")

    edit = make_edit("Gain", {"factor": 2.0})
    with monkeypatch.context() as broken:
        broken.setattr(type(edit), "apply", fail)
        before = len(whole.said)
        whole.studio.parts.editing.apply(
            "Gain", edit, "enc.weight", Selection.everything(whole.document.tensor("enc.weight").shape)
        )
        whole.until(lambda: any(kind in text for text in whole.said[before:]))
    goes_on()
