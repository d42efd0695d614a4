"""Files and folders that never answer: each is told in a sentence, and nothing waits for them for ever."""

from __future__ import annotations

import itertools
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from queue import SimpleQueue
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
from helpers import tiny_network

from studio.errors import StudioError
from studio.io import answering, opening, sources
from studio.io.importers import open_model
from studio.io.library import Library
from studio.io.opening import find_and_open
from studio.io.performances import load_performance
from studio.io.presets import save_preset
from studio.io.sound import heard
from studio.io.sources import open_source
from studio.model.networks.preset import Preset
from studio.runtime.live.player import Player
from studio.runtime.services.loading import Loader

OPENERS: dict[str, Callable[[Path], object]] = {
    "source": lambda path: open_source(str(path)),
    "pages": lambda path: open_source(f"pages:{path}"),
    "one page": lambda path: open_source(f"page:1:{path}"),
    "pattern": lambda path: open_source(str(path.with_name("still*.png"))),
    "preset": lambda path: find_and_open(str(path)),
    "model": open_model,
    "performance": load_performance,
    "sound": lambda path: next(heard(path, 0.0)),
    "presets": lambda path: Library(path).cards(),
}


@pytest.fixture
def silent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder on a disk that does not answer, with a still in it."""
    folder, gone_on = tmp_path / "gone", threading.Event()
    folder.mkdir()
    cv2.imwrite(str(folder / "still.png"), np.zeros((4, 4, 3), np.uint8))
    monkeypatch.setattr(answering, "_PATIENCE", 0.2)
    monkeypatch.setattr(answering, "_BLIND", 0.2)
    monkeypatch.setattr(answering, "LOOK_EVERY", 0.05)

    def stat(path: str) -> os.stat_result:
        if str(path).startswith(str(folder)):
            gone_on.wait()
        return Path(path).stat()

    monkeypatch.setattr(answering, "os", SimpleNamespace(**{**vars(os), "stat": stat}))
    yield folder
    gone_on.set()


@pytest.mark.parametrize("kind", OPENERS)
def test_what_does_not_answer_is_told_in_one_sentence(kind: str, silent: Path) -> None:
    path = silent if kind == "presets" else silent / "still.png"
    for _ in range(2):
        with pytest.raises(StudioError, match=r"(still\*?\.png|gone) does not answer"):
            OPENERS[kind](path)
    assert sum(thread.name == "read" for thread in threading.enumerate()) == 1, "it is not asked twice"


def test_what_answers_again_opens(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answering, "_PATIENCE", 0.2)
    monkeypatch.setattr(answering, "_BLIND", 0.2)
    gone_on = threading.Event()
    with pytest.raises(StudioError, match="does not answer"):
        answering.answered(tmp_path, gone_on.wait)
    gone_on.set()
    answering._silent[str(tmp_path)].join()
    assert answering.answered(tmp_path, lambda: 3) == 3
    with pytest.raises(KeyError):
        answering.answered(tmp_path, lambda: {}[0])


def test_what_is_stopped_and_goes_on_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By Ctrl+Z, or with the computer: an hour goes by between two looks, and nothing could be read in it."""
    hours = itertools.count(0, 3600)
    stopped = SimpleNamespace(**{**vars(time), "monotonic": lambda: float(next(hours))})
    monkeypatch.setattr(answering, "time", stopped)
    monkeypatch.setattr(answering, "LOOK_EVERY", 0.05)
    assert answering.answered(tmp_path, lambda: time.sleep(0.2) or 3) == 3


