"""Presets and networks are opened in a thread; the newest wins, and what fails is said in one sentence."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import NoReturn

import pytest
from helpers import tiny_network

from studio.errors import StudioError
from studio.io.networks import save_network
from studio.io.presets import save_preset
from studio.model.networks.preset import Preset
from studio.runtime.live.report import Message
from studio.runtime.services import loading
from studio.runtime.services.loading import Loader
from studio.runtime.services.worker import Worker


class Desk:
    """A window's thread: what is posted is called where `work` is."""

    def __init__(self) -> None:
        self.posted: SimpleQueue[Callable[[], None]] = SimpleQueue()
        self.said: list[Message] = []
        self.opened: list[tuple[Preset, Path | None]] = []
        self.loader = Loader(self.posted.put, self.said.append)

    def take(self, preset: Preset, path: Path | None) -> None:
        assert threading.current_thread() is threading.main_thread()
        self.opened.append((preset, path))

    def work(self, seconds: float = 60.0) -> None:
        """Call what is posted until nothing is being opened."""
        end = time.monotonic() + seconds
        while self.loader.opening and time.monotonic() < end:
            try:
                self.posted.get(timeout=0.05)()
            except Empty:
                continue
        assert not self.loader.opening


@pytest.fixture
def desk() -> Iterator[Desk]:
    made = Desk()
    yield made
    made.loader.close()


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    save_preset(Preset("mine", tiny_network(), {}), tmp_path / "mine")
    return tmp_path / "mine"


def test_a_preset_comes_with_its_folder(desk: Desk, saved: Path) -> None:
    desk.loader.open(saved, desk.take)
    assert desk.loader.opening == str(saved)
    assert desk.opened == []
    desk.work()
    [(preset, path)] = desk.opened
    assert (preset.name, path, desk.said) == ("mine", saved, [])


def test_a_network_comes_as_a_preset_that_bends_nothing(desk: Desk, tmp_path: Path) -> None:
    save_network(tiny_network(), tmp_path / "net")
    desk.loader.open(tmp_path / "net", desk.take)
    desk.work()
    [(preset, path)] = desk.opened
    assert (preset.name, preset.changed, preset.weights_path, path) == ("tiny", {}, tmp_path / "net", None)


def test_what_is_broken_is_said_and_nothing_is_opened(desk: Desk, saved: Path) -> None:
    (saved / "preset.json").write_text('{"format": "studio-preset", "version": 1, "name": ""}')
    failed: list[bool] = []
    desk.loader.open(saved, desk.take, lambda: failed.append(True))
    desk.work()
    assert desk.opened == []
    assert failed == [True]
    [message] = desk.said
    assert message.kind == "error"
    assert "preset.json" in message.text


def test_the_newest_of_several_wins(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    reading, go_on = threading.Event(), threading.Event()
    read: list[str] = []

    def slow(name: str) -> tuple[Preset, Path | None]:
        read.append(name)
        reading.set()
        assert go_on.wait(60)
        if name == "first":
            raise StudioError("the first one is broken")
        return Preset(name, tiny_network(), {}), None

    monkeypatch.setattr(loading, "find_and_open", slow)
    for name in ("first", "second", "third"):
        desk.loader.open(name, desk.take)
        assert reading.wait(60)
    go_on.set()
    desk.work()
    assert [preset.name for preset, _ in desk.opened] == ["third"]
    assert read == ["first", "third"]
    assert desk.said == []


def test_what_is_cancelled_never_comes(desk: Desk, saved: Path) -> None:
    desk.loader.open(saved, desk.take)
    desk.loader.cancel()
    assert not desk.loader.opening
    desk.posted.get(timeout=60)()
    assert desk.opened == []


def test_work_is_done_in_order_and_closing_waits_for_it() -> None:
    posted: SimpleQueue[Callable[[], None]] = SimpleQueue()
    worker, done = Worker(posted.put), []
    for k in range(3):
        worker.do(lambda k=k: time.sleep(0.02 * (3 - k)) or k, done.append)
    assert worker.close(60)
    while not posted.empty():
        posted.get()()
    assert done == [0, 1, 2]


def test_a_fault_is_raised_where_somebody_looks_and_the_next_job_is_done() -> None:
    posted: SimpleQueue[Callable[[], None]] = SimpleQueue()
    worker, done = Worker(posted.put), []

    def bad() -> None:
        raise KeyError("fault")

    def unwelcome() -> None:
        raise StudioError("nobody listens")

    worker.do(bad, done.append)
    worker.do(unwelcome, done.append)
    worker.do(lambda: 7, done.append)
    assert worker.close(60)
    with pytest.raises(KeyError, match="fault"):
        posted.get()()
    with pytest.raises(StudioError, match="nobody"):
        posted.get()()
    posted.get()()
    assert done == [7]


def test_what_takes_long_of_a_large_network_is_worked_out_beside_the_window(desk: Desk, tmp_path: Path) -> None:
    """Its digest, by which it is compared with what is open, and the one size that it may take."""
    network = tiny_network()
    assert not {"_digest"} & vars(network).keys()
    save_network(network, tmp_path / "tiny")
    desk.loader.open(tmp_path / "tiny", desk.take)
    desk.work()
    [(preset, _)] = desk.opened
    assert "_digest" in vars(preset.network)
    assert "only_size" in vars(preset.network.graph)


def test_what_is_to_be_made_is_made_and_hashed_in_the_loaders_thread(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads: list[threading.Thread] = []

    def make() -> Preset:
        threads.append(threading.current_thread())
        return Preset("new", tiny_network(), {})

    desk.loader.make("a new network", make, desk.take)
    assert desk.loader.opening == "a new network"
    desk.work()
    [(preset, path)] = desk.opened
    assert (preset.name, path) == ("new", None)
    assert threads != [threading.main_thread()]

    def unasked(*_: object) -> NoReturn:
        raise AssertionError("it has been hashed already")

    monkeypatch.setattr(hashlib, "sha256", unasked)
    assert preset.network.sha256()


def test_a_network_that_finds_no_memory_is_said(desk: Desk) -> None:
    def make() -> Preset:
        raise MemoryError

    desk.loader.make("a new network", make, desk.take)
    desk.work()
    assert desk.opened == []
    assert [message.kind for message in desk.said] == ["error"]
