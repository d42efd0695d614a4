"""Closing the window: what is being written is finished, which is shown, and nothing is given up on unasked."""

from __future__ import annotations

import gc
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from weakref import ref

import cv2
import numpy as np
import pytest
from helpers import tiny_network
from PySide6.QtWidgets import QApplication, QMessageBox
from pytestqt.qtbot import QtBot
from whole_window import WholeWindow

from studio.io.exporters import export_preset
from studio.io.networks import load_network, save_network
from studio.io.sources import open_source
from studio.runtime.live.output_writer import Recording
from studio.runtime.live.recorder import LiveRecorder
from studio.runtime.services import leaving
from studio.runtime.services.worker import Worker
from studio.ui.services.closing import Closing

pytestmark = pytest.mark.gl


@pytest.fixture
def whole(qtbot: QtBot, gl_app: QApplication, tmp_path: Path) -> Iterator[WholeWindow]:
    del gl_app
    save_network(tiny_network(), tmp_path / "tiny")
    cv2.imwrite(str(tmp_path / "still.png"), np.full((48, 64, 3), 90, np.uint8))
    made = WholeWindow(qtbot, tmp_path / "home", str(tmp_path / "tiny"), str(tmp_path / "still.png"))
    made.window._may_close = made.studio._finishing.may_close
    yield made
    made.close()


def opened_and_closed(qtbot: QtBot, folder: Path) -> list[ref[object]]:
    """Parts of a window that was open."""
    save_network(tiny_network(), folder / "tiny")
    (folder / "bad.pth").write_bytes(b"not a model at all")
    made = WholeWindow(qtbot, folder / "home", str(folder / "tiny"), "demo", "64")
    made.picture()
    # What is said of it has a button that acts on the window, and threads begin that know who hears of their ends.
    made.opening.open(folder / "bad.pth")
    made.until(lambda: any("bad.pth" in each for each in made.said[1:]))
    parts = (made.studio, made.window, made.document, made.live, made.viewport, made.context)
    made.close()
    return [ref(part) for part in parts]


def test_a_window_that_is_closed_leaves_nothing(qtbot: QtBot, gl_app: QApplication, tmp_path: Path) -> None:
    del gl_app
    threads = set(threading.enumerate())
    left = opened_and_closed(qtbot, tmp_path)

    def is_gone() -> bool:
        # The window has left itself out of every collection, as for good.
        gc.unfreeze()
        gc.collect()
        gc.freeze()
        return not any(each() for each in left) and set(threading.enumerate()) <= threads

    qtbot.waitUntil(is_gone)


def test_an_export_under_way_is_finished(whole: WholeWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    go_on = threading.Event()

    def slow(*arguments: object) -> object:
        assert go_on.wait(60)
        return export_preset(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(sys.modules["studio.ui.importing.opening"], "export_preset", slow)
    whole.opening.export(tmp_path / "out")
    finishing = whole.studio._finishing
    assert finishing.pending == ("Exporting to out",)
    whole.window.close()
    assert whole.window.isVisible()
    assert finishing.dialog is not None
    assert "Exporting to out" in finishing.dialog.text.text()
    # Asked twice, it waits once.
    first = finishing.dialog
    whole.window.close()
    assert finishing.dialog is first
    go_on.set()
    whole.until(lambda: not whole.window.isVisible())
    assert load_network(tmp_path / "out").graph == whole.document.graph
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_one_may_stay_and_one_may_give_up_when_asked(
    whole: WholeWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on = threading.Event()

    def slow(*arguments: object) -> object:
        assert go_on.wait(60)
        return export_preset(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(sys.modules["studio.ui.importing.opening"], "export_preset", slow)
    whole.opening.export(tmp_path / "out")
    finishing = whole.studio._finishing
    whole.window.close()
    assert finishing.dialog is not None
    whole.click(finishing.dialog.stay)
    assert finishing.dialog is None
    assert whole.window.isVisible()
    whole.window.close()
    assert finishing.dialog is not None
    whole.click(finishing.dialog.give_up)
    question = finishing.dialog.question
    whole.click(question.button(QMessageBox.StandardButton.Cancel))
    assert whole.window.isVisible()
    assert finishing.dialog is not None
    whole.click(finishing.dialog.give_up)
    whole.click(finishing.dialog.question.button(QMessageBox.StandardButton.Discard))
    whole.until(lambda: not whole.window.isVisible())
    go_on.set()


def test_a_recording_is_finished_however_long_that_takes(
    whole: WholeWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole.recorder.choose_folder(str(tmp_path))
    go_on, record = threading.Event(), LiveRecorder._record

    def slow(self: LiveRecorder) -> None:
        record(self)
        assert go_on.wait(60)

    monkeypatch.setattr(LiveRecorder, "_record", slow)
    whole.command("file.record")
    whole.until(lambda: (status := whole.told[Recording].status) is not None and status.frames > 2)
    whole.window.close()
    assert whole.window.isVisible()
    whole.qtbot.wait(300)
    assert whole.window.isVisible()
    go_on.set()
    whole.until(lambda: not whole.window.isVisible())
    [film] = tmp_path.glob("*.mp4")
    with open_source(str(film)) as source:
        assert len(list(source)) > 2


def test_what_is_not_saved_is_asked_about_once(whole: WholeWindow) -> None:
    asked: list[str] = []

    def ask(question: str, _: str) -> QMessageBox.StandardButton:
        asked.append(question)
        return QMessageBox.StandardButton.Discard

    closing = Closing(whole.document, whole.studio.parts.saver, ask)
    whole.document.set_bypassed("act", True)
    assert closing.may_close(lambda: None)
    assert closing.may_close(lambda: None)
    assert len(asked) == 1
    whole.document.set_bypassed("enc", True)
    assert closing.may_close(lambda: None)
    assert len(asked) == 2


def test_asked_to_end_the_studio_waits_for_all_disks_together_and_notes_what_was_not_written(
    whole: WholeWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    waits, go_on = list[float](), threading.Event()
    monkeypatch.setattr(sys.modules["studio.io.autosave"], "save_preset", lambda *_: go_on.wait(300))
    monkeypatch.setattr(sys.modules["studio.ui.importing.opening"], "export_preset", lambda *_: go_on.wait(300))
    whole.opening.export(tmp_path / "out")
    whole.stroke((0.5, 0.5), (1.5, 3.5))
    close = Worker.close

    def closed(worker: Worker, timeout: float | None = None) -> bool:
        assert timeout is not None
        waits.append(timeout)
        return close(worker, min(timeout, 0.1))

    monkeypatch.setattr(Worker, "close", closed)
    monkeypatch.setattr(leaving, "time", SimpleNamespace(monotonic=lambda: sum(waits)))
    whole.studio.is_ended = True
    whole.studio.close()
    assert sum(waits) <= 10.0
    assert "The studio ended before this was written: Keeping unsaved work, Exporting to out" in caplog.text
    go_on.set()