@pytest.mark.parametrize("name", ["pages:{}/scan.tif", "page:1:{}/scan.tif", "{}/scan_%04d.tif", "{}/*.tif"])
def test_pages_and_patterns_that_fall_silent_in_their_midst_are_told(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cv2.imwrite(str(tmp_path / "scan.tif"), np.zeros((4, 4, 3), np.uint8))
    monkeypatch.setattr(answering, "_PATIENCE", 0.2)
    monkeypatch.setattr(answering, "_BLIND", 0.2)
    gone_on = threading.Event()
    slow = Slow(gone_on.wait)
    monkeypatch.setattr(slow, "match", lambda _: True)
    monkeypatch.setattr(sources, "kinds", lambda: [slow])
    with pytest.raises(StudioError, match=r"tif does not answer"):
        open_source(name.format(tmp_path))
    gone_on.set()


class Slow:
    """A kind of source whose opening waits for ever, or has much to do."""

    name, order = "slow", 0

    def __init__(self, wait: Callable[[], object]) -> None:
        self._wait = wait

    def match(self, spec: str) -> bool:
        return spec.endswith(".png")

    def open(self, spec: str, fps: object) -> object:
        del spec, fps
        self._wait()
        raise StudioError("it was opened")


def test_a_source_that_falls_silent_in_its_midst_is_told_and_others_play(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cv2.imwrite(str(tmp_path / "still.png"), np.zeros((4, 4, 3), np.uint8))
    cv2.imwrite(str(tmp_path / "other.bmp"), np.zeros((4, 4, 3), np.uint8))
    monkeypatch.setattr(answering, "_PATIENCE", 0.2)
    monkeypatch.setattr(answering, "_BLIND", 0.2)
    gone_on, changed = threading.Event(), threading.Event()
    known = sources.kinds
    monkeypatch.setattr(sources, "kinds", lambda: [Slow(gone_on.wait), *known()])
    player = Player(changed.set)

    def until(true: Callable[[], object]) -> None:
        while not true():
            changed.wait()
            changed.clear()

    player.play(str(tmp_path / "still.png"))
    until(lambda: player.state().problem)
    problem = player.state().problem
    assert problem is not None
    assert "still.png does not answer" in problem.text
    assert player.state().opening == ""
    player.play(str(tmp_path / "other.bmp"))
    until(lambda: player.newest())
    player.close()
    assert not [thread for thread in threading.enumerate() if thread.name in ("capture", "open source")]
    gone_on.set()


def test_a_preset_that_falls_silent_in_its_midst_is_told_and_others_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answering, "_PATIENCE", 0.2)
    monkeypatch.setattr(answering, "_BLIND", 0.2)
    monkeypatch.setattr(answering, "LOOK_EVERY", 0.05)
    gone_on, known = threading.Event(), opening.load_preset
    save_preset(Preset("gone", tiny_network(), {}), gone := tmp_path / "gone")
    save_preset(Preset("there", tiny_network(), {}), there := tmp_path / "there")

    def load(folder: Path) -> Preset:
        if folder == gone:
            gone_on.wait()
        return known(folder)

    monkeypatch.setattr(opening, "load_preset", load)
    posted, said, opened = SimpleQueue[Callable[[], None]](), list[str](), list[str]()
    loader = Loader(posted.put, lambda message: said.append(message.text))
    loader.open(gone, lambda *_: None)
    posted.get(timeout=60)()
    assert len(said) == 1
    assert "gone does not answer" in said[0]
    loader.open(there, lambda preset, _: opened.append(preset.name))
    posted.get(timeout=60)()
    assert opened == ["there"]
    loader.close()
    gone_on.set()


@pytest.mark.skipif(not hasattr(time, "pthread_getcpuclockid"), reason="the system does not tell what a thread does")
def test_what_takes_long_because_it_has_much_to_do_is_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cv2.imwrite(str(tmp_path / "still.png"), np.zeros((4, 4, 3), np.uint8))
    monkeypatch.setattr(answering, "_PATIENCE", 1.0)

    def work() -> None:
        until = time.thread_time() + 1.5
        while time.thread_time() < until:
            pass

    monkeypatch.setattr(sources, "kinds", lambda: [Slow(work)])
    with pytest.raises(StudioError, match="it was opened"):
        open_source(str(tmp_path / "still.png"))


def test_a_source_that_comes_when_nobody_waits_any_more_is_closed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Or what it holds, as a device or a thread of a plug-in's, would be held until the program ends."""
    (tmp_path / "still.png").touch()
    gone_on, closed = threading.Event(), threading.Event()

    class Late(Slow):
        def open(self, spec: str, fps: object) -> object:
            with suppress(StudioError):
                super().open(spec, fps)
            return SimpleNamespace(close=closed.set)

    monkeypatch.setattr(answering, "_PATIENCE", 0.2)
    monkeypatch.setattr(answering, "_BLIND", 0.2)
    monkeypatch.setattr(sources, "kinds", lambda: [Late(gone_on.wait)])
    with pytest.raises(StudioError, match="does not answer"):
        open_source(str(tmp_path / "still.png"))
    assert not closed.is_set()
    gone_on.set()
    assert closed.wait(60.0)
