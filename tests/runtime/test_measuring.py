"""Engines measured in a process beside a window: what comes of it, and that the process never outlives its use."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path

import pytest
from helpers import tiny_network

from studio.engine import measured
from studio.engine.measured import Measured
from studio.paths import environment
from studio.pipe import write
from studio.runtime.services import measuring
from studio.runtime.services.measuring import Measuring

CARD = "NVIDIA Thing, 4.3"
PATIENCE = 60.0

ANSWERS = """
import json, sys
from studio.pipe import read, write
told = json.loads(read(sys.stdin.buffer)[1])
assert told["card"] == "NVIDIA Thing, 4.3" and told["network"]["layers"]
write(sys.stdout.buffer, 0, {!r}.encode())
"""

STAYS = """
import os, sys, time
open({!r}, "w").write(str(os.getpid()))
time.sleep(600)
"""


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(measured, "cache_path", lambda: tmp_path / "engines.json")
    return tmp_path / "engines.json"


class Run:
    """A measurement by a process that runs this instead."""

    def __init__(self, script: str, longest: float = PATIENCE, command: str = sys.executable) -> None:
        self.heard: list[Mapping[str, float]] = []
        self.network = tiny_network()
        self.measuring = Measuring(self.network, CARD, self.heard.append, (command, "-c", script), longest)

    def end(self) -> list[Mapping[str, float]]:
        self.measuring.join(PATIENCE)
        assert self.measuring.is_over
        child = self.measuring._child
        assert child is None or child.returncode is not None
        return self.heard

    @property
    def kept(self) -> Mapping[str, float]:
        return Measured(CARD).known(self.network)


@pytest.mark.parametrize("torch", [0.002, 0.0005])
def test_what_is_measured_is_kept_and_told(torch: float) -> None:
    found = {"gl": 0.001, "torch": torch}
    run = Run(ANSWERS.format(json.dumps(found)))
    assert run.end() == [found]
    assert run.kept == found


@pytest.mark.parametrize(
    "script",
    [
        "import sys; sys.exit(3)",
        "import os; os.kill(os.getpid(), 9)",
        "import sys; sys.stdin.buffer.read(1); sys.stdout.buffer.write(b'abc')",
        ANSWERS.format("not JSON"),
        ANSWERS.format("[1, 2]"),
        ANSWERS.format('{"gl": 0.001}'),
        ANSWERS.format('{"gl": 0.001, "torch": "fast"}'),
        ANSWERS.format('{"gl": 0.001, "torch": -1.0}'),
    ],
)
def test_of_a_process_that_dies_or_says_nonsense_nothing_is_kept(script: str) -> None:
    run = Run(script)
    assert run.end() == [{}]
    assert run.kept == {}


def test_where_no_process_can_be_started_nothing_comes_of_it(tmp_path: Path) -> None:
    assert Run("", command=str(tmp_path / "none")).end() == [{}]


def test_what_cannot_be_kept_is_not_told_of(cache: Path) -> None:
    cache.write_bytes(b"somebody else's")
    assert Run(ANSWERS.format('{"gl": 0.001, "torch": 0.0005}')).end() == [{}]
    assert cache.read_bytes() == b"somebody else's"


def test_a_process_that_is_silent_for_ever_is_ended() -> None:
    assert Run("import time; time.sleep(600)", longest=0.5).end() == [{}]


def test_where_nothing_could_end_it_the_process_does_not_run_on(monkeypatch: pytest.MonkeyPatch) -> None:
    def none(_: object) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Timer, "start", none)
    assert Run("import time; time.sleep(600)").end() == [{}]


def test_stopping_ends_the_process_and_waits_for_nothing(tmp_path: Path) -> None:
    there = tmp_path / "pid"
    run = Run(STAYS.format(str(there)))
    until = time.monotonic() + PATIENCE
    while not (there.exists() and there.read_text()):
        assert time.monotonic() < until
        time.sleep(0.01)
    assert not run.measuring.is_over
    start = time.monotonic()
    run.measuring.stop()
    assert time.monotonic() - start < 1.0
    assert run.end() == [{}]


def test_what_is_stopped_before_it_begins_starts_no_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subprocess, "Popen", lambda *_, **__: pytest.fail("it was stopped"))
    made = Measuring.__new__(Measuring)
    monkeypatch.setattr(measuring.threading.Thread, "start", lambda _: None)
    made.__init__(tiny_network(), CARD, [].append)  # type: ignore[misc]
    made.stop()
    assert made._started() is None


PRETENDS = """
import sys
from studio.runtime.services import measuring_child
measuring_child._is_here = lambda card: card == "NVIDIA Thing, 4.3"
measuring_child.main()
"""


@pytest.mark.gl
def test_the_process_measures_both_engines_by_the_layers_alone() -> None:
    run = Run(PRETENDS)
    (found,) = run.end()
    assert found.keys() == {"gl", "torch"}
    assert all(each > 0 for each in found.values())
    assert run.kept == found


def test_on_another_card_the_process_measures_nothing() -> None:
    heard: list[Mapping[str, float]] = []
    made = Measuring(tiny_network(), CARD, heard.append, longest=PATIENCE)
    made.join(2 * PATIENCE)
    assert heard == [{}]


def test_the_process_ends_with_whoever_started_it() -> None:
    """Whatever it is at: a window that is killed ends nothing itself."""
    slow = PRETENDS.replace('lambda card: card == "NVIDIA Thing, 4.3"', '__import__("time").sleep')
    child = subprocess.Popen(
        [sys.executable, "-c", slow], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment()
    )
    assert child.stdin is not None
    assert child.stdout is not None
    write(child.stdin, 0, json.dumps({"card": 600}).encode())
    with pytest.raises(subprocess.TimeoutExpired):
        child.wait(1.0)
    child.stdin.close()
    try:
        assert child.wait(PATIENCE) == 1
        assert child.stdout.read() == b""
    finally:
        child.kill()
        child.stdout.close()
