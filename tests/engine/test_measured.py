"""What `auto` takes on an NVIDIA card: the faster of two engines, measured once for a network, and why."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from helpers import on_torch, tiny_network

from studio.engine import choose as choosing
from studio.engine import measured
from studio.engine import remembered as remembering
from studio.engine.base import Engine
from studio.engine.choose import Choice, Probe, choose, faster
from studio.engine.measured import Measured
from studio.engine.remembered import remember, remembered
from studio.errors import StudioError
from studio.model.networks.network import Network

CARD = Probe("NVIDIA Thing", "4.3", 16384, has_compute=True)


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(measured, "cache_path", lambda: tmp_path / "engines.json")
    return tmp_path / "engines.json"


def test_what_was_measured_is_kept_by_card_and_layers_and_what_cannot_run_left_out(cache: Path) -> None:
    made = tiny_network()

    def broken() -> Engine:
        raise StudioError("no")

    held = Measured("a card")
    assert held.known(made) == {}
    found = held.measure(made, {"torch": lambda: on_torch(made), "gl": broken})
    assert found.keys() == {"torch"}
    assert found["torch"] > 0
    other = made.with_tensors({"enc.bias": made.tensors["enc.bias"] + 1})
    assert Measured("a card").known(other) == found
    assert Measured("another card").known(made) == {}
    cache.write_text("[")
    assert Measured("a card").known(made) == {}


@pytest.mark.usefixtures("cache")
@pytest.mark.parametrize(("gl", "torch", "taken"), [(0.001, 0.002, "gl"), (0.002, 0.001, "torch")])
def test_auto_takes_the_faster_and_says_why(
    monkeypatch: pytest.MonkeyPatch, gl: float, torch: float, taken: str
) -> None:
    made = tiny_network()

    def known(_: Measured, network: Network) -> dict[str, float]:
        return {"gl": gl, "torch": torch} if network is made else {}

    monkeypatch.setattr(Measured, "known", known)
    choice = faster(made, CARD, choose(CARD), measures=False)
    assert choice.name == taken
    assert "1.00 ms" in choice.reason
    assert "2.00" in choice.reason
    assert "NVIDIA Thing" in choice.reason
    # Nothing is known, nothing may be measured; or it is no such card.
    usual = Choice("gl", "NVIDIA Thing has compute shaders (OpenGL 4.3)")
    assert faster(tiny_network(), CARD, choose(CARD), measures=False) == usual
    assert faster(made, Probe("Other", "4.6", has_compute=True), usual, measures=True) == usual


@pytest.mark.usefixtures("cache")
def test_a_window_is_told_on_which_card_nothing_is_known_where_torch_may_be_faster(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = tiny_network()
    for has_cuda, card in ((True, "NVIDIA Thing, 4.3"), (False, "")):
        monkeypatch.setattr(choosing, "has_cuda", lambda found=has_cuda: found)
        choice = faster(made, CARD, choose(CARD), measures=False)
        assert choice == Choice("gl", choose(CARD).reason, card)
    monkeypatch.setattr(choosing, "has_cuda", lambda: pytest.fail("it is no such card, or all is known"))
    other = Probe("Other", "4.6", has_compute=True)
    assert faster(made, other, choose(other), measures=False).unmeasured == ""
    Measured("NVIDIA Thing, 4.3").keep(made, {"gl": 0.001, "torch": 0.002})
    assert faster(made, CARD, choose(CARD), measures=False).unmeasured == ""


@pytest.mark.usefixtures("cache")
def test_a_window_takes_torch_where_it_is_clearly_faster(monkeypatch: pytest.MonkeyPatch) -> None:
    made = tiny_network()
    for torch, taken, start in ((0.00097, "gl", "torch would gain too little: at 256"), (0.0009, "torch", "at 256")):
        seconds = {"gl": 0.001, "torch": torch}
        monkeypatch.setattr(Measured, "known", lambda *_, found=seconds: found)
        choice = faster(made, CARD, choose(CARD), measures=False)
        assert choice.name == taken
        assert choice.reason.startswith(f"{start}")
        # A command has nothing to lose.
        assert faster(made, CARD, choose(CARD), measures=True).name == "torch"


def test_what_is_somebody_elses_in_the_place_of_the_cache_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "cache" / "engines.json"
    remember(path, lambda _: {"a": {}})
    assert remembered(path) == {"a": {}}
    for content in (b"not JSON", b"[1, 2]", b"\xff\xfe"):
        path.write_bytes(content)
        remember(path, lambda _: {"b": {}})
        assert path.read_bytes() == content
        assert remembered(path) == {}
    path.unlink()
    path.mkdir()
    remember(path, lambda _: {"b": {}})
    assert path.is_dir()
    path.rmdir()
    # What a killed process has left goes, and what fails leaves nothing.
    left, recent = path.with_name(".engines-left"), path.with_name(".engines-now")
    for file in (left, recent):
        file.write_bytes(b"{")
    os.utime(left, (0, 0))

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(json, "dump", full)
        remember(path, lambda _: {"b": {}})
    assert sorted(file.name for file in path.parent.iterdir()) == [".engines-now"]
    remember(path, lambda _: {"b": {}})
    assert remembered(path) == {"b": {}}


class SharedError(PermissionError):
    """Windows' error of a file that somebody else has open."""

    winerror = 32


def held_for(monkeypatch: pytest.MonkeyPatch, call: str, tries: int) -> None:
    """Let the next so many calls of this method of `Path` meet a file that somebody else has open."""
    real: Callable[..., Any] = getattr(Path, call)
    left = iter(range(tries))

    def held(self: Path, *arguments: object, **named: object) -> object:
        if next(left, None) is not None:
            raise SharedError(13, "used by another process", str(self))
        return real(self, *arguments, **named)

    monkeypatch.setattr(Path, call, held)


def on_the_disk(path: Path) -> object:
    """What a file holds when nobody tries again any more."""
    for thread in threading.enumerate():
        if thread.name == "remember":
            thread.join()
    return json.loads(path.read_text("utf-8"))


@pytest.mark.parametrize("call", ["replace", "read_text"])
def test_a_sharing_violation_loses_nothing_and_nobody_waits_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    monkeypatch.setattr(remembering, "_PAUSES", (0.0,) * 5)
    path = tmp_path / "plans.json"
    remember(path, lambda _: {"theirs": 1})
    with monkeypatch.context() as patched:
        held_for(patched, call, 3)
        remember(path, lambda content: content | {"ours": 2})
        assert remembered(path)["ours"] == 2
        assert on_the_disk(path) == {"theirs": 1, "ours": 2}
    assert [file.name for file in tmp_path.iterdir()] == ["plans.json"]


def test_what_could_not_be_written_is_known_here_and_comes_with_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remembering, "_PAUSES", (0.0,))
    path = tmp_path / "plans.json"
    remember(path, lambda _: {"theirs": 1})
    with monkeypatch.context() as patched:
        held_for(patched, "replace", 100)
        for number in range(3):
            remember(path, lambda content, number=number: content | {f"ours {number}": number})  # type: ignore[misc]
            assert on_the_disk(path) == {"theirs": 1}
            assert remembered(path)[f"ours {number}"] == number
    # Another process has written meanwhile.
    path.write_text('{"theirs": 2}', "utf-8")
    assert remembered(path) == {"theirs": 2, "ours 0": 0, "ours 1": 1, "ours 2": 2}
    remember(path, lambda content: content | {"last": 3})
    assert on_the_disk(path) == {"theirs": 2, "ours 0": 0, "ours 1": 1, "ours 2": 2, "last": 3}
